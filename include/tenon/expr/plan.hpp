#pragma once

#include <tenon/expr/graph.hpp>

/// From a graph to loops. A formula is cut at its reductions: what a reduction sums is one pass over
/// a sample, what uses the sum is the next. `Plan` says which vertices each pass computes.
namespace tenon::expr {

/// What becomes of a result.
enum class Sink : std::uint8_t {
  store,          // one number per element into array `slot`
  accumulate,     // the same, added to what is there
  per_row,        // one number per sample into saved value `slot`
  row_value,      // one number per sample into the caller's `row_values`
  sum_parameter,  // summed over what parameter `slot` lacks, and added to its gradient
  sum_feature     // summed over the batch into feature array `slot`
};

/// A result of a loop: what becomes of the value of a vertex.
struct Output {
  Sink sink = Sink::store;
  int vertex = -1;
  int slot = 0;
};

/// All results of a loop.
struct Outputs {
  static constexpr int capacity = 16;
  Output list[capacity]{};
  int count = 0;
  constexpr void add(Sink sink, int vertex, int slot) { list[count++] = {sink, vertex, slot}; }
};

/// Not constexpr: a constant evaluation that gets here stops with an error that says its name.
[[noreturn]] inline void a_formula_may_keep_at_most_16_numbers_per_sample_or_feature() { __builtin_trap(); }

/// Vertices whose values are known before the loops run: these read them as `saved` leaves.
struct Cuts {
  static constexpr int capacity = 16;
  int vertex[capacity]{};
  int count = 0;
  constexpr int slot_of(int id) const {
    for (int i = 0; i < count; ++i)
      if (vertex[i] == id) return i;
    return -1;
  }
  constexpr void add(int id) {
    if (slot_of(id) >= 0) return;
    if (count == capacity) a_formula_may_keep_at_most_16_numbers_per_sample_or_feature();
    vertex[count++] = id;
  }
};

struct Plan {
  static constexpr int most_levels = 6;
  FormulaGraph g{};
  std::int8_t level[FormulaGraph::capacity]{};         // the pass in which a vertex is known
  bool inner[FormulaGraph::capacity]{};                // differs from one step of the inner loop to the next
  bool needed[most_levels][FormulaGraph::capacity]{};  // computed in the inner loop of a pass
  Outputs outputs{};
  int levels = 0;  // number of passes
  bool channelwise = false;
  bool collapsible = true;  // samples may be strung together into one long row
  bool brief = false;       // runs too shortly to be compiled for every vector unit
  int stored = -1;          // costly vertex kept in the result array between passes
  int stored_level = 0;

  constexpr bool reads(Op op, int slot = 0) const {
    for (int i = 0; i < g.count; ++i)
      if (g[i].op == op && g[i].slot == slot) return true;
    return false;
  }
  /// A maximum or minimum whose second argument is a number, which is not NaN.
  constexpr bool against_number(int id) const {
    return (g[id].op == Op::maximum || g[id].op == Op::minimum) && g.is_number(g[id].b);
  }
  /// Whether the largest (or smallest) number of a row is more than what is taken off to keep exp from overflowing, on
  /// which the formula's value does not depend: then it has to be NaN where one of them is.
  constexpr bool tells_nan(int extremum) const {
    if (extremum < 0) return false;
    for (int i = 0; i < g.count; ++i)
      if (g[i].op != Op::stop && (g[i].a == extremum || g[i].b == extremum || g[i].c == extremum)) return true;
    for (int k = 0; k < outputs.count; ++k)
      if (outputs.list[k].vertex == extremum && outputs.list[k].sink != Sink::per_row) return true;
    return false;
  }
  /// Which passes run an inner loop at all.
  constexpr bool has_loop(int l) const {
    for (int i = 0; i < g.count; ++i)
      if (is_reduction(g[i].op) && level[i] == l + 1) return true;
    for (int i = 0; i < outputs.count; ++i)
      if (in_loop(outputs.list[i]) && !sums_channel(outputs.list[i]) && level[outputs.list[i].vertex] == l) return true;
    return false;
  }
  /// Channelwise, what is summed over the pixels of a channel.
  constexpr bool sums_channel(const Output& o) const {
    return channelwise && in_loop(o) && (o.sink == Sink::sum_parameter || o.sink == Sink::sum_feature);
  }
  constexpr bool in_loop(const Output& o) const {
    if (o.sink == Sink::per_row || o.sink == Sink::row_value) return false;
    return o.sink != Sink::sum_parameter || g[parameter(o.slot)].rank != Rank::scalar;
  }
  constexpr int parameter(int slot) const {
    for (int i = 0; i < g.count; ++i)
      if (g[i].op == Op::parameter && g[i].slot == slot) return i;
    return -1;
  }
};

namespace detail {

/// Copies what the outputs need into a graph of its own, without the marks that only the derivative
/// looks at, and with the cut vertices as leaves.
struct Rebuilder {
  /// For loops, division by what stays the same in the inner loop becomes multiplication by its
  /// reciprocal, which is known before the loop.
  enum class For { scalars, rows, channels };

