#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/time_distributed.hpp>
#include <tenon/net/freeze.hpp>
#include <tenon/net/graph_units.hpp>
#include <tenon/net/repeat.hpp>

/// Compositions, recognised by the types that are bound of them.
namespace tenon::edge::detail {

/// One unit on every step of a sequence.
template <class Step, class In>
Step step_of_sequence(const tenon::detail::OverSteps<Step, In>*);
void step_of_sequence(const void*);
template <class Bound>
using sequence_step = decltype(step_of_sequence(static_cast<const Bound*>(nullptr)));

template <class In, class Chain, class Units, class Elements>
constexpr bool is_chain(const tenon::detail::BoundChain<In, Chain, Units, Elements>*) {
  return true;
}
constexpr bool is_chain(const void*) { return false; }

/// The nodes of a graph: the numbers of the values that each reads, and their types.
template <class In, class Outputs, class... Node>
struct GraphView;
template <class In, size_t... Value, class... Node>
struct GraphView<In, tenon::detail::OutputValues<Value...>, Node...> {
  static constexpr size_t inputs = tenon::detail::input_count<In>, nodes = sizeof...(Node), outputs = sizeof...(Value);
  static constexpr std::array<size_t, outputs> output_values{Value...};
  static constexpr std::array<const size_t*, nodes> sources{Node::sources...};
  static constexpr std::array<size_t, nodes> source_count{Node::count...};
  static constexpr std::array<size_t, nodes> sizes{Node::bound::output::size...};
  static constexpr std::array<size_t, nodes> mask_shifts{Node::mask_shift...};
  static constexpr size_t size_of(size_t value) {
    return value < inputs ? tenon::detail::input_sizes_of<In>::value[value] : sizes[value - inputs];
  }

  /// Whether a node behind number `node` reads the value, or it is the result.
  static constexpr bool is_read_behind(size_t node, size_t value) {
    for (size_t k = node + 1; k < nodes; ++k)
      for (size_t j = 0; j < source_count[k]; ++j)
        if (sources[k][j] == value) return true;
    for (const size_t v : output_values)
      if (v == value) return true;
    return false;
  }
  /// visit.operator()<Bound>(number of the node)
  template <class Visit>
  static constexpr void each_node(Visit&& visit) {
    size_t k = 0;
    const int in_order[] = {0, (visit.template operator()<typename Node::bound>(k), ++k, 0)...};
    static_cast<void>(in_order);
  }
};
template <class In, class Out, class Outputs, class... Node>
GraphView<In, Outputs, Node...> view_of(const tenon::detail::BoundGraph<In, Out, Outputs, Node...>*);
template <class Bound>
using graph_view = decltype(view_of(static_cast<const Bound*>(nullptr)));
template <class Bound>
concept IsGraph = std::is_void_v<sequence_step<Bound>> && requires {
  requires Bound::is_graph;
};

/// A node that only moves numbers; its kind is `layer` where it does more.
template <class Bound>
constexpr tenon::detail::NodeKind node_kind() {
  if constexpr (tenon::detail::Passthrough<Bound>) return tenon::detail::NodeKind::same;
  else if constexpr (tenon::detail::only_moves<Bound>) return Bound::kind;
  else return tenon::detail::NodeKind::layer;
}

template <class In, class L>
constexpr bool is_frozen(const tenon::detail::BoundFreeze<In, L>*) {
  return true;
}
constexpr bool is_frozen(const void*) { return false; }

template <class Whole, class In, size_t N, class Block>
constexpr bool is_repeat(const tenon::detail::BoundRepeat<Whole, In, N, Block>*) {
  return true;
}
constexpr bool is_repeat(const void*) { return false; }

}  // namespace tenon::edge::detail
