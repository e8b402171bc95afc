#pragma once

#include <tenon/expr/program.hpp>
#include <tenon/type_list.hpp>

/// The element-wise part of a recurrent cell: several formulas that become one loop forward and,
/// derived, one loop backward.
namespace tenon {

namespace recurrence {

/// What the matrix products of a step give, block by block.
template <int K>
inline constexpr expr::Input<K> gate{};
/// The state before the step that the cell uses element by element; the products' blocks come first.
template <int Blocks>
inline constexpr expr::Input<Blocks> previous{};

}  // namespace recurrence

namespace detail {

/// Options that only one kind of cell has, as bits.
enum OwnOption : unsigned {
  no_own_option = 0,
  own_nonlinearity = 1,
  own_peepholes = 2,
  own_reset_before = 4,
  not_recurrent = 8,
  own_cell_clip = 16,
  own_litert_int8 = 32
};

/// A cell in formulas:
///
///     struct Cell {
///       static constexpr int gates  = 4;      // into which the weights' rows fall
///       static constexpr int blocks = 4;      // of numbers that the products give a step
///       static constexpr bool hidden_apart;   // a block of its own for the recurrent share of the last gate
///       static constexpr bool has_memory;     // `next` names a second state, carried beside the output
///       static constexpr OwnOption own_options;
///       using kept = list<...>;               // what backward is given, one for each block, then others
///       using next = list<...>;               // the output, then the memory
///     };
///
/// Backward finds what is kept where forward has left it, so no exponential is computed twice.
struct CellGraph {
  static constexpr int most = expr::Arguments<float>::most;
  expr::FormulaGraph g{};  // forward
  int kept[most]{};
  int next[2]{-1, -1};
  expr::FormulaGraph given{};  // backward, of what it is given
  int gate[most]{};            // adjoints
  int previous = -1;
  int parameter[most]{};
  bool complete = true;  // backward needs nothing but what is kept
};

/// Copies the adjoints into a graph whose inputs are what backward is given: the kept values, the
/// state before, the gradient from the step after, that of the memory.
class BackwardInputs {
public:
  constexpr BackwardInputs(CellGraph& cell, int kept, int blocks) : c(cell), kept_count(kept), block_count(blocks) {
    for (int& m : map) m = -1;
  }

  constexpr int copy(int id) {
    if (id < 0) return -1;
    if (map[id] < 0) map[id] = make(id);
    return map[id];
  }

private:
  constexpr int make(int id) {
    const expr::Vertex& v = c.g[id];
    expr::FormulaGraph& to = c.given;
    for (int k = 0; k < kept_count; ++k)
      if (c.kept[k] == id) return to.leaf(expr::Op::input, expr::Rank::element, k);
    if (v.op == expr::Op::input) {
      c.complete = c.complete && v.slot >= block_count;
      return to.leaf(expr::Op::input, expr::Rank::element, v.slot - block_count + kept_count);
    }
    if (v.a < 0) return to.intern(v);
    const int a = copy(v.a), b = copy(v.b);
    return to.raw(v.op, a, b, copy(v.c));
  }

  CellGraph& c;
  int kept_count, block_count;
  int map[expr::FormulaGraph::capacity]{};
};

template <class... F>
struct formula_bundle {
  using type = list<>;
};
template <class First, class... F>
struct formula_bundle<First, F...> {
  using type = expr::Operation<expr::Op::number, First, typename formula_bundle<F...>::type>;
};
template <class List>
struct cell_parameters;
template <class... F>
struct cell_parameters<list<F...>> {
  using type = expr::parameters_of<typename formula_bundle<F...>::type>;
};

template <class Cell>
consteval CellGraph differentiate_cell() {
  using expr::Op;
  using expr::Rank;
  using Parameters = typename cell_parameters<typename Cell::next>::type;
  CellGraph c;
  expr::FormulaGraph& g = c.g;
  const auto lower = [&]<class... F>(list<F...>, int* vertex) {
    ((*vertex++ = expr::lower<typename expr::detail::canonical<F, Parameters>::type>(g)), ...);
  };
  lower(typename Cell::kept{}, c.kept);
  lower(typename Cell::next{}, c.next);

  // the number whose derivatives are wanted: output and memory, each times its gradient
  constexpr int blocks = Cell::blocks;
  const int from_above = g.leaf(Op::seed, Rank::element);
  const int from_after = g.leaf(Op::input, Rank::element, blocks + 1);
  int worth = g.raw(Op::multiply, c.next[0], g.raw(Op::add, from_above, from_after));
  if (Cell::has_memory)
    worth = g.raw(Op::add, worth, g.raw(Op::multiply, c.next[1], g.leaf(Op::input, Rank::element, blocks + 2)));
  const int count = g.count;
  expr::Adjoints adjoints;
  expr::backpropagate(g, worth, g.number(1), false, adjoints);

  BackwardInputs apart(c, static_cast<int>(Cell::kept::size), blocks);
  for (int k = 0; k < CellGraph::most; ++k) c.gate[k] = c.parameter[k] = -1;
  for (int i = 0; i < count; ++i) {
    const expr::Vertex v = g[i];
    if (v.op == Op::input && v.slot < blocks) c.gate[v.slot] = apart.copy(adjoints.of[i]);
    if (v.op == Op::input && v.slot == blocks) c.previous = apart.copy(adjoints.of[i]);
    if (v.op == Op::parameter) c.parameter[v.slot] = apart.copy(adjoints.of[i]);
  }
  return c;
}

/// The loops of a cell. Forward reads the blocks and, as input `blocks`, the state before; it stores
/// the kept values as 0, 1, ..., then output and memory. Backward reads the kept values, the state
/// before and the two gradients that come from the step after, and stores the gradients of the blocks as
/// 0, 1, ... and that of the state before as `blocks`.
template <class Cell>
struct CellProgram {
  static constexpr CellGraph c = differentiate_cell<Cell>();
  static constexpr int kept = static_cast<int>(Cell::kept::size);
  static constexpr int states = Cell::has_memory ? 2 : 1;
  using parameters = typename cell_parameters<typename Cell::next>::type;

  /// Whether kept value k is computed; otherwise it is a block as it is.
  static constexpr bool computes(int k) { return c.g[c.kept[k]].op != expr::Op::input; }
  /// Whether the state before has a gradient beside those of the products.
  static constexpr bool passes_to_previous = c.previous >= 0;

  template <bool Training>
  struct Forward {
    static constexpr expr::Plan plan = [] {
      expr::Outputs o;
      if (Training)
        for (int k = 0; k < kept; ++k)
          if (computes(k)) o.add(expr::Sink::store, c.kept[k], k);
      for (int s = 0; s < states; ++s) o.add(expr::Sink::store, c.next[s], kept + s);
      return expr::make_plan(c.g, o);
    }();
  };
  /// `Add`: the gradient of the state before is added to what is there.
  template <bool Add>
  struct Backward {
    static constexpr expr::Plan plan = [] {
      expr::Outputs o;
      for (int k = 0; k < Cell::blocks; ++k) o.add(expr::Sink::store, c.gate[k], k);
      if (c.previous >= 0) o.add(Add ? expr::Sink::accumulate : expr::Sink::store, c.previous, Cell::blocks);
      for (int k = 0; k < CellGraph::most; ++k)
        if (c.parameter[k] >= 0) o.add(expr::Sink::sum_parameter, c.parameter[k], k);
      return expr::make_plan(c.given, o);
    }();
  };
};

}  // namespace detail
}  // namespace tenon
