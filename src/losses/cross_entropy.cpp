#include <tenon/losses/cross_entropy.hpp>

#include <array>

#include "ignored.hpp"
#include "weights.hpp"

namespace tenon::detail {

namespace {

/// From logits z the largest is taken first, which changes no probability: with m = max(z),
/// log p = z - m - log(sum(exp(z - m))).
constexpr auto centred = prediction - stop_gradient(max(prediction));
constexpr auto log_sum = log(sum(exp(centred)));

/// Of a class index only one term is left. The others are never touched: a logit of minus infinity
/// (a class ruled out) does no harm.
constexpr auto of_index = log_sum - sum(select(feature_index == label, centred, 0));

constexpr auto weight = param<"class_weight", PerFeature>;
constexpr auto of_weighted_index = sum(select(feature_index == label, weight*(log_sum - centred), 0));

/// -sum(q log p)
consteval auto of_logits(auto q) { return sum(q) * log_sum - sum(q * centred); }

/// The same from probabilities. Logarithms end at -100, where the slope is that of 1e-12.
consteval auto of_probabilities(auto q) {
  constexpr auto slope = stop_gradient(1 / max(prediction, 1e-12));
  return -sum(q * straight_through(max(log(prediction), -100), prediction * slope));
}

consteval auto smoothed(auto q) {
  constexpr auto smoothing = param<"label_smoothing">;
  return weight * ((1 - smoothing) * q + smoothing / features);
}

template <auto F>
using Formula = expr::lift<F>;

}  // namespace

template <class T>
double cross_entropy(const LossArguments<T>& loss, Given given, double label_smoothing,
                     std::span<const double> class_weight, Reduction reduction) {
  const std::span<const T> weights = weights_for<T>(class_weight, loss.width, "CrossEntropy: class_weight");
  const T smoothing = static_cast<T>(label_smoothing);
  const std::array<const T*, 2> parameters{weights.data(), &smoothing};

  const std::span<const std::int32_t> labels = loss.target.labels;
  const double samples = weight_of_rows(loss.prediction.count, loss.weights);
  const double by = divisor(reduction, samples,
                            labels.empty() ? samples : total_weight(labels, class_weight, loss.weights));
  if (by == 0) return nothing_counts(loss);
  const auto weighed = [&](double value) { return weigh_samples(loss, value, by); };

  if (given == Given::probabilities) {
    if (labels.empty()) return weighed(run_loss<Formula<of_probabilities(smoothed(target))>>(loss, by, parameters));
    return weighed(without_ignored(loss, [&](const LossArguments<T>& part) {
      return run_loss<Formula<of_probabilities(smoothed(one_hot))>>(part, by, parameters);
    }));
  }
  if (labels.empty())
    return weighed(label_smoothing == 0 && class_weight.empty()
                       ? run_loss<Formula<of_logits(target)>>(loss, by)
                       : run_loss<Formula<of_logits(smoothed(target))>>(loss, by, parameters));
  return weighed(without_ignored(loss, [&](const LossArguments<T>& part) {
    if (label_smoothing != 0) return run_loss<Formula<of_logits(smoothed(one_hot))>>(part, by, parameters);
    return class_weight.empty() ? run_loss<Formula<of_index>>(part, by)
                                : run_loss<Formula<of_weighted_index>>(part, by, parameters);
  }));
}

template double cross_entropy(const LossArguments<float>&, Given, double, std::span<const double>, Reduction);
template double cross_entropy(const LossArguments<double>&, Given, double, std::span<const double>, Reduction);

}  // namespace tenon::detail
