#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include <tenon/expr/kernel.hpp>
#include <tenon/expr/lower.hpp>

/// A formula with reductions over the batch, as a sequence of loops. Passes over the data alternate
/// with short ones over the features: sum over the batch, make of the sums what the next pass needs
/// (a mean, one over a deviation, a step of a running statistic, a gradient), and at last compute one
/// number per element. Backward is cut in the same way; what forward has found out per feature is
/// given to it.
namespace tenon::expr {

/// Which pass computes what. Every number per feature has a slot: first those that are given, then the sums over the
/// batch and what is computed from them.
struct BatchPlan {
  FormulaGraph g{};
  Outputs elements{};                         // what the last pass stores
  Outputs features{};                         // gradients (sum_parameter) and running statistics (store)
  Cuts values{};                              // the vertex in each slot
  int given = 0;                              // how many slots are filled before the first pass
  int sums_before[FormulaGraph::capacity]{};  // how many passes that sum come before a vertex is known
  int passes = 0;                             // how many passes sum over the batch

  constexpr bool is_sum(int slot) const { return g[values.vertex[slot]].op == Op::batch_sum; }
  constexpr bool is_summed(int slot, int pass) const {
    return slot >= given && is_sum(slot) && sums_before[values.vertex[slot]] == pass + 1;
  }
  /// Whether the slot is filled by the pass over the features that follows `pass` passes over the batch.
  constexpr bool is_made(int slot, int pass) const {
    return slot >= given && !is_sum(slot) && sums_before[values.vertex[slot]] == pass;
  }
  /// Where a slot holds sum((x - m)^2) with m = sum(x) / n, as for a variance: the slots of sum(x) and of m. Else -1.
  struct Deviation {
    int sum = -1, mean = -1;
  };
  constexpr Deviation deviation_in(int slot) const {
    const Vertex& square = g[g[values.vertex[slot]].a];
    if (square.op != Op::multiply || square.a != square.b || g[square.a].op != Op::subtract) return {};
    const Vertex& deviation = g[square.a];
    const Vertex& mean = g[deviation.b];
    if (mean.op != Op::divide || g[mean.b].op != Op::rows) return {};
    const Deviation found{values.slot_of(mean.a), values.slot_of(deviation.b)};
    const bool same = found.sum >= given && found.mean >= given && is_sum(found.sum) &&
                      g[values.vertex[found.sum]].a == deviation.a;
    return same ? found : Deviation{};
  }
  /// Whether the pass after this one sums nothing but deviations from means that this one finds. Parts of a batch then
  /// need not know the mean of all: they sum up what deviates from their own (expr::BatchLoops).
  constexpr bool joins_next(int pass) const {
    if (pass > 0 && joins_next(pass - 1)) return false;
    bool any = false;
    for (int slot = given; slot < values.count; ++slot) {
      if (!is_summed(slot, pass + 1)) continue;
      const Deviation found = deviation_in(slot);
      if (found.sum < 0 || !is_summed(found.sum, pass)) return false;
      any = true;
    }
    return any;
  }
  constexpr bool is_stored(const Output& o, int pass) const {
    return o.sink == Sink::store && sums_before[o.vertex] == pass;
  }

