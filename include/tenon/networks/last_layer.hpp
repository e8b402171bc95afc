#pragma once

#include <type_traits>

#include <tenon/layers/identity.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/sequential.hpp>
#include <tenon/type_list.hpp>

namespace tenon {

namespace detail {

/// A network taken apart into its `last` layer (void if it has none) and the `rest` in front of it. A plain layer is
/// its own last layer, with an empty rest, and so is a composition whose output comes from more than one layer.
template <class Net, Structure What = structure_of<Net>>
struct cut_last {
  using last = Net;
  using rest = Sequential<>;
};

/// A composition of one part: what is around the part stays around the rest of it.
template <class Net>
struct cut_part {
  using last = typename cut_last<part_of<Net>>::last;
  using inner = typename cut_last<part_of<Net>>::rest;
  using rest = typename std::conditional_t<std::is_same_v<inner, Sequential<>>, std::type_identity<inner>,
                                           remade<Net, list<inner>>>::type;
};
template <class Net>
struct cut_last<Net, Structure::named> : cut_part<Net> {};
template <class Net>
struct cut_last<Net, Structure::frozen> : cut_part<Net> {};
template <class Net>
struct cut_last<Net, Structure::steps> : cut_part<Net> {};

/// A chain: its last element is taken apart in its turn, and left out if its rest is empty.
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
  using rest = typename std::conditional_t<kept::size == 0, std::type_identity<Sequential<>>,
                                           remade<Net, reverse<kept>>>::type;
};
template <class Net>
struct cut_last<Net, Structure::chain> : cut_reversed<Net, reverse<parts_of<Net>>> {};
template <class Net>
struct cut_last<Net, Structure::masked> : cut_reversed<Net, reverse<parts_of<Net>>> {};

/// The layer that gives value V of a graph, and the graph without it. Void and the whole graph where another node reads
/// that value, too, or where the node shares its layers with another.
template <class Graph, size_t V>
struct cut_value;
template <class... E, size_t V>
struct cut_value<Graph<E...>, V> {
private:
  static constexpr const auto& links = linked_graph<E...>::links;
  static constexpr bool alone = [] {
    if (V < links.inputs || linked_graph<E...>::parts[links.part_of[V]].view) return false;
    for (size_t e = 0; e < links.edges; ++e)
      if (links.sources[e] == V) return false;
    for (size_t k = 0; k < links.nodes; ++k)
      if (links.like[k] == V - links.inputs) return false;
    return links.like[V - links.inputs] == nobody;
  }();
  template <size_t I, class One>
  static consteval auto without() {
    if constexpr (I != links.part_of[V]) {
      return std::type_identity<One>{};
    } else {
      using remains = typename cut_last<typename node_layer<One>::type>::rest;
      return std::type_identity<typename node_part<One>::template with<
          std::conditional_t<std::is_same_v<remains, Sequential<>>, Identity, remains>>>{};
    }
  }
  template <size_t... I>
  static Graph<typename decltype(without<I, E>())::type...> cut(std::index_sequence<I...>);
  static consteval auto find_last() {
    if constexpr (alone) {
      using Part = pack_element<links.part_of[V], E...>;
      return std::type_identity<typename cut_last<typename node_layer<Part>::type>::last>{};
    } else {
      return std::type_identity<void>{};
    }
  }
  static consteval auto find_rest() {
    if constexpr (alone) return std::type_identity<decltype(cut(std::index_sequence_for<E...>{}))>{};
    else return std::type_identity<Graph<E...>>{};
  }

public:
  using last = typename decltype(find_last())::type;
  using rest = typename decltype(find_rest())::type;
};

/// A graph of one output.
template <class Net>
struct cut_last<Net, Structure::graph> {
  using last = Net;
  using rest = Sequential<>;
};
template <class... E>
  requires(linked_graph<E...>::links.fault == GraphFault::none && linked_graph<E...>::links.outputs == 1)
struct cut_last<Graph<E...>, Structure::graph> : cut_value<Graph<E...>, linked_graph<E...>::links.output_values[0]> {};
template <class... E>
  requires is_rewritten<Graph<E...>>
struct cut_last<Graph<E...>, Structure::graph> : cut_last<typename with_outputs<Graph<E...>>::type, Structure::graph> {
};

}  // namespace detail

/// The layer that gives the network's output, through nested, named, masked and frozen chains.
template <class Net>
using last_layer = typename detail::cut_last<Net>::last;

/// The network without its last layer; what remains keeps its names. A loss that works on logits is
/// trained through `without_last` of a network that ends in Softmax.
template <class Net>
using without_last = typename detail::cut_last<Net>::rest;

}  // namespace tenon
