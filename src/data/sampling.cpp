#include "tenon/data/sampling.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "../io/words.hpp"
#include "../row_room.hpp"
#include "tenon/error.hpp"
#include "tenon/random.hpp"
#include "text.hpp"

namespace tenon {
namespace {

template <class T>
const ColumnInfo& labels_of(const Dataset<T>& data, std::string_view column) {
  return find_column(data.columns(), ColumnKind::labels, column.empty() ? WhichColumn(0) : WhichColumn(column));
}

/// Numbers of one column, of both data sets.
template <class T>
std::vector<T> behind(ColumnView<const T> first, std::size_t n, ColumnView<const T> second, std::size_t m) {
  std::vector<T> all;
  all.reserve((n + m) * first.size);
  for (std::size_t i = 0; i < n; ++i) all.insert(all.end(), first[i].begin(), first[i].end());
  for (std::size_t i = 0; i < m; ++i) all.insert(all.end(), second[i].begin(), second[i].end());
  return all;
}

template <class T>
std::string statistics(ColumnView<const T> view, std::size_t samples) {
  double low = std::numeric_limits<double>::infinity(), high = -low, mean = 0, squares = 0, count = 0;
  std::size_t others = 0;
  for (std::size_t i = 0; i < samples; ++i)
    for (const T number : view[i]) {
      const auto v = static_cast<double>(number);
      if (!std::isfinite(v)) {
        ++others;
        continue;
      }
      low = std::min(low, v), high = std::max(high, v);
      // Welford's sums: no large numbers are subtracted from one another
      const double before = v - mean;
      mean += before / ++count;
      squares += before * (v - mean);
    }
  std::string text = count == 0 ? "no numbers"
                                : fmt::format("{:.4g} to {:.4g}, mean {:.4g}, deviation {:.4g}", low, high, mean,
                                              std::sqrt(squares / count));
  return others == 0 ? text : text + fmt::format(", {} missing or infinite", others);
}

}  // namespace

template <class T>
Dataset<T> concat_data(const Dataset<T>& first, const Dataset<T>& second) {
  if (!std::ranges::equal(first.columns(), second.columns()))
    throw Error(fmt::format("concat_data: expected samples alike, got {} and {}",
                            detail::describe_columns(first.columns()), detail::describe_columns(second.columns())));
  if (first.columns().empty()) return first;
  const std::size_t n = first.size(), m = second.size();
  ColumnSet<T> set;
  for (const ColumnInfo& c : first.columns()) {
    switch (c.kind) {
    case ColumnKind::features:
      set.add(Features<T>{c.name, c.shape, behind(first.feature_column(c.name), n, second.feature_column(c.name), m)});
      break;
    case ColumnKind::targets:
      set.add(
          Targets<T>{behind(first.target_column(c.name), n, second.target_column(c.name), m), c.size, c.name, c.shape});
      break;
    case ColumnKind::labels: {
      const auto a = first.label_column(c.name), b = second.label_column(c.name);
      std::vector<std::int32_t> all(a.begin(), a.end());
      all.insert(all.end(), b.begin(), b.end());
      set.add(Labels{std::move(all), c.classes, c.size, c.name});
      break;
    }
    case ColumnKind::weights: {
      std::vector<T> all(first.weights().begin(), first.weights().end());
      all.insert(all.end(), second.weights().begin(), second.weights().end());
      set.add(SampleWeights<T>{std::move(all), c.name});
      break;
    }
    }
  }
  return Dataset<T>(std::move(set));
}

template <class T>
std::vector<std::size_t> class_counts(const Dataset<T>& data, std::string_view column) {
  const ColumnInfo& c = labels_of(data, column);
  std::vector<std::size_t> counts(c.classes);
  for (const std::int32_t label : data.label_column(c.name))
    if (label != ignore_index) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

template <class T>
std::vector<double> balanced_class_weights(const Dataset<T>& data, std::string_view column) {
  const auto counts = class_counts(data, column);
  double all = 0;
  for (const std::size_t count : counts) all += static_cast<double>(count);
  std::vector<double> weights;
  for (const std::size_t count : counts)
    weights.push_back(count == 0 ? 0 : all / (static_cast<double>(counts.size()) * static_cast<double>(count)));
  return weights;
}

std::vector<std::size_t> weighted_indices(std::span<const double> weights, std::size_t count, std::uint64_t seed) {
  std::vector<double> sums;
  sums.reserve(weights.size());
  double sum = 0;
  for (const double w : weights) {
    if (!std::isfinite(w) || w < 0)
      throw Error(fmt::format("weighted_indices: expected weights that are finite and at least 0, got {} at {}", w,
                              sums.size()));
    sums.push_back(sum += w);
  }
  if (!(sum > 0) || !std::isfinite(sum))
    throw Error(fmt::format("weighted_indices: expected weights with a finite sum above 0, got {}", sum));
  Stream stream{seed, Purpose::split, 1};
  std::vector<std::size_t> indices;
  detail::make_row_room(indices, "weighted_indices", count);
  for (std::size_t& index : indices) {
    // the first whose sum is above the number: one of weight 0 never is
    const auto place = std::ranges::upper_bound(sums, stream.uniform<double>() * sum);
    index = static_cast<std::size_t>(
        std::min<std::ptrdiff_t>(place - sums.begin(), std::ranges::lower_bound(sums, sum) - sums.begin()));
  }
  return indices;
}

template <class T>
Dataset<T> balanced(const Dataset<T>& data, std::uint64_t seed, std::string_view column) {
  const ColumnInfo& c = labels_of(data, column);
  if (c.size != 1)
    throw Error(fmt::format("balanced: expected one label per sample in column \"{}\", got {}", c.name, c.size));
  const auto of_class = balanced_class_weights(data, column);
  if (std::ranges::all_of(of_class, [](double w) { return w == 0; }))
    throw Error(fmt::format("balanced: expected a label in column \"{}\" that is not ignored, got none of {} samples",
                            c.name, data.size()));
  std::vector<double> weights;
  for (const std::int32_t label : data.label_column(c.name))
    weights.push_back(label == ignore_index ? 0 : of_class[static_cast<std::size_t>(label)]);
  return data.subset(weighted_indices(weights, data.size(), seed));
}

template <class T>
std::string describe(const Dataset<T>& data) {
  std::vector<std::array<std::string, 3>> rows{{"column", "shape", "content"}};
  for (const ColumnInfo& c : data.columns()) {
    const std::string shape = detail::shape_text(c.shape);
    const std::string name = detail::escaped_text(c.name);
    switch (c.kind) {
    case ColumnKind::features:
      rows.push_back({name, shape, statistics(data.feature_column(c.name), data.size())});
      break;
    case ColumnKind::targets:
      rows.push_back({name, shape, statistics(data.target_column(c.name), data.size())});
      break;
    case ColumnKind::weights:
      rows.push_back(
          {name, shape, statistics(ColumnView<const T>{data.weights().data(), data.size(), 1, 1}, data.size())});
      break;
    case ColumnKind::labels: {
      const auto counts = class_counts(data, c.name);
      const auto [few, many] = std::ranges::minmax_element(counts);
      rows.push_back({name, shape,
                      fmt::format("{} classes, from {} samples (class {}) to {} (class {})", c.classes, *few,
                                  few - counts.begin(), *many, many - counts.begin())});
      break;
    }
    }
  }
  std::size_t widths[2]{};
  for (const auto& row : rows)
    for (std::size_t k = 0; k < 2; ++k) widths[k] = std::max(widths[k], row[k].size());
  std::string text = fmt::format("{} samples\n", data.size());
  for (const auto& row : rows)
    text += fmt::format("{:<{}}  {:<{}}  {}\n", row[0], widths[0], row[1], widths[1], row[2]);
  return text;
}

template <class T>
Dataset<T> series_windows(std::span<const T> series, std::size_t features, const SeriesWindows& options) {
  if (features == 0 || options.length == 0 || options.horizon == 0 || options.stride == 0)
    throw Error(fmt::format(
        "series_windows: expected features, a length, a horizon and a stride of at least 1, got {}, {}, {} and {}",
        features, options.length, options.horizon, options.stride));
  if (series.size() % features != 0)
    throw Error(fmt::format("series_windows: expected steps of {} numbers, got {} numbers", features, series.size()));
  std::vector<std::size_t> targets = options.targets;
  if (targets.empty())
    for (std::size_t k = 0; k < features; ++k) targets.push_back(k);
  for (const std::size_t k : targets)
    if (k >= features)
      throw Error(fmt::format("series_windows: expected targets below the {} features, got {}", features, k));
  const std::size_t steps = series.size() / features;
  if (options.length > steps || options.horizon > steps - options.length)
    throw Error(
        fmt::format("series_windows: expected at least {} steps for a window of {} and the {} behind it, got {}",
                    static_cast<double>(options.length) + static_cast<double>(options.horizon), options.length,
                    options.horizon, steps));
  std::vector<T> inputs, answers;
  const std::size_t windows = (steps - options.length - options.horizon) / options.stride + 1;
  for (std::size_t window_number = 0; window_number < windows; ++window_number) {
    const std::size_t at = window_number * options.stride;
    const auto window = series.subspan(at * features, options.length * features);
    inputs.insert(inputs.end(), window.begin(), window.end());
    for (std::size_t h = 0; h < options.horizon; ++h)
      for (const std::size_t k : targets) answers.push_back(series[(at + options.length + h) * features + k]);
  }
  const std::size_t size = options.horizon * targets.size();
  return {{options.length, features},
          std::move(inputs),
          Targets<T>{std::move(answers), size}.shaped({options.horizon, targets.size()})};
}

#define TENON_DATA_SAMPLING(T)                                                                                         \
  template Dataset<T> concat_data(const Dataset<T>&, const Dataset<T>&);                                               \
  template std::vector<std::size_t> class_counts(const Dataset<T>&, std::string_view);                                 \
  template std::vector<double> balanced_class_weights(const Dataset<T>&, std::string_view);                            \
  template Dataset<T> balanced(const Dataset<T>&, std::uint64_t, std::string_view);                                    \
  template std::string describe(const Dataset<T>&);                                                                    \
  template Dataset<T> series_windows(std::span<const T>, std::size_t, const SeriesWindows&);
TENON_DATA_SAMPLING(float)
TENON_DATA_SAMPLING(double)
#undef TENON_DATA_SAMPLING

}  // namespace tenon
