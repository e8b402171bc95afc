#pragma once

#include <tenon/losses/loss.hpp>

namespace tenon {

/// Huber's loss over beta: far from the target the slope is 1 whatever beta is. With r = prediction - target,
///
///     r^2 / (2 beta) where |r| < beta
///     |r| - beta / 2 otherwise.
///
/// With beta = 0 the absolute error.
///
/// Gradient: r / beta, held between -1 and 1. PyTorch: nn.SmoothL1Loss.
///
///     fit(model, data, Fit{.loss = SmoothL1{.beta = 0.1}, .optimizer = Adam{}});
struct SmoothL1 {
  double beta = 1;
  Reduction reduction = Reduction::mean;

  static constexpr auto formula = select(abs(prediction - target) < param<"beta">,
                                         0.5 * square(prediction - target) / param<"beta">,
                                         abs(prediction - target) - 0.5 * param<"beta">);
  static constexpr void each_option(auto& o, auto visit) { visit("beta", o.beta, at_least(0)); }
  constexpr std::array<double, 1> options() const { return {beta}; }
};

extern template double detail::evaluate_formula(const SmoothL1&, const LossArguments<float>&);
extern template double detail::evaluate_formula(const SmoothL1&, const LossArguments<double>&);

}  // namespace tenon
