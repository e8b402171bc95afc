#include <tenon/losses/binary_cross_entropy.hpp>

#include <array>

#include "weights.hpp"

namespace tenon::detail {

namespace {

constexpr auto weight = param<"pos_weight", PerFeature>;
constexpr auto of_logits = softplus(prediction) - prediction * target;
constexpr auto of_weighted_logits = softplus(prediction) * (1 + (weight - 1) * target) - weight * prediction * target;

/// Logarithms end at -100, and p (1 - p), the denominator of the slope, at 1e-12, as in PyTorch: a network
/// that is certain and wrong still gets a gradient.
constexpr auto clamped = -(weight * target * max(log(prediction), -100) +
                           (1 - target) * max(log(1 - prediction), -100));
constexpr auto slope = ((1 - target) * prediction - weight * target * (1 - prediction)) /
                       max(prediction * (1 - prediction), 1e-12);
constexpr auto of_probabilities = straight_through(clamped, prediction* stop_gradient(slope));

template <auto F>
using Formula = expr::lift<F>;

/// Class indices as numbers: 0 or 1 for a single output, otherwise 1 for the output of that index.
template <class T>
Rows<const T> numbers_of(std::span<const std::int32_t> labels, std::size_t width) {
  thread_local std::vector<T> kept;
  kept.assign(labels.size() * width, T(0));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    if (width == 1) kept[i] = static_cast<T>(label);
    else kept[i * width + label] = T(1);
  }
  return {kept.data(), labels.size(), width};
}

}  // namespace

template <class T>
double binary_cross_entropy(const LossArguments<T>& loss, Given given, std::span<const double> pos_weight,
                            Reduction reduction) {
  LossArguments<T> numbers = loss;
  if (!loss.target.labels.empty()) numbers.target.values = numbers_of<T>(loss.target.labels, loss.width);
  if (given == Given::logits && pos_weight.empty()) return run_loss<Formula<of_logits>>(numbers, reduction);

  const std::array<const T*, 1> parameters{
      weights_for<T>(pos_weight, loss.width, "BinaryCrossEntropy: pos_weight", true).data()};
  return given == Given::logits ? run_loss<Formula<of_weighted_logits>>(numbers, reduction, parameters)
                                : run_loss<Formula<of_probabilities>>(numbers, reduction, parameters);
}

template double binary_cross_entropy(const LossArguments<float>&, Given, std::span<const double>, Reduction);
template double binary_cross_entropy(const LossArguments<double>&, Given, std::span<const double>, Reduction);

}  // namespace tenon::detail
