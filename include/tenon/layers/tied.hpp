#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/kernels/gemm_types.hpp>
#include <tenon/layers/embedding.hpp>
#include <tenon/net/chain.hpp>

namespace tenon {

/// What Tied stands for: an embedding, the first layer of the same Sequential, whose width is that of the steps.
struct the_embedding_that_this_sequential_begins_with;
template <size_t Width>
struct sequences_of_steps_of_width;

namespace detail {

/// y = x W^T, with the weight of the embedding.
template <class In, size_t Tokens, size_t Width>
struct TiedUnit {
  using input = In;
  using output = Shape<In::front, Tokens>;
  static constexpr bool tied = true;
  static constexpr Needs needs{};
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr size_t macs = In::front * Width * Tokens;

  template <class To>
  static auto onnx(To& to) {
    return to.node("MatMul", {to.input(), to.node("Transpose", {to.parameter("weight")}, {{"perm", {1, 0}}})});
  }
  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode) {
    each_block(x, Rows<const T>(y), [&](size_t first, size_t rows) {
      ctx.gemm(kernels::Transpose::no, kernels::Transpose::yes, rows, Tokens, Width, T(1), x[first], Width,
               m.parameters.values, Width, T(0), y[first], Tokens);
    });
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    T beta = ctx.overwrite_gradients ? T(0) : T(1);
    if (m.parameters.gradients)
      each_block(x, dy, [&](size_t first, size_t rows) {
        ctx.gemm(kernels::Transpose::yes, kernels::Transpose::no, Tokens, Width, rows, T(1), dy[first], Tokens,
                 x[first], Width, beta, m.parameters.gradients, Width);
        beta = T(1);
      });
    if (dx)
      each_block(Rows<const T>(dx), dy, [&](size_t first, size_t rows) {
        ctx.gemm(kernels::Transpose::no, kernels::Transpose::no, rows, Width, Tokens, T(1), dy[first], Tokens,
                 m.parameters.values, Width, T(0), dx[first], Width);
      });
  }

private:
  /// Samples that lie side by side are one product.
  template <class T, class F>
  static void each_block(Rows<const T> inner, Rows<const T> outer, F work) {
    if (inner.stride == In::size && outer.stride == output::size) return work(size_t{0}, inner.count * In::front);
    for (size_t i = 0; i < inner.count; ++i) work(i, In::front);
  }
};

}  // namespace detail

/// The scores of all tokens by the weight of an embedding, y[t] = x[t] W^T: the same numbers that make vectors of
/// tokens make tokens of vectors (Press and Wolf 2017). The embedding is the first layer of the same Sequential.
///
/// Shapes: (time, width) to (time, tokens). Parameters: none of its own; the gradients of both uses add up. PyTorch:
/// head.weight = embedding.weight, with a Linear without bias.
///
///     using Words = Embedding<65, 128>;
///     using Net = Sequential<Input<64>, Words, LSTM<128>, Tied<Words>, Softmax>;
template <class E>
struct Tied {
  using invalid = takes<the_embedding_that_this_sequential_begins_with>;
  template <class In>
  using at = detail::Reshaping<In, In>;
};

template <size_t Tokens, size_t Width, auto... Option>
struct Tied<Embedding<Tokens, Width, Option...>> {
private:
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, Shape<In::front, Tokens>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::TiedUnit<In, Tokens, Width>;
  };
  template <class In>
  static constexpr bool fits = In::rank == 2 && In::inner == Width;

public:
  using invalid = detail::fault_of<Embedding<Tokens, Width, Option...>>;
  template <class In>
  using problem = std::conditional_t<fits<In>, void, takes<sequences_of_steps_of_width<Width>>>;
  template <class In>
  using at = typename bound<In, fits<In>>::type;
  template <class In, Time Axis>
  static constexpr bool steps = (Axis == Time::first) && In::rank == 2;
};

namespace detail {

/// Whether the chain begins with the layer E.
template <class E, class Elements>
inline constexpr bool begins_with = false;
template <class E, class First, class Output, class... Rest>
inline constexpr bool begins_with<E, list<Element<First, Output>, Rest...>> = std::is_same_v<E, unnamed<First>>;

template <class Chain, class E>
  requires(!begins_with<E, typename Chain::elements>)
struct extend<Chain, Tied<E>> {
  using path_here = path<static_cast<int>(Chain::index::value)>;
  using mistake = invalid_layer<layer<path_here, Tied<E>>, takes<the_embedding_that_this_sequential_begins_with>>;
  using type = detail::Chain<all_units<Chain>, void,
                             append<typename Chain::elements, Element<Tied<E>, typename Chain::output>>,
                             append<typename Chain::mistakes, mistake>, typename Chain::output,
                             from_layer<path_here, Tied<E>>, Chain::index::value + 1>;
};

}  // namespace detail
}  // namespace tenon
