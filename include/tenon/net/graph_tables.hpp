#pragma once

#include <array>
#include <cstddef>

#include <tenon/net/graph_gradients.hpp>
#include <tenon/net/graph_plan.hpp>

/// All that the walks over a graph need to know, computed by the compiler from its nodes and edges.
namespace tenon::detail {

/// A graph in numbers: I inputs, N nodes, E edges from values to nodes, O outputs.
template <size_t I, size_t N, size_t E, size_t O>
struct GraphSketch {
  std::array<GraphNode, N> nodes{};
  std::array<size_t, E> sources{};
  std::array<size_t, I> input_sizes{};
  std::array<size_t, O> outputs{};

  constexpr GraphShape shape() const {
    return {nodes.data(), N, sources.data(), E, input_sizes.data(), I, outputs.data(), O};
  }
};

template <size_t V, size_t E, size_t O>
struct ForwardTable {
  std::array<Spot, V> spots{};
  std::array<Move, E + 1> moves{};
  std::array<Move, O> output_moves{};
};

template <size_t V, size_t N, size_t E, size_t O>
struct BackwardTable {
  static constexpr size_t capacity = 2 * E + O + V;
  std::array<Spot, V> spots{};
  std::array<Spot, O> outside{};
  std::array<Spot, E + 1> targets{};
  std::array<GradientMove, capacity> moves{};
  std::array<size_t, N + 2> first_move{};
};

template <size_t I, size_t N, size_t E, size_t O>
struct GraphPlan {
  std::array<Slot, N> slots{};
  ForwardTable<I + N, E, O> training{}, inference{};
  BackwardTable<I + N, N, E, O> gradients{};
  Layout layout{};
};

/// Appends the scratch that the nodes themselves need to the blocks.
constexpr size_t add_scratch(const GraphShape& g, Block* blocks, size_t count, size_t first_owner, Space Needs::*phase,
                             bool backward) {
  for (size_t k = 0; k < g.node_count; ++k) {
    const size_t size = aligned((g.nodes[k].layout.needs.*phase).sample);
    const size_t time = backward ? g.node_count - k : k + 1;
    if (size > 0) blocks[count++] = {.size = size, .first = time, .last = time, .owner = first_owner + k};
  }
  return count;
}
constexpr void spread_scratch(const Block* blocks, size_t count, size_t first_owner, Slot* slots, size_t Slot::*place) {
  for (size_t b = 0; b < count; ++b)
    if (blocks[b].owner >= first_owner) slots[blocks[b].owner - first_owner].*place = blocks[b].place;
}

/// Arrays in which the planners note what they find.
struct GraphNotes {
  PlaceNotes* places = nullptr;
  GradientNotes* gradients = nullptr;
  Block* blocks = nullptr;
  size_t* order = nullptr;
  size_t* next = nullptr;
  size_t* source_node = nullptr;
  size_t* waiting = nullptr;
  GradientMove* unsorted = nullptr;
};

constexpr size_t plan_forward(const GraphShape& g, bool training, const PlaceTable& table, const GraphNotes& notes,
                              Layout& total, Slot* slots) {
  PlacePlanner planner(g, training, table, notes.places);
  Needs& needs = total.needs;
  size_t count = planner.run(notes.blocks, needs.saved.sample, needs);
  count = add_scratch(g, notes.blocks, count, g.value_count(), training ? &Needs::forward : &Needs::inference, false);
  const size_t size = pack_blocks(notes.blocks, count, notes.order);
  spread_places(g, table.spots, notes.places, notes.blocks, count);
  spread_scratch(notes.blocks, count, g.value_count(), slots,
                 training ? &Slot::forward_scratch : &Slot::inference_scratch);
  return size;
}

constexpr size_t plan_backward(const GraphShape& g, const GradientTable& table, const GraphNotes& notes, Slot* slots,
                               GradientMove* sorted) {
  GradientPlanner planner(g, table, notes.gradients, notes.next, notes.source_node, notes.waiting, notes.blocks);
  const size_t first_owner = g.value_count() + g.source_count;
  const size_t count = add_scratch(g, notes.blocks, planner.run(sorted), first_owner, &Needs::backward, true);
  const size_t size = pack_blocks(notes.blocks, count, notes.order);
  planner.spread(count);
  spread_scratch(notes.blocks, count, first_owner, slots, &Slot::backward_scratch);
  return size;
}

/// Parameters, saved numbers, streams and units of the nodes, in their order. A node that works with the parameters of
/// another has none of its own.
constexpr void place_children(const GraphShape& g, Layout& total, Slot* slots) {
  for (size_t k = 0; k < g.node_count; ++k) {
    const GraphNode& node = g.nodes[k];
    Layout child = node.layout;
    if (node.like < k) child.trainable_size = child.buffer_size = child.parameter_entries = child.parameter_count = 0;
    place_child(total, child, slots[k]);
    if (node.like < k) {
      slots[k].parameters = slots[node.like].parameters;
      slots[k].buffers = slots[node.like].buffers;
      // On the way back the last node with these parameters writes their gradients, the others add.
      for (size_t i = node.like; i < k; ++i)
        slots[i].shared = slots[i].shared || i == node.like || g.nodes[i].like == node.like;
    }
  }
}

/// Fills the plan of a graph that has I inputs, N nodes, and at most E edges and O outputs.
template <size_t I, size_t N, size_t E, size_t O>
constexpr void fill_graph_plan(const GraphShape& g, GraphPlan<I, N, E, O>& plan) {
  constexpr size_t V = I + N, blocks_count = V + E + N, moves = BackwardTable<V, N, E, O>::capacity;
  std::array<PlaceNotes, V> places{};
  std::array<GradientNotes, V> gradients{};
  std::array<Block, blocks_count> blocks{};
  std::array<size_t, blocks_count> order{};
  std::array<size_t, E + 1> next{}, source_node{};
  std::array<size_t, E + O + moves> waiting{};
  std::array<GradientMove, moves> unsorted{};
  const GraphNotes notes{places.data(), gradients.data(),   blocks.data(),  order.data(),
                         next.data(),   source_node.data(), waiting.data(), unsorted.data()};
  Layout& total = plan.layout;
  total.needs.backward_reads_input = 0;
  for (size_t i = 0; i < I; ++i) total.input_size += g.input_sizes[i];
  for (size_t o = 0; o < g.output_count; ++o) total.output_size += g.size(g.outputs[o]);
  place_children(g, total, plan.slots.data());
  const auto table = [](auto& t) { return PlaceTable{t.spots.data(), t.moves.data(), t.output_moves.data()}; };
  total.needs.forward.sample = plan_forward(g, true, table(plan.training), notes, total, plan.slots.data());
  total.needs.inference.sample = plan_forward(g, false, table(plan.inference), notes, total, plan.slots.data());
  auto& t = plan.gradients;
  const GradientTable gradient_table{t.spots.data(), t.outside.data(), t.targets.data(), unsorted.data(),
                                     t.first_move.data()};
  total.needs.backward.sample = plan_backward(g, gradient_table, notes, plan.slots.data(), t.moves.data());
}

template <size_t I, size_t N, size_t E, size_t O>
constexpr GraphPlan<I, N, E, O> make_graph_plan(const GraphSketch<I, N, E, O>& sketch) {
  GraphPlan<I, N, E, O> plan;
  fill_graph_plan(sketch.shape(), plan);
  return plan;
}

}  // namespace tenon::detail
