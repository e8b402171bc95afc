#pragma once

#include <limits>

#include <tenon/metrics/metric.hpp>

namespace tenon {

/// The part of the samples whose class is right. A network of one output says class 1 above `threshold`: one half of a
/// probability, 0 of a logit.
class Accuracy {
public:
  static constexpr const char* name = "accuracy";
  double threshold = 0.5;

  template <class T>
  void update(const Predictions<T>& p) {
    detail::expect_labels(name, p.count(), p.width, p.labels);
    for (std::size_t i = 0; i < p.count(); ++i)
      correct += detail::decide(p.outputs[i], p.width, threshold) == static_cast<std::size_t>(p.labels[i]) ? 1 : 0;
    seen += p.count();
  }
  double value() const { return seen == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(correct) / static_cast<double>(seen); }
  void reset() { correct = seen = 0; }

  std::size_t correct = 0, seen = 0;
};

/// The part of the samples whose class is among the K with the largest scores: fewer than K are larger.
template <std::size_t K>
class TopKAccuracy {
public:
  static_assert(K > 0, "TopKAccuracy<K> takes K >= 1");
  static constexpr const char* name = "top-k accuracy";

  template <class T>
  void update(const Predictions<T>& p) {
    detail::expect_labels(name, p.count(), p.width, p.labels);
    for (std::size_t i = 0; i < p.count(); ++i) {
      const T* row = p.outputs[i];
      const T own = row[p.width == 1 ? 0 : p.labels[i]];
      correct += static_cast<std::size_t>(std::count_if(row, row + p.width, [own](T v) { return v > own; })) < K ? 1 : 0;
    }
    seen += p.count();
  }
  double value() const { return seen == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(correct) / static_cast<double>(seen); }
  void reset() { correct = seen = 0; }

  std::size_t correct = 0, seen = 0;
};

}  // namespace tenon
