#pragma once

#include <algorithm>
#include <cstddef>

#include <tenon/edge/learner_context.hpp>
#include <tenon/expr/batch_program.hpp>
#include <tenon/layers/formula/batch_unit.hpp>
#include <tenon/layers/formula/passes.hpp>

/// Batch normalisation, and other formulas with running statistics, where those are fixed: constants for which every
/// sample stands alone. The derivative is taken of the formula as it is evaluated.
namespace tenon::edge {

namespace detail {

/// The way back through canonical formula C with its running statistics as they are. Bit k of Learned: parameter k
/// learns.
template <class C, unsigned Learned>
struct FixedStatistics {
  struct Analysis {
    expr::FormulaGraph g{};
    expr::Outputs elements{}, features{};
    bool reads_input = false, reads_output = false, usable = true;
  };
  static constexpr void find_reads(Analysis& a, int id, bool* seen) {
    if (id < 0 || seen[id]) return;
    seen[id] = true;
    const expr::Vertex v = a.g[id];
    a.reads_input = a.reads_input || v.op == expr::Op::input;
    a.reads_output = a.reads_output || v.op == expr::Op::output;
    for (const int next : {int{v.a}, int{v.b}, int{v.c}}) find_reads(a, next, seen);
  }
  static constexpr Analysis s = [] {
    Analysis a;
    expr::FormulaGraph written;
    const int root = expr::lower<C>(written, false);
    const int count = written.count;
    for (int i = 0; i < count; ++i)
      a.usable = a.usable && written[i].op != expr::Op::batch_sum && written[i].op != expr::Op::noise;
    a.usable = a.usable && expr::varies_by_sample(written[root].rank);
    if (!a.usable) return a;
    expr::Adjoints adjoints;
    expr::backpropagate(written, root, written.leaf(expr::Op::seed, expr::Rank::element), true, adjoints,
                        expr::ParameterSums::in_graph);
    expr::detail::FeaturesApart apart(written, a.g);
    apart.copy(root);  // with the parameters, whose ranks plans look up
    for (int i = 0; i < count; ++i) {
      const expr::Vertex v = written[i];
      const int adjoint = adjoints.of[i];
      if (adjoint < 0 || written.is(adjoint, 0)) continue;
      if (v.op == expr::Op::input) a.elements.add(expr::Sink::store, apart.copy(adjoint), 0);
      if (v.op == expr::Op::parameter && (Learned >> v.slot & 1U) != 0) {
        const int sum = apart.copy(adjoint);
        a.features.add(expr::Sink::sum_parameter, v.rank == expr::Rank::scalar ? a.g.raw(expr::Op::row_sum, sum) : sum,
                       v.slot);
      }
    }
    bool seen[expr::FormulaGraph::capacity]{};
    for (const expr::Outputs* outputs : {&a.elements, &a.features})
      for (int i = 0; i < outputs->count; ++i) find_reads(a, outputs->list[i].vertex, seen);
    return a;
  }();

  struct Backward {
    static constexpr expr::BatchPlan plan = expr::detail::BatchPlanner(s.g, expr::Cuts{})
                                                .plan(s.elements, s.features, expr::Cuts{});
  };
};

}  // namespace detail

template <class E, class In>
struct TrainingKernel<tenon::detail::BatchUnit<E, In>> {
private:
  using unit = tenon::detail::BatchUnit<E, In>;
  using C = expr::Canonical<E>;
  static constexpr unsigned learns = [] {
    unsigned mask = 0;
    for (size_t k = 0; k < unit::layer.parameters.size(); ++k)
      mask |= unit::layer.parameters[k].trainable ? 1U << k : 0U;
    return mask;
  }();
  using fixed_statistics = detail::FixedStatistics<C, learns>;
  using Evaluate = typename unit::code::program::Evaluate;
  using Backward = typename fixed_statistics::Backward;
  static constexpr bool channelwise = tenon::detail::has_channels<In>;
  static constexpr size_t features = unit::features, value = aligned(features);

public:
  /// Whether the statistics can be taken as they are, and what backward reads is there.
  static constexpr bool usable = fixed_statistics::s.usable &&
                                 (!fixed_statistics::s.reads_input || unit::needs.backward_reads_input != 0) &&
                                 (!fixed_statistics::s.reads_output || unit::needs.backward_reads_output);
  static constexpr size_t saved = 0;
  /// A number for each feature and each value of the plan.
  static constexpr size_t fixed = value * static_cast<size_t>(
                                              std::max(Evaluate::plan.values.count, Backward::plan.values.count));

  template <class T>
  static void forward(const Memory<T>& m, const T* x, T* y) {
    expr::Arguments<T> a = arguments(m);
    a.input[0] = {x, In::size};
    a.store[0] = {y, In::size};
    run<Evaluate>(m, a, true);
  }
  template <class T>
  static void backward(const Memory<T>& m, bool add, const T* x, const T* y, const T* dy, T* dx) {
    expr::Arguments<T> a = arguments(m);
    if (!add && m.parameters.gradients)
      for (const auto& p : unit::layer.parameters)
        if (p.trainable) std::fill_n(m.parameters.gradients + p.offset, p.size, T(0));
    for (size_t k = 0; k < unit::layer.parameters.size(); ++k)
      if (const auto& p = unit::layer.parameters[k]; p.trainable)
        a.gradient[k] = m.parameters.gradients ? m.parameters.gradients + p.offset : m.parameters.unused_gradient;
    a.input[0] = {x, In::size};
    a.output = {y, In::size};
    a.seed = {dy, In::size};
    a.store[0] = {dx, In::size};
    run<Backward>(m, a, dx != nullptr);
  }

private:
  template <class T>
  static expr::Arguments<T> arguments(const Memory<T>& m) {
    constexpr auto share = unit::layer.share();
    expr::Arguments<T> a;
    a.count = 1;
    a.width = channelwise ? In::size : features;
    a.repeats = channelwise ? 1 : share;
    a.pixels = share;
    a.batch_count = share;
    for (size_t k = 0; k < unit::layer.parameters.size(); ++k) {
      const auto& p = unit::layer.parameters[k];
      a.parameter[k] = (p.trainable ? m.parameters.values : m.parameters.constants) + p.offset;
    }
    return a;
  }
  template <class Steps, class T>
  static void run(const Memory<T>& m, expr::Arguments<T>& a, bool elements) {
    T* slot[expr::Cuts::capacity]{};
    for (int k = 0; k < Steps::plan.values.count; ++k)
      slot[k] = m.workspace.scratch_fixed + static_cast<size_t>(k) * value;
    T* none[expr::Arguments<T>::most]{};
    using loops = expr::BatchLoops<Steps, channelwise, T, true>;
    loops::reduce(a, features, slot, none);
    if (elements) loops::finish(a);
  }
};
template <class Unit, class In>
  requires HasTrainingKernel<Unit>
struct TrainingKernel<tenon::detail::SeenAs<Unit, In>> : TrainingKernel<Unit> {
};

}  // namespace tenon::edge
