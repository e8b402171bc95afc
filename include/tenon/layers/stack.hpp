#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/several_inputs.hpp>
#include <tenon/net/graph_units.hpp>

namespace tenon {

namespace detail {

template <size_t N, class S>
struct stacked;
template <size_t N, size_t... D>
struct stacked<N, Shape<D...>> {
  using type = Shape<N, D...>;
};

template <class In, class Part>
struct StackUnit {
  static constexpr size_t N = In::count;
  using input = In;
  using output = typename stacked<N, Part>::type;
  using moves = JoinOf<output>;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = 0};
  static constexpr size_t macs = 0;

  template <class To>
  static auto onnx(To& to) {
    typename To::Values parts;
    for (size_t k = 0; k < N; ++k) parts.push_back(to.node("Unsqueeze", {to.input(k), to.integers({1})}));
    return to.node("Concat", parts, {{"axis", 1}});
  }
  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, const Memory<T>&, const RowsOf<const T, N>& x, Rows<T> y, Mode) {
    for (size_t k = 0; k < N; ++k)
      for (size_t i = 0; i < y.count; ++i) std::copy_n(x[k][i], Part::size, y[i] + k * Part::size);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, const Memory<T>&, const RowsOf<const T, N>&, Rows<const T>, Rows<const T> dy,
                                 const RowsOf<T, N>& dx) {
    for (size_t k = 0; k < N; ++k)
      for (size_t i = 0; dx[k] && i < dy.count; ++i) std::copy_n(dy[i] + k * Part::size, Part::size, dx[k][i]);
  }
};

}  // namespace detail

/// Inputs of one shape along a new outermost axis: vectors become the steps of a sequence, pictures channels:
///     y[n][i] = x_n[i],   n = 1, 2, ..., N
///
/// Shapes: N of (D...) to (N, D...). Gradient: dy of its own part. PyTorch: torch.stack(..., dim=1). ONNX: Unsqueeze,
/// Concat.
///
///     Node<"steps", Stack, "first", "second", "third">, Node<"state", GRU<32, last>, "steps">
struct Stack {
private:
  template <class In>
  struct judge {
    using problem = takes<two_or_more_inputs>;
    using type = detail::RefusedUnit<In>;
  };
  template <class First, class... Rest>
    requires(sizeof...(Rest) > 0)
  struct judge<Inputs<First, Rest...>> {
    using In = Inputs<First, Rest...>;
    static constexpr bool fits = (std::is_same_v<First, Rest> && ...);
    using problem = std::conditional_t<fits, void, takes<two_or_more_inputs, of_one_shape>>;
    using type = std::conditional_t<fits, detail::StackUnit<In, First>, detail::RefusedUnit<In>>;
  };

public:
  static constexpr bool many_inputs = true;
  template <class In>
  using problem = typename judge<In>::problem;
  template <class In>
  using at = typename judge<In>::type;
};

}  // namespace tenon
