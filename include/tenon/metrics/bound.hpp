#pragma once

#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <tenon/fixed_string.hpp>
#include <tenon/metrics/metric.hpp>

/// Metrics of networks with several outputs, and lists of metrics.
namespace tenon {

/// A metric of one output; `M` is a metric, or a reference to one.
template <fixed_string Output, fixed_string Column, class M>
struct OutputMetric {
  M metric;

  using metric_type = std::remove_reference_t<M>;
  static constexpr std::string_view output = Output.view();
  /// The data's column it compares with.
  static constexpr std::string_view column = Column.view().empty() ? Output.view() : Column.view();
  static constexpr bool names_column = !Column.view().empty();
  static constexpr void each_option(auto& o, auto visit) { visit(o.metric); }
};

/// `on<"value">(MAE{})`: the metric of that output, compared with the data's column of its name, or with `Column`. A
/// variable is used where it is.
template <fixed_string Output, fixed_string Column = "", class M>
  requires Metric<std::remove_cvref_t<M>>
constexpr OutputMetric<Output, Column, M> on(M&& metric) { return {std::forward<M>(metric)}; }

/// What `Fit` measures after every epoch.
template <class... M>
struct Metrics {
  std::tuple<M...> list{};

  static constexpr void each_option(auto& o, auto visit) {
    std::apply([&](auto&... metric) { (visit(metric), ...); }, o.list);
  }
};

/// `.metrics = metrics(TopKAccuracy<3>{}, on<"value">(MAE{}))`
template <class... M>
Metrics<std::remove_cvref_t<M>...> metrics(M&&... metric) {
  return {std::tuple<std::remove_cvref_t<M>...>(std::forward<M>(metric)...)};
}

namespace detail {

template <class M>
inline constexpr bool is_output_metric = false;
template <fixed_string O, fixed_string C, class M>
inline constexpr bool is_output_metric<OutputMetric<O, C, M>> = true;

/// The metric without its output.
template <class M>
auto& metric_in(M& m) {
  if constexpr (is_output_metric<std::remove_const_t<M>>) return m.metric;
  else return m;
}
template <class M>
struct metric_of {
  using type = M;
};
template <fixed_string O, fixed_string C, class M>
struct metric_of<OutputMetric<O, C, M>> {
  using type = std::remove_cvref_t<M>;
};

}  // namespace detail
}  // namespace tenon
