#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <tenon/net/graph_blocks.hpp>
#include <tenon/net/plan.hpp>

/// A graph of bound layers as plain numbers, and where the numbers that its nodes give lie. A value is an input of the
/// graph or what a node gives: value v < inputs is an input, value inputs + k what node k gives.
namespace tenon::detail {

/// What a node does with its inputs.
enum class NodeKind : unsigned char {
  layer,  // calls a bound layer
  same,   // another shape of the same numbers
  slice,  // some of the numbers, side by side
  sum,    // all inputs added
  join    // the inputs one behind the other
};

struct GraphNode {
  NodeKind kind = NodeKind::layer;
  Layout layout{};
  size_t size = 0;                          // numbers it gives
  size_t begin = 0;                         // of a slice: the first of them in its input
  size_t source = 0, sources = 1;           // its inputs in the list of all
  std::uint32_t sends = ~std::uint32_t{0};  // to which inputs it sends a gradient
  size_t like = static_cast<size_t>(-1);    // the node whose parameters it works with
  bool adds_to_dx = false;                  // can add its gradient to what others have sent
  size_t mask_shift = 0;                    // steps of the mask in front of this node's own
};

/// The graph that is planned.
struct GraphShape {
  const GraphNode* nodes = nullptr;
  size_t node_count = 0;
  const size_t* sources = nullptr;  // the values that the nodes read, node after node
  size_t source_count = 0;
  const size_t* input_sizes = nullptr;
  size_t input_count = 0;
  const size_t* outputs = nullptr;  // the values that it gives
  size_t output_count = 0;

  constexpr size_t value_count() const { return input_count + node_count; }
  constexpr bool is_input(size_t v) const { return v < input_count; }
  constexpr const GraphNode& node_of(size_t v) const { return nodes[v - input_count]; }
  constexpr size_t size(size_t v) const { return is_input(v) ? input_sizes[v] : node_of(v).size; }
};

/// Where the numbers of a value lie: in an input or the output of the graph, in `saved` or in scratch.
struct Spot {
  enum Where : unsigned char { nowhere, input, output, saved, scratch };
  Where where = nowhere;
  std::uint32_t number = 0;  // of the input
  size_t offset = 0;         // where the block begins, in numbers per sample of the batch
  size_t inner = 0;          // where the value begins in a row of the block
  size_t stride = 0;         // numbers from one row of the block to the next
  bool adds = false;         // of a gradient: it is added to what is there
};

/// How numbers get to their place where no layer writes them there.
enum class Move : unsigned char { none, copy, add, zero };

/// Which values the layers of a graph read again in the backward pass.
constexpr bool is_read_again(const GraphShape& g, size_t v) {
  return !g.is_input(v) && g.node_of(v).kind == NodeKind::layer && g.node_of(v).layout.needs.backward_reads_output;
}

/// The places of one phase, training or evaluation. `moves` has one entry for each source, `output_moves` one for each
/// output.
struct PlaceTable {
  Spot* spots = nullptr;
  Move* moves = nullptr;
  Move* output_moves = nullptr;
};

/// Notes of PlacePlanner, one entry for each value.
struct PlaceNotes {
  enum State : unsigned char { open, placed, follows };
  State state = open;
  bool read_again = false;
  size_t readers = 0;
  size_t root = 0;  // the value in whose block it lies
  size_t first = static_cast<size_t>(-1), last = 0;
  bool kept = false;  // of a root: the block outlives the forward pass
};

/// Decides who lies where. A value of Concat is made of its parts where these can be written in place; a sum is added
/// up where its first input was written; a reshape or a slice is its input, seen otherwise.
class PlacePlanner {
public:
  constexpr PlacePlanner(const GraphShape& graph, bool training, PlaceTable table, PlaceNotes* notes)
      : g(graph), training_(training), t(table), n(notes) {}

  /// Fills the table; blocks go to `blocks`, those that are kept to `saved`, which grows by them.
  constexpr size_t run(Block* blocks, size_t& saved, Needs& needs) {
    count_readers();
    place_outputs();
    for (size_t k = g.node_count; k-- > 0;) place(k);
    for (size_t v = g.input_count; v < g.value_count(); ++v)
      if (n[v].state == PlaceNotes::follows) follow(v);
    measure_roots();
    return place_blocks(blocks, saved, needs);
  }

private:
  constexpr void count_readers() {
    for (size_t v = 0; v < g.value_count(); ++v) n[v] = {.read_again = training_ && is_read_again(g, v), .root = v};
    for (size_t o = 0; o < g.output_count; ++o) ++n[g.outputs[o]].readers;
    for (size_t k = 0; k < g.node_count; ++k) {
      const GraphNode& node = g.nodes[k];
      for (size_t j = 0; j < node.sources; ++j) {
        PlaceNotes& note = n[g.sources[node.source + j]];
        ++note.readers;
        if (training_ && node.kind == NodeKind::layer && (node.layout.needs.backward_reads_input >> j & 1U) != 0)
          note.read_again = true;
      }
    }
    for (size_t i = 0; i < g.input_count; ++i) {
      t.spots[i] = {.where = Spot::input, .number = static_cast<std::uint32_t>(i)};
      n[i].state = PlaceNotes::placed;
    }
  }
  constexpr void put(size_t v, const Spot& spot, size_t root, size_t more = 0) {
    t.spots[v] = spot;
    t.spots[v].inner += more;
    n[v].root = root;
    n[v].state = PlaceNotes::placed;
  }
  constexpr bool is_open(size_t v) const { return n[v].state == PlaceNotes::open; }

