#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/metrics/bound.hpp>
#include <tenon/net/type_name.hpp>
#include <tenon/optim/monitor.hpp>
#include <tenon/train/history.hpp>
#include <tenon/train/measure.hpp>

/// The metrics of a Fit: their names, which way each is better, and what they say of a model.
namespace tenon {

struct a_metric;
struct a_list_of_metrics;

namespace detail {

template <class M>
inline constexpr bool is_list_of_metrics = false;
template <class... M>
inline constexpr bool is_list_of_metrics<Metrics<M...>> = true;

/// What a metric is called in logs: "val_mae", of an output "val_value_mae".
template <class R>
std::string name_of_metric() {
  using M = typename metric_of<R>::type;
  std::string name = [] {
    if constexpr (requires { std::string(M::column_name()); }) return std::string(M::column_name());
    else if constexpr (requires { std::string(M::name); }) return column_name(M::name);
    else return column_name(type_name<M>());
  }();
  if constexpr (is_output_metric<R>) name = std::string(R::output) + "_" + name;
  return "val_" + name;
}

/// What is wrong with the metrics of a Fit for this network, or void.
template <class Net, class R>
constexpr auto judge_fit_metric() {
  if constexpr (!is_output_metric<R> && !Metric<R>) {
    return std::type_identity<wrong_argument<argument<"Fit", ".metrics">, takes<a_metric>, but_gets<R>,
                                             write<".metrics = metrics(MAE{}, on<\"name\">(Accuracy{}))">>>{};
  } else {
    return std::type_identity<typename judge_output_metric<Net, R>::type>{};
  }
}
template <class Net, class... R>
constexpr auto judge_metrics(std::type_identity<Metrics<R...>>) {
  if constexpr (Checked<Net>::valid)
    return std::type_identity<typename first_mistake<typename decltype(judge_fit_metric<Net, R>())::type...>::type>{};
  else return std::type_identity<void>{};
}

/// The metrics of a run; nothing where there are none.
template <class M, class List>
class FitMetrics;
template <class M, class... R>
class FitMetrics<M, Metrics<R...>> {
  using T = typename M::scalar;

public:
  static constexpr bool any = sizeof...(R) > 0;

  /// Throws an Error where two have one name, or validation data lack what one compares with.
  static void check(const Dataset<T>* validation) {
    if constexpr (any) {
      if (!validation) throw Error("Fit: metrics: expected validation data to measure on, got none");
      check_metric_names(names());
      // of a single output without a name, what the loss compares with has been looked at
      (check_columns<R>(*validation), ...);
    }
  }
  static std::vector<std::string> names() { return {name_of_metric<R>()...}; }

  std::vector<EpochRecord::Metric> measure(const M& model, const Dataset<T>& validation, Metrics<R...>& metrics) const {
    return std::apply(
        [&](auto&... m) {
          (metric_in(m).reset(), ...);
          measure_on(model, validation, m...);
          return std::vector<EpochRecord::Metric>{{name_of_metric<R>(), static_cast<double>(metric_in(m).value())}...};
        },
        metrics.list);
  }
  static MonitorMode better([[maybe_unused]] std::string_view name) {
    MonitorMode mode = MonitorMode::automatic;
    ((name == name_of_metric<R>() ? static_cast<void>(mode = better_of<typename metric_of<R>::type>())
                                  : static_cast<void>(0)),
     ...);
    return mode;
  }

private:
  template <class Q>
  static void check_columns(const Dataset<T>& data) {
    if constexpr (is_output_metric<Q>) {
      MetricDemand<typename M::network, Q>::column("Fit: metrics, validation data", data.columns());
    } else if constexpr (number_of_inputs<typename M::network> > 1) {
      MetricDemand<typename M::network, OutputMetric<"", "", Q>>::column("Fit: metrics, validation data",
                                                                         data.columns());
    } else if constexpr (requires { Q::compares_classes; }) {
      if (Q::compares_classes != data.has_labels())
        throw Error("Fit: metrics, validation data: " + name_of_metric<Q>() + " compares with " +
                    (Q::compares_classes ? "class labels" : "numbers") + ", got " +
                    (data.has_labels() ? "class labels" : "numbers"));
    }
  }
  template <class Q>
  static constexpr MonitorMode better_of() {
    if constexpr (requires { Q::smaller_is_better; }) return Q::smaller_is_better ? MonitorMode::min : MonitorMode::max;
    else return MonitorMode::automatic;
  }
};

}  // namespace detail
}  // namespace tenon
