#pragma once

#include <cstddef>

#include <tenon/kernels/convolution.hpp>

namespace tenon::kernels {

/// Windows over each channel of an image by itself.
struct Pooling {
  std::size_t channels = 1;
  ConvolutionAxis y{}, x{};

  constexpr std::size_t image_size() const { return channels * y.image * x.image; }
  constexpr std::size_t map_size() const { return channels * y.map * x.map; }
  /// Windows of two by two side by side: a loop of its own.
  constexpr bool halves() const {
    const auto half = [](const ConvolutionAxis& a) { return a.kernel == 2 && a.stride == 2 && a.dilation == 1 && a.before == 0; };
    return half(y) && half(x);
  }
};

/// map[c][r][q] = the largest number in its window of image[c]; a NaN is larger than all. One sample.
template <class T>
void max_pool(const Pooling&, const T* image, T* map);

/// What becomes of the gradient: it goes to the first number of each window that is the largest.
template <class T>
void max_pool_gradient(const Pooling&, const T* image, const T* map, const T* map_gradient, T* image_gradient);

}  // namespace tenon::kernels
