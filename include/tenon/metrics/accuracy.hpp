#pragma once

#include <cstddef>
#include <string>

#include <tenon/metrics/metric.hpp>
#include <tenon/options.hpp>

namespace tenon {

/// The part of the N samples whose class c, the one with the largest score, is their label t:
///     accuracy = 1 / N sum_i [c_i = t_i]
/// A network of one output says class 1 above `threshold`: one half of a probability, 0 of a logit. A sample with a
/// score that is no number is not right.
/// scikit-learn: accuracy_score. Keras: SparseCategoricalAccuracy, BinaryAccuracy.
///
///     Accuracy accuracy;
///     measure(model, test, accuracy);
///     std::printf("%.4f\n", accuracy.value());
class Accuracy {
public:
  static constexpr const char* name = "accuracy";
  static constexpr bool compares_classes = true;
  static constexpr bool smaller_is_better = false;
  double threshold = 0.5;

  static constexpr void each_option(auto& o, auto visit) { visit("threshold", o.threshold, any_number); }
  template <class T>
  void update(const Predictions<T>& p) {
    detail::expect_labels(name, p.count(), p.width, p.labels);
    for (size_t i = 0; i < p.count(); ++i) {
      const T* const row = p.outputs[i];
      const auto truth = static_cast<size_t>(p.labels[i]);
      if (!detail::speaks_for_none(row, p.width) && detail::decide(row, p.width, threshold) == truth) ++correct;
    }
    seen += p.count();
  }
  double value() const { return detail::share_of(correct, seen); }
  void reset() { correct = seen = 0; }

  size_t correct = 0, seen = 0;
};

/// The part of the N samples whose class is among the K with the largest scores y:
///     top_K = 1 / N sum_i [t_i is of the K largest y_i]
/// Of equal scores the earlier class comes first, so that K = 1 is the accuracy. A score that is no number is ahead of
/// all others, but never right itself. A network of one output names class 1 above `threshold`; its two classes are
/// always among the first two.
/// scikit-learn: top_k_accuracy_score. Keras: SparseTopKCategoricalAccuracy.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(TopKAccuracy<3>{})});
template <size_t K>
class TopKAccuracy {
public:
  static_assert(K > 0, "TopKAccuracy<K> takes K >= 1");
  static constexpr const char* name = "top-k accuracy";
  static constexpr bool compares_classes = true;
  static constexpr bool smaller_is_better = false;
  static constexpr size_t least_classes = K;
  static std::string column_name() { return "top_" + std::to_string(K) + "_accuracy"; }
  double threshold = 0.5;

  static constexpr void each_option(auto& o, auto visit) { visit("threshold", o.threshold, any_number); }
  template <class T>
  void update(const Predictions<T>& p) {
    detail::expect_labels(name, p.count(), p.width, p.labels);
    for (size_t i = 0; i < p.count(); ++i)
      correct += classes_ahead(p.outputs[i], p.width, static_cast<size_t>(p.labels[i])) < K ? 1 : 0;
    seen += p.count();
  }
  double value() const { return detail::share_of(correct, seen); }
  void reset() { correct = seen = 0; }

  size_t correct = 0, seen = 0;

private:
  template <class T>
  size_t classes_ahead(const T* row, size_t width, size_t true_class) const {
    const T own = row[width == 1 ? 0 : true_class];
    if (own != own) return K;
    if (width == 1) return detail::decide(row, width, threshold) == true_class ? 0 : 1;
    size_t ahead = 0;
    for (size_t c = 0; c < width; ++c) ahead += !(row[c] <= own) || (c < true_class && row[c] == own) ? 1 : 0;
    return ahead;
  }
};

}  // namespace tenon
