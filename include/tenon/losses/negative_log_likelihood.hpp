#pragma once

#include <vector>

#include <tenon/losses/input_kind.hpp>
#include <tenon/losses/loss.hpp>

namespace tenon {

/// Minus the log-likelihood of the right class,
///
///     -w_c z_c,
///
/// where z are log-probabilities (the output of LogSoftmax), c is the class index and w the class
/// weights, by which the mean is weighted too. After LogSoftmax the same as cross-entropy.
///
/// Gradient: -w_c for the right class, 0 elsewhere. PyTorch: nn.NLLLoss.
///
///     using Net = Sequential<Dense<784, 128>, ReLU, Dense<10>, LogSoftmax>;
///     fit(model, data, Fit{.loss = NegativeLogLikelihood{}});
struct NegativeLogLikelihood {
  std::vector<double> class_weight{};  // one per class, or none
  Reduction reduction = Reduction::mean;

  static constexpr TargetKind target_kind = TargetKind::labels;
  static constexpr bool ignores_labels = true;
  static constexpr bool weighs_samples = true;
  template <class Last>
  using problem = detail::log_probability_problem<Last>;

  static constexpr void each_option(auto& o, auto visit) { visit("class_weight", o.class_weight, at_least(0)); }
  template <class Last, class T>
  double evaluate(const LossArguments<T>& loss) const;
};

namespace detail {

/// In the library.
template <class T>
double negative_log_likelihood(const LossArguments<T>& loss, std::span<const double> class_weight, Reduction reduction);
extern template double negative_log_likelihood(const LossArguments<float>&, std::span<const double>, Reduction);
extern template double negative_log_likelihood(const LossArguments<double>&, std::span<const double>, Reduction);

}  // namespace detail

template <class Last, class T>
double NegativeLogLikelihood::evaluate(const LossArguments<T>& loss) const {
  return detail::negative_log_likelihood(loss, class_weight, reduction);
}

}  // namespace tenon
