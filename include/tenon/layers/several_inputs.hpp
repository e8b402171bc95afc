#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include <tenon/kernels/gemm_types.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/shape.hpp>

/// What layers of several inputs have in common.
namespace tenon {

struct two_inputs;
struct three_inputs;
/// Shapes that PyTorch broadcasts, or a vector of as many numbers as the outermost axis has.
struct of_shapes_that_broadcast;

namespace detail {

/// Stands for a layer of several inputs that was refused. It is never run; checking goes on with its output.
template <class In, class Out = typename first_input_of<In>::type>
struct RefusedUnit {
  using input = In;
  using output = Out;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{};

  template <class... Argument>
  static constexpr void forward(Argument&&...) {}
  template <class... Argument>
  static constexpr void backward(Argument&&...) {}
};

template <auto Dims, class Axes>
struct shape_of_dims;
template <auto Dims, size_t... Axis>
struct shape_of_dims<Dims, std::index_sequence<Axis...>> {
  using type = Shape<Dims[Axis]...>;
};
/// The shape of these axes: `shape_with<std::array<size_t, 2>{3, 4}>`.
template <auto Dims>
using shape_with = typename shape_of_dims<Dims, std::make_index_sequence<Dims.size()>>::type;

/// The product of dims[first] up to the last.
template <size_t N>
constexpr size_t product_from(const std::array<size_t, N>& dims, size_t first) {
  size_t product = 1;
  for (size_t k = first; k < N; ++k) product *= dims[k];
  return product;
}

/// A product of few rows, by the kernel that the context keeps for these if it has one.
template <class Ctx, class T>
constexpr void small_gemm(Ctx& ctx, kernels::Transpose ta, kernels::Transpose tb, size_t m, size_t n, size_t k, T alpha,
                          const T* a, size_t lda, const T* b, size_t ldb, T beta, T* c, size_t ldc) {
  if constexpr (requires { ctx.small_gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc); })
    ctx.small_gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  else ctx.gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

}  // namespace detail
}  // namespace tenon
