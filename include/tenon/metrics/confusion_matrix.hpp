#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tenon/metrics/metric.hpp>
#include <tenon/options.hpp>

namespace tenon {

/// How the scores of all classes become one number: as their mean (macro), or computed from the counts of all classes
/// together (micro).
enum class Average { macro, micro };

/// How often which class was taken for which: rows are what samples are, columns what the network says.
///
/// With tp right ones, fp samples of other classes taken for this one and fn of this one taken for others,
///     precision = tp / (tp + fp),   recall = tp / (tp + fn),   F1 = 2 tp / (2 tp + fp + fn),
/// and 0 where the divisor is 0. With one label a sample, all micro averages are the accuracy. Names and
/// rules are scikit-learn's (zero_division = 0). A sample with a score that is no number was taken for no class: it
/// counts as one of its own class that was missed.
/// scikit-learn: confusion_matrix, classification_report.
///
///     ConfusionMatrix confusion;
///     measure(model, test, confusion);
///     std::puts(confusion.text().c_str());
class ConfusionMatrix {
public:
  static constexpr const char* name = "confusion matrix";
  static constexpr bool compares_classes = true;
  static constexpr bool smaller_is_better = false;
  double threshold = 0.5;  // of networks of one output

  static constexpr void each_option(auto& o, auto visit) { visit("threshold", o.threshold, any_number); }
  template <class T>
  void update(const Predictions<T>& p) {
    detail::expect_labels(name, p.count(), p.width, p.labels);
    hold(p.width == 1 ? 2 : p.width);
    for (size_t i = 0; i < p.count(); ++i) {
      const T* const scores = p.outputs[i];
      const bool none = detail::speaks_for_none(scores, p.width);
      ++counts_[place(static_cast<size_t>(p.labels[i]), none ? classes_ : detail::decide(scores, p.width, threshold))];
    }
  }
  /// The accuracy.
  double value() const;
  void reset() { std::fill(counts_.begin(), counts_.end(), 0); }

  size_t classes() const { return classes_; }
  /// These, and all below, throw an Error for a class beyond `classes()`.
  std::uint64_t count(size_t truth, size_t predicted) const { return counts_[place(known(truth), known(predicted))]; }
  std::uint64_t support(size_t truth) const;

  double precision(size_t c) const;
  double recall(size_t c) const;
  double f1(size_t c) const;
  /// Macro: the mean over the classes that occur or are predicted.
  double precision(Average average) const;
  double recall(Average average) const;
  double f1(Average average) const;

  /// The counts as a table, a row for each class.
  std::string text() const;

private:
  void hold(size_t classes);
  /// The last column counts samples that were taken for no class.
  size_t place(size_t truth, size_t predicted) const { return truth * (classes_ + 1) + predicted; }
  size_t known(size_t c) const {
    if (c >= classes_) refuse(c);
    return c;
  }
  [[noreturn]] void refuse(size_t c) const;
  std::uint64_t predicted(size_t c) const;
  template <class F>
  double mean(F of_class) const;

  size_t classes_ = 0;
  std::vector<std::uint64_t> counts_{};
};

/// Precision, recall and F1 as metrics of one number: the mean over the classes of
///     precision = tp / (tp + fp),   recall = tp / (tp + fn),   F1 = 2 tp / (2 tp + fp + fn),
/// or, with `Average::micro`, of the counts of all of them. scikit-learn: precision_score, recall_score, f1_score.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(Precision{}, Recall{}, F1{})});
struct Precision : ConfusionMatrix {
  static constexpr const char* name = "precision";
  Average average = Average::macro;
  explicit Precision(Average how = Average::macro) : average(how) {}
  double value() const { return precision(average); }
};
struct Recall : ConfusionMatrix {
  static constexpr const char* name = "recall";
  Average average = Average::macro;
  explicit Recall(Average how = Average::macro) : average(how) {}
  double value() const { return recall(average); }
};
struct F1 : ConfusionMatrix {
  static constexpr const char* name = "F1";
  Average average = Average::macro;
  explicit F1(Average how = Average::macro) : average(how) {}
  double value() const { return f1(average); }
};

}  // namespace tenon
