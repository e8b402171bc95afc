#pragma once

#include <tenon/net/check.hpp>
#include <tenon/net/first_input.hpp>

namespace tenon {

namespace detail {

/// The network bound to the input it declares, with all its mistakes, paths from the root.
template <class Net, class Declared>
struct rooted : seat<unnamed<Net>, Declared, typename element<Net>::own_path, from_input> {
  using shape = Declared;
  using mistakes = join<decltype(judge_names<Net>()), typename rooted::seat::mistakes>;
};
template <class Net, class... Word>
struct rooted<Net, needs_input<Word...>> {
  using shape = Shape<1>;
  using bound = Reshaping<shape, shape>;
  using mistakes = list<needs_input<Word...>>;
};
template <class Net>
struct rooted<Net, void> : rooted<Net, needs_input<layer<path<>, Net>>> {};

template <class Net>
using root_of = rooted<Net, declared_input_at<typename element<Net>::own_path, Net>>;

template <class Net, class Mistakes>
struct CheckedNetwork;
template <class Net, class... Mistake>
struct CheckedNetwork<Net, list<Mistake...>> {
  static_assert((... && refuse<typename shown_mistake<Mistake>::type>()));
  using input = typename root_of<Net>::shape;
  using bound = typename root_of<Net>::bound;
  static constexpr bool valid = sizeof...(Mistake) == 0;
};

}  // namespace detail

/// A network that has been checked: whatever depends on a whole network asks for it here, and gets
/// one compile error per mistake in it, the first time. It goes on with what a mistaken layer
/// declares, so that no second error follows.
template <class Net>
using Checked = detail::CheckedNetwork<Net, typename detail::root_of<Net>::mistakes>;

/// The network bound to its input: a layer by the contract, with its plan.
template <class Net>
using bound_network = typename Checked<Net>::bound;

/// The shape of one sample that goes in, and of what comes out.
template <class Net>
using input_shape = typename Checked<Net>::input;
template <class Net>
using output_shape = typename Checked<Net>::bound::output;

/// How many numbers the network learns: 101,770 for a 784-128-10 perceptron.
template <class Net>
inline constexpr std::size_t parameter_count = layout_of<bound_network<Net>>.parameter_count;

/// What the arenas of the network must hold; `workspace<Net>.needs` has the memory per sample.
template <class Net>
inline constexpr Layout workspace = layout_of<bound_network<Net>>;

}  // namespace tenon
