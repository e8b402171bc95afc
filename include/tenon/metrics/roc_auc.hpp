#pragma once

#include <vector>

#include <tenon/metrics/metric.hpp>

namespace tenon {

/// The area under the receiver operating characteristic: how likely a sample of the class has a higher score than one
/// of the others, ties counting half (Mann and Whitney 1947; Hanley and McNeil 1982). With P samples i of the class and
/// Q others j, whose scores are s,
///     AUC = 1 / (P Q) sum_ij ([s_i > s_j] + [s_i = s_j] / 2).
/// Of two classes, by the score of class 1; of more, the mean over the classes, each against the rest (scikit-learn: multi_class="ovr", macro).
/// It has to keep all scores. NaN where a class, or everything but it, does not occur, and where a score is NaN.
/// scikit-learn: roc_auc_score. Keras: AUC, which approximates it by thresholds.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(RocAuc{})});
class RocAuc {
public:
  static constexpr const char* name = "ROC AUC";
  static constexpr bool compares_classes = true;
  static constexpr bool smaller_is_better = false;

  template <class T>
  void update(const Predictions<T>& p) {
    detail::expect_labels(name, p.count(), p.width, p.labels);
    if (!labels_.empty()) detail::expect_same_width(name, width_, p.width);
    width_ = p.width;
    for (size_t i = 0; i < p.count(); ++i) scores_.insert(scores_.end(), p.outputs[i], p.outputs[i] + p.width);
    labels_.insert(labels_.end(), p.labels.begin(), p.labels.end());
  }
  double value() const;
  void reset() {
    scores_.clear();
    labels_.clear();
  }

private:
  double of_class(size_t column, std::int32_t label) const;

  size_t width_ = 0;
  std::vector<double> scores_{};
  std::vector<std::int32_t> labels_{};
};

}  // namespace tenon
