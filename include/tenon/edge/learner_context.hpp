#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <tenon/kernels/float_vectors.hpp>
#include <tenon/kernels/gemm_types.hpp>
#include <tenon/kernels/sample_products.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/net/run.hpp>
#include <tenon/random.hpp>

/// How edge::Learner runs its layers: one sample at a time, forward and backward, by plain loops that add up in one
/// order on every machine.
namespace tenon::edge {

/// How a bound layer trains on one sample, where its own code needs the library or more memory than one sample does. It
/// says how many numbers of fixed scratch (`fixed`) it needs and how many it keeps for the way back (`saved`), and has
/// `forward(memory, x, y)` and `backward(memory, add, x, y, dy, dx)`. Gradients are overwritten, or added to where
/// `add`; `dx`, and the gradients of a frozen layer, may be null.
template <class Bound>
struct TrainingKernel;

/// Whether a layer can be trained on a device.
template <class Bound>
concept HasTrainingKernel = requires {
  TrainingKernel<Bound>::fixed;
};

namespace detail {

/// to += f0 b + f1 b' + f2 b'' + f3 b''', rows of n numbers `stride` apart.
template <bool First, class T>
TENON_INLINE constexpr void combine_four(T* to, const T* b, size_t stride, T f0, T f1, T f2, T f3, size_t n) {
  const auto step = [&](auto& y, const auto& x0, const auto& x1, const auto& x2, const auto& x3) TENON_INLINE_LAMBDA {
    auto sum = First ? f0 * x0 : y + f0 * x0;
    sum += f1 * x1;
    sum += f2 * x2;
    sum += f3 * x3;
    y = sum;
  };
  kernels::each_number<true>(n, step, to, b, b + stride, b + 2 * stride, b + 3 * stride);
}

/// to = f b, or += where it is not the first.
template <bool First, class T>
TENON_INLINE constexpr void combine_one(T* to, const T* b, T f, size_t n) {
  kernels::each_number(
      n, [&](auto& y, const auto& x) TENON_INLINE_LAMBDA { y = First ? f * x : y + f * x; }, to, b);
}

/// Four rows += their factor times b, or = where they are the first.
template <bool First, class T>
TENON_INLINE constexpr void spread_to_four(T* to, size_t stride, const T* b, T f0, T f1, T f2, T f3, size_t n) {
  const auto step = [&](auto& y0, auto& y1, auto& y2, auto& y3, const auto& x) TENON_INLINE_LAMBDA {
    const auto value = x;
    y0 = First ? f0 * value : y0 + f0 * value;
    y1 = First ? f1 * value : y1 + f1 * value;
    y2 = First ? f2 * value : y2 + f2 * value;
    y3 = First ? f3 * value : y3 + f3 * value;
  };
  kernels::each_number<true>(n, step, to, to + stride, to + 2 * stride, to + 3 * stride, b);
}

/// c (m x n) = or += the outer product of a column of factors, `step` apart, and a row.
template <bool First, class T>
constexpr void outer_product(const T* factor, size_t step, size_t m, const T* b, size_t n, T* c, size_t ldc) {
  size_t i = 0;
  for (; i + 4 <= m; i += 4, factor += 4 * step)
    spread_to_four<First>(c + i * ldc, ldc, b, factor[0], factor[step], factor[2 * step], factor[3 * step], n);
  for (; i < m; ++i, factor += step) combine_one<First>(c + i * ldc, b, *factor, n);
}

/// to = or += the sum of `k` rows of b, each times its factor.
template <class T>
constexpr void sum_of_rows(T* to, const T* factor, size_t step, const T* b, size_t ldb, size_t k, size_t n, bool add) {
  if (!add && k < 4) {
    for (size_t j = 0; j < n; ++j) to[j] = T(0);
    add = true;
  }
  for (; k >= 4; k -= 4, factor += 4 * step, b += 4 * ldb) {
    if (add) combine_four<false>(to, b, ldb, factor[0], factor[step], factor[2 * step], factor[3 * step], n);
    else combine_four<true>(to, b, ldb, factor[0], factor[step], factor[2 * step], factor[3 * step], n);
    add = true;
  }
  for (; k > 0; --k, factor += step, b += ldb) combine_one<false>(to, b, *factor, n);
}

}  // namespace detail

/// The context of learning: no BLAS, no library, nothing allocated. `seed`, `step` and `first_sample` are those that a
/// Trainer would have, so masks are the same as there.
struct LearnContext {
  static constexpr bool in_order = true;

  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  size_t first_sample = 0;
  bool overwrite_gradients = false;
  float* unused_gradient = nullptr;

  Stream stream(std::uint32_t id) const { return Stream(seed, Purpose::dropout, id, step); }

  template <class Bound, class T>
    requires HasTrainingKernel<Bound>
  static void forward(Memory<T> memory, Rows<const T> x, Rows<T> y) {
    for (size_t i = 0; i < y.count; ++i) {  // one, or the steps of a sequence
      TrainingKernel<Bound>::forward(memory, x[i], y[i]);
      memory.workspace.saved = tenon::detail::advance(memory.workspace.saved, TrainingKernel<Bound>::saved);
    }
  }
  template <class Bound, class T>
    requires HasTrainingKernel<Bound>
  void backward(Memory<T> memory, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) const {
    for (size_t i = 0; i < dy.count; ++i) {
      TrainingKernel<Bound>::backward(memory, !overwrite_gradients || i > 0, x ? x[i] : nullptr, y ? y[i] : nullptr,
                                      dy[i], dx ? dx[i] : nullptr);
      memory.workspace.saved = tenon::detail::advance(memory.workspace.saved, TrainingKernel<Bound>::saved);
    }
  }

  /// c = op(a) op(b) + beta c, beta being 0 or 1.
  template <class T>
  static void gemm(kernels::Transpose ta, kernels::Transpose tb, size_t m, size_t n, size_t k, T, const T* a,
                   size_t lda, const T* b, size_t ldb, T beta, T* c, size_t ldc) {
    const bool add = beta != T(0);
    const size_t row = ta == kernels::Transpose::no ? lda : 1, column = ta == kernels::Transpose::no ? 1 : lda;
    if (tb == kernels::Transpose::no && k == 1 && m > 1) {
      if (add) detail::outer_product<false>(a, row, m, b, n, c, ldc);
      else detail::outer_product<true>(a, row, m, b, n, c, ldc);
      return;
    }
    for (size_t i = 0; i < m; ++i, a += row, c += ldc) {
      if (tb == kernels::Transpose::no) {
        detail::sum_of_rows(c, a, column, b, ldb, k, n, add);
      } else if (!add && column == 1 && ldb == k) {
        kernels::multiply_rows(b, a, c, k, n);
      } else {
        for (size_t j = 0; j < n; ++j) {
          T sum = add ? c[j] : T(0);
          for (size_t l = 0; l < k; ++l) sum += a[l * column] * b[j * ldb + l];
          c[j] = sum;
        }
      }
    }
  }
};

/// The fixed scratch that a bound layer or composition needs in this context.
template <class Bound>
constexpr size_t fixed_scratch() {
  size_t most = 0;
  if constexpr (HasTrainingKernel<Bound>) {
    most = TrainingKernel<Bound>::fixed;
  } else if constexpr (tenon::detail::Leaf<Bound>) {
    constexpr Needs needs = layout_of<Bound>.needs;
    most = std::max({needs.forward.fixed, needs.backward.fixed, needs.inference.fixed});
  } else {
    Bound::visit_units([&most]<class Unit> { most = std::max(most, fixed_scratch<Unit>()); });
  }
  return most;
}

}  // namespace tenon::edge
