#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/kernels/int8_channels.hpp>
#include <tenon/kernels/int8_pairs.hpp>
#include <tenon/kernels/int8_sums.hpp>
#include <tenon/kernels/pooling.hpp>

/// Pools of int8 and int16 images, exact and the same on every machine.
namespace tenon::kernels {

/// The largest of each window. Input and output have one scale.
template <class Number>
[[gnu::noinline]] constexpr void max_pool(const Pooling& p, Bounds<Number> bounds, const Number* x, Number* y) {
  for (size_t r = 0; r < p.y.map; ++r) {
    const WindowSpan ys = window_span(p.y, r);
    for (size_t q = 0; q < p.x.map; ++q, y += p.channels) {
      const WindowSpan xs = window_span(p.x, q);
      for (size_t ky = 0; ky < ys.count; ++ky)
        for (size_t kx = 0; kx < xs.count; ++kx) {
          const Number* pixel = x + ((ys.place + ky * ys.step) * p.x.image + xs.place + kx * xs.step) * p.channels;
          if (ky + kx == 0) detail::copy_numbers(pixel, p.channels, y);
          else larger_numbers(pixel, p.channels, y);
        }
      if (bounds.low == Bounds<Number>{}.low && bounds.high == Bounds<Number>{}.high) continue;
      for (size_t i = 0; i < p.channels; ++i) y[i] = bounds(y[i]);
    }
  }
}

/// The mean of each window, rounded to nearest, halves away from zero. Input and output have one scale;
/// zeros outside that count are `outside`.
template <class Number>
[[gnu::noinline]] constexpr void average_pool(const Averaging& a, Bounds<Number> bounds, Number outside,
                                              const Number* x, Number* y) {
  const Pooling& p = a.windows;
  const auto span = [&](const ConvolutionAxis& axis, size_t position) {
    if (!a.adaptive) return window_span(axis, position);
    const size_t first = position * axis.image / axis.map;
    return WindowSpan{first, ((position + 1) * axis.image + axis.map - 1) / axis.map - first, 1};
  };
  for (size_t r = 0; r < p.y.map; ++r) {
    const WindowSpan ys = span(p.y, r);
    for (size_t q = 0; q < p.x.map; ++q) {
      const WindowSpan xs = span(p.x, q);
      const auto inside = static_cast<std::int32_t>(ys.count * xs.count);
      const auto count = a.adaptive || !a.counts_padding ? inside : static_cast<std::int32_t>(p.y.kernel * p.x.kernel);
      for (size_t channel = 0; channel < p.channels; ++channel) {
        std::int32_t sum = (count - inside) * outside;
        for (size_t ky = 0; ky < ys.count; ++ky) {
          const Number* pixel = x + ((ys.place + ky * ys.step) * p.x.image + xs.place) * p.channels + channel;
          for (size_t kx = 0; kx < xs.count; ++kx, pixel += xs.step * p.channels) sum += *pixel;
        }
        *y++ = bounds((sum + (sum > 0 ? count / 2 : -(count / 2))) / count);
      }
    }
  }
}

}  // namespace tenon::kernels