  constexpr Plan sum_pass(int pass, bool channelwise) const {
    Outputs o;
    for (int slot = 0; slot < values.count; ++slot)
      if (is_summed(slot, pass)) o.add(Sink::sum_feature, g[values.vertex[slot]].a, slot);
    return make_plan(g, o, known(pass, true), channelwise);
  }
  /// A row formula over one row, the features: stores are numbered in the order of slots, running
  /// statistics after them.
  constexpr Plan feature_pass(int pass) const {
    Outputs o;
    int stores = 0;
    for (int slot = 0; slot < values.count; ++slot)
      if (is_made(slot, pass)) o.add(Sink::store, values.vertex[slot], stores++);
    for (int i = 0; i < features.count; ++i) {
      const Output& f = features.list[i];
      if (is_stored(f, pass)) o.add(Sink::store, f.vertex, stores++);
      else if (sums_before[f.vertex] == pass) o.add(f.sink, f.vertex, f.slot);
    }
    Plan plan = make_plan(g, o, known(pass, false));
    plan.brief = true;
    return plan;
  }
  constexpr Plan element_pass(bool channelwise) const { return make_plan(g, elements, values, channelwise); }

private:
  /// The slots that are filled after `pass` passes over the batch, with or without those that the pass over the
  /// features fills then.
  constexpr Cuts known(int pass, bool with_features) const {
    Cuts k = values;
    for (int slot = given; slot < k.count; ++slot)
      if (sums_before[k.vertex[slot]] > pass || (!with_features && is_made(slot, pass))) k.vertex[slot] = -1;
    return k;
  }
};

namespace detail {

class BatchPlanner {
public:
  constexpr BatchPlanner(const FormulaGraph& graph, const Cuts& given) {
    p.g = graph;
    p.values = given;
    p.given = given.count;
    for (int i = 0; i < p.g.count; ++i) {
      const Vertex& v = p.g[i];
      if (given.slot_of(i) >= 0) continue;
      for (const int a : {int{v.a}, int{v.b}, int{v.c}})
        if (a >= 0) p.sums_before[i] = std::max(p.sums_before[i], p.sums_before[a]);
      if (v.op == Op::batch_sum) ++p.sums_before[i];
    }
  }
  constexpr BatchPlan plan(const Outputs& elements, const Outputs& features, const Cuts& wanted) {
    p.elements = elements;
    p.features = features;
    for (const Outputs* outputs : {&elements, &features})
      for (int i = 0; i < outputs->count; ++i) need(outputs->list[i].vertex);
    for (int i = 0; i < wanted.count; ++i) need(wanted.vertex[i]);
    for (int id = 0; id < p.g.count; ++id) {
      if (!needed[id]) continue;
      const Vertex& v = p.g[id];
      p.passes = std::max(p.passes, p.sums_before[id]);
      if (v.op == Op::batch_sum) p.values.add(id);
      if (v.rank == Rank::element)
        for (const int a : {int{v.a}, int{v.b}, int{v.c}}) keep(a);
      else if (v.op == Op::batch_sum) keep(v.a);
    }
    for (int i = 0; i < elements.count; ++i) keep(elements.list[i].vertex);
    for (int i = 0; i < wanted.count; ++i) keep(wanted.vertex[i]);
    return p;
  }

private:
  constexpr void need(int id) {
    if (id < 0 || needed[id] || is_given(id)) return;
    needed[id] = true;
    for (const int a : {int{p.g[id].a}, int{p.g[id].b}, int{p.g[id].c}}) need(a);
  }
  /// What is computed per feature gets a slot, from which the loops over elements read it.
  constexpr void keep(int id) {
    if (id >= 0 && p.g[id].rank == Rank::feature && p.g[id].a >= 0) p.values.add(id);
  }
  constexpr bool is_given(int id) const {
    const int slot = p.values.slot_of(id);
    return slot >= 0 && slot < p.given;
  }

  BatchPlan p{};
  bool needed[FormulaGraph::capacity]{};
};

/// Copies a formula as loops compute it: without the marks that only the derivative looks at, and
/// with all that can be done once per feature apart from the elements: x / f is x * (1 / f), and
/// (x * f) * g is x * (f * g).
class FeaturesApart {
public:
  constexpr FeaturesApart(const FormulaGraph& source, FormulaGraph& target) : from(source), to(target) {
    for (int& m : map) m = -1;
  }
  constexpr int copy(int id) {
    if (id < 0) return -1;
    if (map[id] < 0) map[id] = make(from[id]);
    return map[id];
  }

private:
  constexpr int make(const Vertex& v) {
    if (v.a < 0) return to.intern(v);
    if (v.op == Op::stop || v.op == Op::surrogate) return copy(v.a);
    const int a = copy(v.a);
    const int b = copy(v.b);
    const int c = copy(v.c);
    if (v.op == Op::divide && is(a, Rank::element) && is(b, Rank::feature)) return times(a, to.raw(Op::reciprocal, b));
    if (v.op == Op::multiply) return is(a, Rank::feature) ? times(b, a) : times(a, b);
    return to.raw(v.op, a, b, c);
  }
  constexpr int times(int x, int f) {
    if (is(x, Rank::element) && is(f, Rank::feature) && to[x].op == Op::multiply && is(to[x].b, Rank::feature))
      return to.raw(Op::multiply, to[x].a, to.raw(Op::multiply, to[x].b, f));
    return to.raw(Op::multiply, x, f);
  }
  constexpr bool is(int id, Rank rank) const { return to[id].rank == rank; }

