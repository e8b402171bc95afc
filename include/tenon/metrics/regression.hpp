#pragma once

#include <vector>

#include <tenon/metrics/metric.hpp>

namespace tenon {

namespace detail {

/// The sums that metrics of numbers keep for each output.
struct ValueSums {
  struct One {
    double absolute = 0, squares = 0, target = 0, target_squares = 0;
    double first = 0;  // the first target: what is squared are distances from it, which keeps the digits
  };
  size_t seen = 0;
  std::vector<One> outputs{};

  template <class T>
  void update(const char* metric, const Predictions<T>& p) {
    expect_targets(metric, static_cast<bool>(p.targets));
    if (seen == 0) outputs.assign(p.width, {});
    else expect_same_width(metric, outputs.size(), p.width);
    for (size_t i = 0; i < p.count(); ++i, ++seen)
      for (size_t j = 0; j < p.width; ++j) {
        One& o = outputs[j];
        const double t = p.targets[i][j], error = static_cast<double>(p.outputs[i][j]) - t;
        if (seen == 0) o.first = t;
        o.absolute += error < 0 ? -error : error;
        o.squares += error * error;
        o.target += t - o.first;
        o.target_squares += (t - o.first) * (t - o.first);
      }
  }
  void reset() {
    seen = 0;
    outputs.clear();
  }
};

/// What MAE, RMSE and R2 have in common; `Self` is one of them.
template <class Self>
class ValueMetric {  // NOLINT(bugprone-crtp-constructor-accessibility): metrics are aggregates
public:
  static constexpr bool compares_classes = false;
  template <class T>
  void update(const Predictions<T>& p) {
    sums_.update(Self::name, p);
  }
  void reset() { sums_.reset(); }

protected:
  ValueSums sums_{};
};

}  // namespace detail

/// The mean absolute error, over all N numbers:
///     MAE = 1 / N sum_i |y_i - t_i|
/// scikit-learn: mean_absolute_error. Keras: MeanAbsoluteError.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(MAE{})});
class MAE : public detail::ValueMetric<MAE> {
public:
  static constexpr const char* name = "MAE";
  static constexpr bool smaller_is_better = true;
  double value() const;
};

/// The root of the mean square error, over all N numbers:
///     RMSE = sqrt(1 / N sum_i (y_i - t_i)^2)
/// scikit-learn: root_mean_squared_error. Keras: RootMeanSquaredError.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(RMSE{})});
class RMSE : public detail::ValueMetric<RMSE> {
public:
  static constexpr const char* name = "RMSE";
  static constexpr bool smaller_is_better = true;
  double value() const;
};

/// The coefficient of determination, averaged over outputs; of one of them, whose targets have the mean m,
///     R^2 = 1 - (sum_i (y_i - t_i)^2) / (sum_i (t_i - m)^2).
/// 1 is perfect, 0 what the mean would score. An output whose target never changes scores 1 if it is hit and
/// otherwise 0, as in scikit-learn.
/// scikit-learn: r2_score. Keras: R2Score.
///
///     fit(model, train, Fit{.validation = test, .metrics = metrics(R2{})});
class R2 : public detail::ValueMetric<R2> {
public:
  static constexpr const char* name = "R2";
  static constexpr bool smaller_is_better = false;
  double value() const;
};

}  // namespace tenon
