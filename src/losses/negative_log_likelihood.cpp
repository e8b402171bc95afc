#include <tenon/losses/negative_log_likelihood.hpp>

#include <array>

#include "ignored.hpp"
#include "weights.hpp"

namespace tenon::detail {

template <class T>
double negative_log_likelihood(const LossArguments<T>& loss, std::span<const double> class_weight,
                               Reduction reduction) {
  constexpr auto weight = param<"class_weight", PerFeature>;
  using Formula = expr::lift<sum(select(feature_index == label, -weight * prediction, 0))>;

  const std::array<const T*, 1> parameters{
      weights_for<T>(class_weight, loss.width, "NegativeLogLikelihood: class_weight").data()};
  const double by = divisor(reduction, weight_of_rows(loss.prediction.count, loss.weights),
                            total_weight(loss.target.labels, class_weight, loss.weights));
  if (by == 0) return nothing_counts(loss);
  return weigh_samples(
      loss,
      without_ignored(loss, [&](const LossArguments<T>& part) { return run_loss<Formula>(part, by, parameters); }), by);
}

template double negative_log_likelihood(const LossArguments<float>&, std::span<const double>, Reduction);
template double negative_log_likelihood(const LossArguments<double>&, std::span<const double>, Reduction);

}  // namespace tenon::detail
