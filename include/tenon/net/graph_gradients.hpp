#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <tenon/net/graph_blocks.hpp>
#include <tenon/net/graph_plan.hpp>

/// Where the gradients of a graph's values lie on their way back, and how what several readers send back is summed.
///
/// On the way back the first layer that sends a gradient to a value writes it. Those that follow add theirs to it if
/// they can; if not, they write into scratch, which is then added. Where a sum, a join or a reshape alone reads a
/// value, nothing is copied: the value's gradient is that of its reader, or a piece of it.
namespace tenon::detail {

/// A copy or an addition of `size` numbers of each sample from one gradient to another. It is left out where one of
/// them is absent.
struct GradientMove {
  Move how = Move::none;
  bool from_temporary = false;
  size_t from = 0;        // a value's gradient, or the number of a source whose layer wrote to a place of its own
  size_t from_begin = 0;  // within a row
  size_t to = 0;          // a value's gradient
  size_t to_begin = 0;
  size_t size = 0;
};

/// Moves first_move[i] to first_move[i + 1] - 1 are done together: i = 0 before all nodes, i = n - k after node k of n.
struct GradientTable {
  Spot* spots = nullptr;    // of each value's gradient
  Spot* outside = nullptr;  // of each output's: a part of what comes from outside
  Spot* targets = nullptr;  // of each source: where its layer writes; nowhere: it sends nothing
  GradientMove* moves = nullptr;
  size_t* first_move = nullptr;  // node_count + 2
};

struct GradientNotes {
  enum Kind : unsigned char { own, outside, reader, piece, input };
  Kind kind = own;
  bool own_to_change = true;   // nobody else reads this gradient, so it may be added to where it lies
  size_t of = 0;               // the reader whose gradient it is, or the value that it is a piece of
  size_t begin = 0;            // where it begins in that
  size_t first_reader = none;  // its sources, the last node first
  size_t readers = 0, output_readers = 0;
  size_t root = 0;
  size_t first = static_cast<size_t>(-1), last = 0;

  static constexpr size_t none = static_cast<size_t>(-1);
};

class GradientPlanner {
public:
  static constexpr size_t none = GradientNotes::none;

  /// `next` and `source_node` have one entry a source, `waiting` one for each source, output and move.
  constexpr GradientPlanner(const GraphShape& graph, GradientTable table, GradientNotes* notes, size_t* next,
                            size_t* source_node, size_t* waiting, Block* blocks)
      : g(graph), t(table), n(notes), next_(next), node_(source_node), waiting_(waiting), blocks_(blocks) {}

  /// Returns the number of blocks. Moves come out sorted by time in `sorted`.
  constexpr size_t run(GradientMove* sorted) {
    list_readers();
    for (size_t v = g.value_count(); v-- > 0;) decide(v);
    for (size_t v = g.value_count(); v-- > 0;) root_of(v);
    for (size_t v = g.value_count(); v-- > 0;) collect(v);
    sort_moves(sorted);
    return list_blocks();
  }

  /// Once every block has its place: the gradients and targets in it learn theirs.
  constexpr void spread(size_t count) {
    for (size_t b = 0; b < count; ++b) {
      if (blocks_[b].owner < g.value_count()) t.spots[blocks_[b].owner].offset = blocks_[b].place;
      else if (blocks_[b].owner < g.value_count() + g.source_count)
        t.targets[blocks_[b].owner - g.value_count()].offset = blocks_[b].place;
    }
    for (size_t v = 0; v < g.value_count(); ++v)
      if (n[v].root != none) t.spots[v].offset = t.spots[n[v].root].offset;
    for (size_t s = 0; s < g.source_count; ++s)
      if (Spot& target = t.targets[s]; target.where == Spot::saved) {
        const bool adds = target.adds;
        target = t.spots[g.sources[s]];
        target.adds = adds;
      }
  }
  /// When node k works on the way back.
  constexpr size_t time_of(size_t k) const { return g.node_count - k; }

private:
  constexpr const GraphNode& reader(size_t s) const { return g.nodes[node_[s]]; }
  constexpr bool calls_layer(size_t s) const { return reader(s).kind == NodeKind::layer; }
  constexpr size_t reader_value(size_t s) const { return g.input_count + node_[s]; }
  constexpr bool is_view(size_t s) const {
    return reader(s).kind == NodeKind::same || reader(s).kind == NodeKind::slice;
  }
  /// Where a source begins in what a join gives.
  constexpr size_t part_of(size_t s) const {
    size_t part = 0;
    if (reader(s).kind == NodeKind::join)
      for (size_t i = reader(s).source; i < s; ++i) part += g.size(g.sources[i]);
    return part;
  }

