#pragma once

#include <tenon/losses/loss.hpp>

namespace tenon {

/// A squared error whose outliers count linearly. With r = prediction - target,
///
///     r^2 / 2 where |r| < delta
///     delta (|r| - delta / 2) otherwise,
///
/// the tangent. Huber 1964.
///
/// Gradient: r, held between -delta and delta. PyTorch: nn.HuberLoss.
///
///     fit(model, data, Fit{.loss = Huber{.delta = 0.5}, .optimizer = Adam{}});
struct Huber {
  double delta = 1;
  Reduction reduction = Reduction::mean;

  static constexpr auto formula = select(abs(prediction - target) < param<"delta">, 0.5 * square(prediction - target),
                                         param<"delta">*(abs(prediction - target) - 0.5 * param<"delta">));
  static constexpr void each_option(auto& o, auto visit) { visit("delta", o.delta, above(0)); }
  constexpr std::array<double, 1> options() const { return {delta}; }
};

extern template double detail::evaluate_formula(const Huber&, const LossArguments<float>&);
extern template double detail::evaluate_formula(const Huber&, const LossArguments<double>&);

}  // namespace tenon
