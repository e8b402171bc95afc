#include "tenon/data/scaler.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "text.hpp"

namespace tenon {
namespace {

/// The number below which this share of them lies, between two of them in proportion.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

std::pair<double, double> scales_of(std::vector<double>& values, Scaling how) {
  if (how == Scaling::min_max) {
    const auto [low, high] = std::ranges::minmax(values);
    return {low, high - low};
  }
  if (how == Scaling::robust) {
    std::ranges::sort(values);
    return {quantile(values, 0.5), quantile(values, 0.75) - quantile(values, 0.25)};
  }
  const auto n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / n;
  for (const double v : values) squares += (v - mean) * (v - mean) / n;
  // what is left of equal numbers after rounding is no spread
  return {mean, std::sqrt(squares) > 1e-12 * std::abs(mean) ? std::sqrt(squares) : 0};
}

}  // namespace

template <class T>
Scales measure_scales(ColumnView<const T> values, std::size_t samples, const std::vector<std::size_t>& shape,
                      std::size_t features, Scaling how, const std::string& who) {
  if (samples == 0) throw Error(who + ": expected samples, got none");
  const bool channels = shape.size() == 3 && shape.front() == features;
  if (!channels && features != 1 && shape.back() != features)
    throw Error(fmt::format("{}: expected {} features, got samples of {}", who, features, detail::shape_text(shape)));
  const std::size_t each = values.size / features;
  Scales result;
  std::vector<double> all;
  for (std::size_t f = 0; f < features; ++f) {
    all.clear();
    all.reserve(samples * each);
    for (std::size_t i = 0; i < samples; ++i)
      for (std::size_t k = 0; k < each; ++k) {
        const T value = values[i][channels ? f * each + k : k * features + f];
        if (!std::isfinite(value))
          throw Error(fmt::format("{}: expected finite numbers, got {} in sample {}", who, value, i));
        all.push_back(static_cast<double>(value));
      }
    const auto [center, scale] = scales_of(all, how);
    if (!std::isfinite(center) || !std::isfinite(scale))
      throw Error(fmt::format("{}: expected numbers whose differences are finite, got center {} and scale {}", who,
                              center, scale));
    result.center.push_back(center);
    // what a T holds only roughly, or as 0, is no scale
    result.scale.push_back(scale >= std::numeric_limits<T>::min() ? scale : 1);
  }
  return result;
}

template Scales measure_scales(ColumnView<const float>, std::size_t, const std::vector<std::size_t>&, std::size_t,
                               Scaling, const std::string&);
template Scales measure_scales(ColumnView<const double>, std::size_t, const std::vector<std::size_t>&, std::size_t,
                               Scaling, const std::string&);

}  // namespace tenon
