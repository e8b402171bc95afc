#pragma once

#include <cstdint>

#include <tenon/expr/op.hpp>

/// A formula as a graph, worked on by ordinary constexpr functions: equal subexpressions are one
/// vertex, arguments come before their users. The templates around it only translate a formula's
/// type into a graph and a graph into loops.
namespace tenon::expr {

/// Along which axes a value varies, as bits: samples (1) and features (2).
enum class Rank : std::uint8_t { scalar = 0, row = 1, feature = 2, element = 3 };
constexpr Rank join(Rank a, Rank b) { return static_cast<Rank>(static_cast<int>(a) | static_cast<int>(b)); }
constexpr bool varies_by_sample(Rank r) { return (static_cast<int>(r) & 1) != 0; }
constexpr bool varies_by_feature(Rank r) { return (static_cast<int>(r) & 2) != 0; }

/// A leaf or an operation. Its members have no initialisers, so that a compiler sets an array of vertices to zero at
/// once: with them it would write hundreds of vertices one by one whenever it works on a formula.
struct Vertex {
  Op op;
  Rank rank;
  std::int16_t a;  // the arguments' vertices, or -1
  std::int16_t b;
  std::int16_t c;
  std::int16_t slot;  // which input, parameter, literal, saved value
  double value;       // of a number; the rate of noise

  constexpr bool operator==(const Vertex&) const = default;
};

/// Not constexpr: a constant evaluation that gets here stops with an error that says its name.
[[noreturn]] inline void a_formula_may_have_at_most_224_vertices() { __builtin_trap(); }

struct FormulaGraph {
  static constexpr int capacity = 224;
  Vertex vertex[capacity]{};
  int count = 0;

  constexpr const Vertex& operator[](int id) const { return vertex[id]; }

  /// The vertex equal to v, made if there is none.
  constexpr int intern(const Vertex& v) {
    for (int i = 0; i < count; ++i)
      if (vertex[i].op == v.op && vertex[i] == v) return i;
    if (count == capacity) a_formula_may_have_at_most_224_vertices();
    vertex[count] = v;
    return count++;
  }

  constexpr int number(double value) { return leaf(Op::number, Rank::scalar, 0, value); }
  constexpr int leaf(Op op, Rank rank, int slot = 0, double value = 0) {
    return intern(
        {.op = op, .rank = rank, .a = -1, .b = -1, .c = -1, .slot = static_cast<std::int16_t>(slot), .value = value});
  }
  /// An operation exactly as written: no rule is applied.
  constexpr int raw(Op op, int a, int b = -1, int c = -1) {
    Rank rank = vertex[a].rank;
    if (b >= 0) rank = join(rank, vertex[b].rank);
    if (c >= 0) rank = join(rank, vertex[c].rank);
    if (is_row_reduction(op)) rank = Rank::row;
    if (op == Op::batch_sum) rank = Rank::feature;
    return intern({.op = op,
                   .rank = rank,
                   .a = static_cast<std::int16_t>(a),
                   .b = static_cast<std::int16_t>(b),
                   .c = static_cast<std::int16_t>(c),
                   .slot = 0,
                   .value = 0});
  }

  constexpr bool is_number(int id) const { return vertex[id].op == Op::number; }
  constexpr bool is(int id, double value) const { return is_number(id) && vertex[id].value == value; }
  /// Whether something in the computation of a vertex is heavy.
  constexpr bool is_heavy(int id) const {
    if (id < 0) return false;
    const Vertex& v = vertex[id];
    return expr::is_heavy(v.op) || is_heavy(v.a) || is_heavy(v.b) || is_heavy(v.c);
  }

  /// Whether `from` is computed from `to`. With `through_stops` false, gradient-less paths don't count.
  constexpr bool depends(int from, int to, bool through_stops = true) const {
    bool reached[capacity]{};
    reached[to] = true;
    for (int i = to + 1; i <= from; ++i) {
      const Vertex& v = vertex[i];
      if (!through_stops && (v.op == Op::stop || is_comparison(v.op))) continue;
      const bool skip_value = !through_stops && v.op == Op::surrogate;
      reached[i] = (v.a >= 0 && !skip_value && reached[v.a]) || (v.b >= 0 && reached[v.b]) ||
                   (v.c >= 0 && reached[v.c]);
    }
    return reached[from];
  }
};

}  // namespace tenon::expr
