#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <tenon/metrics/frechet.hpp>

/// What metrics/frechet.hpp says of samples that a network draws, as metrics of a Fit: in every epoch's record, in
/// logs, and for whoever monitors. They look at no predictions. When an epoch is measured, a function of the user's
/// draws, and gives what a judge sees in what was drawn:
///
///     const auto seen = [&] { return judge.features(draw(500)); };  // rows of numbers, one sample after the other
///     fit(model, train, Fit{.validation = test, .metrics = metrics(Frechet{.features = seen, .real = real})});
///
/// It should draw from the same seed each time, so that epochs can be compared. An Error says which metric was given no
/// function; whatever else is wrong with the rows is an Error of the function of metrics/frechet.hpp.
namespace tenon {

using DrawnRows = std::function<std::vector<float>()>;

/// The Fréchet distance of what is drawn from real samples (`frechet_distance`).
struct Frechet {
  static constexpr const char* name = "Frechet";
  static constexpr bool smaller_is_better = true;
  DrawnRows features{};
  Moments real{};  // of the features of real samples, which say how wide a row is

  void update(const auto&) const {}
  double value() const;
  void reset() const {}
};

/// Whether what is drawn shows single classes, and all of them (`inception_score`).
struct InceptionScore {
  static constexpr const char* name = "inception score";
  static constexpr bool smaller_is_better = false;
  DrawnRows probabilities{};  // by any classifier
  std::size_t classes = 0;

  void update(const auto&) const {}
  double value() const;
  void reset() const {}
};

/// The share of drawn samples among the real ones (`sample_quality`): how good they are.
struct SamplePrecision {
  static constexpr const char* name = "sample precision";
  static constexpr bool smaller_is_better = false;
  DrawnRows features{};
  std::vector<float> real{};
  std::size_t width = 0, k = 3;

  void update(const auto&) const {}
  double value() const;
  void reset() const {}
};

/// The share of real samples among the drawn ones (`sample_quality`): how much of all there is they cover.
struct SampleRecall {
  static constexpr const char* name = "sample recall";
  static constexpr bool smaller_is_better = false;
  DrawnRows features{};
  std::vector<float> real{};
  std::size_t width = 0, k = 3;

  void update(const auto&) const {}
  double value() const;
  void reset() const {}
};

}  // namespace tenon
