#include <tenon/losses/contrastive.hpp>
#include <tenon/losses/cosine_loss.hpp>
#include <tenon/losses/dice.hpp>
#include <tenon/losses/focal.hpp>
#include <tenon/losses/hinge.hpp>
#include <tenon/losses/huber.hpp>
#include <tenon/losses/kl_divergence.hpp>
#include <tenon/losses/mean_absolute_error.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/losses/multi_margin.hpp>
#include <tenon/losses/smooth_l1.hpp>

// The loops of the losses that are nothing but a formula.
namespace tenon::detail {

template double evaluate_formula(const ContrastiveLoss&, const LossArguments<float>&);
template double evaluate_formula(const ContrastiveLoss&, const LossArguments<double>&);
template double evaluate_formula(const DiceLoss<>&, const LossArguments<float>&);
template double evaluate_formula(const DiceLoss<>&, const LossArguments<double>&);
template double evaluate_formula(const DiceLoss<from_probabilities>&, const LossArguments<float>&);
template double evaluate_formula(const DiceLoss<from_probabilities>&, const LossArguments<double>&);
template double evaluate_formula(const FocalLoss<>&, const LossArguments<float>&);
template double evaluate_formula(const FocalLoss<>&, const LossArguments<double>&);
template double evaluate_formula(const FocalLoss<from_logits>&, const LossArguments<float>&);
template double evaluate_formula(const FocalLoss<from_logits>&, const LossArguments<double>&);
template double evaluate_formula(const CosineLoss&, const LossArguments<float>&);
template double evaluate_formula(const CosineLoss&, const LossArguments<double>&);
template double evaluate_formula(const Hinge&, const LossArguments<float>&);
template double evaluate_formula(const Hinge&, const LossArguments<double>&);
template double evaluate_formula(const Huber&, const LossArguments<float>&);
template double evaluate_formula(const Huber&, const LossArguments<double>&);
template double evaluate_formula(const KLDivergence&, const LossArguments<float>&);
template double evaluate_formula(const KLDivergence&, const LossArguments<double>&);
template double evaluate_formula(const MeanAbsoluteError&, const LossArguments<float>&);
template double evaluate_formula(const MeanAbsoluteError&, const LossArguments<double>&);
template double evaluate_formula(const MeanSquaredError&, const LossArguments<float>&);
template double evaluate_formula(const MeanSquaredError&, const LossArguments<double>&);
template double evaluate_formula(const MultiMargin&, const LossArguments<float>&);
template double evaluate_formula(const MultiMargin&, const LossArguments<double>&);
template double evaluate_formula(const SmoothL1&, const LossArguments<float>&);
template double evaluate_formula(const SmoothL1&, const LossArguments<double>&);

}  // namespace tenon::detail
