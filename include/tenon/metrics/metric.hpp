#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <tenon/net/layer.hpp>

/// A metric takes batch after batch and then has a value, so that any number of them cost one pass over the data
/// (train/measure.hpp). All but RocAuc keep a few sums, and take nothing from the heap after the first batch; what they
/// say is over all samples since `reset`, not a mean of the batches' values. One that says `compares_classes`, true or
/// false, or `least_classes`, does not compile on data whose type says that they have no such answers.
/// `smaller_is_better` says which way a callback that watches it looks; in logs it is called after its `name` ("ROC
/// AUC": roc_auc), or what `column_name()` gives, or its type.
namespace tenon {

/// What a network gave for a batch, and what it should have given: classes or values.
template <class T>
struct Predictions {
  Rows<const T> outputs{};
  size_t width = 0;                        // numbers per output
  std::span<const std::int32_t> labels{};  // one a sample, or none
  Rows<const T> targets{};                 // of the outputs' width, or absent

  size_t count() const { return outputs.count; }
};

/// What `Fit`, `evaluate` and `measure` take as a metric: reset, update with predictions, value.
template <class M>
concept Metric = requires(M& metric, const M& constant, const Predictions<float>& single,
                          const Predictions<double>& twice) {
  metric.update(single);
  metric.update(twice);
  { constant.value() } -> std::convertible_to<double>;
  metric.reset();
};

namespace detail {

/// Throws an Error that begins with the metric's name where there are no labels, or one is out of range.
void expect_labels(const char* metric, size_t samples, size_t width, std::span<const std::int32_t> labels);
void expect_targets(const char* metric, bool there);
/// Of metrics that keep something for every output: their number cannot change before `reset`.
void expect_same_width(const char* metric, size_t before, size_t width);

/// How many of those seen are right; NaN where none was seen.
constexpr double share_of(size_t correct, size_t seen) {
  return seen == 0 ? std::numeric_limits<double>::quiet_NaN()
                   : static_cast<double>(correct) / static_cast<double>(seen);
}

/// The class that a row of scores predicts: the largest, or of a single one, whether it is above the threshold.
template <class T>
size_t decide(const T* row, size_t width, double threshold) {
  if (width == 1) return static_cast<double>(row[0]) > threshold ? 1 : 0;
  return static_cast<size_t>(std::max_element(row, row + width) - row);
}

/// Whether a score is no number: such a row predicts no class.
template <class T>
constexpr bool speaks_for_none(const T* row, size_t width) {
  bool none = false;
  for (size_t c = 0; c < width; ++c) none |= row[c] != row[c];
  return none;
}

}  // namespace detail
}  // namespace tenon
