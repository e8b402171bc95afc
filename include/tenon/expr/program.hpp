#pragma once

#include <type_traits>

#include <tenon/expr/kernel.hpp>
#include <tenon/expr/lower.hpp>

/// A formula's loops, all derived from its type: evaluation, forward in training, backward.
namespace tenon::expr {

/// How backward gets at what it needs.
enum class Backward : std::uint8_t {
  recompute,  // from the inputs and the result, whichever occur in the derivative
  slope       // forward leaves the derivative itself in memory; backward is one multiplication
};

namespace detail {

struct Analysis {
  static constexpr int most = Arguments<float>::most;
  FormulaGraph g{};
  int root = -1;
  int before_derivative = 0;
  int input[most]{};  // adjoint of each input, -1 where there is none
  int parameter[most]{};
  Cuts cuts{};  // per-sample values that forward keeps for backward
  bool uses_noise = false;
  bool reads_output = false;
  bool reads_input[most]{};
  double noise_rate = 0;
};

constexpr void find_cuts(const FormulaGraph& g, int id, int root, const bool* reduced, bool* seen, Cuts& cuts) {
  if (id < 0 || seen[id]) return;
  seen[id] = true;
  if (id <= root && g[id].rank == Rank::row && reduced[id]) {
    cuts.add(id);
    return;
  }
  find_cuts(g, g[id].a, root, reduced, seen, cuts);
  find_cuts(g, g[id].b, root, reduced, seen, cuts);
  find_cuts(g, g[id].c, root, reduced, seen, cuts);
}

/// The adjoint of the first input that a formula has, for a seed of 1 and without the output leaf: for a forward pass
/// that stores it. Few formulas need it, so it is not part of the analysis.
constexpr int slope_of(FormulaGraph& g, int root) {
  int first = -1;
  for (int i = 0; i <= root; ++i)
    if (g[i].op == Op::input && (first < 0 || g[i].slot < g[first].slot)) first = i;
  if (first < 0) return -1;
  Adjoints unit;
  backpropagate(g, root, g.number(1), false, unit);
  return unit.of[first];
}

template <class C>
consteval Analysis analyse() {
  Analysis s;
  FormulaGraph& g = s.g;
  s.root = lower<C>(g, true);
  s.before_derivative = g.count;
  for (int i = 0; i < g.count; ++i)
    if (g[i].op == Op::noise) {
      s.uses_noise = true;
      s.noise_rate = g[i].value;
    }
  int input[Analysis::most], parameter[Analysis::most];
  for (int k = 0; k < Analysis::most; ++k) {
    s.input[k] = s.parameter[k] = input[k] = parameter[k] = -1;
    for (int i = 0; i < s.before_derivative; ++i) {
      if (g[i].op == Op::input && g[i].slot == k) input[k] = i;
      if (g[i].op == Op::parameter && g[i].slot == k) parameter[k] = i;
    }
  }
  const int seed = g.leaf(Op::seed, Rank::element);
  Adjoints adjoints;
  // one result for a whole row is among the values that forward keeps, if it is asked for at all
  backpropagate(g, s.root, seed, varies_by_feature(g[s.root].rank), adjoints);
  for (int k = 0; k < Analysis::most; ++k) {
    if (input[k] >= 0) s.input[k] = adjoints.of[input[k]];
    if (parameter[k] >= 0) s.parameter[k] = adjoints.of[parameter[k]];
  }
  bool reduced[FormulaGraph::capacity]{};
  for (int i = 0; i <= s.root; ++i) {
    const Vertex& v = g[i];
    reduced[i] = is_reduction(v.op) || (v.a >= 0 && reduced[v.a]) || (v.b >= 0 && reduced[v.b]) ||
                 (v.c >= 0 && reduced[v.c]);
  }
  bool seen[FormulaGraph::capacity]{};
  for (int k = 0; k < Analysis::most; ++k) {
    find_cuts(g, s.input[k], s.root, reduced, seen, s.cuts);
    find_cuts(g, s.parameter[k], s.root, reduced, seen, s.cuts);
  }
  for (int i = 0; i < g.count; ++i) {
    if (!seen[i] || s.cuts.slot_of(i) >= 0) continue;
    if (g[i].op == Op::output) s.reads_output = true;
    if (g[i].op == Op::input) s.reads_input[g[i].slot] = true;
  }
  return s;
}

}  // namespace detail

/// Everything known at compile time about a canonical formula, and its loops as plans. Channelwise,
/// a feature is a channel of an image.
template <class C, bool Channelwise = false>
struct Program {
  static constexpr detail::Analysis s = detail::analyse<C>();

