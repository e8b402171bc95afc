#pragma once

#include <type_traits>

#include <tenon/net/named.hpp>
#include <tenon/net/sequential.hpp>
#include <tenon/type_list.hpp>

namespace tenon {

namespace detail {

/// Cuts a network behind its last layer, void if it has none. A plain layer is all of itself.
template <class Net>
struct cut_last {
  using last = Net;
  using rest = Sequential<>;
};

template <fixed_string Name, class Net>
struct cut_last<Named<Name, Net>> {
  using last = typename cut_last<Net>::last;
  using inner = typename cut_last<Net>::rest;
  using rest = std::conditional_t<std::is_same_v<inner, Sequential<>>, inner, Named<Name, inner>>;
};

template <>
struct cut_last<Sequential<>> {
  using last = void;
  using rest = Sequential<>;
};

template <class... L>
Sequential<L...> sequential_of(list<L...>);

/// The last element is cut in its turn, and left out if nothing of it remains.
template <class Reversed>
struct cut_reversed;
template <class Last, class... Before>
struct cut_reversed<list<Last, Before...>> {
  using last = typename cut_last<Last>::last;
  using remains = typename cut_last<Last>::rest;
  using kept = std::conditional_t<std::is_same_v<remains, Sequential<>>, list<Before...>,
                                  list<remains, Before...>>;
  using rest = decltype(sequential_of(reverse<kept>{}));
};

template <class A, class... L>
struct cut_last<Sequential<A, L...>> : cut_reversed<reverse<list<A, L...>>> {};

}  // namespace detail

/// The layer that gives the network's output, through nested and named Sequentials.
template <class Net>
using last_layer = typename detail::cut_last<Net>::last;

/// The network without its last layer; what remains keeps its names. A loss that works on logits is
/// trained through `without_last` of a network that ends in Softmax.
template <class Net>
using without_last = typename detail::cut_last<Net>::rest;

}  // namespace tenon
