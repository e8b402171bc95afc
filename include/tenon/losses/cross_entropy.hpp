#pragma once

#include <vector>

#include <tenon/losses/input_kind.hpp>
#include <tenon/losses/loss.hpp>

namespace tenon {

/// Cross-entropy between predicted class probabilities p and class indices, or distributions q,
///
///     -sum_c w_c q_c log p_c,
///
/// natural logarithm, with w the class weights. With label smoothing e, q becomes
/// (1 - e) q + e / classes. The mean over class indices is weighted by w, as PyTorch's is, and leaves out those that
/// are `ignore_index`. A q that is no distribution (numbers from 0 to 1 with a sum of 1) is an Error. Where a network
/// gives class scores at every step of a sequence, (steps, classes), each step counts as a sample does.
///
/// A network that ends with Softmax or LogSoftmax is trained without that last layer: loss and layer join
/// into one stable formula, whose gradient is p - q. A network that ends otherwise compiles only where
/// the loss says what that gives: `CrossEntropy<from_logits>`, or `CrossEntropy<from_probabilities>`, where no
/// logarithm counts less than -100.
/// PyTorch: nn.CrossEntropyLoss (from logits). Keras: (Sparse)CategoricalCrossentropy.
///
///     fit(model, data, Fit{.loss = CrossEntropy{.label_smoothing = 0.1}});
template <class Input = by_last_layer>
struct CrossEntropy {
  double label_smoothing = 0;
  std::vector<double> class_weight{};  // one per class, or none
  Reduction reduction = Reduction::mean;

  static constexpr TargetKind target_kind = TargetKind::either;
  static constexpr TargetRange target_range{0, 1, TargetForm::distribution};
  static constexpr bool compares_classes = true;
  static constexpr bool takes_logits = std::is_same_v<Input, from_logits>;
  template <class Last>
  static constexpr bool joins = !takes_logits && detail::is_one_of<Last, Softmax, LogSoftmax>;
  static constexpr bool ignores_labels = true;
  static constexpr bool weighs_samples = true;
  template <class Last>
  using problem = detail::input_problem<Input, Last, Softmax, LogSoftmax>;

  static constexpr void each_option(auto& o, auto visit) {
    visit("label_smoothing", o.label_smoothing, from_to(0, 1));
    visit("class_weight", o.class_weight, at_least(0));
  }
  template <class Last, class T>
  double evaluate(const LossArguments<T>& loss) const;
};

namespace detail {

/// In the library: loops for indices and distributions, plain, weighted and smoothed.
template <class T>
double cross_entropy(const LossArguments<T>& loss, Given given, double label_smoothing,
                     std::span<const double> class_weight, Reduction reduction);
extern template double cross_entropy(const LossArguments<float>&, Given, double, std::span<const double>, Reduction);
extern template double cross_entropy(const LossArguments<double>&, Given, double, std::span<const double>, Reduction);

}  // namespace detail

template <class Input>
template <class Last, class T>
double CrossEntropy<Input>::evaluate(const LossArguments<T>& loss) const {
  constexpr auto given = takes_logits || joins<Last> ? detail::Given::logits : detail::Given::probabilities;
  return detail::cross_entropy(loss, given, label_smoothing, class_weight, reduction);
}

}  // namespace tenon
