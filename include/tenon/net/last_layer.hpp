#pragma once

#include <type_traits>

#include <tenon/net/composition.hpp>
#include <tenon/net/sequential.hpp>
#include <tenon/type_list.hpp>

namespace tenon {

namespace detail {

/// Cuts a network behind its last layer, void if it has none. A plain layer is all of itself, and so is a composition
/// whose output is no single layer's.
template <class Net, Structure What = structure_of<Net>>
struct cut_last {
  using last = Net;
  using rest = Sequential<>;
};

/// What is around the one part stays around what is left of it.
template <class Net>
struct cut_part {
  using last = typename cut_last<part_of<Net>>::last;
  using inner = typename cut_last<part_of<Net>>::rest;
  using rest = typename std::conditional_t<std::is_same_v<inner, Sequential<>>, std::type_identity<inner>, remade<Net, list<inner>>>::type;
};
template <class Net>
struct cut_last<Net, Structure::named> : cut_part<Net> {};
template <class Net>
struct cut_last<Net, Structure::frozen> : cut_part<Net> {};
template <class Net>
struct cut_last<Net, Structure::steps> : cut_part<Net> {};

/// The last element is cut in its turn, and left out if nothing of it remains.
template <class Net, class Reversed>
struct cut_reversed;
template <class Net>
struct cut_reversed<Net, list<>> {
  using last = void;
  using rest = Sequential<>;
};
template <class Net, class Last, class... Before>
struct cut_reversed<Net, list<Last, Before...>> {
  using last = typename cut_last<Last>::last;
  using remains = typename cut_last<Last>::rest;
  using kept = std::conditional_t<std::is_same_v<remains, Sequential<>>, list<Before...>, list<remains, Before...>>;
  using rest = typename std::conditional_t<kept::size == 0, std::type_identity<Sequential<>>, remade<Net, reverse<kept>>>::type;
};
template <class Net>
struct cut_last<Net, Structure::chain> : cut_reversed<Net, reverse<parts_of<Net>>> {};
template <class Net>
struct cut_last<Net, Structure::masked> : cut_reversed<Net, reverse<parts_of<Net>>> {};

}  // namespace detail

/// The layer that gives the network's output, through nested, named, masked and frozen chains.
template <class Net>
using last_layer = typename detail::cut_last<Net>::last;

/// The network without its last layer; what remains keeps its names. A loss that works on logits is
/// trained through `without_last` of a network that ends in Softmax.
template <class Net>
using without_last = typename detail::cut_last<Net>::rest;

}  // namespace tenon
