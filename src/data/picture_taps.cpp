#include "picture_taps.hpp"

#include <algorithm>
#include <cmath>

namespace tenon::detail {

PictureTaps picture_taps(std::size_t from, double begin, double length, std::size_t to, Resampling how) {
  PictureTaps taps;
  const double scale = length / static_cast<double>(to), most = static_cast<double>(from);
  const bool mean = how == Resampling::area && scale > 1;
  const double support = std::max(scale, 1.0);
  std::vector<double> weights;
  for (std::size_t o = 0; o < to; ++o) {
    const double low = begin + static_cast<double>(o) * scale, middle = low + 0.5 * scale;
    // pixel i lies from i to i + 1; of a mean those that [low, low + scale) touches, of a triangle those whose middles
    // lie less than its support from its own
    const double first = mean ? std::floor(low) : std::floor(middle - support + 0.5);
    const double end = mean ? std::ceil(low + scale) : std::floor(middle + support + 0.5);
    const auto f = static_cast<std::size_t>(std::clamp(first, 0.0, most - 1));
    const auto e = static_cast<std::size_t>(std::clamp(end, static_cast<double>(f) + 1, most));
    weights.clear();
    double sum = 0;
    for (std::size_t i = f; i < e; ++i) {
      const double at = static_cast<double>(i);
      const double w = mean ? std::min(at + 1, low + scale) - std::max(at, low)
                            : 1 - std::abs(at + 0.5 - middle) / support;
      weights.push_back(std::max(w, 0.0));
      sum += weights.back();
    }
    taps.windows.push_back({f, e - f, taps.weights.size()});
    for (const double w : weights)
      taps.weights.push_back(static_cast<float>(sum > 0 ? w / sum : 1 / static_cast<double>(e - f)));
  }
  return taps;
}

}  // namespace tenon::detail
