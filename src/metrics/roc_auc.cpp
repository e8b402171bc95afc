#include <tenon/metrics/roc_auc.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace tenon {

double RocAuc::value() const {
  if (width_ <= 2) return of_class(width_ == 2 ? 1 : 0, 1);
  double sum = 0;
  for (std::size_t c = 0; c < width_; ++c) sum += of_class(c, static_cast<std::int32_t>(c));
  return sum / static_cast<double>(width_);
}

/// With the samples in the order of their scores, ties having their mean rank: the sum of the class's ranks, less what
/// it is at least, over the number of pairs.
double RocAuc::of_class(std::size_t column, std::int32_t label) const {
  const std::size_t n = labels_.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto score = [&](std::size_t i) { return scores_[i * width_ + column]; };
  // Neither sorting nor the search for ties ends well where x == x is false.
  if (std::any_of(order.begin(), order.end(), [&](std::size_t i) { return std::isnan(score(i)); }))
    return std::numeric_limits<double>::quiet_NaN();
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return score(a) < score(b); });
  double ranks = 0, positive = 0;
  for (std::size_t first = 0; first < n;) {
    std::size_t end = first;
    while (end < n && score(order[end]) == score(order[first])) ++end;
    const double rank = 0.5 * static_cast<double>(first + 1 + end);
    for (; first < end; ++first)
      if (labels_[order[first]] == label) ranks += rank, ++positive;
  }
  const double negative = static_cast<double>(n) - positive;
  if (positive == 0 || negative == 0) return std::numeric_limits<double>::quiet_NaN();
  return (ranks - positive * (positive + 1) / 2) / (positive * negative);
}

}  // namespace tenon
