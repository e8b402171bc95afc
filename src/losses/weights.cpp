#include "weights.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <tenon/data/dataset.hpp>
#include <tenon/error.hpp>

namespace tenon::detail {

template <class T>
std::span<const T> weights_for(std::span<const double> weights, std::size_t width, const char* name, bool one_for_all) {
  const bool for_all = one_for_all && weights.size() == 1;
  if (!weights.empty() && weights.size() != width && !for_all)
    throw Error(fmt::format("{}: expected {} numbers, one for each output, got {}", name, width, weights.size()));
  thread_local std::vector<T> kept;
  if (weights.empty() || for_all) kept.assign(width, weights.empty() ? T(1) : static_cast<T>(weights[0]));
  else kept.assign(weights.begin(), weights.end());
  return kept;
}
template std::span<const float> weights_for(std::span<const double>, std::size_t, const char*, bool);
template std::span<const double> weights_for(std::span<const double>, std::size_t, const char*, bool);

double total_weight(std::span<const std::int32_t> labels, std::span<const double> class_weight) {
  return total_weight(labels, class_weight, std::span<const double>{});
}

template <class T>
double total_weight(std::span<const std::int32_t> labels, std::span<const double> class_weight,
                    std::span<const T> weights) {
  if (class_weight.empty() && weights.empty()) return static_cast<double>(count_answered(labels));
  const std::size_t each = weights.empty()
                               ? 1
                               : std::max<std::size_t>(labels.size() / weights.size(), 1);  // labels of a sample
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::int32_t label = labels[i];
    if (label == ignore_index) continue;
    const double of_sample = weights.empty() ? 1 : static_cast<double>(weights[i / each]);
    if (class_weight.empty()) {
      sum += of_sample;
      continue;
    }
    if (static_cast<std::size_t>(label) >= class_weight.size())
      throw Error(fmt::format("class_weight: expected a number for each class, got {} and label {}",
                              class_weight.size(), label));
    sum += class_weight[static_cast<std::size_t>(label)] * of_sample;
  }
  return sum;
}
template double total_weight(std::span<const std::int32_t>, std::span<const double>, std::span<const float>);
template double total_weight(std::span<const std::int32_t>, std::span<const double>, std::span<const double>);

}  // namespace tenon::detail
