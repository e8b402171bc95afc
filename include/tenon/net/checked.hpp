#pragma once

#include <tenon/net/check.hpp>
#include <tenon/net/doubts.hpp>
#include <tenon/net/first_input.hpp>

namespace tenon {

/// Tokens are whole numbers that come from outside; what layers with weights give is none.
struct tokens_of_the_input;
struct learned_numbers;

namespace detail {

/// The network bound to the input it declares, with all its mistakes, paths from the root.
template <class Net, class Declared>
struct rooted : bind_at<unnamed<Net>, Declared, typename element<Net>::own_path, from_input> {
  using shape = Declared;
  using mistakes = join<decltype(judge_names<Net>()), typename rooted::bind_at::mistakes>;
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

/// The first layer of a chain that learns and comes before one that reads tokens: it would never learn anything.
template <class In, size_t Index, class... E>
struct tokens_behind {
  using type = list<>;
};
template <class In, size_t Index, class L, class Output, class... E>
struct tokens_behind<In, Index, Element<L, Output>, E...> {
  template <class R, class Given, size_t Reader>
  static constexpr auto mistake_of() {
    using Path = typename element<L>::template path_at<Index>;
    return list<shape_mismatch<layer<typename element<R>::template path_at<Reader>, unnamed<R>>,
                               takes<tokens_of_the_input>, but_gets<learned_numbers>, from_layer<Path, unnamed<L>>>>{};
  }
  template <size_t Reader, class R, class Given, class... Rest>
  static constexpr auto find_reader(list<Element<R, Given>, Rest...>) {
    if constexpr (reads_tokens<unnamed<R>>) return mistake_of<R, Given, Reader>();
    else return find_reader<Reader + 1>(list<Rest...>{});
  }
  template <size_t Reader>
  static constexpr auto find_reader(list<>) {
    return list<>{};
  }
  static constexpr auto judge() {
    if constexpr (layout_of<typename bind<unnamed<L>, In>::type>.trainable_size > 0)
      return find_reader<Index + 1>(list<E...>{});
    else return typename tokens_behind<Output, Index + 1, E...>::type{};
  }
  using type = decltype(judge());
};

/// Only a network with such a layer behind its first is looked at more closely. (Clang folds 256 operands at most.)
template <class First, class... L>
inline constexpr bool has_late_tokens = [] {
  constexpr bool late[] = {false, reads_tokens<unnamed<L>>...};
  for (const bool reads : late)
    if (reads) return true;
  return false;
}();

template <class Root, class Mistakes = typename Root::mistakes, class Bound = typename Root::bound>
struct all_mistakes {
  using type = Mistakes;
};
template <class Root, class Bound>
  requires requires { typename Bound::elements; }
struct all_mistakes<Root, list<>, Bound> {
  template <class... L, class... Output>
  static constexpr auto judge(list<Element<L, Output>...>) {
    if constexpr (sizeof...(L) == 0) return list<>{};
    else if constexpr (has_late_tokens<L...>)
      return typename tokens_behind<typename Root::shape, 0, Element<L, Output>...>::type{};
    else return list<>{};
  }
  using type = decltype(judge(typename Bound::elements{}));
};

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
/// declares, so that no second error follows. With TENON_STRICT, doubts (net/doubts.hpp) are mistakes.
#ifdef TENON_STRICT
template <class Net>
using Checked = detail::CheckedNetwork<
    Net, detail::join<typename detail::all_mistakes<detail::root_of<Net>>::type, detail::doubts<Net>>>;
#else
template <class Net>
using Checked = detail::CheckedNetwork<Net, typename detail::all_mistakes<detail::root_of<Net>>::type>;
#endif

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
inline constexpr size_t parameter_count = layout_of<bound_network<Net>>.parameter_count;

/// What the arenas of the network must hold; `workspace<Net>.needs` has the memory per sample.
template <class Net>
inline constexpr Layout workspace = layout_of<bound_network<Net>>;

}  // namespace tenon
