#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <tenon/losses/formula.hpp>
#include <tenon/losses/target_range.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/options.hpp>

/// A loss is a formula of `prediction` and `target`, or of `prediction` and the class index `label`.
/// This is all of one:
///
///     struct Tukey {
///       double c = 4.685;
///       Reduction reduction = Reduction::mean;
///
///       static constexpr auto ratio = min(abs(prediction - target) / param<"c">, 1);
///       static constexpr auto formula = param<"c"> * param<"c"> / 6 * (1 - pow(1 - ratio * ratio, 3));
///       constexpr std::array<double, 1> options() const { return {c}; }
///     };
///
/// A formula with a value per element, as here, is averaged over features and batch, one with a value
/// per sample over the batch. `options` are what its `param`s stand for, in the order of first mention; what they
/// may be, `each_option` says (options.hpp).
///
/// A formula may look at the whole batch, `square(prediction - batch_mean(prediction) - target)`; one with a value per
/// feature, as of `batch_variance(prediction)` alone, is averaged over features. Every number of a prediction is such a
/// feature. Statistics are of all rows, also of those whose weight is 0, and of one batch: the value depends on its
/// size. Such a loss is trained in one shard, and by no edge::Learner.
///
/// A loss may also say
///
///     template <class Last> static constexpr bool joins = ...;   // it absorbs such a last layer of a
///                                                                // network: it is given what that layer is given
///     template <class Last> using problem = ...;                 // void, or the takes<...> of a compile error
///     static constexpr bool compares_classes = true;             // a prediction is a vector of class scores
///     static constexpr bool ignores_labels = true;               // `ignore_index` has no loss, a mean is over the
///                                                                // others, or over their `class_weight`s
///     static constexpr TargetRange target_range{0, 1};           // other numbers as targets are an Error
///
/// and one that is more than a formula has, instead of it,
///
///     static constexpr TargetKind target_kind = ...;
///     static constexpr bool weighs_samples = true;               // it heeds LossArguments::weights; without, an Error
///     template <class Last, class T> double evaluate(const LossArguments<T>&) const;
///     static constexpr bool labels_rows = false;                 // a sample's labels are not those of its rows: no
///                                                                // accuracy follows, a mean is over samples
namespace tenon {

/// A loss that cannot be meant.
template <class Loss, class Takes>
struct invalid_loss;
struct an_option_for_each_parameter;
struct a_formula_without_running_statistics;
struct reductions_over_the_sample_or_over_the_batch_not_both;
struct a_formula_with_a_derivative_by_prediction;

namespace detail {

template <class E, class Leaf>
inline constexpr bool mentions = std::is_same_v<E, Leaf>;
template <expr::Op O, class... A, class Leaf>
inline constexpr bool mentions<expr::Operation<O, A...>, Leaf> = (mentions<A, Leaf> || ...);

template <class L>
concept SaysFormula = expr::Expression<decltype(L::formula)>;
template <class L>
concept SaysEvaluation = requires(const L& loss, const LossArguments<float>& arguments) {
  { L::target_kind } -> std::convertible_to<TargetKind>;
  { loss.template evaluate<void>(arguments) } -> std::convertible_to<double>;
};

/// A loss that is made of losses of a network's outputs (losses/joint.hpp).
template <class L>
inline constexpr bool is_of_outputs = false;
/// A loss of whole batches of several outputs, which it names (losses/joint.hpp).
template <class L>
concept ReadsBatches = requires {
  typename L::reads;
};

}  // namespace detail

/// A loss, as described above.
template <class L>
concept Loss = detail::is_of_outputs<L> ||(requires(const L& loss) {
  { loss.reduction } -> std::convertible_to<Reduction>;
} && (detail::SaysFormula<L> || detail::SaysEvaluation<L> || detail::ReadsBatches<L>));

/// What a loss compares with.
template <Loss L>
inline constexpr TargetKind target_kind_of = [] {
  if constexpr (detail::is_of_outputs<L> || detail::ReadsBatches<L>) {
    return TargetKind::either;
  } else if constexpr (detail::SaysFormula<L>) {
    using Formula = std::remove_const_t<decltype(L::formula)>;
    return detail::mentions<Formula, expr::Label> ? TargetKind::labels : TargetKind::values;
  } else {
    return L::target_kind;
  }
}();

/// Whether a prediction has one number per class.
template <Loss L>
inline constexpr bool compares_classes = target_kind_of<L> == TargetKind::labels;
template <Loss L>
  requires requires { requires L::compares_classes; }
inline constexpr bool compares_classes<L> = true;

/// How many answers such a loss compares a sample with: one, or, where a network gives class scores at every step
/// of a sequence, (steps, classes), one for each step. The steps then count as samples do.
template <Loss L, class Output>
inline constexpr size_t answers_of = [] {
  if constexpr (compares_classes<L> && Output::rank == 2) return Output::front;
  else return size_t{1};
}();

/// Samples of `size` numbers side by side, seen as their answers.
template <class T>
constexpr Rows<T> as_answers(Rows<T> rows, size_t size, size_t answers) {
  return {rows.data, rows.count * answers, size / answers};
}

/// Whether loss and last layer become one formula.
template <Loss L, class Last>
inline constexpr bool joins_last_layer = false;
template <Loss L, class Last>
  requires requires { requires L::template joins<Last>; }
inline constexpr bool joins_last_layer<L, Last> = true;

/// Whether labels may be `ignore_index`.
template <Loss L>
inline constexpr bool ignores_labels = false;
template <Loss L>
  requires requires { requires L::ignores_labels; }
inline constexpr bool ignores_labels<L> = true;

/// Whether a label is that of its row, and no part of a sample's whole answer.
template <Loss L>
inline constexpr bool labels_rows = true;
template <Loss L>
  requires requires { requires !L::labels_rows; }
inline constexpr bool labels_rows<L> = false;

/// Whether it weighs samples. A formula does.
template <Loss L>
inline constexpr bool weighs_samples = detail::SaysFormula<L>;
template <Loss L>
  requires requires { requires L::weighs_samples; }
inline constexpr bool weighs_samples<L> = true;

/// Whether it takes some numbers alone as targets (losses/target_range.hpp).
template <class L>
inline constexpr bool limits_targets = requires {
  L::target_range.form;
};

namespace detail {

/// What a loss takes instead of the output of `Last`; void where it takes that.
template <class L, class Last>
struct loss_problem {
  using type = void;
};
template <class L, class Last>
  requires requires { typename L::template problem<Last>; }
struct loss_problem<L, Last> {
  using type = typename L::template problem<Last>;
};

template <class L>
constexpr auto options_of(const L& loss) {
  if constexpr (requires { loss.options(); }) return loss.options();
  else return std::array<double, 0>{};
}
template <class L>
inline constexpr size_t option_count = std::tuple_size_v<decltype(options_of(std::declval<const L&>()))>;

/// What a loss's formula should have been, or void.
template <class E, class Program>
constexpr auto judge_reductions() {
  if constexpr (keeps_statistics<E>) return std::type_identity<takes<a_formula_without_running_statistics>>{};
  else if constexpr (Program::s.per_batch && Program::s.per_row)
    return std::type_identity<takes<reductions_over_the_sample_or_over_the_batch_not_both>>{};
  else return std::type_identity<void>{};
}
template <class L>
constexpr auto judge_loss_formula() {
  if constexpr (SaysFormula<L>) {
    using E = expr::lift<L::formula>;
    using Reductions = typename decltype(judge_reductions<E, LossProgram<E>>())::type;
    if constexpr (!std::is_void_v<Reductions>) return std::type_identity<Reductions>{};
    else if constexpr (expr::parameters_of<E>::size != option_count<L>)
      return std::type_identity<takes<an_option_for_each_parameter>>{};
    else if constexpr (!LossProgram<E>::has_gradient)
      return std::type_identity<takes<a_formula_with_a_derivative_by_prediction>>{};
    else return std::type_identity<void>{};
  } else {
    return std::type_identity<void>{};
  }
}
template <class L>
using loss_formula_problem = typename decltype(judge_loss_formula<L>())::type;

/// A loss that is a formula. The losses of the library are compiled there.
template <class L, class T>
double evaluate_formula(const L& loss, const LossArguments<T>& arguments) {
  using E = expr::lift<L::formula>;
  const auto options = options_of(loss);
  constexpr size_t count = option_count<L>;
  std::array<T, count> numbers{};
  std::array<const T*, count> parameters{};
  for (size_t k = 0; k < count; ++k) {
    numbers[k] = static_cast<T>(options[k]);
    parameters[k] = &numbers[k];
  }
  return run_loss<E>(arguments, loss.reduction, parameters);
}

/// Throw an Error: a loss that does not weigh samples; weights for other samples than there are.
void refuse_weights();
void check_weights(size_t weights, size_t rows);

}  // namespace detail

/// The reduced loss of a batch; its values per sample and its gradient go where the arguments say.
/// `Last` is the network's last layer, which decides what the loss is given. Throws an Error where a target is none
/// that the loss takes.
template <class Last, Loss L, class T>
double evaluate_loss(const L& loss, const LossArguments<T>& arguments) {
  check_options(loss);
  if (!arguments.weights.empty()) detail::check_weights(arguments.weights.size(), arguments.prediction.count);
  if constexpr (limits_targets<L>) {
    if (arguments.target.labels.empty())
      detail::check_targets_of_batch(detail::short_name<L>(), L::target_range, arguments);
  }
  if constexpr (detail::SaysFormula<L>) return detail::evaluate_formula(loss, arguments);
  else {
    if constexpr (!weighs_samples<L>)
      if (!arguments.weights.empty()) detail::refuse_weights();
    return loss.template evaluate<Last>(arguments);
  }
}

/// A loss made from a formula f where it is used, `FormulaLoss<square(prediction - target)>{}`: the mean of its values
/// or, by `reduction`, their sum,
///     loss = mean(f(prediction, target)).
/// PyTorch: a function of the two.
///
///     fit(model, data, Fit{.loss = FormulaLoss<square(prediction - target)>{}});
template <auto F>
struct FormulaLoss {
  Reduction reduction = Reduction::mean;

  static constexpr auto formula = F;
};

}  // namespace tenon
