#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/net/check.hpp>

/// Which input a network says it takes, before it is bound to any.
namespace tenon {

template <class... L>
struct Sequential;

namespace detail {

/// What `L` declares as its input: a shape, or `needs_input<...>` naming the layer that says
/// nothing, or void if there is no layer at all. Compositions specialise it.
template <class L>
struct declared_input {
  using type = needs_input<layer<path<>, L>>;
};
template <class L>
  requires(!StatesInput<L> && !std::is_void_v<fault_of<L>>)
struct declared_input<L> {
  using type = needs_input<layer<path<>, L>, fault_of<L>>;
};
template <StatesInput L>
struct declared_input<L> {
  using type = typename L::expects;
};

template <class Path, class Declared>
struct relocate_input {
  using type = Declared;
};
template <class Path, class... Word>
struct relocate_input<Path, needs_input<Word...>> {
  using type = typename relocate_mistake<Path, from_input, needs_input<Word...>>::type;
};

/// What the element E at Path declares.
template <class Path, class E>
using declared_input_at = typename relocate_input<Path, typename declared_input<unnamed<E>>::type>::type;

template <class First, size_t Index, class... L>
struct first_declared {
  using type = First;
};
template <size_t Index, class A, class... Rest>
struct first_declared<void, Index, A, Rest...>
    : first_declared<declared_input_at<typename element<A>::template path_at<Index>, A>, Index + 1, Rest...> {};

template <class... L>
struct declared_input<Sequential<L...>> : first_declared<void, 0, L...> {};

}  // namespace detail
}  // namespace tenon
