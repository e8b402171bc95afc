#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <tenon/fixed_string.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/table.hpp>

namespace tenon {

/// An input of a Graph: its name and its shape, or only its name in a block that takes the shape from where it stands.
template <fixed_string Name, size_t... D>
struct In {};

/// A node of a Graph: its name, its layer or network, and the names of what it reads; without any, what stands before
/// it. The parameters of a node called "." have the names that they have in its layer (see Inline).
template <fixed_string Name, class L, fixed_string... From>
struct Node {};

/// In place of a node's layer: the layer of another node, with the same parameters.
template <fixed_string Name>
struct Shared {};

/// What a Graph gives.
template <fixed_string... Name>
struct Out {};

namespace detail {

/// Says for a layer whose description names its inputs itself, as a formula of in<"...">, what these are.
template <class L>
struct inputs_named_by {
  static constexpr std::array<std::string_view, 0> value{};
};

/// What a Graph is made of, as plain data.
struct GraphPart {
  enum Kind : unsigned char { input, node, output, something_else };
  Kind kind = something_else;
  bool view = false;  // one output of the node before it (net/graph_outputs.hpp)
  std::string_view name{};
  std::string_view shared{};               // the node whose layer and parameters it has
  const std::string_view* from = nullptr;  // names it reads, or of an output that it lists
  size_t from_count = 0;
};

/// The layer of a node, as written.
template <class E>
struct node_layer;
template <fixed_string Name, class L, fixed_string... From>
struct node_layer<Node<Name, L, From...>> {
  using type = L;
  using path = tenon::path<Name>;
};

template <fixed_string... Name>
inline constexpr std::array<std::string_view, sizeof...(Name)> names_of{Name.view()...};

template <class E>
struct graph_part {
  static constexpr GraphPart value{};
};
template <fixed_string Name, size_t... D>
struct graph_part<In<Name, D...>> {
  static constexpr GraphPart value{.kind = GraphPart::input, .name = Name.view()};
};
template <fixed_string Name, class L, fixed_string... From>
struct graph_part<Node<Name, L, From...>> {
  static constexpr const auto& own = inputs_named_by<L>::value;
  static constexpr GraphPart value{.kind = GraphPart::node,
                                   .name = Name.view(),
                                   .from = sizeof...(From) > 0 ? names_of<From...>.data() : own.data(),
                                   .from_count = sizeof...(From) > 0 ? sizeof...(From) : own.size()};
};
template <fixed_string Name, fixed_string As, fixed_string... From>
struct graph_part<Node<Name, Shared<As>, From...>> {
  static constexpr GraphPart value{.kind = GraphPart::node,
                                   .name = Name.view(),
                                   .shared = As.view(),
                                   .from = names_of<From...>.data(),
                                   .from_count = sizeof...(From)};
};
template <fixed_string... Name>
struct graph_part<Out<Name...>> {
  static constexpr GraphPart value{
      .kind = GraphPart::output, .from = names_of<Name...>.data(), .from_count = sizeof...(Name)};
};

/// What may be wrong with the names of a Graph.
enum class GraphFault : unsigned char {
  none,
  no_part,  // something that is neither In, Node nor Out
  no_input,
  no_output,   // or more than one Out, or one that is not the last
  input_late,  // an In behind a Node
  bad_name,
  used_twice,
  unknown,  // a name that nobody has
  later,    // a node reads what comes later
  itself,
  unread,         // nobody reads what a node or an input gives
  shared_unknown  // Shared of no node before it
};

inline constexpr size_t nobody = static_cast<size_t>(-1);

/// The elements of a graph with numbers instead of names. Values: the inputs, then the nodes in their order.
template <size_t Parts, size_t Edges>
struct GraphLinks {
  GraphFault fault = GraphFault::none;
  size_t at = 0;             // the part that is at fault
  std::string_view asked{};  // the name that is
  size_t inputs = 0, nodes = 0, outputs = 0, edges = 0;
  std::array<size_t, Parts> part_of{};                   // of each value, the part it is
  std::array<size_t, Parts> first_edge{}, edge_count{};  // of each node
  std::array<size_t, Parts> like{};                      // of each node: the node whose parameters it has
  std::array<size_t, Edges + 1> sources{};
  std::array<size_t, Edges + 1> output_values{};

  /// The value whose layer and parameters node value v has: its own or the one it shares.
  constexpr size_t owner_of(size_t v) const {
    const size_t shared = like[v - inputs];
    return shared == nobody ? v : shared + inputs;
  }
};

template <size_t Parts, size_t Edges>
class GraphLinker {
public:
  constexpr explicit GraphLinker(const std::array<GraphPart, Parts>& parts) : parts_(parts) { value_of_.fill(nobody); }

