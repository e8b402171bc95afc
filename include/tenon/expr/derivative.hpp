#pragma once

#include <tenon/expr/simplify.hpp>

namespace tenon::expr {

/// Reverse mode over a formula's graph: `of[v]` is the vertex of d(seed * root)/dv, or -1 where nothing flows. Only
/// vertices that were there before have one. Where a value is broadcast the adjoint is a sum and the other way round.
struct Adjoints {
  int of[FormulaGraph::capacity]{};
};

/// Who sums the adjoints of parameters, and of what is computed from parameters alone.
enum class ParameterSums : std::uint8_t {
  by_accumulation,  // left per sample: whoever accumulates the gradient sums them over the batch
  in_graph          // summed over the batch; what is left per feature is summed over the features
};

namespace detail {

class ReverseMode {
public:
  constexpr ReverseMode(FormulaGraph& graph, int root, bool reuse_output, ParameterSums sums, Adjoints& result)
      : g(graph), algebra(graph, reuse_output ? root : -1), parameter_sums(sums), adjoint(result) {
    for (int i = 0; i < g.count; ++i) adjoint.of[i] = -1;
    for (int i = 0; i <= root; ++i) {
      const Vertex& v = g[i];
      const bool is_leaf = v.op == Op::input || v.op == Op::parameter;
      wanted[i] = is_leaf || (v.a >= 0 && wanted[v.a]) || (v.b >= 0 && wanted[v.b]) || (v.c >= 0 && wanted[v.c]);
    }
  }

  constexpr void run(int root, int seed) {
    // a result that is the same for all features of a row is written to each of them
    if (varies_by_feature(g[seed].rank) && !varies_by_feature(g[root].rank)) seed = algebra.row_sum(seed);
    adjoint.of[root] = seed;
    for (int id = root; id >= 0; --id)
      if (adjoint.of[id] >= 0 && wanted[id]) step(id, adjoint.of[id]);
  }

private:
  constexpr int times(int a, int b) { return algebra.multiply(a, b); }
  constexpr int gate(int condition, int a, bool when) {
    return when ? algebra.select(condition, a, g.number(0)) : algebra.select(condition, g.number(0), a);
  }

  constexpr void give(int consumer, int argument, int contribution) {
    if (!wanted[argument] || g.is(contribution, 0)) return;
    const Rank from = g[consumer].rank;
    const Rank to = g[argument].rank;
    if (!is_reduction(g[consumer].op)) {
      if (parameter_sums == ParameterSums::in_graph) {
        if (varies_by_sample(from) && !varies_by_sample(to)) contribution = algebra.batch_sum(contribution);
      } else if (varies_by_feature(from) && !varies_by_feature(to)) {
        contribution = algebra.row_sum(contribution);
      }
    }
    int& slot = adjoint.of[argument];
    slot = slot < 0 ? contribution : algebra.add(slot, contribution);
  }

  /// Who is larger (or smaller) gets the gradient. Equal ones share it, unless only one of them wants any: then they do
  /// as PyTorch's relu does.
  constexpr void extreme(int id, int d, Op wins, Op loses) {
    const int a = g[id].a, b = g[id].b;
    if (wanted[a] && wanted[b]) {
      const int shared = gate(algebra.binary(Op::equal, a, b), times(d, g.number(0.5)), true);
      give(id, a, algebra.select(algebra.binary(wins, a, b), d, shared));
      give(id, b, algebra.select(algebra.binary(loses, a, b), d, shared));
      return;
    }
    // y > b says the same as a > b, and y is at hand in backward when this is the whole formula
    const int chosen = algebra.binary(wins, id, b);
    give(id, a, gate(chosen, d, true));
    give(id, b, gate(chosen, d, false));
  }

