#include <tenon/losses/negative_log_likelihood.hpp>

#include <array>

#include "weights.hpp"

namespace tenon::detail {

template <class T>
double negative_log_likelihood(const LossArguments<T>& loss, std::span<const double> class_weight, Reduction reduction) {
  constexpr auto weight = param<"class_weight", PerFeature>;
  using Formula = expr::lift<sum(select(index == label, -weight * prediction, 0))>;

  const std::array<const T*, 1> parameters{weights_for<T>(class_weight, loss.width, "NegativeLogLikelihood: class_weight").data()};
  const double terms = total_weight(loss.target.labels, class_weight);
  return run_loss<Formula>(loss, divisor(reduction, loss.prediction.count, terms), parameters);
}

template double negative_log_likelihood(const LossArguments<float>&, std::span<const double>, Reduction);
template double negative_log_likelihood(const LossArguments<double>&, std::span<const double>, Reduction);

}  // namespace tenon::detail
