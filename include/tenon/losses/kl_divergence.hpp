#pragma once

#include <tenon/losses/input_kind.hpp>
#include <tenon/losses/loss.hpp>

namespace tenon {

/// The divergence KL(target || prediction) of a distribution from the target's, summed over classes,
///
///     target * (log(target) - prediction),
///
/// where the prediction is the *logarithm* of a probability (the output of LogSoftmax) and 0 log 0 is 0. A sample's
/// divergence averaged over the batch is `Reduction::batchmean`; `mean`, the default in PyTorch too, divides by the
/// number of classes as well.
///
/// Gradient: -target. PyTorch: nn.KLDivLoss.
///
///     fit(model, data, Fit{.loss = KLDivergence{.reduction = Reduction::batchmean}});
struct KLDivergence {
  Reduction reduction = Reduction::mean;

  static constexpr TargetRange target_range{0, 1};
  static constexpr auto formula = select(target > 0, target* log(target), 0) - target * prediction;
  template <class Last>
  using problem = detail::log_probability_problem<Last>;
};

extern template double detail::evaluate_formula(const KLDivergence&, const LossArguments<float>&);
extern template double detail::evaluate_formula(const KLDivergence&, const LossArguments<double>&);

}  // namespace tenon
