#pragma once

#include <type_traits>

#include <tenon/net/branches.hpp>
#include <tenon/net/composition.hpp>

namespace tenon {

namespace detail {

/// The shape of the outputs joined, or the first output's where they cannot be joined.
template <class First, class... Rest>
struct joined_output {
  using type = First;
};
template <class First, class... Rest>
  requires ConcatenableShapes<First, Rest...>
struct joined_output<First, Rest...> {
  using type = concatenate<First, Rest...>;
};

template <class... Outputs>
using joined_shape = typename joined_output<Outputs...>::type;

/// The mistakes of a branch, and one more if its output cannot be joined with that of the first branch.
template <class Binding, class First, class Whole>
struct must_join {
  using given = typename Binding::output;
  using type = append<typename Binding::mistakes, shape_mismatch<layer<path<>, Whole>, takes<joinable_with<First>>,
                                                                 but_gets<given>, typename Binding::last>>;
};
template <class Binding, class First, class Whole>
  requires ConcatenableShapes<First, typename Binding::output>
struct must_join<Binding, First, Whole> {
  using type = typename Binding::mistakes;
};

template <class Whole, class In, class Slots, class... L>
struct joined_branches;
template <class Whole, class In, class First, class... Binding, class... L>
struct joined_branches<Whole, In, list<First, Binding...>, L...>
    : BoundBranches<true, joined_shape<typename First::output, typename Binding::output...>, In,
                    list<First, Binding...>, L...> {
  using mistakes = join<decltype(judge_names<L...>()), typename First::mistakes,
                        typename must_join<Binding, typename First::output, Whole>::type...>;
};

}  // namespace detail

/// y = [A(x), B(x), ...]: branches over the same input, joined along the outermost axis (features,
/// or channels); all other axes agree. Every branch writes its part of y in place. dx is the sum of
/// the branches' own. Parameters: `0.weight` is branch A's. ONNX: Concat.
template <class... L>
struct Concat {
  template <class In>
  struct at : detail::joined_branches<Concat, In, detail::slots<In, L...>, L...> {};
};

namespace detail {

/// Several inputs that agree in all axes but the outermost.
template <class In>
struct joined_inputs {
  static constexpr bool fits = false;
  using output = Shape<In::size>;
};
template <class... S>
struct joined_inputs<Inputs<S...>> {
  static constexpr bool fits = ConcatenableShapes<S...>;
  using output = joined_shape<S...>;
};

}  // namespace detail

/// Without branches of its own, in a Graph: what the node reads, one behind the other.
///
///     Node<"both", Concat<>, "image", "table">
template <>
struct Concat<> {
  static constexpr bool many_inputs = true;
  template <class In>
  using problem = std::conditional_t<detail::joined_inputs<In>::fits, void,
                                     takes<two_or_more_inputs, that_agree_in_all_axes_but_the_outermost>>;
  template <class In>
  using at = detail::JoinOf<typename detail::joined_inputs<In>::output>;
};

namespace detail {

template <class... L>
struct declared_input<Concat<L...>> : declared_by_branches<L...> {};

}  // namespace detail

template <class... L>
struct composition<Concat<L...>> : detail::described<Structure::joined, L...> {
  template <class... Part>
  using with = Concat<Part...>;
};

}  // namespace tenon