  const FormulaGraph& from;
  FormulaGraph& to;
  int map[FormulaGraph::capacity]{};
};

struct BatchAnalysis {
  static constexpr int most = Arguments<float>::most;
  FormulaGraph g{};
  int root = -1;
  int input = -1;         // adjoint of x, -1 where there is none
  int parameter[most]{};  // adjoints of the parameters
  Updates updates{};
  Cuts kept{};               // numbers per feature that forward keeps for backward
  bool reads_input = false;  // in backward
  bool reads_output = false;
  bool uses_noise = false;
  double noise_rate = 0;
};

constexpr void find_kept(BatchAnalysis& s, const BatchPlan& forward, int forward_count, int id, bool* seen) {
  if (id < 0 || seen[id]) return;
  seen[id] = true;
  const Vertex& v = s.g[id];
  if (id < forward_count && v.rank == Rank::feature && forward.sums_before[id] > 0) return s.kept.add(id);
  s.reads_input = s.reads_input || v.op == Op::input;
  s.reads_output = s.reads_output || v.op == Op::output;
  for (const int a : {int{v.a}, int{v.b}, int{v.c}}) find_kept(s, forward, forward_count, a, seen);
}

template <class C>
consteval BatchAnalysis analyse_batch() {
  BatchAnalysis s;
  FormulaGraph written;
  Updates updates;
  const int root = lower<C>(written, true, &updates);
  const int count = written.count;
  Adjoints adjoints;
  // a result per feature is broadcast: every element of dy counts, and y is no number of its own
  const bool broadcast = !varies_by_sample(written[root].rank);
  const int dy = written.leaf(Op::seed, Rank::element);
  backpropagate(written, root, broadcast ? written.raw(Op::batch_sum, dy) : dy, !broadcast, adjoints,
                ParameterSums::in_graph);

  FeaturesApart apart(written, s.g);
  s.root = apart.copy(root);
  const int forward_count = s.g.count;
  for (int i = 0; i < updates.count; ++i) s.updates.add(updates.slot[i], apart.copy(updates.vertex[i]));
  for (int& p : s.parameter) p = -1;
  for (int i = 0; i < count; ++i) {
    const Vertex& v = written[i];
    if (v.op == Op::noise) {
      s.uses_noise = true;
      s.noise_rate = v.value;
    }
    const int adjoint = adjoints.of[i];
    if (adjoint < 0 || written.is(adjoint, 0)) continue;
    if (v.op == Op::input) s.input = apart.copy(adjoint);
    if (v.op == Op::parameter) {
      const int per_feature = apart.copy(adjoint);
      s.parameter[v.slot] = v.rank == Rank::scalar ? s.g.raw(Op::row_sum, per_feature) : per_feature;
    }
  }
  const BatchPlan forward = BatchPlanner(s.g, Cuts{}).plan(Outputs{}, Outputs{}, Cuts{});
  bool seen[FormulaGraph::capacity]{};
  find_kept(s, forward, forward_count, s.input, seen);
  for (const int p : s.parameter) find_kept(s, forward, forward_count, p, seen);
  return s;
}

}  // namespace detail

/// Everything known at compile time about a canonical formula with batch reductions.
template <class C>
struct BatchProgram {
  static constexpr detail::BatchAnalysis s = detail::analyse_batch<C>();

  struct Evaluate {
    static constexpr BatchPlan plan = [] {
      FormulaGraph written, g;
      const int root = lower<C>(written, false);
      Outputs o;
      o.add(Sink::store, detail::FeaturesApart(written, g).copy(root), 0);
      return detail::BatchPlanner(g, Cuts{}).plan(o, Outputs{}, Cuts{});
    }();
  };
  struct Forward {
    static constexpr BatchPlan plan = [] {
      Outputs elements, features;
      elements.add(Sink::store, s.root, 0);
      for (int i = 0; i < s.updates.count; ++i) features.add(Sink::store, s.updates.vertex[i], s.updates.slot[i]);
      return detail::BatchPlanner(s.g, Cuts{}).plan(elements, features, s.kept);
    }();
  };
  struct Backward {
    static constexpr BatchPlan plan = [] {
      Outputs elements, features;
      if (s.input >= 0) elements.add(Sink::store, s.input, 0);
      for (int k = 0; k < detail::BatchAnalysis::most; ++k)
        if (s.parameter[k] >= 0) features.add(Sink::sum_parameter, s.parameter[k], k);
      return detail::BatchPlanner(s.g, s.kept).plan(elements, features, Cuts{});
    }();
  };
};

namespace detail {

template <class S, int Pass, bool Channelwise>
struct SumPass {
  static constexpr Plan plan = S::plan.sum_pass(Pass, Channelwise);
};
template <class S, int Pass>
struct FeaturePass {
  static constexpr Plan plan = S::plan.feature_pass(Pass);
};
template <class S, bool Channelwise>
struct ElementPass {
  static constexpr Plan plan = S::plan.element_pass(Channelwise);
};

}  // namespace detail

/// The loops of a batch plan. `S` has a static constexpr member `plan`.
template <class S, bool Channelwise, class T, bool InOrder = false, bool Alone = false>
class BatchLoops {
  static constexpr const BatchPlan& plan = S::plan;

