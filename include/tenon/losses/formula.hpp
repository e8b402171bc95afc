#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>

#include <tenon/expr/program.hpp>
#include <tenon/losses/arguments.hpp>

/// The loops of a loss that is a formula: value and gradient come out of one pass over each sample.
namespace tenon::detail {

/// How a value per sample is computed, and, where they are asked for, its gradients by some inputs.
constexpr expr::Plan plan_of_loss(const expr::FormulaGraph& g, int value, std::span<const int> gradients = {}) {
  expr::Outputs o;
  for (size_t k = 0; k < gradients.size(); ++k) o.add(expr::Sink::store, gradients[k], static_cast<int>(k));
  o.add(expr::Sink::row_value, value, 0);
  return expr::make_plan(g, o);
}

/// Loss formula `E` as plans. One that gives a number per element is summed over the sample.
template <class E>
struct LossProgram {
  struct Analysis {
    expr::FormulaGraph g{};
    int value = -1;     // per sample
    int gradient = -1;  // by the prediction
    bool has_gradient = false;
    bool per_element = false;
    bool per_batch = false;
  };
  static constexpr Analysis s = [] {
    Analysis a;
    const int formula = expr::lower<expr::Canonical<E>>(a.g);
    a.per_element = expr::varies_by_feature(a.g[formula].rank);
    for (int i = 0; i < a.g.count; ++i) a.per_batch = a.per_batch || a.g[i].op == expr::Op::batch_sum;
    a.value = a.per_element ? a.g.raw(expr::Op::row_sum, formula) : formula;
    const int answer = a.g.leaf(expr::Op::input, expr::Rank::element, 0);
    expr::Adjoints adjoints;
    expr::backpropagate(a.g, a.value, a.g.leaf(expr::Op::seed, expr::Rank::row), false, adjoints);
    a.gradient = adjoints.of[answer];
    a.has_gradient = a.gradient >= 0;
    if (!a.has_gradient) a.gradient = a.g.number(0);  // the compiler refuses the loss, and goes on
    return a;
  }();
  static constexpr bool per_element = s.per_element;
  static constexpr bool per_batch = s.per_batch;
  static constexpr bool has_gradient = s.has_gradient;

  struct Value {
    static constexpr expr::Plan plan = plan_of_loss(s.g, s.value);
  };
  struct ValueAndGradient {
    static constexpr expr::Plan plan = plan_of_loss(s.g, s.value, {&s.gradient, 1});
  };
};

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
    expr::Loops<typename Program::ValueAndGradient, T>::run(a);
  } else {
    expr::Loops<typename Program::Value, T>::run(a);
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
  return weigh_samples(loss, run_loss<E>(loss, by, parameters), by);
}

}  // namespace tenon::detail
