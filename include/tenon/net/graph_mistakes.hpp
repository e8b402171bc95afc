#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include <tenon/net/graph_names.hpp>
#include <tenon/net/graph_outputs.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/mistakes.hpp>

/// The words of compile errors about graphs.
namespace tenon {

/// A Graph is not put together right.
template <class Graph, class Takes>
struct invalid_graph;
struct In_Node_and_Out_only;
struct an_In_first;
struct one_Out_with_a_name_last;
/// Inputs stand before all nodes.
struct inputs_before_nodes;

/// A node, or Out, reads a name that nobody has; these there are.
template <class Node, class Asked, class Known>
struct no_such_node;
/// There is no input or output of that name; these there are.
template <class Asked, class Known>
struct no_such_input;
template <class Asked, class Known>
struct no_such_output;
/// A node reads what comes later in the list.
template <class Node, class Asked>
struct reads_what_comes_later;
/// A node reads its own output.
template <class Node>
struct reads_itself;
/// Nobody reads what a node or an input gives.
template <class Node>
struct nobody_reads;
/// Shared<...> of a name that is no node before it.
template <class Node, class Asked, class Known>
struct no_node_to_share;

/// The layer is another node's too, with one set of parameters: both have to be given what these fit.
template <class Node>
struct with_the_parameters_of;

template <fixed_string Name>
struct node;
template <fixed_string Name>
struct asked_for;
template <auto... Name>
struct there_are;

/// A layer of several inputs is given another number of them.
template <size_t Count>
struct so_many_inputs;
/// Those who give the inputs of a layer, in order.
template <class... From>
struct from_layers;
struct say_the_shape_of_every_In;

namespace detail {

template <class Path, class From, class... Producer>
struct relocate_word<Path, From, from_layers<Producer...>> {
  using type = from_layers<typename relocate_word<Path, From, Producer>::type...>;
};

template <const auto& Names, size_t... K>
there_are<to_fixed_string<Names[K].size()>(Names[K])...> list_names_of(std::index_sequence<K...>);
template <const auto& Names>
using known_ports = decltype(list_names_of<Names>(std::make_index_sequence<Names.size()>{}));

/// The outputs that the node in front of the dot has, none where it has one alone, without a name; void where it is no
/// node.
template <class Whole, class Name>
struct known_outputs;
template <class... E, fixed_string Name>
struct known_outputs<Graph<E...>, asked_for<Name>> {
  static constexpr size_t place = find_node_part(linked_graph<E...>::parts, node_in(Name.view()));
  static consteval auto find() {
    if constexpr (place == sizeof...(E) || output_in(Name.view()).empty()) {
      return std::type_identity<void>{};
    } else {
      using Ports = port_names<typename node_layer<pack_element<place, E...>>::type>;
      if constexpr (Ports::outputs.size() == 1) return std::type_identity<there_are<>>{};
      else return std::type_identity<known_ports<Ports::outputs>>{};
    }
  }
  using type = typename decltype(find())::type;
};

/// The mistake that the names of a graph have.
template <class Linked, class Whole>
struct graph_mistake {
private:
  static constexpr const auto& links = Linked::links;
  static constexpr std::string_view name = Linked::parts[links.at].kind == GraphPart::output
                                               ? "Out"
                                               : Linked::parts[links.at].name;
  using Node = node<to_fixed_string<name.size()>(name)>;
  using Asked = asked_for<to_fixed_string<links.asked.size()>(links.asked)>;

  template <size_t V>
  static constexpr auto known_name() {
    constexpr std::string_view text = Linked::parts[links.part_of[V]].name;
    return to_fixed_string<text.size()>(text);
  }
  template <size_t... V>
  static there_are<known_name<V>()...> list_known(std::index_sequence<V...>);
  using Known = decltype(list_known(std::make_index_sequence<links.inputs + links.nodes>{}));

  static consteval auto find() {
    if constexpr (links.fault == GraphFault::no_part) return invalid<In_Node_and_Out_only>();
    else if constexpr (links.fault == GraphFault::no_input) return invalid<an_In_first>();
    else if constexpr (links.fault == GraphFault::no_output) return invalid<one_Out_with_a_name_last>();
    else if constexpr (links.fault == GraphFault::input_late) return invalid<inputs_before_nodes>();
    else if constexpr (links.fault == GraphFault::bad_name)
      return std::type_identity<
          invalid_name<path<to_fixed_string<name.size()>(name)>, takes<a_name_without_dots_that_is_no_number>>>{};
    else if constexpr (links.fault == GraphFault::used_twice)
      return std::type_identity<name_used_twice<path<to_fixed_string<links.asked.size()>(links.asked)>>>{};
    else if constexpr (links.fault == GraphFault::later)
      return std::type_identity<reads_what_comes_later<Node, Asked>>{};
    else if constexpr (links.fault == GraphFault::itself) return std::type_identity<reads_itself<Node>>{};
    else if constexpr (links.fault == GraphFault::unread) return std::type_identity<nobody_reads<Node>>{};
    else if constexpr (links.fault == GraphFault::shared_unknown)
      return std::type_identity<no_node_to_share<Node, Asked, Known>>{};
    else if constexpr (!std::is_void_v<typename known_outputs<Whole, Asked>::type>)
      return std::type_identity<no_such_output<Asked, typename known_outputs<Whole, Asked>::type>>{};
    else return std::type_identity<no_such_node<Node, Asked, Known>>{};
  }
  template <class Takes>
  static consteval auto invalid() {
    return std::type_identity<invalid_graph<Whole, takes<Takes>>>{};
  }

public:
  using type = typename decltype(find())::type;
};

}  // namespace detail
}  // namespace tenon