  template <int Pass>
  static void make_features(const Arguments<T>& data, size_t features, T* const* value, T* const* buffer) {
    using Spec = detail::FeaturePass<S, Pass>;
    static_assert(Spec::plan.outputs.count <= Arguments<T>::most,
                  "a formula may compute at most eight things per feature between two passes over the batch");
    if constexpr (Spec::plan.outputs.count > 0) {
      Arguments<T> a = data;
      a.count = a.repeats = 1;
      a.width = features;
      int stores = 0;
      for (int slot = 0; slot < plan.values.count; ++slot)
        if (plan.is_made(slot, Pass)) a.store[stores++] = {value[slot], features};
      for (int i = 0; i < plan.features.count; ++i) {
        const Output& o = plan.features.list[i];
        if (plan.is_stored(o, Pass)) a.store[stores++] = {buffer[o.slot], features};
      }
      Loops<Spec, T, InOrder, Alone>::run(a);
    }
  }
  template <int Pass>
  static void sum_batch(Arguments<T> data, size_t features, T* const* value) {
    for (int slot = 0; slot < plan.values.count; ++slot)
      if (plan.is_summed(slot, Pass)) {
        std::fill_n(value[slot], features, T(0));
        data.feature_sum[slot] = value[slot];
      }
    Loops<detail::SumPass<S, Pass, Channelwise>, T, InOrder, Alone>::run(data);
  }
  /// Sums of this part of a batch become those of all parts. Where the next pass sums what deviates from a mean, it is
  /// run here as well, with this part's own mean: one exchange is enough for both.
  template <int Pass, class Exchange>
  static void sum_parts(const Arguments<T>& data, size_t features, T* const* value, Exchange& exchange) {
    if constexpr (Pass > 0 && plan.joins_next(Pass - 1)) return;  // has been
    std::array<std::span<T>, Cuts::capacity> sums;
    size_t count = 0;
    sum_batch<Pass>(data, features, value);
    if constexpr (plan.joins_next(Pass)) {
      const size_t values = data.count * data.pixels;
      std::array<bool, Cuts::capacity> paired{};
      for (int slot = 0; slot < plan.values.count; ++slot) {
        if (!plan.is_summed(slot, Pass + 1)) continue;
        const BatchPlan::Deviation found = plan.deviation_in(slot);
        for (size_t f = 0; f < features; ++f) value[found.mean][f] = value[found.sum][f] / static_cast<T>(values);
        sums[count++] = {value[found.sum], features};
        sums[count++] = {value[slot], features};
        paired[static_cast<size_t>(found.sum)] = true;
      }
      const size_t pairs = count / 2;
      sum_batch<Pass + 1>(data, features, value);
      for (int slot = 0; slot < plan.values.count; ++slot)
        if (plan.is_summed(slot, Pass) && !paired[static_cast<size_t>(slot)]) sums[count++] = {value[slot], features};
      exchange.sum_moments(std::span<const std::span<T>>(sums.data(), count), pairs, values);
    } else {
      for (int slot = 0; slot < plan.values.count; ++slot)
        if (plan.is_summed(slot, Pass)) sums[count++] = {value[slot], features};
      exchange.sum(std::span<const std::span<T>>(sums.data(), count));
    }
  }
  template <int... Pass, class Exchange>
  static void alternate(const Arguments<T>& data, size_t features, T* const* value, T* const* buffer,
                        [[maybe_unused]] Exchange exchange, std::integer_sequence<int, Pass...>) {
    make_features<0>(data, features, value, buffer);
    if constexpr (std::is_pointer_v<Exchange>)
      if (exchange) {
        ((sum_parts<Pass>(data, features, value, *exchange), make_features<Pass + 1>(data, features, value, buffer)),
         ...);
        return;
      }
    ((sum_batch<Pass>(data, features, value), make_features<Pass + 1>(data, features, value, buffer)), ...);
  }

public:
  /// All but the last pass. `value` has room for `features` numbers in every slot of the plan, and
  /// `buffer` the running statistics by parameter. Where the batch lies in several places, `exchange->sum(sums)` and
  /// `exchange->sum_moments(sums, pairs, values)` add up what has been summed over this part of it (ShardPlace).
  template <class Exchange = std::nullptr_t>
  static void reduce(Arguments<T>& data, size_t features, T* const* value, T* const* buffer,
                     Exchange exchange = nullptr) {
    for (int slot = 0; slot < plan.values.count; ++slot) data.saved_feature[slot] = value[slot];
    alternate(data, features, value, buffer, exchange, std::make_integer_sequence<int, plan.passes>{});
  }
  /// The last pass, one number per element.
  static void finish(Arguments<T>& data) {
    if constexpr (plan.elements.count > 0) Loops<detail::ElementPass<S, Channelwise>, T, InOrder, Alone>::run(data);
  }
};

}  // namespace tenon::expr
