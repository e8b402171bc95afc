#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include <tenon/options.hpp>

/// Which range of real numbers a tensor's 256 steps of int8 cover, chosen from the numbers that it has shown.
namespace tenon {

/// The smallest and largest number a tensor has shown.
struct ValueRange {
  float low = 0, high = 0;  // zero is in every range, so that it has an int8 of its own

  void see(std::span<const float> values) {
    for (const float v : values) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
};

/// How the range is chosen.
enum class CalibrationMethod : unsigned char {
  min_max,     // all numbers that were seen
  percentile,  // without the share of (100 - percentile) / 2 % at either end
  mse,         // the range whose steps and limits together make the smallest mean squared error
  entropy      // TensorRT's: the range whose 128 steps of magnitude have the least Kullback-Leibler divergence
};

/// How `quantize` calibrates:
///
///     quantize(model, loader, Calibration{.method = CalibrationMethod::percentile, .percentile = 99.9});
///
/// An input whose range is known beforehand gets it here, whatever the samples show; of several inputs each in turn,
/// and of one whose features a Standardize brings to a common size first, the range of these numbers:
///
///     quantize(model, loader, Calibration{.input_ranges = {{0, 1}}});  // a camera's bytes are 1/255 each
struct Calibration {
  CalibrationMethod method = CalibrationMethod::min_max;
  double percentile = 99.99;
  std::vector<ValueRange> input_ranges{};  // none, or one for each input, with zero in it; of tokens it says nothing

  static constexpr void each_option(auto& o, auto visit) {
    visit("percentile", o.percentile, Allowed{50, 100, false, true});
  }
};

namespace detail {

/// Error: there are ranges of inputs, but not one for each, or one that cannot be meant.
void check_input_ranges(const Calibration& how, size_t inputs);

}  // namespace detail

/// How often a tensor's numbers were in each of 4,096 intervals, which grow with the largest: numbers are seen once, in
/// any order of magnitude, and need not be kept.
class Histogram {
public:
  void see(std::span<const float> values);

  const ValueRange& seen() const { return range_; }
  std::uint64_t count() const { return count_; }
  /// What `how` makes of these numbers: within what was seen, and with zero in it.
  ValueRange range(const Calibration& how) const;
  /// The share of numbers outside a range.
  double outside(const ValueRange& range) const;

private:
  static constexpr size_t bins = 4096;

  void grow();
  double center(size_t bin) const { return (static_cast<double>(bin) + 0.5) * 2 * limit_ / bins - limit_; }
  size_t bin_of(double value) const;
  double squared_error(const ValueRange& range) const;
  ValueRange of_percentile(double percentile) const;
  ValueRange of_squared_error() const;
  ValueRange of_entropy() const;

  std::vector<std::uint64_t> counts_{};  // of intervals from -limit to limit; empty while all numbers were 0
  double limit_ = 0;                     // a power of two
  std::uint64_t count_ = 0, zeros_ = 0;  // zeros from before there were intervals
  ValueRange range_{};
};

}  // namespace tenon