  constexpr void step(int id, int d) {
    const Vertex v = g[id];
    const int y = id;
    switch (v.op) {
    case Op::negate:
      give(id, v.a, algebra.negate(d));
      break;
    case Op::absolute:
      give(id, v.a, times(d, algebra.unary(Op::sign, v.a)));
      break;
    case Op::exponential:
      give(id, v.a, times(d, y));
      break;
    // not y + 1, which would lose the small values that are left on the negative side
    case Op::exponential_minus_one:
      give(id, v.a, times(d, algebra.unary(Op::exponential, v.a)));
      break;
    case Op::logarithm:
      give(id, v.a, algebra.divide(d, v.a));
      break;
    case Op::square_root:
      give(id, v.a, algebra.divide(times(d, g.number(0.5)), y));
      break;
    case Op::hyperbolic_tangent:
      give(id, v.a, times(d, algebra.subtract(g.number(1), times(y, y))));
      break;
    case Op::logistic:
      give(id, v.a, times(d, times(y, algebra.subtract(g.number(1), y))));
      break;
    case Op::error_function: {
      constexpr double two_over_root_pi = 1.12837916709551257390;
      const int bell = algebra.unary(Op::exponential, algebra.negate(times(v.a, v.a)));
      give(id, v.a, times(d, times(g.number(two_over_root_pi), bell)));
      break;
    }
    case Op::soft_plus:
      give(id, v.a, times(d, algebra.unary(Op::logistic, v.a)));
      break;
    case Op::sine:
      give(id, v.a, times(d, algebra.unary(Op::cosine, v.a)));
      break;
    case Op::cosine:
      give(id, v.a, algebra.negate(times(d, algebra.unary(Op::sine, v.a))));
      break;
    // -d y^2. Of a product, which x^-2 = 1 / (x x) has, -d y / (x x): at 0 the infinite y^2 would meet the 2 x = 0 of
    // the chain rule, and make NaN.
    case Op::reciprocal:
      give(id, v.a,
           algebra.negate(g[v.a].op == Op::multiply ? algebra.divide(times(d, y), v.a) : times(d, times(y, y))));
      break;
    case Op::add:
      give(id, v.a, d);
      give(id, v.b, d);
      break;
    case Op::subtract:
      give(id, v.a, d);
      give(id, v.b, algebra.negate(d));
      break;
    case Op::multiply:
      give(id, v.a, times(d, v.b));
      give(id, v.b, times(d, v.a));
      break;
    case Op::divide:
      give(id, v.a, algebra.divide(d, v.b));
      give(id, v.b, algebra.negate(algebra.divide(times(d, y), v.b)));
      break;
    case Op::maximum:
      extreme(id, d, Op::greater, Op::less);
      break;
    case Op::minimum:
      extreme(id, d, Op::less, Op::greater);
      break;
    // A power of 0 is 1 and does not change, nor is one of base 0 changed by its exponent: there b a^(b - 1) and
    // y log(a) are 0 times infinity.
    case Op::power:
      if (wanted[v.a]) {
        const int lower = algebra.binary(Op::power, v.a, algebra.subtract(v.b, g.number(1)));
        const int slope = times(d, times(v.b, lower));
        give(id, v.a, g.is_number(v.b) ? slope : gate(algebra.binary(Op::equal, v.b, g.number(0)), slope, false));
      }
      if (wanted[v.b]) {
        const int fixed = g.raw(Op::multiply, algebra.binary(Op::equal, v.a, g.number(0)),
                                algebra.binary(Op::greater_equal, v.b, g.number(0)));
        give(id, v.b, gate(fixed, times(d, times(y, algebra.unary(Op::logarithm, v.a))), false));
      }
      break;
    case Op::surrogate:
      give(id, v.b, d);
      break;
    case Op::select:
      give(id, v.b, gate(v.a, d, true));
      give(id, v.c, gate(v.a, d, false));
      break;
    case Op::row_sum:
      give(id, v.a, d);
      break;
    case Op::batch_sum:
      give(id, v.a, varies_by_sample(g[v.a].rank) ? d : times(d, g.leaf(Op::rows, Rank::scalar)));
      break;
    // equal extremes share the gradient
    case Op::row_max:
    case Op::row_min: {
      const int hit = algebra.select(algebra.binary(Op::equal, v.a, y), g.number(1), g.number(0));
      give(id, v.a, times(algebra.divide(d, algebra.row_sum(hit)), hit));
      break;
    }
    default:
      break;
    }
  }

  FormulaGraph& g;
  Algebra algebra;
  ParameterSums parameter_sums;
  Adjoints& adjoint;
  bool wanted[FormulaGraph::capacity]{};
};

}  // namespace detail

/// Adjoints of everything `root` is computed from. With `reuse_output`, the value of root appears
/// in them as the `output` leaf.
constexpr void backpropagate(FormulaGraph& g, int root, int seed, bool reuse_output, Adjoints& result,
                             ParameterSums sums = ParameterSums::by_accumulation) {
  detail::ReverseMode(g, root, reuse_output, sums, result).run(root, seed);
}

/// d root / d x as a vertex, where x is input 0; the number 0 where root does not depend on it.
constexpr int derivative(FormulaGraph& g, int root, bool reuse_output = false) {
  const int x = g.leaf(Op::input, Rank::element, 0);
  Adjoints adjoints;
  backpropagate(g, root, g.number(1), reuse_output, adjoints);
  return adjoints.of[x] < 0 ? g.number(0) : adjoints.of[x];
}

}  // namespace tenon::expr
