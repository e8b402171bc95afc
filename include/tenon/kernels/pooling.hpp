#pragma once

#include <cstddef>

#include <tenon/kernels/convolution.hpp>

namespace tenon::kernels {

/// Where a window's numbers lie along an axis: from `place` on, `count` of them, `step` apart.
struct WindowSpan {
  size_t place = 0, count = 0, step = 1;
};

/// The taps of the window at a position that lie inside the image.
constexpr WindowSpan window_span(const ConvolutionAxis& a, size_t position) {
  const size_t start = position * a.stride;
  size_t first = 0, end = a.kernel;
  while (first < end && start + first * a.dilation < a.before) ++first;
  while (end > first && start + (end - 1) * a.dilation >= a.before + a.image) --end;
  return first == end ? WindowSpan{} : WindowSpan{start + first * a.dilation - a.before, end - first, a.dilation};
}

/// Whether every window meets the image; a dilated one may step over it.
constexpr bool every_window_meets(const ConvolutionAxis& a) {
  for (size_t position = 0; position < a.map; ++position)
    if (window_span(a, position).count == 0) return false;
  return true;
}

/// Windows over each channel of an image by itself.
struct Pooling {
  size_t channels = 1;
  ConvolutionAxis y{}, x{};

  constexpr size_t image_size() const { return channels * y.image * x.image; }
  constexpr size_t map_size() const { return channels * y.map * x.map; }
  /// Windows of two by two side by side: a loop of its own.
  constexpr bool halves() const {
    const auto half = [](const ConvolutionAxis& a) {
      return a.kernel == 2 && a.stride == 2 && a.dilation == 1 && a.before == 0;
    };
    return half(y) && half(x);
  }
  /// No number lies in two windows.
  constexpr bool apart() const {
    const auto clear = [](const ConvolutionAxis& a) { return a.map == 1 || a.stride > (a.kernel - 1) * a.dilation; };
    return clear(y) && clear(x);
  }
  /// Scratch of max_pool, in numbers: one row of the image.
  constexpr size_t scratch() const { return halves() ? 0 : x.image; }
};

/// map[c][r][q] = the largest number in its window of image[c]; a NaN is larger than all. One sample.
template <class T>
void max_pool(const Pooling&, const T* image, T* map, T* scratch);

/// What becomes of the gradient: it goes to the first number of each window that is the largest.
template <class T>
void max_pool_gradient(const Pooling&, const T* image, const T* map, const T* map_gradient, T* image_gradient);

/// The way back of a pool whose windows are apart: `values` (one for each window) go to where `image`
/// has the windows' largest numbers, zeros to all other places of `unpooled`.
template <class T>
void max_unpool(const Pooling&, const T* image, const T* values, T* unpooled);
/// values[window] = the number of `unpooled` at the place of the window's largest.
template <class T>
void max_unpool_gradient(const Pooling&, const T* image, const T* unpooled, T* values);

/// Means of windows. Adaptive windows divide the image into map x map nearly equal parts: position i
/// looks at floor(i image / map) to ceil((i + 1) image / map).
struct Averaging {
  Pooling windows{};
  bool adaptive = false;
  bool counts_padding = true;  // zeros outside count as numbers

  constexpr size_t scratch() const { return windows.x.image; }
};

/// map[c][r][q] = the mean of a window of image[c]. One sample; scratch() numbers of scratch.
template <class T>
void average_pool(const Averaging&, const T* image, T* map, T* scratch);
/// The gradient: every number of a window gets its share, which is added to what is there if wanted.
template <class T>
void average_pool_gradient(const Averaging&, const T* map_gradient, T* image_gradient, bool add, T* scratch);

}  // namespace tenon::kernels
