#pragma once

#include <tenon/losses/loss.hpp>

namespace tenon {

/// The squared error,
///
///     (prediction - target)^2.
///
/// Gradient: 2 (prediction - target). PyTorch: nn.MSELoss.
///
///     fit(model, data, Fit{.loss = MeanSquaredError{}, .optimizer = Adam{}});
struct MeanSquaredError {
  Reduction reduction = Reduction::mean;

  static constexpr auto formula = square(prediction - target);
};

extern template double detail::evaluate_formula(const MeanSquaredError&, const LossArguments<float>&);
extern template double detail::evaluate_formula(const MeanSquaredError&, const LossArguments<double>&);

}  // namespace tenon
