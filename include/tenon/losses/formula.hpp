#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>

#include <tenon/expr/batch_program.hpp>
#include <tenon/expr/program.hpp>
#include <tenon/losses/arguments.hpp>

/// The loops of a loss that is a formula: value and gradient come out of one pass over each sample. One that looks at
/// the whole batch takes a pass for each reduction over it, before that.
namespace tenon::detail {

/// Whether a formula has running statistics, which are a layer's.
template <class E>
inline constexpr bool keeps_statistics = false;
template <expr::Op O, class... A>
inline constexpr bool keeps_statistics<expr::Operation<O, A...>> = O == expr::Op::tracked ||
                                                                   (keeps_statistics<A> || ...);

/// A loss's canonical formula as plans: a value for each sample, and its gradients by the first `Inputs` inputs. One
/// that gives a number per element, or per feature, is summed over the sample.
template <class C, int Inputs>
struct LossFormula {
  struct Analysis {
    expr::FormulaGraph g{};
    int value = -1;  // per sample
    int formula = -1;
    int gradient[Inputs]{};
    bool has_gradient = false;  // by input 0
    bool per_element = false;
    bool per_batch = false, per_row = false;  // it has reductions over the batch, over a sample
  };
  static constexpr Analysis s = [] {
    using expr::Op;
    Analysis a;
    expr::FormulaGraph g;
    a.formula = expr::lower<C>(g);
    a.per_element = expr::varies_by_feature(g[a.formula].rank);
    for (int i = 0; i < g.count; ++i) {
      a.per_batch = a.per_batch || g[i].op == Op::batch_sum;
      a.per_row = a.per_row || expr::is_row_reduction(g[i].op);
    }
    a.value = a.per_element ? g.raw(Op::row_sum, a.formula) : a.formula;
    int answer[Inputs]{};
    for (int k = 0; k < Inputs; ++k) answer[k] = g.leaf(Op::input, expr::Rank::element, k);
    int seed = g.leaf(Op::seed, expr::Rank::row);
    expr::Adjoints adjoints;
    if (a.per_batch) {
      // weights arrive with the seed, as the sums over the batch have to know them; behind a gate a row of weight 0
      // counts for nothing, where 0 times infinity would be NaN
      seed = g.raw(Op::select, g.raw(Op::equal, seed, g.number(0)), g.number(0), seed);
      if (!expr::varies_by_sample(g[a.formula].rank)) seed = g.raw(Op::batch_sum, seed);
      expr::backpropagate(g, a.formula, seed, false, adjoints, expr::ParameterSums::in_graph);
    } else {
      expr::backpropagate(g, a.value, seed, false, adjoints);
    }
    a.has_gradient = adjoints.of[answer[0]] >= 0;  // the compiler refuses a loss without, and goes on
    for (int k = 0; k < Inputs; ++k) a.gradient[k] = adjoints.of[answer[k]] >= 0 ? adjoints.of[answer[k]] : g.number(0);
    if (!a.per_batch) {
      a.g = g;
      return a;
    }
    expr::detail::FeaturesApart apart(g, a.g);
    for (int* id : {&a.value, &a.formula}) *id = apart.copy(*id);
    for (int& id : a.gradient) id = apart.copy(id);
    return a;
  }();
  static constexpr bool per_element = s.per_element, per_batch = s.per_batch, has_gradient = s.has_gradient;

private:
  static constexpr auto plan_of(int gradients) {
    expr::Outputs o;
    for (int k = 0; k < gradients; ++k) o.add(expr::Sink::store, s.gradient[k], k);
    o.add(expr::Sink::row_value, s.value, 0);
    if constexpr (per_batch) {
      expr::Cuts wanted;  // what is summed over the sample, where it is the same for all samples
      wanted.add(s.formula);
      return expr::detail::BatchPlanner(s.g, expr::Cuts{}).plan(o, expr::Outputs{}, wanted);
    } else {
      return expr::make_plan(s.g, o);
    }
  }

public:
  struct Value {
    static constexpr auto plan = plan_of(0);
  };
  struct ValueAndGradient {
    static constexpr auto plan = plan_of(Inputs);
  };
};

/// Loss formula `E` of prediction, and of target or label.
template <class E>
using LossProgram = LossFormula<expr::Canonical<E>, 1>;

/// What the loops of a formula over a batch need: room for `width` numbers in each slot, and a weight for each row. The
/// room is this thread's and only grows, so that a steady step takes no memory; the next call takes it back.
template <class T>
void prepare_batch(expr::Arguments<T>& a, std::span<T*> slots, std::span<const T> weights);
extern template void prepare_batch(expr::Arguments<float>&, std::span<float*>, std::span<const float>);
extern template void prepare_batch(expr::Arguments<double>&, std::span<double*>, std::span<const double>);

/// Runs plan `S` of a loss over a batch. `weights` are heeded by a formula over the batch alone.
template <class S, class T>
void run_loss_loops(expr::Arguments<T>& a, std::span<const T> weights) {
  if constexpr (requires { S::plan.passes; }) {
    T* slots[expr::Cuts::capacity];
    prepare_batch(a, std::span<T*>(slots, S::plan.values.count), weights);
    expr::BatchLoops<S, false, T>::reduce(a, a.width, slots, nullptr);
    expr::BatchLoops<S, false, T>::finish(a);
  } else {
    expr::Loops<S, T>::run(a);
  }
}

/// What the sum of losses is divided by; `terms` is what a mean runs over.
constexpr double divisor(Reduction reduction, double samples, double terms) {
  switch (reduction) {
  case Reduction::mean:
    return terms;
  case Reduction::batchmean:
    return samples;
  default:
    return 1;
  }
}

/// How many samples a batch of so many rows counts for: the sum of its rows' weights, each that of its sample.
template <class T>
double weight_of_rows(size_t rows, std::span<const T> weights) {
  if (weights.empty()) return static_cast<double>(rows);
  double sum = 0;
  for (const T w : weights) sum += static_cast<double>(w);
  return sum * (static_cast<double>(rows) / static_cast<double>(weights.size()));
}

/// The loss of a batch in which no sample counts: values and gradient are 0.
template <class T>
double nothing_counts(const LossArguments<T>& loss) {
  std::fill_n(loss.values.begin(), loss.prediction.count, T(0));
  for (size_t i = 0; loss.gradient && i < loss.prediction.count; ++i) std::fill_n(loss.gradient[i], loss.width, T(0));
  return 0;
}

/// Weighs the samples of a batch whose values and gradient are there already, and whose reduced value is `value`.
template <class T>
double weigh_samples(const LossArguments<T>& loss, double value, double divisor) {
  if (loss.weights.empty()) return value;
  const size_t each = loss.prediction.count / loss.weights.size();  // rows of a sample
  double sum = 0;
  for (size_t i = 0; i < loss.prediction.count; ++i) {
    const T weight = loss.weights[i / each];
    loss.values[i] = weight == 0 ? T(0) : weight * loss.values[i];  // 0 times infinity would not be 0
    if (loss.gradient)
      for (T* g = loss.gradient[i]; g != loss.gradient[i] + loss.width; ++g) *g = weight == 0 ? T(0) : weight * *g;
    sum += static_cast<double>(loss.values[i]);
  }
  return sum / divisor;
}

/// The numbers of a formula's parameters, in the order of first mention.
template <class T>
using ParameterValues = std::span<const T* const>;

/// The reduced value of formula `E`; values per sample and the gradient go where `loss` says.
template <class E, class T>
double run_loss(const LossArguments<T>& loss, double divisor,
                std::type_identity_t<ParameterValues<T>> parameters = {}) {
  using Program = LossProgram<E>;
  expr::Arguments<T> a;
  a.count = loss.prediction.count;
  a.width = loss.width;
  a.input[0] = {loss.prediction.data, loss.prediction.stride};
  a.input[1] = {loss.target.values.data, loss.target.values.stride};
  a.label = loss.target.labels.data();
  for (size_t k = 0; k < parameters.size(); ++k) a.parameter[k] = parameters[k];
  a.row_values = loss.values.data();
  if (loss.gradient) {
    a.seed_value = static_cast<T>(1 / divisor);
    a.store[0] = {loss.gradient.data, loss.gradient.stride};
    run_loss_loops<typename Program::ValueAndGradient>(a, loss.weights);
  } else {
    run_loss_loops<typename Program::Value>(a, loss.weights);
  }
  // in double and in order: what a user sees does not depend on how the loop was vectorised
  double sum = 0;
  for (const T value : loss.values.first(loss.prediction.count)) sum += static_cast<double>(value);
  return sum / divisor;
}

/// The same where a mean runs over samples, and over features if the formula has a value for each.
template <class E, class T>
double run_loss(const LossArguments<T>& loss, Reduction reduction,
                std::type_identity_t<ParameterValues<T>> parameters = {}) {
  const double samples = weight_of_rows(loss.prediction.count, loss.weights);
  const double by = divisor(reduction, samples,
                            LossProgram<E>::per_element ? samples * static_cast<double>(loss.width) : samples);
  if (by == 0) return nothing_counts(loss);
  const double value = run_loss<E>(loss, by, parameters);
  LossArguments<T> weighed = loss;
  if (LossProgram<E>::per_batch) weighed.gradient = {};  // it is weighed already
  return weigh_samples(weighed, value, by);
}

}  // namespace tenon::detail
