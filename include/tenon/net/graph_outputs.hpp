#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenon/net/composition.hpp>
#include <tenon/net/graph_names.hpp>
#include <tenon/net/graph_units.hpp>
#include <tenon/type_list.hpp>

/// Reading one output of a node that gives several: "encoder.mean" is output "mean" of the Graph in node "encoder". A
/// graph that does so is rewritten: behind the node stands one more for each output that is read, which is a piece of
/// the node's row. In memory that is the row itself, seen from a later number on.
namespace tenon {

template <class... E>
struct Graph;

namespace detail {

template <size_t K, class Row>
struct OutputUnit {
  using moves = SameAs<Row>;
  using input = Row;
  using output = Row;
};
template <size_t K, class... S>
struct OutputUnit<K, Outputs<S...>> {
  using input = Outputs<S...>;
  using output = pack_element<K, S...>;
  using moves = SliceOf<input::offsets[K], output>;
};

/// The layer of such a node: output K of what it reads.
template <size_t K>
struct OutputAt {
  static constexpr bool many_inputs = true;
  static constexpr size_t number = K;
  template <class In>
  using at = OutputUnit<K, In>;
};
template <class L>
inline constexpr bool is_output_of = false;
template <size_t K>
inline constexpr bool is_output_of<OutputAt<K>> = true;

template <fixed_string Name, size_t K, fixed_string From>
struct graph_part<Node<Name, OutputAt<K>, From>> {
  static constexpr GraphPart value{
      .kind = GraphPart::node, .view = true, .name = Name.view(), .from = names_of<From>.data(), .from_count = 1};
};

/// "encoder" and "mean" of "encoder.mean"; without a dot, the whole name and nothing.
constexpr std::string_view node_in(std::string_view name) { return name.substr(0, name.find('.')); }
constexpr std::string_view output_in(std::string_view name) {
  const size_t dot = name.find('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

template <class... E>
struct DottedNames {
  static constexpr const auto& parts = linked_graph<E...>::parts;
  /// Outputs of nodes that somebody reads, each once, in the order read.
  template <class Visit>
  static constexpr void for_each(Visit visit) {
    for (const GraphPart& part : parts) {
      if (part.view) continue;
      for (size_t j = 0; j < part.from_count; ++j)
        if (part.from[j].find('.') != std::string_view::npos) visit(part.from[j]);
    }
  }
  static constexpr size_t most = [] {
    size_t n = 0;
    for_each([&](std::string_view) { ++n; });
    return n;
  }();
  struct Names {
    std::array<std::string_view, most + 1> name{};
    size_t count = 0;
  };
  static constexpr Names names = [] {
    Names all;
    for_each([&](std::string_view name) {
      for (const GraphPart& part : parts)
        if (part.name == name) return;  // it has been given a node already
      for (size_t i = 0; i < all.count; ++i)
        if (all.name[i] == name) return;
      all.name[all.count++] = name;
    });
    return all;
  }();
};

/// The number of the node whose layer a node has: its own, or that of the one it shares with. `Parts` where there is
/// none.
template <size_t Parts>
constexpr size_t find_node_part(const std::array<GraphPart, Parts>& parts, std::string_view name) {
  for (size_t tries = 0; tries < Parts; ++tries) {
    size_t p = 0;
    while (p < Parts && !(parts[p].kind == GraphPart::node && parts[p].name == name)) ++p;
    if (p == Parts || parts[p].shared.empty()) return p;
    name = parts[p].shared;
  }
  return Parts;
}

/// Whether anybody reads an output of a node that has not been given a node yet.
template <class... E>
inline constexpr bool names_outputs = DottedNames<E...>::names.count > 0;

/// The names of inputs and outputs; a network that is no Graph has one of each, without.
template <class Net>
struct port_names {
  static constexpr std::array<std::string_view, 1> inputs{}, outputs{};
};
template <class Net>
  requires(structure_of<Net> == Structure::named || structure_of<Net> == Structure::frozen)
struct port_names<Net> : port_names<part_of<Net>> {};
/// A layer of several outputs says what they are called, a chain calls them as its last element does.
template <class L>
  requires requires { L::output_names; }
struct port_names<L> {
  static constexpr std::array<std::string_view, 1> inputs{};
  static constexpr const auto& outputs = L::output_names;
};
template <class... Part>
pack_element<sizeof...(Part) - 1, Part...> last_part(list<Part...>);
template <class Net>
  requires(structure_of<Net> == Structure::chain && parts_of<Net>::size > 0)
struct port_names<Net> {
  static constexpr std::array<std::string_view, 1> inputs{};
  static constexpr const auto& outputs = port_names<unnamed<decltype(last_part(parts_of<Net>{}))>>::outputs;
};

template <class... E>
struct port_names<Graph<E...>> {
private:
  static constexpr const auto& links = linked_graph<E...>::links;
  static constexpr const auto& parts = linked_graph<E...>::parts;

public:
  static constexpr auto inputs = [] {
    std::array<std::string_view, links.inputs == 0 ? 1 : links.inputs> names{};
    for (size_t v = 0; v < links.inputs; ++v) names[v] = parts[links.part_of[v]].name;
    return names;
  }();
  static constexpr auto outputs = [] {
    std::array<std::string_view, links.outputs == 0 ? 1 : links.outputs> names{};
    for (size_t o = 0; o < links.outputs; ++o) {
      const std::string_view name = parts[links.part_of[links.output_values[o]]].name;
      names[o] = name == inline_name ? "output" : name;
    }
    return names;
  }();
};

/// The graph with a node for each output that is read.
template <class G>
struct with_outputs {
  using type = G;
};
template <class... E>
  requires(names_outputs<E...>)
struct with_outputs<Graph<E...>> {
private:
  using dotted = DottedNames<E...>;
  static constexpr size_t none = static_cast<size_t>(-1);

  template <size_t P>
  using layer_at = typename node_layer<pack_element<P, E...>>::type;

  /// Which output of its node name I is; `none` for one that is not there, which stays a name that nobody has.
  template <size_t I>
  static constexpr size_t number_of() {
    constexpr size_t p = find_node_part(dotted::parts, node_in(dotted::names.name[I]));
    if constexpr (p < sizeof...(E)) {
      constexpr const auto& outputs = port_names<layer_at<p>>::outputs;
      for (size_t k = 0; outputs.size() > 1 && k < outputs.size(); ++k)
        if (outputs[k] == output_in(dotted::names.name[I])) return k;
    }
    return none;
  }
  template <class One, size_t I>
  static consteval auto view_behind() {
    constexpr std::string_view name = dotted::names.name[I], owner = node_in(name);
    constexpr size_t number = number_of<I>();
    if constexpr (graph_part<One>::value.kind != GraphPart::node || graph_part<One>::value.name != owner ||
                  number == none)
      return list<>{};
    else
      return list<Node<to_fixed_string<name.size()>(name), OutputAt<number>, to_fixed_string<owner.size()>(owner)>>{};
  }
  template <class One, size_t... I>
  static consteval auto with_views(std::index_sequence<I...>) {
    return join<list<One>, decltype(view_behind<One, I>())...>{};
  }
  template <class... All>
  static Graph<All...> graph_of(list<All...>);

public:
  using type = decltype(graph_of(join<decltype(with_views<E>(std::make_index_sequence<dotted::names.count>{}))...>{}));
};
/// Whether it is another graph than it was.
template <class G>
inline constexpr bool is_rewritten = !std::is_same_v<G, typename with_outputs<G>::type>;

template <class... E>
  requires is_rewritten<Graph<E...>>
struct port_names<Graph<E...>> : port_names<typename with_outputs<Graph<E...>>::type> {
};

}  // namespace detail
}  // namespace tenon