  constexpr void list_readers() {
    for (size_t v = 0; v < g.value_count(); ++v) n[v] = {};
    for (size_t k = 0; k < g.node_count; ++k)
      for (size_t j = 0; j < g.nodes[k].sources; ++j) {
        const size_t s = g.nodes[k].source + j;
        node_[s] = k;
        t.targets[s] = {};
        if (g.nodes[k].kind == NodeKind::layer && (g.nodes[k].sends >> j & 1U) == 0) continue;
        GradientNotes& value = n[g.sources[s]];
        next_[s] = value.first_reader;
        value.first_reader = s;
        ++value.readers;
      }
    size_t offset = 0;
    for (size_t o = 0; o < g.output_count; ++o) {
      t.outside[o] = {.where = Spot::output, .inner = offset};
      offset += g.size(g.outputs[o]);
      ++n[g.outputs[o]].output_readers;
    }
  }

  /// Whether the readers of a value are views that do not overlap and leave nothing out: then each has its piece.
  constexpr bool is_cut_up(size_t v) const {
    if (n[v].output_readers > 0 || n[v].readers == 0) return false;
    size_t covered = 0;
    for (size_t s = n[v].first_reader; s != none; s = next_[s]) {
      if (!is_view(s)) return false;
      covered += reader(s).size;
      for (size_t r = next_[s]; r != none; r = next_[r])
        if (is_view(r) && reader(r).begin < reader(s).begin + reader(s).size &&
            reader(s).begin < reader(r).begin + reader(r).size)
          return false;
    }
    return covered == g.size(v) && (g.is_input(v) || n[v].readers > 1);
  }

  constexpr void decide(size_t v) {
    GradientNotes& note = n[v];
    if (g.is_input(v)) {
      note.kind = GradientNotes::input;
      return;
    }
    const GraphNode& node = g.node_of(v);
    const size_t w = node.sources > 0 ? g.sources[node.source] : 0;
    if ((node.kind == NodeKind::same || node.kind == NodeKind::slice) && is_cut_up(w)) {
      note.kind = GradientNotes::piece;
      note.of = w;
      note.begin = node.kind == NodeKind::slice ? node.begin : 0;
      return;
    }
    if (note.readers == 0 && note.output_readers == 1) {
      note.kind = GradientNotes::outside;
      note.own_to_change = false;
      for (size_t o = 0; o < g.output_count; ++o)
        if (g.outputs[o] == v) note.of = o;
      return;
    }
    // The last reader comes first on the way back. What it passes on may be added to if no other node reads it.
    const size_t s = note.first_reader;
    if (s == none || note.output_readers > 0 || calls_layer(s) || reader(s).kind == NodeKind::slice) return;
    const GradientNotes& from = n[reader_value(s)];
    const bool handed_over = from.own_to_change && reader(s).kind != NodeKind::sum;
    if (note.readers > 1 && !handed_over) return;
    note.kind = GradientNotes::reader;
    note.of = reader_value(s);
    note.begin = part_of(s);
    note.own_to_change = handed_over;
  }

  /// In whose block the gradient lies; `none` for those that lie outside.
  constexpr void root_of(size_t v) {
    size_t at = v, begin = 0;
    while (n[at].kind == GradientNotes::reader || n[at].kind == GradientNotes::piece) {
      begin += n[at].begin;
      at = n[at].of;
    }
    Spot& spot = t.spots[v];
    if (n[at].kind == GradientNotes::input)
      spot = {.where = Spot::input, .number = static_cast<std::uint32_t>(at), .inner = begin};
    else if (n[at].kind == GradientNotes::outside)
      spot = {.where = Spot::output, .inner = t.outside[n[at].of].inner + begin};
    else spot = {.where = Spot::scratch, .inner = begin, .stride = g.size(at)};
    n[v].root = n[at].kind == GradientNotes::own ? at : none;
  }

  constexpr void live(size_t v, size_t time) {
    if (n[v].root == none) return;
    GradientNotes& root = n[n[v].root];
    root.first = std::min(root.first, time);
    root.last = std::max(root.last, time);
  }
  constexpr void move(size_t time, const GradientMove& m) {
    ++t.first_move[time + 1];
    t.moves[move_count_] = m;
    move_time(move_count_++) = time;
    live(m.to, time);
    if (!m.from_temporary && m.how != Move::zero && m.from < g.value_count()) live(m.from, time);
  }
  constexpr size_t& move_time(size_t i) { return waiting_[g.source_count + g.output_count + i]; }

