#pragma once

#include <cmath>
#include <limits>

#include <tenon/metrics/metric.hpp>

namespace tenon {

/// exp of the mean negative log-likelihood per sample, with p the probability of its label:
///     perplexity = exp(-1 / N sum_i log(p_i))
/// A network that finds k classes equally likely has a perplexity of k. Outputs are probabilities, as Softmax gives
/// them, or with `log_probabilities` their logarithms. A label with probability 0 makes it infinite.
/// Keras: none. PyTorch: torchmetrics' Perplexity.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(Perplexity{})});
class Perplexity {
public:
  static constexpr const char* name = "perplexity";
  static constexpr bool compares_classes = true;
  static constexpr bool smaller_is_better = true;
  bool log_probabilities = false;

  template <class T>
  void update(const Predictions<T>& p) {
    detail::expect_labels(name, p.count(), p.width, p.labels);
    for (size_t i = 0; i < p.count(); ++i) {
      const bool other = p.width == 1 && p.labels[i] == 0;  // the only output is about class 1
      const double out = p.outputs[i][p.width == 1 ? 0 : p.labels[i]];
      if (log_probabilities) sum_ -= other ? std::log(-std::expm1(out)) : out;
      else sum_ -= std::log(other ? 1 - out : out);
    }
    seen_ += p.count();
  }
  double value() const {
    return seen_ == 0 ? std::numeric_limits<double>::quiet_NaN() : std::exp(sum_ / static_cast<double>(seen_));
  }
  void reset() { sum_ = 0, seen_ = 0; }

private:
  double sum_ = 0;
  size_t seen_ = 0;
};

}  // namespace tenon
