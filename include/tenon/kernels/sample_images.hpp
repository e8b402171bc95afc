#pragma once

#include <cstddef>

#include <tenon/kernels/convolution.hpp>
#include <tenon/kernels/pooling.hpp>

/// Convolutions and pools of one image by plain loops, for machines without vectors and for constant expressions. They
/// need no scratch and nothing from the library.
namespace tenon::kernels {

/// map = bias + the windows' sums.
template <class T>
constexpr void map_of_image_plainly(const Convolution& c, const T* image, const T* weight, const T* bias, T* map) {
  const size_t channels = c.group_channels();
  for (size_t o = 0; o < c.features; ++o) {
    const T* const first = image + o / c.group_features() * channels * c.y.image * c.x.image;
    for (size_t row = 0; row < c.y.map; ++row) {
      const WindowSpan rows = window_span(c.y, row);
      const size_t row_tap = rows.count == 0 ? 0 : (rows.place + c.y.before - row * c.y.stride) / c.y.dilation;
      for (size_t column = 0; column < c.x.map; ++column) {
        const WindowSpan columns = window_span(c.x, column);
        const size_t column_tap = columns.count == 0
                                      ? 0
                                      : (columns.place + c.x.before - column * c.x.stride) / c.x.dilation;
        T sum = bias ? bias[o] : T(0);
        for (size_t i = 0; i < channels; ++i)
          for (size_t y = 0; y < rows.count; ++y) {
            const T* const line = first + (i * c.y.image + rows.place + y * rows.step) * c.x.image + columns.place;
            const T* const taps = weight + ((o * channels + i) * c.y.kernel + row_tap + y) * c.x.kernel + column_tap;
            for (size_t x = 0; x < columns.count; ++x) sum += line[x * columns.step] * taps[x];
          }
        *map++ = sum;
      }
    }
  }
}

/// image = bias + what each window gives its place: the transpose.
template <class T>
constexpr void image_of_map_plainly(const Convolution& c, const T* map, const T* weight, const T* bias, T* image) {
  const size_t channels = c.group_channels();
  for (size_t i = 0; i < c.channels; ++i)
    for (size_t k = 0; k < c.y.image * c.x.image; ++k) image[i * c.y.image * c.x.image + k] = bias ? bias[i] : T(0);
  for (size_t o = 0; o < c.features; ++o) {
    T* const first = image + o / c.group_features() * channels * c.y.image * c.x.image;
    for (size_t row = 0; row < c.y.map; ++row) {
      const WindowSpan rows = window_span(c.y, row);
      const size_t row_tap = rows.count == 0 ? 0 : (rows.place + c.y.before - row * c.y.stride) / c.y.dilation;
      for (size_t column = 0; column < c.x.map; ++column) {
        const WindowSpan columns = window_span(c.x, column);
        const size_t column_tap = columns.count == 0
                                      ? 0
                                      : (columns.place + c.x.before - column * c.x.stride) / c.x.dilation;
        const T factor = *map++;
        for (size_t i = 0; i < channels; ++i)
          for (size_t y = 0; y < rows.count; ++y) {
            T* const line = first + (i * c.y.image + rows.place + y * rows.step) * c.x.image + columns.place;
            const T* const taps = weight + ((o * channels + i) * c.y.kernel + row_tap + y) * c.x.kernel + column_tap;
            for (size_t x = 0; x < columns.count; ++x) line[x * columns.step] += factor * taps[x];
          }
      }
    }
  }
}

/// Calls work(channel's image, rows, columns) for each window, in the order of the map.
template <class T, class F>
constexpr void each_window(const Pooling& p, bool adaptive, const T* image, F work) {
  const auto span = [adaptive](const ConvolutionAxis& a, size_t position) {
    if (!adaptive) return window_span(a, position);
    const size_t first = position * a.image / a.map, end = ((position + 1) * a.image + a.map - 1) / a.map;
    return WindowSpan{first, end - first, 1};
  };
  for (size_t c = 0; c < p.channels; ++c, image += p.y.image * p.x.image)
    for (size_t row = 0; row < p.y.map; ++row)
      for (size_t column = 0; column < p.x.map; ++column) work(image, span(p.y, row), span(p.x, column));
}

template <class T>
constexpr void max_pool_plainly(const Pooling& p, const T* image, T* map) {
  each_window(p, false, image, [&](const T* channel, WindowSpan rows, WindowSpan columns) {
    T most = channel[rows.place * p.x.image + columns.place];
    for (size_t y = 0; y < rows.count; ++y)
      for (size_t x = 0; x < columns.count; ++x) {
        const T value = channel[(rows.place + y * rows.step) * p.x.image + columns.place + x * columns.step];
        if (value > most || value != value) most = value;
      }
    *map++ = most;
  });
}

template <class T>
constexpr void average_pool_plainly(const Averaging& p, const T* image, T* map) {
  const Pooling& w = p.windows;
  const bool all = p.counts_padding && !p.adaptive;
  each_window(w, p.adaptive, image, [&](const T* channel, WindowSpan rows, WindowSpan columns) {
    T sum = 0;
    for (size_t y = 0; y < rows.count; ++y)
      for (size_t x = 0; x < columns.count; ++x)
        sum += channel[(rows.place + y * rows.step) * w.x.image + columns.place + x * columns.step];
    *map++ = sum / static_cast<T>(all ? w.y.kernel * w.x.kernel : rows.count * columns.count);
  });
}

}  // namespace tenon::kernels