  const FormulaGraph& from;
  const Cuts& cuts;
  For purpose;
  FormulaGraph to{};
  int map[FormulaGraph::capacity]{};

  constexpr Rebuilder(const FormulaGraph& source, const Cuts& available, For what = For::scalars)
      : from(source), cuts(available), purpose(what) {
    for (int i = 0; i < from.count; ++i) map[i] = -1;
  }
  constexpr int copy(int id) {
    if (id < 0) return -1;
    if (map[id] >= 0) return map[id];
    const Vertex& v = from[id];
    const int slot = cuts.slot_of(id);
    if (slot >= 0) return map[id] = to.leaf(Op::saved, v.rank, slot);
    if (v.op == Op::stop || v.op == Op::surrogate) return map[id] = copy(v.a);
    Vertex w = v;
    w.a = static_cast<std::int16_t>(copy(v.a));
    w.b = static_cast<std::int16_t>(copy(v.b));
    w.c = static_cast<std::int16_t>(copy(v.c));
    if (v.op == Op::divide && purpose != For::scalars && varies(w.a) && !varies(w.b))
      return map[id] = to.raw(Op::multiply, w.a, to.raw(Op::reciprocal, w.b));
    return map[id] = to.intern(w);
  }
  constexpr bool varies(int id) const {
    return purpose == For::channels ? to[id].rank == Rank::element : varies_by_feature(to[id].rank);
  }
};

/// Softmax needs exp(x - max) for its sum and again for its result: rather than compute it twice,
/// the first pass leaves it in the result array.
constexpr void choose_stored(Plan& p) {
  int store = -1;
  for (int i = 0; i < p.outputs.count; ++i)
    if (p.outputs.list[i].sink == Sink::store && p.outputs.list[i].slot == 0) store = p.outputs.list[i].vertex;
  if (store < 0) return;
  const int last = p.level[store];
  for (int i = 0; i < p.g.count; ++i) {
    if (!is_heavy(p.g[i].op) || !p.inner[i] || p.level[i] >= last || !p.needed[last][i]) continue;
    for (int l = p.level[i]; l < last; ++l)
      if (p.needed[l][i]) {
        p.stored = i;
        p.stored_level = l;
        return;
      }
  }
}

/// The first pass from `level` on that has room for reduction `id`: the loop keeps four sums, one
/// largest and one smallest value.
constexpr int pass_with_space(const Plan& p, int id, int level) {
  const Op op = p.g[id].op;
  for (;; ++level) {
    int there = 0;
    for (int i = 0; i < id; ++i) there += p.g[i].op == op && p.level[i] == level;
    if (there < (op == Op::row_sum ? 4 : op == Op::batch_sum ? FormulaGraph::capacity : 1)) return level;
  }
}

constexpr void mark(Plan& p, int l, int id) {
  if (id < 0 || !p.inner[id] || p.needed[l][id]) return;
  p.needed[l][id] = true;
  if (id == p.stored && l > p.stored_level) return;
  const Vertex& v = p.g[id];
  mark(p, l, v.a);
  mark(p, l, v.b);
  mark(p, l, v.c);
}

constexpr void mark_all(Plan& p) {
  for (int l = 0; l < p.levels; ++l)
    for (int i = 0; i < p.g.count; ++i) p.needed[l][i] = false;
  for (int i = 0; i < p.g.count; ++i)
    if (is_reduction(p.g[i].op)) mark(p, p.level[i] - 1, p.g[i].a);
  for (int i = 0; i < p.outputs.count; ++i)
    if (p.in_loop(p.outputs.list[i])) mark(p, p.level[p.outputs.list[i].vertex], p.outputs.list[i].vertex);
}

}  // namespace detail

/// The passes that compute `outputs` of graph `g`. `channelwise`: the inner loop runs over the
/// pixels of a channel, for which a value per feature is a constant.
constexpr Plan make_plan(const FormulaGraph& g, const Outputs& outputs, const Cuts& cuts = {},
                         bool channelwise = false) {
  using Rebuilder = detail::Rebuilder;
  Rebuilder rebuild(g, cuts, channelwise ? Rebuilder::For::channels : Rebuilder::For::rows);
  Plan p;
  p.outputs = outputs;
  // the parameter itself must be in the graph for its gradient's rank to be known
  for (int i = 0; i < g.count; ++i)
    if (g[i].op == Op::parameter) rebuild.copy(i);
  for (int i = 0; i < outputs.count; ++i) p.outputs.list[i].vertex = rebuild.copy(outputs.list[i].vertex);
  p.g = rebuild.to;
  p.channelwise = channelwise;
  for (int i = 0; i < p.g.count; ++i) {
    const Vertex& v = p.g[i];
    p.inner[i] = channelwise ? v.rank == Rank::element : varies_by_feature(v.rank);
    int level = 0;
    for (const int a : {int{v.a}, int{v.b}, int{v.c}})
      if (a >= 0 && p.level[a] > level) level = p.level[a];
    if (is_reduction(v.op)) level = detail::pass_with_space(p, i, level + 1);
    p.level[i] = static_cast<std::int8_t>(level);
    if (p.level[i] + 1 > p.levels) p.levels = p.level[i] + 1;
    const bool harmless = v.rank == Rank::scalar && v.op != Op::features;
    if (!harmless && v.rank != Rank::element && v.op != Op::parameter) p.collapsible = false;
    if (v.op == Op::features) p.collapsible = false;
  }
  for (int i = 0; i < p.outputs.count; ++i) {
    const Output& o = p.outputs.list[i];
    if (o.sink != Sink::store && o.sink != Sink::accumulate) p.collapsible = false;
  }
  for (int i = 0; i < p.g.count; ++i)
    if (p.g[i].op == Op::parameter && p.g[i].rank == Rank::feature) {
      bool used = false;
      for (int k = 0; k < p.g.count; ++k) used = used || p.g[k].a == i || p.g[k].b == i || p.g[k].c == i;
      for (int k = 0; k < p.outputs.count; ++k) used = used || p.outputs.list[k].vertex == i;
      if (used) p.collapsible = false;
    }
  // a result that does not vary within a row is still written for every feature
  for (int i = 0; i < p.outputs.count; ++i) {
    const Output& o = p.outputs.list[i];
    if (p.in_loop(o) && !p.inner[o.vertex]) p.collapsible = p.collapsible && p.g[o.vertex].rank == Rank::scalar;
  }
  detail::mark_all(p);
  detail::choose_stored(p);
  if (p.stored >= 0) detail::mark_all(p);
  return p;
}

}  // namespace tenon::expr
