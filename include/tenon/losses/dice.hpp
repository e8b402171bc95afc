#pragma once

#include <tenon/losses/input_kind.hpp>
#include <tenon/losses/loss.hpp>

namespace tenon {

/// One minus how far two masks overlap, Dice's coefficient (Milletari et al. 2016), over all numbers of a sample:
///     1 - (2 sum(p t) + smooth) / (sum(p) + sum(t) + smooth),
/// with p probabilities and t the targets, from 0 to 1. A rare class counts as much as a common one; `smooth` makes two
/// empty masks count as equal. A value for each sample, averaged over the batch.
///
/// The network ends with Sigmoid or Softmax, or `DiceLoss<from_probabilities>` says that its numbers are probabilities.
/// Gradient: with D the divisor and N the numerator, N / D^2 - 2 t / D. PyTorch has none; MONAI: DiceLoss with one
/// channel.
///
///     fit(model, data, Fit{.loss = DiceLoss{}});
template <class Input = by_last_layer>
struct DiceLoss {
  double smooth = 1;
  Reduction reduction = Reduction::mean;

  static_assert(!std::is_same_v<Input, from_logits>,
                "DiceLoss takes probabilities: of a network that ends with Sigmoid or Softmax, or from_probabilities");
  template <class Last>
  using problem = detail::input_problem_of<or_say<from_probabilities>, Input, Last, Sigmoid, Softmax>;

  static constexpr TargetRange target_range{0, 1};
  static constexpr auto formula = 1 - (2 * sum(prediction * target) + param<"smooth">) /
                                          (sum(prediction) + sum(target) + param<"smooth">);
  static constexpr void each_option(auto& o, auto visit) { visit("smooth", o.smooth, as_epsilon); }
  constexpr std::array<double, 1> options() const { return {smooth}; }
};

extern template double detail::evaluate_formula(const DiceLoss<>&, const LossArguments<float>&);
extern template double detail::evaluate_formula(const DiceLoss<>&, const LossArguments<double>&);
extern template double detail::evaluate_formula(const DiceLoss<from_probabilities>&, const LossArguments<float>&);
extern template double detail::evaluate_formula(const DiceLoss<from_probabilities>&, const LossArguments<double>&);

}  // namespace tenon
