#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <tenon/metrics/frechet.hpp>

/// What metrics/frechet.hpp says of samples that a network draws, as metrics of a Fit: in every epoch's record, in
/// logs, and for callbacks that monitor. They look at no predictions. When an epoch is measured, a function of yours
/// draws samples, and returns the features that a judge finds in them:
///
///     const auto seen = [&] { return judge.features(draw(500)); };  // rows of numbers, one sample after the other
///     fit(model, train, Fit{.validation = test, .metrics = metrics(Frechet{.features = seen, .real = real})});
///
/// It should draw from the same seed each time, so that epochs can be compared. An Error says which metric was given no
/// function; whatever else is wrong with the rows is an Error of the function of metrics/frechet.hpp.
namespace tenon {

/// A function that draws samples and returns a row of numbers for each, one row after the other:
///     rows = x_1, ..., x_N
/// PyTorch: none. Keras: none.
using DrawnRows = std::function<std::vector<float>()>;

/// The Fréchet distance of what is drawn (mean m1, covariance C1) from real samples (`frechet_distance`):
///     d = |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))
/// PyTorch: torchmetrics' FrechetInceptionDistance, by any features. Keras: none.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(Frechet{.features = seen, .real = real})});
struct Frechet {
  static constexpr const char* name = "Frechet";
  static constexpr bool smaller_is_better = true;
  DrawnRows features{};
  Moments real{};  // of the features of real samples, which say how wide a row is

  void update(const auto&) const {}
  double value() const;
  void reset() const {}
};

/// Whether what is drawn shows single classes, and all of them (`inception_score`): of N samples with probabilities
/// p_ik of class k, and their means q_k,
///     score = exp(1 / N sum_i sum_k p_ik log(p_ik / q_k))
/// PyTorch: torchmetrics' InceptionScore, by any classifier. Keras: none.
///
///     const InceptionScore score{.probabilities = answers, .classes = 10};  // answers: a DrawnRows of yours
///     fit(model, train, Fit{.validation = test, .metrics = metrics(score)});
struct InceptionScore {
  static constexpr const char* name = "inception score";
  static constexpr bool smaller_is_better = false;
  DrawnRows probabilities{};  // by any classifier
  size_t classes = 0;

  void update(const auto&) const {}
  double value() const;
  void reset() const {}
};

/// The share of the N drawn samples g_i among the real ones R (`sample_quality`): how good they are.
///     precision = 1 / N sum_i [g_i is within R]
/// PyTorch: none. Keras: none.
///
///     const SamplePrecision precision{.features = seen, .real = rows, .width = 16};  // seen: a DrawnRows of yours
///     fit(model, train, Fit{.validation = test, .metrics = metrics(precision)});
struct SamplePrecision {
  static constexpr const char* name = "sample precision";
  static constexpr bool smaller_is_better = false;
  DrawnRows features{};
  std::vector<float> real{};
  size_t width = 0, k = 3;

  void update(const auto&) const {}
  double value() const;
  void reset() const {}
};

/// The share of the M real samples r_i among the drawn ones G (`sample_quality`): how much of all there is they cover.
///     recall = 1 / M sum_i [r_i is within G]
/// PyTorch: none. Keras: none.
///
///     const SampleRecall recall{.features = seen, .real = rows, .width = 16};  // seen: a DrawnRows of yours
///     fit(model, train, Fit{.validation = test, .metrics = metrics(recall)});
struct SampleRecall {
  static constexpr const char* name = "sample recall";
  static constexpr bool smaller_is_better = false;
  DrawnRows features{};
  std::vector<float> real{};
  size_t width = 0, k = 3;

  void update(const auto&) const {}
  double value() const;
  void reset() const {}
};

}  // namespace tenon