  /// Notes the moves and targets by which all that its readers send back comes together in a value's gradient.
  constexpr void collect(size_t v) {
    const size_t own_time = g.is_input(v) ? g.node_count : time_of(v - g.input_count);
    if (!g.is_input(v)) live(v, own_time);
    if (is_cut_up(v)) return;
    if (n[v].kind == GradientNotes::outside) return;
    size_t s = n[v].first_reader;
    const size_t size = g.size(v);
    if (s == none && n[v].output_readers == 0) {  // nothing comes back
      const size_t before = g.is_input(v) ? 0 : own_time - 1;
      return move(before, {.how = Move::zero, .to = v, .size = size});
    }
    bool written = false;
    size_t waits = 0;
    if (n[v].kind == GradientNotes::reader) {
      written = true;
      s = next_[s];
    }
    bool any_layer = false;
    for (size_t r = s; r != none; r = next_[r]) any_layer = any_layer || calls_layer(r);

    for (size_t o = 0; o < g.output_count; ++o) {
      if (g.outputs[o] != v) continue;
      if (any_layer && !written) waiting_[waits++] = g.source_count + o;
      else hand(v, g.source_count + o, 0, written);
    }
    for (; s != none; s = next_[s]) {
      const size_t time = time_of(node_[s]);
      if (!calls_layer(s)) {
        if (any_layer && !written) waiting_[waits++] = s;
        else hand(v, s, time, written);
        continue;
      }
      if (!written) {
        t.targets[s].where = Spot::saved;  // the gradient's own place
        live(v, time);
        written = true;
        for (size_t i = 0; i < waits; ++i) hand(v, waiting_[i], time, written);
      } else if (reader(s).adds_to_dx) {
        t.targets[s] = {.where = Spot::saved, .adds = true};
        live(v, time);
      } else {
        t.targets[s] = {.where = Spot::scratch, .stride = size};
        move(time, {.how = Move::add, .from_temporary = true, .from = s, .to = v, .size = size});
      }
    }
  }
  /// Notes the move for a reader that calls no layer (a sum, a join, a view) or for an output of the graph: it sends
  /// back its own gradient or a piece of it.
  constexpr void hand(size_t v, size_t producer, size_t time, bool& written) {
    GradientMove m{.how = written ? Move::add : Move::copy, .to = v, .size = g.size(v)};
    if (producer >= g.source_count) {
      m.from = g.value_count() + producer - g.source_count;
    } else {
      m.from = reader_value(producer);
      m.from_begin = part_of(producer);
      if (reader(producer).kind == NodeKind::slice) {
        if (!written) move(time, {.how = Move::zero, .to = v, .size = g.size(v)});
        m.how = Move::add;
        m.to_begin = reader(producer).begin;
        m.size = reader(producer).size;
      }
    }
    written = true;
    move(time, m);
  }

  constexpr void sort_moves(GradientMove* sorted) {
    for (size_t i = 0; i <= g.node_count; ++i) t.first_move[i + 1] += t.first_move[i];
    for (size_t i = 0; i < move_count_; ++i) {
      // moves of one time keep their order
      size_t& place = t.first_move[move_time(i)];
      sorted[place++] = t.moves[i];
    }
    for (size_t i = g.node_count + 1; i-- > 0;) t.first_move[i + 1] = t.first_move[i];
    t.first_move[0] = 0;
  }

  constexpr size_t list_blocks() {
    size_t count = 0;
    for (size_t v = 0; v < g.value_count(); ++v)
      if (n[v].root == v)
        blocks_[count++] = {.size = aligned(g.size(v)), .first = n[v].first, .last = n[v].last, .owner = v};
    for (size_t s = 0; s < g.source_count; ++s)
      if (t.targets[s].where == Spot::scratch) {
        const size_t time = time_of(node_[s]);
        blocks_[count++] = {
            .size = aligned(g.size(g.sources[s])), .first = time, .last = time, .owner = g.value_count() + s};
      }
    return count;
  }

  const GraphShape& g;
  GradientTable t;
  GradientNotes* n;
  size_t* next_;
  size_t* node_;
  size_t* waiting_;
  Block* blocks_;
  size_t move_count_ = 0;
};

}  // namespace tenon::detail
