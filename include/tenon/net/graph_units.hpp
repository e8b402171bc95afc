#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/net/chain.hpp>
#include <tenon/net/graph_run.hpp>
#include <tenon/net/graph_tables.hpp>
#include <tenon/net/tree.hpp>

/// A bound graph: what compositions with branches have in common. A composition says which nodes it has and what they
/// read.
namespace tenon::detail {

inline constexpr size_t own_parameters = static_cast<size_t>(-1);

/// A node of a bound graph: a bound layer that reads the values `Source...`.
template <class Bound, size_t... Source>
struct NodeAt {
  using bound = Bound;
  static constexpr size_t count = sizeof...(Source);
  static constexpr size_t sources[count]{Source...};
  static constexpr size_t like = own_parameters;
  static constexpr size_t mask_shift = 0;
};
/// The same with the parameters of node `Like`.
template <size_t Like, class Bound, size_t... Source>
struct NodeLike : NodeAt<Bound, Source...> {
  static constexpr size_t like = Like;
};
/// The same with a mask of which the first `Steps` belong to others.
template <size_t Steps, class Bound, size_t... Source>
struct NodeBehind : NodeAt<Bound, Source...> {
  static constexpr size_t mask_shift = Steps;
};

/// The nodes that only move numbers.
template <class Out>
using SumOf = MovesNumbers<NodeKind::sum, Out>;
template <class Out>
using JoinOf = MovesNumbers<NodeKind::join, Out>;
template <class Out>
using SameAs = MovesNumbers<NodeKind::same, Out>;
template <size_t Begin, class Out>
using SliceOf = MovesNumbers<NodeKind::slice, Out, Begin>;

template <class Node>
constexpr GraphNode graph_node(size_t source) {
  using Bound = typename Node::bound;
  GraphNode node{.size = Bound::output::size,
                 .source = source,
                 .sources = Node::count,
                 .like = Node::like,
                 .mask_shift = Node::mask_shift};
  if constexpr (Passthrough<Bound>) {
    node.kind = NodeKind::same;
  } else if constexpr (only_moves<Bound>) {
    node.kind = Bound::kind;
    node.begin = Bound::begin;
  } else {
    node.layout = layout_of<Bound>;
    node.sends = sends_to<Bound>();
    node.adds_to_dx = adds_to_dx<Bound> && node.sources == 1;
  }
  return node;
}

/// A node that has no layer at all; a reshape is one that a user wrote.
template <class Bound>
inline constexpr bool moves_alone = false;
template <NodeKind Kind, class Out, size_t Begin>
inline constexpr bool moves_alone<MovesNumbers<Kind, Out, Begin>> = true;

template <class In>
struct input_sizes_of {
  static constexpr std::array<size_t, 1> value{In::size};
};
template <class... S>
struct input_sizes_of<Inputs<S...>> {
  static constexpr std::array<size_t, sizeof...(S)> value{S::size...};
};

template <size_t... Value>
struct OutputValues {};

/// The nodes bound, planned and run. Of a graph with one input, rows go in as of any layer.
template <class In, class Out, class Outs, class... Node>
struct BoundGraph;

template <class In, class Out, size_t... Value, class... Node>
struct BoundGraph<In, Out, OutputValues<Value...>, Node...> {
  using input = In;
  using output = Out;

private:
  static constexpr size_t I = input_count<In>, N = sizeof...(Node), O = sizeof...(Value);
  static constexpr size_t E = [] {  // no fold: clang's end at 256
    size_t sum = 0;
    for (const size_t count : {size_t{0}, Node::count...}) sum += count;
    return sum;
  }();
  static constexpr GraphSketch<I, N, E, O> sketch = [] {
    GraphSketch<I, N, E, O> s{.input_sizes = input_sizes_of<In>::value, .outputs = {Value...}};
    size_t k = 0, edge = 0;
    const auto add = [&](const GraphNode& node, const size_t* sources) {
      s.nodes[k++] = node;
      for (size_t j = 0; j < node.sources; ++j) s.sources[edge++] = sources[j];
    };
    const int in_order[] = {0, (add(graph_node<Node>(edge), Node::sources), 0)...};
    static_cast<void>(in_order);
    return s;
  }();
  static constexpr GraphShape shape = sketch.shape();

public:
  static constexpr bool is_graph = true;
  static constexpr auto plan = make_graph_plan(sketch);
  static constexpr Layout layout = plan.layout;
  static constexpr Needs needs = layout.needs;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, const Memory<T>& memory, Rows<const T> x, Rows<T> y, Mode mode) {
    forward(ctx, memory, RowsOf<const T, 1>{x}, y, mode);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, const Memory<T>& memory, Rows<const T> x, Rows<const T> y, Rows<const T> dy,
                                 Rows<T> dx) {
    backward(ctx, memory, RowsOf<const T, 1>{x}, y, dy, RowsOf<T, 1>{dx});
  }

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, const Memory<T>& memory, const RowsOf<const T, I>& x, Rows<T> y, Mode) {
    constexpr const auto& table = Mode::training ? plan.training : plan.inference;
    GraphForward<Ctx, T, Mode, I> walk{
        ctx, shape, plan.slots.data(), table.spots.data(), table.moves.data(), x, {&memory, y, y.count}};
    if constexpr (Mode::training) {
      const int in_order[] = {(walk.template step_apart<typename Node::bound>(), 0)...};
      static_cast<void>(in_order);
    } else {
      const int in_order[] = {(walk.template step<typename Node::bound>(), 0)...};
      static_cast<void>(in_order);
    }
    walk.finish(table.output_moves.data());
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, const Memory<T>& memory, const RowsOf<const T, I>& x, Rows<const T> y,
                                 Rows<const T> dy, const RowsOf<T, I>& dx) {
    GraphBackward<Ctx, T, std::remove_const_t<decltype(plan)>, I, N> walk{ctx, shape, plan, x, dx, memory, y, dy};
    walk.begin();
    walk_back(walk, reverse<list<Node...>>{});
  }

  /// Calls visit.operator()<Bound>() for each layer in order; `visit_owners` leaves out those that work with the
  /// parameters of another.
  template <class Visit>
  static constexpr void visit_units(Visit&& visit) {
    const int in_order[] = {0, (visit_one<Node>(visit), 0)...};
    static_cast<void>(in_order);
  }
  template <class Visit>
  static constexpr void visit_owners(Visit&& visit) {
    const int in_order[] = {0, (visit_owner<Node>(visit), 0)...};
    static_cast<void>(in_order);
  }

private:
  template <class One, class Visit>
  static constexpr void visit_one(Visit&& visit) {
    if constexpr (!moves_alone<typename One::bound>) visit.template operator()<typename One::bound>();
  }
  template <class One, class Visit>
  static constexpr void visit_owner(Visit&& visit) {
    if constexpr (One::like == own_parameters) visit_one<One>(visit);
  }
  template <class Walk, class... Back>
  static constexpr void walk_back(Walk& walk, list<Back...>) {
    const int in_order[] = {(walk.template step<typename Back::bound>(), 0)...};
    static_cast<void>(in_order);
  }
};

/// The unit of a node; one that only moves numbers is silent.
template <class Bound>
inline constexpr Tree no_tree{};
template <class Bound>
constexpr Branch node_branch(size_t number, bool shared) {
  if constexpr (moves_alone<Bound>) {
    return {.tree = &no_tree<void>, .first = number, .silent = true, .shared = shared};
  } else {
    Branch branch = branch_of<Bound>(number, 1);
    branch.shared = shared;
    return branch;
  }
}

}  // namespace tenon::detail