  constexpr void place_outputs() {
    size_t offset = 0;
    for (size_t o = 0; o < g.output_count; ++o) {
      const size_t v = g.outputs[o];
      if (is_open(v)) put(v, {.where = Spot::output, .inner = offset}, v);
      else t.output_moves[o] = Move::copy;
      offset += g.size(v);
    }
  }

  constexpr void place(size_t k) {
    const size_t v = g.input_count + k;
    const GraphNode& node = g.nodes[k];
    const size_t* sources = g.sources + node.source;
    Move* moves = t.moves + node.source;
    const bool view = node.kind == NodeKind::same || node.kind == NodeKind::slice;
    if (is_open(v) && view) {
      n[v].state = PlaceNotes::follows;
      return;
    }
    if (is_open(v)) put(v, {.where = Spot::scratch, .stride = node.size}, v);
    if (node.kind == NodeKind::join) {
      size_t part = 0;
      for (size_t j = 0; j < node.sources; ++j) {
        moves[j] = take_over(sources[j], v, part) ? Move::none : Move::copy;
        part += g.size(sources[j]);
      }
    } else if (node.kind == NodeKind::sum) {
      // The order of a sum is the same in training and evaluation: only the first two may change places.
      size_t base = 0;
      while (base < node.sources && base < 2 && !can_be_added_to(sources[base])) ++base;
      const bool found = base < node.sources && base < 2;
      for (size_t j = 0; j < node.sources; ++j) moves[j] = j == 0 && !found ? Move::copy : Move::add;
      if (found) {
        take_over(sources[base], v, 0);
        moves[base] = Move::none;
      }
    } else if (view) {
      moves[0] = node.kind == NodeKind::same && take_over(sources[0], v, 0) ? Move::none : Move::copy;
    }
  }
  /// Value w is written to the place of v, `part` numbers in.
  constexpr bool take_over(size_t w, size_t v, size_t part) {
    if (!is_open(w)) return false;
    put(w, t.spots[v], n[v].root, part);
    return true;
  }
  constexpr bool can_be_added_to(size_t w) const {
    if (!is_open(w) || n[w].readers != 1 || n[w].read_again) return false;
    const NodeKind kind = g.node_of(w).kind;
    return kind == NodeKind::layer || kind == NodeKind::sum;
  }
  constexpr void follow(size_t v) {
    const GraphNode& node = g.node_of(v);
    const size_t w = g.sources[node.source];
    put(v, t.spots[w], n[w].root, node.kind == NodeKind::slice ? node.begin : 0);
  }

  /// A block lives from the first write to the last read; node k works at time k + 1.
  constexpr void measure_roots() {
    for (size_t v = 0; v < g.value_count(); ++v) {
      PlaceNotes& root = n[n[v].root];
      const size_t time = g.is_input(v) ? 0 : v - g.input_count + 1;
      root.first = std::min(root.first, time);
      root.last = std::max(root.last, time);
      root.kept = root.kept || n[v].read_again;
    }
    for (size_t k = 0; k < g.node_count; ++k)
      for (size_t j = 0; j < g.nodes[k].sources; ++j) {
        PlaceNotes& root = n[n[g.sources[g.nodes[k].source + j]].root];
        root.last = std::max(root.last, k + 1);
      }
    for (size_t o = 0; o < g.output_count; ++o) {
      PlaceNotes& root = n[n[g.outputs[o]].root];
      if (t.output_moves[o] != Move::none) root.last = g.node_count + 1;
    }
  }

  constexpr size_t place_blocks(Block* blocks, size_t& saved, Needs& needs) {
    size_t count = 0;
    for (size_t v = 0; v < g.value_count(); ++v) {
      const Spot::Where where = t.spots[v].where;
      if (where == Spot::output && n[v].read_again) needs.backward_reads_output = true;
      if (where == Spot::input && n[v].read_again) needs.backward_reads_input |= std::uint32_t{1} << t.spots[v].number;
      if (n[v].root != v || where != Spot::scratch) continue;
      if (n[v].kept) {
        t.spots[v].where = Spot::saved;
        t.spots[v].offset = saved;
        saved += aligned(g.size(v));
      } else {
        blocks[count++] = {.size = aligned(g.size(v)), .first = n[v].first, .last = n[v].last, .owner = v};
      }
    }
    return count;
  }

  const GraphShape& g;
  bool training_;
  PlaceTable t;
  PlaceNotes* n;
};

/// Once every block has its place: each value learns where the block of its root lies.
constexpr void spread_places(const GraphShape& g, Spot* spots, const PlaceNotes* notes, const Block* blocks,
                             size_t count) {
  for (size_t b = 0; b < count; ++b)
    if (blocks[b].owner < g.value_count()) spots[blocks[b].owner].offset = blocks[b].place;
  for (size_t v = g.input_count; v < g.value_count(); ++v) {
    const Spot& root = spots[notes[v].root];
    spots[v].where = root.where;
    spots[v].offset = root.offset;
  }
}

}  // namespace tenon::detail
