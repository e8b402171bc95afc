#pragma once

#include <tenon/losses/loss.hpp>

namespace tenon {

/// The absolute error, which outliers move less than the squared error,
///
///     |prediction - target|.
///
/// Gradient: sign(prediction - target), 0 where they are equal. PyTorch: nn.L1Loss.
///
///     fit(model, data, Fit{.loss = MeanAbsoluteError{}, .optimizer = Adam{}});
struct MeanAbsoluteError {
  Reduction reduction = Reduction::mean;

  static constexpr auto formula = abs(prediction - target);
};

extern template double detail::evaluate_formula(const MeanAbsoluteError&, const LossArguments<float>&);
extern template double detail::evaluate_formula(const MeanAbsoluteError&, const LossArguments<double>&);

}  // namespace tenon
