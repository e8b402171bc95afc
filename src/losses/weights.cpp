#include "weights.hpp"

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
  if (class_weight.empty()) return static_cast<double>(count_answered(labels));
  double sum = 0;
  for (const std::int32_t label : labels) {
    if (label == ignored_label) continue;
    if (static_cast<std::size_t>(label) >= class_weight.size())
      throw Error(fmt::format("class_weight: expected a number for each class, got {} and label {}", class_weight.size(), label));
    sum += class_weight[static_cast<std::size_t>(label)];
  }
  return sum;
}

}  // namespace tenon::detail
