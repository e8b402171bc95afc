#include <tenon/model/calibration.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include <tenon/error.hpp>

#include "../backwards.hpp"

namespace tenon {

void detail::check_input_ranges(const Calibration& how, std::size_t inputs) {
  const std::vector<ValueRange>& ranges = how.input_ranges;
  if (ranges.empty()) return;
  if (ranges.size() != inputs)
    throw Error(fmt::format("quantize: expected a range for each of {} inputs, got {}", inputs, ranges.size()));
  for (const ValueRange& range : ranges)
    if (!(range.low <= 0 && range.high >= 0 && range.low < range.high && std::isfinite(range.high - range.low)))
      throw Error(
          fmt::format("quantize: expected a range of an input with zero in it, got {} .. {}", range.low, range.high));
}

void Histogram::see(std::span<const float> values) {
  range_.see(values);
  count_ += values.size();
  for (const float v : values) {
    const double value = static_cast<double>(v);
    if (counts_.empty()) {
      if (value == 0 || !std::isfinite(value)) {
        ++zeros_;
        continue;
      }
      limit_ = std::exp2(std::ceil(std::log2(std::abs(value))));
      counts_.assign(bins, 0);
      counts_[bin_of(0)] = zeros_;
    }
    while (std::isfinite(value) && std::abs(value) > limit_) grow();
    ++counts_[bin_of(value)];
  }
}

/// Intervals of twice the width: each pair becomes one, nearer to the middle.
void Histogram::grow() {
  std::vector<std::uint64_t> wider(bins, 0);
  for (std::size_t i = 0; i < bins; ++i) wider[bins / 4 + i / 2] += counts_[i];
  counts_ = std::move(wider);
  limit_ *= 2;
}

std::size_t Histogram::bin_of(double value) const {
  const double place = (value + limit_) / (2 * limit_) * bins;
  if (!(place > 0)) return 0;  // NaN too
  return place < bins - 1 ? static_cast<std::size_t>(place) : bins - 1;
}

ValueRange Histogram::range(const Calibration& how) const {
  check_options(how);
  if (counts_.empty() || how.method == CalibrationMethod::min_max) return range_;
  const ValueRange chosen = how.method == CalibrationMethod::percentile ? of_percentile(how.percentile)
                            : how.method == CalibrationMethod::mse      ? of_squared_error()
                                                                        : of_entropy();
  return {std::clamp(chosen.low, range_.low, 0.0F), std::clamp(chosen.high, 0.0F, range_.high)};
}

double Histogram::outside(const ValueRange& range) const {
  if (counts_.empty()) return 0;
  const double half = limit_ / bins;
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < bins; ++i)
    if (center(i) + half <= static_cast<double>(range.low) || center(i) - half >= static_cast<double>(range.high))
      out += counts_[i];
  return static_cast<double>(out) / static_cast<double>(count_);
}

ValueRange Histogram::of_percentile(double percentile) const {
  const auto cut = static_cast<double>(count_) * (100 - percentile) / 200;
  const double half = limit_ / bins;
  std::size_t first = 0, last = bins - 1;
  for (double below = 0; first < bins && (below += static_cast<double>(counts_[first])) <= cut;) ++first;
  for (double above = 0; last > first && (above += static_cast<double>(counts_[last])) <= cut;) --last;
  return {static_cast<float>(center(first) - half), static_cast<float>(center(last) + half)};
}

/// The sum of (q(x) - x)^2 over the middles of the intervals: rounding to 255 steps within the range, the range's end
/// beyond.
double Histogram::squared_error(const ValueRange& range) const {
  const double low = static_cast<double>(range.low), high = static_cast<double>(range.high), step = (high - low) / 255;
  double sum = 0;
  for (std::size_t i = 0; i < bins; ++i) {
    if (counts_[i] == 0) continue;
    const double x = center(i);
    const double beyond = x < low ? low - x : x > high ? x - high : 0;
    // a number within the range is off by an error that is even between -step / 2 and step / 2
    sum += static_cast<double>(counts_[i]) * (beyond > 0 ? beyond * beyond : step * step / 12);
  }
  return sum;
}

/// Ends of the range are moved in by 64ths, both at once, then each by itself.
ValueRange Histogram::of_squared_error() const {
  constexpr int parts = 64;
  const auto at = [&](int low, int high) {
    return ValueRange{range_.low * static_cast<float>(low) / parts, range_.high * static_cast<float>(high) / parts};
  };
  int low = parts, high = parts;
  double best = squared_error(at(low, high));
  const auto attempt = [&](int l, int h) {
    const ValueRange range = at(l, h);
    if (!(range.high > range.low)) return;
    if (const double error = squared_error(range); error < best) best = error, low = l, high = h;
  };
  for (int k = parts - 1; k > 0; --k) attempt(k, k);
  for (int round = 0; round < 2; ++round) {
    for (int k = parts, other = high; k > 0; --k) attempt(k, other);
    for (int k = parts, other = low; k > 0; --k) attempt(other, k);
  }
  return at(low, high);
}

/// Of the magnitudes' distribution P, cut at a threshold with what lies beyond added to the last interval, and Q, the
/// same in 128 steps spread evenly over the intervals of each that occur: the threshold with the least sum of p log(p /
/// q).
ValueRange Histogram::of_entropy() const {
  constexpr std::size_t half = bins / 2, steps = 128;
  std::vector<double> magnitude(half, 0);
  for (std::size_t i = 0; i < bins; ++i)
    magnitude[i < half ? half - 1 - i : i - half] += static_cast<double>(counts_[i]);
  std::size_t largest = half;
  while (largest > steps && magnitude[largest - 1] == 0) --largest;
  std::vector<double> above(half + 1, 0);
  for (const std::size_t i : detail::backwards(half)) above[i] = above[i + 1] + magnitude[i];

  double least = std::numeric_limits<double>::infinity();
  std::size_t chosen = largest;
  for (std::size_t cut = steps; cut <= largest; cut += 4) {
    const double total = above[0], last = magnitude[cut - 1] + above[cut];
    double kept = above[0] - above[cut], divergence = 0;  // Q's own sum is what was not cut
    for (std::size_t step = 0; step < steps; ++step) {
      const std::size_t begin = step * cut / steps, end = (step + 1) * cut / steps;
      double sum = 0;
      std::size_t there = 0;
      for (std::size_t i = begin; i < end; ++i) {
        sum += magnitude[i];
        there += magnitude[i] > 0 ? 1 : 0;
      }
      // where nothing was but what is cut off comes to: Q as if it had been seen a hundredth of a time
      if (there == 0 && end == cut && last > 0) divergence += last / total * std::log(last / 0.01);
      if (there == 0) continue;
      const double q = sum / static_cast<double>(there) / kept;
      for (std::size_t i = begin; i < end; ++i) {
        const double p = (i + 1 == cut ? last : magnitude[i]) / total;
        if (p == 0) continue;
        divergence += p * std::log(p / (magnitude[i] > 0 ? q : 0.01 / total));
      }
    }
    if (divergence < least) least = divergence, chosen = cut;
  }
  const auto threshold = static_cast<float>(limit_ * static_cast<double>(chosen) / half);
  return {-threshold, threshold};
}

}  // namespace tenon
