#pragma once

#include <type_traits>

#include <tenon/net/branches.hpp>
#include <tenon/net/composition.hpp>

namespace tenon {

namespace detail {

template <class Whole, class In, class Slots, class... L>
struct summed_branches;
template <class Whole, class In, class First, class... Binding, class... L>
struct summed_branches<Whole, In, list<First, Binding...>, L...>
    : BoundBranches<false, typename First::output, In, list<First, Binding...>, L...> {
  using mistakes = join<decltype(judge_names<L...>()), typename First::mistakes,
                        typename must_give<Binding, typename First::output, Whole>::type...>;
};

}  // namespace detail

/// y = A(x) + B(x) + ...: branches over the same input whose outputs, of one shape, are summed.
/// dx is the sum of the branches' own. A residual block with a projection is
/// `Add<Main, Projection>`. Parameters: `0.weight` is branch A's. ONNX: Add.
template <class... L>
struct Add {
  template <class In>
  struct at : detail::summed_branches<Add, In, detail::slots<In, L...>, L...> {};
};

namespace detail {

/// Several inputs of one shape.
template <class In>
struct sum_of_inputs {
  static constexpr bool fits = false;
  using output = Shape<In::size>;
};
template <class First, class... S>
struct sum_of_inputs<Inputs<First, S...>> {
  static constexpr bool fits = (std::is_same_v<First, S> && ...);
  using output = First;
};

}  // namespace detail

/// Without branches of its own, in a Graph: y = a + b + ... of what the node reads, all of one shape.
///
///     Node<"sum", Add<>, "left", "right">
template <>
struct Add<> {
  static constexpr bool many_inputs = true;
  template <class In>
  using problem = std::conditional_t<detail::sum_of_inputs<In>::fits, void, takes<two_or_more_inputs, of_one_shape>>;
  template <class In>
  using at = detail::SumOf<typename detail::sum_of_inputs<In>::output>;
};

namespace detail {

template <class... L>
struct declared_input<Add<L...>> : declared_by_branches<L...> {};

}  // namespace detail

template <class... L>
struct composition<Add<L...>> : detail::described<Structure::sum, L...> {
  template <class... Part>
  using with = Add<Part...>;
};

}  // namespace tenon
