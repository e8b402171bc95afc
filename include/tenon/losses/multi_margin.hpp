#pragma once

#include <tenon/losses/loss.hpp>

namespace tenon {

/// The hinge loss of many classes: with z the score of the right class, every other score s costs
///
///     max(0, margin - z + s) / classes.
///
/// Gradient: 1 / classes for each score that costs something, and minus their sum for the right class.
/// PyTorch: nn.MultiMarginLoss (p = 1).
///
///     fit(model, data, Fit{.loss = MultiMargin{.margin = 0.5}});
struct MultiMargin {
  double margin = 1;
  Reduction reduction = Reduction::mean;

  static constexpr auto right = sum(select(feature_index == label, prediction, 0));
  static constexpr auto formula = sum(select(feature_index == label, 0, max(param<"margin"> - right + prediction, 0))) /
                                  features;
  static constexpr void each_option(auto& o, auto visit) { visit("margin", o.margin, any_number); }
  constexpr std::array<double, 1> options() const { return {margin}; }
};

extern template double detail::evaluate_formula(const MultiMargin&, const LossArguments<float>&);
extern template double detail::evaluate_formula(const MultiMargin&, const LossArguments<double>&);

}  // namespace tenon
