#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <tenon/kernels/int8_images.hpp>
#include <tenon/kernels/resize.hpp>

/// Numbers that only change places, and images stretched.
namespace tenon::kernels {

/// Four loops, the last one innermost, that take numbers from one array to another.
struct Int8Move {
  size_t from = 0, to = 0;
  std::array<size_t, 4> count{1, 1, 1, 1}, from_step{}, to_step{};
};

namespace detail {

template <class Line>
TENON_INLINE constexpr void each_line(const Int8Move& m, Line line) {
  for (size_t a = 0; a < m.count[0]; ++a)
    for (size_t b = 0; b < m.count[1]; ++b)
      for (size_t c = 0; c < m.count[2]; ++c)
        line(m.from + a * m.from_step[0] + b * m.from_step[1] + c * m.from_step[2],
             m.to + a * m.to_step[0] + b * m.to_step[1] + c * m.to_step[2]);
}

}  // namespace detail

template <class Number>
[[gnu::noinline]] constexpr void move_numbers(const Int8Move& m, const Number* x, Number* y) {
  const bool together = m.from_step[3] == 1 && m.to_step[3] == 1;
  detail::each_line(m, [&](size_t from, size_t to) TENON_INLINE_LAMBDA {
    if (together) return detail::copy_numbers(x + from, m.count[3], y + to);
    for (size_t d = 0; d < m.count[3]; ++d) y[to + d * m.to_step[3]] = x[from + d * m.from_step[3]];
  });
}

/// The same from one scale to another.
template <class Number>
[[gnu::noinline]] constexpr void move_rescaled(const Int8Move& m, const Requantizer& scale, std::int32_t from_zero,
                                               std::int32_t zero, const Number* x, Number* y) {
  detail::each_line(m, [&](size_t from, size_t to) TENON_INLINE_LAMBDA {
    for (size_t d = 0; d < m.count[3]; ++d)
      y[to + d * m.to_step[3]] = static_cast<Number>(
          saturated<8 * sizeof(Number)>(scale(x[from + d * m.from_step[3]] - from_zero) + zero));
  });
}

/// An axis stretched by a whole factor: pixel r lies at (r + 1/2) / factor - 1/2 = (2 r + 1 - factor) / (2 factor)
/// of the source, between pixels `first` and `second`, whose weights are parts of 2 factor.
struct StretchedPixel {
  size_t first = 0, second = 0;
  std::int32_t weight = 0;  // of the second

  constexpr StretchedPixel(size_t r, size_t factor, size_t size) {
    if (2 * r + 1 < factor) return;
    const size_t place = 2 * r + 1 - factor;
    first = place / (2 * factor);
    second = first + 1 < size ? first + 1 : size - 1;
    weight = static_cast<std::int32_t>(place % (2 * factor));
  }
};

/// Linear interpolation between neighbours in whole numbers: weights are parts of 4 factor_y factor_x, and the result
/// is rounded to nearest, halves away from zero.
template <class Number>
[[gnu::noinline]] constexpr void stretch(const Upsampling& u, const Number* x, Number* y) {
  const auto parts_y = static_cast<std::int32_t>(2 * u.factor_y), parts_x = static_cast<std::int32_t>(2 * u.factor_x);
  const std::int32_t parts = parts_y * parts_x;
  for (size_t r = 0; r < u.height * u.factor_y; ++r) {
    const StretchedPixel py(r, u.factor_y, u.height);
    for (size_t q = 0; q < u.width * u.factor_x; ++q) {
      const StretchedPixel px(q, u.factor_x, u.width);
      const auto pixel = [&](size_t row, size_t column) { return x + (row * u.width + column) * u.channels; };
      const Number *a = pixel(py.first, px.first), *b = pixel(py.first, px.second), *c = pixel(py.second, px.first),
                   *d = pixel(py.second, px.second);
      for (size_t i = 0; i < u.channels; ++i) {
        const std::int32_t sum = (parts_y - py.weight) * ((parts_x - px.weight) * a[i] + px.weight * b[i]) +
                                 py.weight * ((parts_x - px.weight) * c[i] + px.weight * d[i]);
        *y++ = static_cast<Number>((sum + (sum > 0 ? parts / 2 : -(parts / 2))) / parts);
      }
    }
  }
}

}  // namespace tenon::kernels
