#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include <tenon/losses/target_range.hpp>
#include <tenon/metrics/confusion_matrix.hpp>
#include <tenon/metrics/metric.hpp>
#include <tenon/options.hpp>

namespace tenon {

/// How often each of several labels, any number of which a sample may have, was predicted rightly or not. Targets are
/// from 0 to 1, else an Error, and above one half count as 1; an output above `threshold` says yes: one half of a
/// probability, 0 of a logit. An output that is no number is wrong.
///
/// Of a label, with tp samples rightly predicted to have it, fp wrongly and fn wrongly not,
///     precision = tp / (tp + fp),   recall = tp / (tp + fn),   F1 = 2 tp / (2 tp + fp + fn).
/// Macro is the mean over all labels, micro is from the counts of all labels together. Names and rules are
/// scikit-learn's (zero_division = 0): multilabel_confusion_matrix, precision_score, recall_score, f1_score,
/// accuracy_score, hamming_loss.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(MultiLabelMatrix{})});
class MultiLabelMatrix {
public:
  static constexpr const char* name = "multi-label matrix";
  static constexpr bool compares_classes = false;
  static constexpr bool smaller_is_better = false;
  double threshold = 0.5;

  static constexpr void each_option(auto& o, auto visit) { visit("threshold", o.threshold, any_number); }
  template <class T>
  void update(const Predictions<T>& p) {
    detail::expect_targets(name, static_cast<bool>(p.targets));
    if (seen_ == 0) labels_.assign(p.width, {});
    else detail::expect_same_width(name, labels_.size(), p.width);
    detail::check_targets<T>(name, TargetRange{0, 1}, p.targets, p.width, 1, {}, " of the batch");
    for (size_t i = 0; i < p.count(); ++i) {
      bool all = true;
      for (size_t j = 0; j < p.width; ++j) {
        const double output = static_cast<double>(p.outputs[i][j]);
        const bool is = static_cast<double>(p.targets[i][j]) > 0.5,
                   predicted = std::isnan(output) ? !is : output > threshold;
        Counts& c = labels_[j];
        ++(predicted ? (is ? c.both : c.only_predicted) : (is ? c.only_is : c.neither));
        all = all && predicted == is;
      }
      exact_ += all ? 1 : 0;
    }
    seen_ += p.count();
  }
  /// The part of the samples all of whose labels are right.
  double value() const { return subset_accuracy(); }
  void reset();

  /// Of a label, as in scikit-learn's matrices: true positives, false positives, false negatives, true negatives.
  struct Counts {
    std::uint64_t both = 0, only_predicted = 0, only_is = 0, neither = 0;
  };
  size_t labels() const { return labels_.size(); }
  /// These throw an Error for a label beyond `labels()`.
  const Counts& counts(size_t label) const;
  double precision(size_t label) const;
  double recall(size_t label) const;
  double f1(size_t label) const;
  double precision(Average average) const;
  double recall(Average average) const;
  double f1(Average average) const;
  double subset_accuracy() const;
  /// The part of all labels of all samples that are wrong.
  double hamming() const;

private:
  Counts together() const;
  template <class F>
  double averaged(Average average, F of_counts) const;

  std::vector<Counts> labels_{};
  std::uint64_t seen_ = 0, exact_ = 0;
};

/// The part of the N samples all of whose labels are right:
///     accuracy = 1 / N sum_i [y_i = t_i]
/// scikit-learn: accuracy_score.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(SubsetAccuracy{})});
struct SubsetAccuracy : MultiLabelMatrix {
  static constexpr const char* name = "subset accuracy";
};
/// The part of the K labels of all N samples that are wrong:
///     loss = 1 / (N K) sum_ik [y_ik != t_ik]
/// scikit-learn: hamming_loss.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(HammingLoss{})});
struct HammingLoss : MultiLabelMatrix {
  static constexpr const char* name = "Hamming loss";
  static constexpr bool smaller_is_better = true;
  double value() const { return hamming(); }
};
/// How many of the labels that were predicted are there; macro is the mean over the labels of
///     precision = tp / (tp + fp),
/// micro that of the counts of all labels together. scikit-learn: precision_score.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(MultiLabelPrecision{})});
struct MultiLabelPrecision : MultiLabelMatrix {
  static constexpr const char* name = "precision";
  Average average = Average::macro;
  explicit MultiLabelPrecision(Average how = Average::macro) : average(how) {}
  double value() const { return precision(average); }
};
/// How many of the labels that are there were predicted; macro is the mean over the labels of
///     recall = tp / (tp + fn),
/// micro that of the counts of all labels together. scikit-learn: recall_score.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(MultiLabelRecall{})});
struct MultiLabelRecall : MultiLabelMatrix {
  static constexpr const char* name = "recall";
  Average average = Average::macro;
  explicit MultiLabelRecall(Average how = Average::macro) : average(how) {}
  double value() const { return recall(average); }
};
/// The harmonic mean of precision and recall; macro is the mean over the labels of
///     F1 = 2 tp / (2 tp + fp + fn),
/// micro that of the counts of all labels together. scikit-learn: f1_score.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(MultiLabelF1{})});
struct MultiLabelF1 : MultiLabelMatrix {
  static constexpr const char* name = "F1";
  Average average = Average::macro;
  explicit MultiLabelF1(Average how = Average::macro) : average(how) {}
  double value() const { return f1(average); }
};

}  // namespace tenon