  static constexpr bool uses_noise = s.uses_noise;
  static constexpr double noise_rate = s.noise_rate;
  static constexpr int saved_rows = s.cuts.count;
  static constexpr bool is_elementwise = [] {
    for (int i = 0; i <= s.root; ++i)
      if (is_reduction(s.g[i].op) || s.g[i].op == Op::index) return false;
    return true;
  }();
  static constexpr Rank result = s.g[s.root].rank;
  static constexpr bool uses_input(int k) {
    for (int i = 0; i <= s.root; ++i)
      if (s.g[i].op == Op::input && s.g[i].slot == k) return true;
    return false;
  }
  static constexpr int inputs = [] {
    int n = 0;
    for (int i = 0; i <= s.root; ++i)
      if (s.g[i].op == Op::input && s.g[i].slot >= n) n = s.g[i].slot + 1;
    return n;
  }();
  static constexpr int parameters = [] {
    int n = 0;
    for (int i = 0; i <= s.root; ++i)
      if (s.g[i].op == Op::parameter && s.g[i].slot >= n) n = s.g[i].slot + 1;
    return n;
  }();
  /// Whether a gradient reaches input k.
  static constexpr bool has_gradient(int k) { return s.input[k] >= 0 && !s.g.is(s.input[k], 0); }
  static constexpr bool reads_output = s.reads_output;
  static constexpr bool reads_any_input = [] {
    for (const bool b : s.reads_input)
      if (b) return true;
    return false;
  }();
  static constexpr bool reads_input(int k) { return s.reads_input[k]; }
  /// d result / d input k is 1: the gradient may be passed on as it is.
  static constexpr bool passes_gradient(int k) { return s.input[k] >= 0 && s.g[s.input[k]].op == Op::seed; }

  /// One input, no reductions, and parameters (a bias) that move the result just as the input does:
  /// then backward needs only the slope.
  static constexpr bool slope_suffices(int k) {
    if (!is_elementwise || inputs > k + 1 || s.input[k] < 0) return false;
    for (int i = 0; i < k; ++i)
      if (uses_input(i)) return false;
    for (int i = 0; i < parameters; ++i)
      if (s.parameter[i] != s.input[k]) return false;
    return true;
  }

private:
  struct EvaluateOnly {
    static constexpr Plan plan = [] {
      FormulaGraph g;
      Outputs o;
      o.add(Sink::store, lower<C>(g, false), 0);
      return make_plan(g, o, {}, Channelwise);
    }();
  };

public:
  struct ForwardRecompute {
    static constexpr Plan plan = [] {
      Outputs o;
      o.add(Sink::store, s.root, 0);
      for (int k = 0; k < s.cuts.count; ++k) o.add(Sink::per_row, s.cuts.vertex[k], k);
      return make_plan(s.g, o, {}, Channelwise);
    }();
  };
  /// Evaluation shares the loop of training where that draws no mask and keeps nothing.
  using Evaluate = std::conditional_t<s.cuts.count == 0 && !uses_noise, ForwardRecompute, EvaluateOnly>;

  struct ForwardSlope {
    static constexpr Plan plan = [] {
      FormulaGraph g = s.g;
      Outputs o;
      o.add(Sink::store, s.root, 0);
      o.add(Sink::store, detail::slope_of(g, s.root), 1);
      return make_plan(g, o, {}, Channelwise);
    }();
  };
  /// Input gradients go to stores 0, 1, ... (those that have one), parameters' to `gradient`.
  template <unsigned Inputs, unsigned Accumulate>
  struct BackwardRecompute {
    static constexpr Plan plan = [] {
      Outputs o;
      for (int k = 0; k < Arguments<float>::most; ++k)
        if ((Inputs >> k & 1U) != 0 && has_gradient(k))
          o.add((Accumulate >> k & 1U) != 0 ? Sink::accumulate : Sink::store, s.input[k], k);
      for (int k = 0; k < parameters; ++k)
        if (s.parameter[k] >= 0 && !s.g.is(s.parameter[k], 0)) o.add(Sink::sum_parameter, s.parameter[k], k);
      return make_plan(s.g, o, s.cuts, Channelwise);
    }();
  };
  /// dz = dy * slope, kept in noise's place; every parameter's gradient is the sum of dz.
  static constexpr Plan slope_plan(bool store) {
    FormulaGraph g;
    Outputs o;
    for (int i = 0; i <= s.root; ++i)
      if (s.g[i].op == Op::parameter) g.leaf(Op::parameter, s.g[i].rank, s.g[i].slot);
    const int dz = g.raw(Op::multiply, g.leaf(Op::seed, Rank::element), g.leaf(Op::noise, Rank::element));
    if (store) o.add(Sink::store, dz, 0);
    for (int k = 0; k < parameters; ++k) o.add(Sink::sum_parameter, dz, k);
    return make_plan(g, o, {}, Channelwise);
  }

  struct BackwardSlope {
    static constexpr Plan plan = slope_plan(true);
  };
  /// The same where nobody asks for dz itself.
  struct BackwardSlopeParameters {
    static constexpr Plan plan = slope_plan(false);
  };
};

}  // namespace tenon::expr
