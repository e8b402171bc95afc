#pragma once

#include <tenon/losses/joint.hpp>
#include <tenon/losses/loss.hpp>

namespace tenon {

/// A loss of pairs (Hadsell et al. 2006): with d >= 0 the distance that the network gives,
///
///     t d^2 + (1 - t) max(0, margin - d)^2.
///
/// Similar pairs (t = 1) are drawn together, other pairs (t = 0) are pushed apart until they are `margin` away.
///
/// Gradient: 2 t d - 2 (1 - t) max(0, margin - d). PyTorch has none.
///
///     fit(model, pairs, Fit{.loss = on<"distance">(ContrastiveLoss{.margin = 2})});
struct ContrastiveLoss {
  double margin = 1;
  Reduction reduction = Reduction::mean;

  static constexpr TargetRange target_range{0, 1};
  static constexpr auto formula = target * square(prediction) +
                                  (1 - target) * square(max(param<"margin"> - prediction, 0));
  static constexpr void each_option(auto& o, auto visit) { visit("margin", o.margin, at_least(0)); }
  constexpr std::array<double, 1> options() const { return {margin}; }
};

/// A loss of three codes, outputs of the network (Schroff et al. 2015),
///
///     max(0, d(anchor, positive) - d(anchor, negative) + margin),
///
/// where d(x, y) = |x - y + 0.000001|. The first two are to be nearer to each other, by the margin, than the first
/// and the third. It needs no column of answers. PyTorch: nn.TripletMarginLoss.
///
///     fit(model, triples, Fit{.loss = TripletLoss<"a", "same", "other", 0.5>{}});
template <fixed_string Anchor, fixed_string Positive, fixed_string Negative, auto Margin = 1.0>
struct TripletLoss {
  Reduction reduction = Reduction::mean;

  static constexpr auto near = sqrt(sum(square(in<Anchor> - in<Positive> + 1e-6)));
  static constexpr auto far = sqrt(sum(square(in<Anchor> - in<Negative> + 1e-6)));
  static constexpr auto formula = max(near - far + static_cast<double>(Margin), 0);
};

extern template double detail::evaluate_formula(const ContrastiveLoss&, const LossArguments<float>&);
extern template double detail::evaluate_formula(const ContrastiveLoss&, const LossArguments<double>&);

}  // namespace tenon
