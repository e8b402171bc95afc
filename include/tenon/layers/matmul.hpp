#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/several_inputs.hpp>

namespace tenon {

struct of_inner_axes_that_agree;
struct the_option_transposed_or_none;

namespace option {

/// The type of `transposed`.
struct Transposed {};

}  // namespace option

/// Of a MatMul: the second matrix is given as (N, K).
inline constexpr option::Transposed transposed{};

namespace detail {

/// `batch` products of (rows, inner) with (inner, columns).
struct ProductSizes {
  size_t batch = 1, rows = 1, inner = 1, columns = 1;
  bool fits = false;
};

template <size_t P, size_t Q>
constexpr ProductSizes product_sizes(const std::array<size_t, P>& a, const std::array<size_t, Q>& b, bool transposed) {
  if constexpr (P == 0 || Q < 2) {
    return {};
  } else {
    ProductSizes s;
    s.inner = a[P - 1];
    s.columns = b[transposed ? Q - 2 : Q - 1];
    s.fits = b[transposed ? Q - 1 : Q - 2] == s.inner && s.inner > 0;
    if constexpr (Q == 2) {  // one matrix for all rows
      for (size_t k = 0; k + 1 < P; ++k) s.rows *= a[k];
    } else if constexpr (P == Q) {
      s.rows = a[P - 2];
      for (size_t k = 0; k + 2 < P; ++k) {
        s.batch *= a[k];
        s.fits = s.fits && a[k] == b[k];
      }
    } else {
      s.fits = false;
    }
    return s;
  }
}

template <class In, bool Transposed>
struct MatMulUnit;
template <class A, class B, bool Transposed>
struct MatMulUnit<Inputs<A, B>, Transposed> {
private:
  using Transpose = kernels::Transpose;
  static constexpr ProductSizes p = product_sizes(A::dims, B::dims, Transposed);
  static constexpr size_t ldb = Transposed ? p.inner : p.columns;

public:
  using input = Inputs<A, B>;
  using output = shape_with<[] {
    auto dims = A::dims;
    dims[A::rank - 1] = p.columns;
    return dims;
  }()>;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{};
  static constexpr size_t macs = p.batch * p.rows * p.inner * p.columns;

  template <class To>
  static auto onnx(To& to) requires(A::rank == B::rank && A::rank >= 2) {
    if constexpr (!Transposed) {
      return to.node("MatMul", {to.input(0), to.input(1)});
    } else {
      typename To::Axes perm(B::rank + 1);
      for (size_t k = 0; k <= B::rank; ++k) perm[k] = static_cast<int>(k + 1 < B::rank ? k : 2 * B::rank - 1 - k);
      return to.node("MatMul", {to.input(0), to.node("Transpose", {to.input(1)}, {{"perm", perm}})});
    }
  }
  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, const Memory<T>&, const RowsOf<const T, 2>& x, Rows<T> y, Mode) {
    for (size_t i = 0; i < y.count; ++i)
      for (size_t h = 0; h < p.batch; ++h)
        small_gemm(ctx, Transpose::no, Transposed ? Transpose::yes : Transpose::no, p.rows, p.columns, p.inner, T(1),
                   x[0][i] + h * p.rows * p.inner, p.inner, x[1][i] + h * p.inner * p.columns, ldb, T(0),
                   y[i] + h * p.rows * p.columns, p.columns);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, const Memory<T>&, const RowsOf<const T, 2>& x, Rows<const T>,
                                 Rows<const T> dy, const RowsOf<T, 2>& dx) {
    for (size_t i = 0; i < dy.count; ++i)
      for (size_t h = 0; h < p.batch; ++h) {
        const T *const a = x[0][i] + h * p.rows * p.inner, *const b = x[1][i] + h * p.inner * p.columns;
        const T* const slope = dy[i] + h * p.rows * p.columns;
        if (dx[0])
          small_gemm(ctx, Transpose::no, Transposed ? Transpose::no : Transpose::yes, p.rows, p.inner, p.columns, T(1),
                     slope, p.columns, b, ldb, T(0), dx[0][i] + h * p.rows * p.inner, p.inner);
        if (!dx[1]) continue;
        T* const db = dx[1][i] + h * p.inner * p.columns;
        if constexpr (Transposed)
          small_gemm(ctx, Transpose::yes, Transpose::no, p.columns, p.inner, p.rows, T(1), slope, p.columns, a, p.inner,
                     T(0), db, ldb);
        else
          small_gemm(ctx, Transpose::yes, Transpose::no, p.inner, p.columns, p.rows, T(1), a, p.inner, slope, p.columns,
                     T(0), db, ldb);
      }
  }
};

}  // namespace detail

/// The matrix product of two inputs, y = A B; with `transposed`, y = A B^T.
///
/// Shapes: (T, K) and (K, N), `transposed`: (N, K), to (T, N); the same with further axes in front that agree, as
/// heads: (H, T, K) and (H, K, N). A vector (K) is one row, and any number of axes in front of K may meet one matrix
/// (K, N). Gradients: dA = dy B^T, dB = A^T dy; `transposed`: dA = dy B, dB = dy^T A. PyTorch: torch.matmul(a, b), (a,
/// b.mT). Keras: Dot. ONNX: MatMul.
///
///     Node<"scores", MatMul<transposed>, "queries", "keys">, Node<"weights", Softmax, "scores">,
///     Node<"seen", MatMul<>, "weights", "values">
template <auto... Option>
struct MatMul {
private:
  static constexpr bool transposed = sizeof...(Option) > 0;
  static constexpr bool known = sizeof...(Option) < 2 &&
                                (true && ... &&
                                 std::is_same_v<std::remove_const_t<decltype(Option)>, option::Transposed>);
  template <class In>
  struct judge {
    static constexpr bool fits = false;
    using problem = takes<two_inputs>;
  };
  template <class A, class B>
  struct judge<Inputs<A, B>> {
    static constexpr bool fits = detail::product_sizes(A::dims, B::dims, transposed).fits;
    using problem = std::conditional_t<fits, void, takes<two_inputs, of_inner_axes_that_agree>>;
  };

public:
  static constexpr bool many_inputs = true;
  using invalid = std::conditional_t<known, void, takes<the_option_transposed_or_none>>;
  template <class In>
  using problem = typename judge<In>::problem;
  template <class In>
  using at = std::conditional_t<known && judge<In>::fits, detail::MatMulUnit<In, transposed>, detail::RefusedUnit<In>>;
};

}  // namespace tenon
