#pragma once

#include <tenon/losses/input_kind.hpp>
#include <tenon/losses/loss.hpp>

namespace tenon {

/// Binary cross-entropy in which outputs that are right already hardly count (Lin et al. 2017), for targets that are
/// mostly 0.
/// With p the probability of yes, t the target, 0 or 1, and q = t p + (1 - t) (1 - p) that of the right answer,
///     -(alpha t + (1 - alpha) (1 - t)) (1 - q)^gamma log q,
/// averaged over outputs and batch; an alpha below 0 gives both the weight 1. It is computed from the logit z as
/// w exp(-gamma softplus(s)) softplus(-s), s = (2 t - 1) z, which never overflows.
///
/// A network that ends with Sigmoid is trained without it; one that gives logits says `FocalLoss<from_logits>`.
/// PyTorch: torchvision.ops.sigmoid_focal_loss (which takes the sum by default). Keras: BinaryFocalCrossentropy.
///
///     fit(model, data, Fit{.loss = FocalLoss{.gamma = 1}});
template <class Input = by_last_layer>
struct FocalLoss {
  double alpha = 0.25;
  double gamma = 2;
  Reduction reduction = Reduction::mean;

  static_assert(!std::is_same_v<Input, from_probabilities>,
                "FocalLoss takes logits: of a network that ends with Sigmoid, or from_logits");
  static constexpr bool takes_logits = std::is_same_v<Input, from_logits>;
  template <class Last>
  static constexpr bool joins = !takes_logits && std::is_same_v<Last, Sigmoid>;
  template <class Last>
  using problem = detail::input_problem_of<or_say<from_logits>, Input, Last, Sigmoid>;

  static constexpr TargetRange target_range{0, 1, TargetForm::ends};
  static constexpr auto weight = select(param<"alpha"> < 0, 1,
                                        param<"alpha">* target + (1 - param<"alpha">)*(1 - target));
  static constexpr auto right = (2 * target - 1) * prediction;
  static constexpr auto formula = weight * exp(-param<"gamma"> * softplus(right)) * softplus(-right);
  static constexpr void each_option(auto& o, auto visit) {
    visit("alpha", o.alpha, from_to(-1, 1));
    visit("gamma", o.gamma, from_to(0, 1e6));
  }
  constexpr std::array<double, 2> options() const { return {alpha, gamma}; }
};

extern template double detail::evaluate_formula(const FocalLoss<>&, const LossArguments<float>&);
extern template double detail::evaluate_formula(const FocalLoss<>&, const LossArguments<double>&);
extern template double detail::evaluate_formula(const FocalLoss<from_logits>&, const LossArguments<float>&);
extern template double detail::evaluate_formula(const FocalLoss<from_logits>&, const LossArguments<double>&);

}  // namespace tenon
