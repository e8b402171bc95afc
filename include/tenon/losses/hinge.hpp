#pragma once

#include <tenon/losses/loss.hpp>

namespace tenon {

/// The loss of a linear support vector machine, for targets of -1 and 1: nothing once a prediction is on the right side
/// by 1,
///
///     max(0, 1 - target * prediction).
///
/// Gradient: -target where target * prediction < 1, otherwise 0. Keras: Hinge.
///
///     fit(model, data, Fit{.loss = Hinge{}, .optimizer = SGD{.lr = 0.1}});
struct Hinge {
  Reduction reduction = Reduction::mean;

  static constexpr TargetRange target_range{-1, 1, TargetForm::ends};
  static constexpr auto formula = max(1 - target * prediction, 0);
};

extern template double detail::evaluate_formula(const Hinge&, const LossArguments<float>&);
extern template double detail::evaluate_formula(const Hinge&, const LossArguments<double>&);

}  // namespace tenon
