#pragma once

#include <cstddef>

#include <tenon/inline.hpp>

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

  TENON_INLINE constexpr FourRows(const T* w, std::size_t stride)
      : row0(w), row1(w + stride), row2(w + 2 * stride), row3(w + 3 * stride) {}

  TENON_INLINE constexpr void step(const T* x, std::size_t i) {
    const T value = x[i];
    sum0 += row0[i] * value;
    sum1 += row1[i] * value;
    sum2 += row2[i] * value;
    sum3 += row3[i] * value;
  }
  TENON_INLINE constexpr void advance(std::size_t n) {
    row0 += n;
    row1 += n;
    row2 += n;
    row3 += n;
  }
};

}  // namespace detail

/// y = W x, with W stored row by row as (out, in). y must not overlap x.
template <class T>
constexpr void multiply_rows(const T* w, const T* x, T* y, std::size_t in, std::size_t out) {
  std::size_t o = 0;
  for (; o + 4 <= out; o += 4, w += 4 * in) {
    detail::FourRows<T> rows(w, in);
    const T* value = x;
    std::size_t left = in;
    for (; left >= 8; left -= 8) {
      rows.step(value, 0);
      rows.step(value, 1);
      rows.step(value, 2);
      rows.step(value, 3);
      rows.step(value, 4);
      rows.step(value, 5);
      rows.step(value, 6);
      rows.step(value, 7);
      rows.advance(8);
      value += 8;
    }
    for (std::size_t i = 0; i < left; ++i) rows.step(value, i);
    y[o] = rows.sum0;
    y[o + 1] = rows.sum1;
    y[o + 2] = rows.sum2;
    y[o + 3] = rows.sum3;
  }
  for (; o < out; ++o, w += in) {
    T sum = 0;
    for (std::size_t i = 0; i < in; ++i) sum += w[i] * x[i];
    y[o] = sum;
  }
}

/// y = W^T x, with W stored as (in, out): the rows of W are added up, each times its x.
template <class T>
constexpr void multiply_columns(const T* w, const T* x, T* y, std::size_t in, std::size_t out) {
  for (std::size_t o = 0; o < out; ++o) y[o] = T(0);
  for (std::size_t i = 0; i < in; ++i, w += out) {
    const T value = x[i];
    for (std::size_t o = 0; o < out; ++o) y[o] += w[o] * value;
  }
}

}  // namespace tenon::kernels
