#pragma once

#include <vector>

#include <tenon/losses/input_kind.hpp>
#include <tenon/losses/loss.hpp>

namespace tenon {

/// Cross-entropy of independent yes-or-no outputs: with p the probability of yes, t the target from 0 to 1
/// and w the weight of a yes,
///
///     -(w t log p + (1 - t) log(1 - p)),
///
/// averaged over outputs and batch. Class indices will do as targets: of two classes for one output, otherwise index c
/// is a yes of output c alone.
///
/// A network that ends with Sigmoid is trained without it: loss and layer join into the stable
/// softplus(z) (1 + (w - 1) t) - w z t of the logits z, whose gradient is p - t where w is 1. A network that
/// ends otherwise compiles only where the loss says what that gives: `BinaryCrossEntropy<from_logits>`, or
/// `BinaryCrossEntropy<from_probabilities>`, where no logarithm counts less than -100.
/// PyTorch: nn.BCEWithLogitsLoss, nn.BCELoss.
///
///     using Net = Sequential<Dense<30, 16>, Tanh, Dense<1>, Sigmoid>;
///     fit(model, data, Fit{.loss = BinaryCrossEntropy{.pos_weight = {3}}});
template <class Input = by_last_layer>
struct BinaryCrossEntropy {
  std::vector<double> pos_weight{};  // one per output, or one for all, or none
  Reduction reduction = Reduction::mean;

  static constexpr TargetKind target_kind = TargetKind::either;
  static constexpr TargetRange target_range{0, 1};
  static constexpr bool weighs_samples = true;
  static constexpr bool takes_logits = std::is_same_v<Input, from_logits>;
  template <class Last>
  static constexpr bool joins = !takes_logits && std::is_same_v<Last, Sigmoid>;
  template <class Last>
  using problem = detail::input_problem<Input, Last, Sigmoid>;

  static constexpr void each_option(auto& o, auto visit) { visit("pos_weight", o.pos_weight, at_least(0)); }
  template <class Last, class T>
  double evaluate(const LossArguments<T>& loss) const;
};

namespace detail {

/// In the library.
template <class T>
double binary_cross_entropy(const LossArguments<T>& loss, Given given, std::span<const double> pos_weight,
                            Reduction reduction);
extern template double binary_cross_entropy(const LossArguments<float>&, Given, std::span<const double>, Reduction);
extern template double binary_cross_entropy(const LossArguments<double>&, Given, std::span<const double>, Reduction);

}  // namespace detail

template <class Input>
template <class Last, class T>
double BinaryCrossEntropy<Input>::evaluate(const LossArguments<T>& loss) const {
  constexpr auto given = takes_logits || joins<Last> ? detail::Given::logits : detail::Given::probabilities;
  return detail::binary_cross_entropy(loss, given, pos_weight, reduction);
}

}  // namespace tenon