  constexpr GraphLinks<Parts, Edges> run() {
    if (count_parts() && judge_names() && link_nodes() && link_outputs()) find_unread();
    return links_;
  }

private:
  constexpr bool fail(GraphFault fault, size_t at, std::string_view asked = {}) {
    links_.fault = fault;
    links_.at = at;
    links_.asked = asked;
    return false;
  }
  constexpr bool count_parts() {
    for (size_t p = 0; p < Parts; ++p) {
      const GraphPart& part = parts_[p];
      if (part.kind == GraphPart::something_else) return fail(GraphFault::no_part, p);
      if (part.kind == GraphPart::output) {
        if (p + 1 < Parts || part.from_count == 0) return fail(GraphFault::no_output, p);
        continue;
      }
      if (part.kind == GraphPart::input && links_.nodes > 0) return fail(GraphFault::input_late, p, part.name);
      links_.part_of[links_.inputs + links_.nodes] = p;
      ++(part.kind == GraphPart::input ? links_.inputs : links_.nodes);
    }
    if (links_.inputs == 0) return fail(GraphFault::no_input, 0);
    if (Parts == 0 || parts_[Parts - 1].kind != GraphPart::output) return fail(GraphFault::no_output, Parts - 1);
    return true;
  }
  constexpr bool judge_names() {
    size_t node = 0;
    for (size_t v = 0; v < links_.inputs + links_.nodes; ++v) {
      const std::string_view name = parts_[links_.part_of[v]].name;
      const bool view = parts_[links_.part_of[v]].view, is_own_index = v >= links_.inputs && is_index(name, node);
      const bool is_inline = v >= links_.inputs && name == inline_name;  // its parameters count as the graph's
      if (!view && !is_own_index && !is_inline && (!can_be_a_name(name) || name == "." || name.empty()))
        return fail(GraphFault::bad_name, links_.part_of[v], name);
      if (v >= links_.inputs && !view) ++node;
      size_t& place = value_of_[slot_of(name)];
      if (place != nobody) return fail(GraphFault::used_twice, links_.part_of[v], name);
      place = v;
    }
    return true;
  }
  /// Where the value of this name stands in the table, or would stand (FNV-1a, the next free one if others are there):
  /// comparing each name with all others would take the compiler longer than everything else about a deep graph.
  constexpr size_t slot_of(std::string_view name) const {
    std::uint64_t hash = 14695981039346656037U;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    size_t slot = hash % value_of_.size();
    while (value_of_[slot] != nobody && parts_[value_of_[slot]].name != name) slot = (slot + 1) % value_of_.size();
    return slot;
  }
  constexpr size_t find(std::string_view name) const { return value_of_[slot_of(name)]; }
  constexpr bool link_nodes() {
    for (size_t k = 0; k < links_.nodes; ++k) {
      const size_t own = links_.inputs + k, p = links_.part_of[own];
      const GraphPart& part = parts_[p];
      links_.first_edge[k] = links_.edges;
      links_.like[k] = nobody;
      if (part.from_count == 0) links_.sources[links_.edges++] = own - 1;
      for (size_t j = 0; j < part.from_count; ++j) {
        const size_t v = find(part.from[j]);
        if (v == nobody) return fail(GraphFault::unknown, p, part.from[j]);
        if (v == own) return fail(GraphFault::itself, p, part.from[j]);
        if (v > own) return fail(GraphFault::later, p, part.from[j]);
        links_.sources[links_.edges++] = v;
      }
      links_.edge_count[k] = links_.edges - links_.first_edge[k];
      if (part.shared.empty()) continue;
      const size_t like = find(part.shared);
      if (like == nobody || like < links_.inputs || like >= own)
        return fail(GraphFault::shared_unknown, p, part.shared);
      const size_t first = links_.like[like - links_.inputs];
      links_.like[k] = first == nobody ? like - links_.inputs : first;
    }
    return true;
  }
  constexpr bool link_outputs() {
    const GraphPart& out = parts_[Parts - 1];
    for (size_t j = 0; j < out.from_count; ++j) {
      const size_t v = find(out.from[j]);
      if (v == nobody) return fail(GraphFault::unknown, Parts - 1, out.from[j]);
      for (size_t o = 0; o < links_.outputs; ++o)
        if (links_.output_values[o] == v) return fail(GraphFault::used_twice, Parts - 1, out.from[j]);
      links_.output_values[links_.outputs++] = v;
    }
    return true;
  }
  constexpr bool find_unread() {
    std::array<bool, Parts + 1> read{};
    for (size_t e = 0; e < links_.edges; ++e) read[links_.sources[e]] = true;
    for (size_t o = 0; o < links_.outputs; ++o) read[links_.output_values[o]] = true;
    for (size_t v = 0; v < links_.inputs + links_.nodes; ++v)
      if (!read[v]) return fail(GraphFault::unread, links_.part_of[v], parts_[links_.part_of[v]].name);
    return true;
  }

  const std::array<GraphPart, Parts>& parts_;
  GraphLinks<Parts, Edges> links_{};
  std::array<size_t, 2 * Parts + 1> value_of_{};  // by name
};

template <class... E>
struct linked_graph {
  static constexpr std::array<GraphPart, sizeof...(E)> parts{graph_part<E>::value...};
  static constexpr size_t edges = [] {
    size_t count = 0;
    for (const GraphPart& part : parts) count += part.from_count == 0 ? 1 : part.from_count;
    return count;
  }();
  static constexpr auto links = GraphLinker<sizeof...(E), edges>(parts).run();
};

}  // namespace detail
}  // namespace tenon
