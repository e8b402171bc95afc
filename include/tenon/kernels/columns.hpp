#pragma once
#ifndef TENON_OWN_WARNINGS
#pragma GCC system_header  // who builds without -fopenmp-simd need not hear of the pragmas that are ignored
#endif

#include <cstddef>

#include <tenon/kernels/dispatch.hpp>

namespace tenon::kernels {

namespace detail {

/// y += x_0 row_0 + ... + x_7 row_7 of W, in one pass over y; `First` overwrites y instead. The eight products are
/// added as a tree, because in a chain each addition has to wait for the one before.
template <bool First, class T>
TENON_INLINE void add_up_eight(const T* w, const T* x, T* y, size_t out) {
  const T x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3], x4 = x[4], x5 = x[5], x6 = x[6], x7 = x[7];
  const T *w1 = w + out, *w2 = w1 + out, *w3 = w2 + out;
  const T *w4 = w3 + out, *w5 = w4 + out, *w6 = w5 + out, *w7 = w6 + out;
#pragma omp simd
  for (size_t o = 0; o < out; ++o) {
    const T sum = ((w[o] * x0 + w1[o] * x1) + (w2[o] * x2 + w3[o] * x3)) +
                  ((w4[o] * x4 + w5[o] * x5) + (w6[o] * x6 + w7[o] * x7));
    y[o] = First ? sum : y[o] + sum;
  }
}

template <class T>
TENON_INLINE void add_up_columns(const T* w, const T* x, T* y, size_t in, size_t out) {
  const size_t whole = in - in % 8;
  if (whole == 0) {
    for (size_t o = 0; o < out; ++o) y[o] = T(0);
  } else {
    add_up_eight<true>(w, x, y, out);
    w += 8 * out;
  }
  for (size_t i = 8; i < whole; i += 8, w += 8 * out) add_up_eight<false>(w, x + i, y, out);
  for (size_t i = whole; i < in; ++i, w += out) {
    const T value = x[i];
#pragma omp simd
    for (size_t o = 0; o < out; ++o) y[o] += w[o] * value;
  }
}

/// One column: a scalar product.
template <class T>
TENON_INLINE T add_up_column(const T* w, const T* x, size_t in) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t i = 0; i < in; ++i) sum += w[i] * x[i];
  return sum;
}

}  // namespace detail

/// y = W^T x for one x, W stored as (in, out) and streamed by once, by the vector unit at hand.
template <class T>
TENON_INLINE void add_up_columns(const T* w, const T* x, T* y, size_t in, size_t out) {
  const auto body = [](const T* w_, const T* x_, T* y_, size_t in_, size_t out_) TENON_INLINE_LAMBDA {
    if (out_ == 1) *y_ = detail::add_up_column(w_, x_, in_);
    else detail::add_up_columns(w_, x_, y_, in_, out_);
  };
  dispatch(body, w, x, y, in, out);
}

}  // namespace tenon::kernels
