#include "weights.hpp"

#include <fmt/format.h>

#include <tenon/data/dataset.hpp>
#include <tenon/error.hpp>

namespace tenon::detail {

template <class T>
std::span<const T> weights_for(std::span<const double> weights, std::size_t width, const char* name) {
  if (!weights.empty() && weights.size() != width)
    throw Error(fmt::format("{}: expected {} numbers, one for each output, got {}", name, width, weights.size()));
  thread_local std::vector<T> kept;
  if (weights.empty()) kept.assign(width, T(1));
  else kept.assign(weights.begin(), weights.end());
  return kept;
}
template std::span<const float> weights_for(std::span<const double>, std::size_t, const char*);
template std::span<const double> weights_for(std::span<const double>, std::size_t, const char*);

double total_weight(std::span<const std::int32_t> labels, std::span<const double> class_weight) {
  double sum = 0;
  for (const std::int32_t label : labels)
    if (label != ignored_label) sum += class_weight.empty() ? 1 : class_weight[static_cast<std::size_t>(label)];
  return sum;
}

}  // namespace tenon::detail
