#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/inline.hpp>
#include <tenon/kernels/float_thumb.hpp>

/// Matrix times vector, for one sample at a time on any processor and in constant expressions. Four
/// rows go side by side, so that a number of x is loaded once for four products: on a Cortex-M4 that
/// is nine instructions for four multiplications instead of twelve.
namespace tenon::kernels {

namespace detail {

/// Four sums, one for each of four rows `stride` apart.
template <class T>
struct FourRows {
  const T* row0;
  const T* row1;
  const T* row2;
  const T* row3;
  T sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;

  TENON_INLINE constexpr FourRows(const T* w, size_t stride)
      : row0(w), row1(w + stride), row2(w + 2 * stride), row3(w + 3 * stride) {}

  TENON_INLINE constexpr void step(const T* x, size_t i) {
    const T value = x[i];
    sum0 += row0[i] * value;
    sum1 += row1[i] * value;
    sum2 += row2[i] * value;
    sum3 += row3[i] * value;
  }
  TENON_INLINE constexpr void advance(size_t n) {
    row0 += n;
    row1 += n;
    row2 += n;
    row3 += n;
  }
};

}  // namespace detail

namespace detail {

/// The products of four rows from w on, written to y or added to what is there.
template <class T>
constexpr void multiply_four_rows(const T* w, const T* x, T* y, size_t in, bool add = false) {
  FourRows<T> rows(w, in);
  if (add) {
    rows.sum0 = y[0];
    rows.sum1 = y[1];
    rows.sum2 = y[2];
    rows.sum3 = y[3];
  }
  size_t left = in;
  if constexpr (thumb::loads_many<T>)
    if (!std::is_constant_evaluated())
      for (; left >= 4; left -= 4)
        thumb::add_four_columns(x, rows.row0, rows.row1, rows.row2, rows.row3, rows.sum0, rows.sum1, rows.sum2,
                                rows.sum3);
  for (; left >= 8; left -= 8) {
    rows.step(x, 0);
    rows.step(x, 1);
    rows.step(x, 2);
    rows.step(x, 3);
    rows.step(x, 4);
    rows.step(x, 5);
    rows.step(x, 6);
    rows.step(x, 7);
    rows.advance(8);
    x += 8;
  }
  for (size_t i = 0; i < left; ++i) rows.step(x, i);
  y[0] = rows.sum0;
  y[1] = rows.sum1;
  y[2] = rows.sum2;
  y[3] = rows.sum3;
}

template <class T>
constexpr T multiply_row(const T* w, const T* x, size_t in, T sum = 0) {
  for (size_t i = 0; i < in; ++i) sum += w[i] * x[i];
  return sum;
}

}  // namespace detail

/// y = W x, with W stored row by row as (out, in). y must not overlap x. The last group of four rows may
/// repeat rows that are done already, which is less work than one row at a time.
template <class T>
constexpr void multiply_rows(const T* w, const T* x, T* y, size_t in, size_t out) {
  if (out < 4) {
    for (size_t o = 0; o < out; ++o) y[o] = detail::multiply_row(w + o * in, x, in);
    return;
  }
  for (size_t o = 0; o < out; o += 4) {
    const size_t first = o + 4 <= out ? o : out - 4;
    detail::multiply_four_rows(w + first * in, x, y + first, in);
  }
}

/// y += W x, with W stored row by row as (out, in). y must not overlap x.
template <class T>
constexpr void add_rows(const T* w, const T* x, T* y, size_t in, size_t out) {
  for (size_t fours = out / 4; fours > 0; --fours, w += 4 * in, y += 4) detail::multiply_four_rows(w, x, y, in, true);
  for (size_t rest = out % 4; rest > 0; --rest, w += in, ++y) *y = detail::multiply_row(w, x, in, *y);
}

/// y = W^T x, with W stored as (in, out): the rows of W are added up, each times its x.
template <class T>
constexpr void multiply_columns(const T* w, const T* x, T* y, size_t in, size_t out) {
  for (size_t o = 0; o < out; ++o) y[o] = T(0);
  for (size_t i = 0; i < in; ++i, w += out) {
    const T value = x[i];
    for (size_t o = 0; o < out; ++o) y[o] += w[o] * value;
  }
}

}  // namespace tenon::kernels
