#pragma once

#include <tenon/losses/loss.hpp>

namespace tenon {

/// 1 - cos of the angle between prediction p and target t, one value per sample,
///
///     1 - sum(p t) / (|p| |t|),
///
/// each length being held above 1e-8.
///
/// Gradient: (p cos / |p| - t / |t|) / |p|. PyTorch: 1 - nn.CosineSimilarity. Keras: CosineSimilarity.
///
///     fit(model, data, Fit{.loss = CosineLoss{}, .optimizer = Adam{}});
struct CosineLoss {
  Reduction reduction = Reduction::mean;

  static constexpr auto lengths = sqrt(max(sum(prediction * prediction), 1e-16)) *
                                  sqrt(max(sum(target * target), 1e-16));
  static constexpr auto formula = 1 - sum(prediction * target) / lengths;
};

extern template double detail::evaluate_formula(const CosineLoss&, const LossArguments<float>&);
extern template double detail::evaluate_formula(const CosineLoss&, const LossArguments<double>&);

}  // namespace tenon
