#pragma once

#include <algorithm>
#include <cstddef>

#include <tenon/data/dataset.hpp>
#include <tenon/losses/arguments.hpp>

/// Rows whose label is ignored have no loss and no gradient.
namespace tenon::detail {

/// The sum of `value(part)` over the parts of the batch between ignored rows.
template <class T, class F>
double without_ignored(const LossArguments<T>& loss, F value) {
  const auto labels = loss.target.labels;
  if (std::find(labels.begin(), labels.end(), ignore_index) == labels.end()) return value(loss);
  double sum = 0;
  for (std::size_t first = 0; first < labels.size();) {
    const bool ignored = labels[first] == ignore_index;
    std::size_t last = first + 1;
    while (last < labels.size() && (labels[last] == ignore_index) == ignored) ++last;
    const std::size_t count = last - first;
    if (ignored) {
      std::fill_n(loss.values.begin() + static_cast<std::ptrdiff_t>(first), count, T(0));
      for (std::size_t i = first; loss.gradient && i < last; ++i) std::fill_n(loss.gradient[i], loss.width, T(0));
    } else {
      const auto part = [&](auto rows) { return decltype(rows){rows ? rows[first] : nullptr, count, rows.stride}; };
      sum += value(LossArguments<T>{part(loss.prediction),
                                    loss.width,
                                    {labels.subspan(first, count), {}},
                                    loss.values.subspan(first, count),
                                    part(loss.gradient)});
    }
    first = last;
  }
  return sum;
}

}  // namespace tenon::detail
