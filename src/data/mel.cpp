#include "tenon/data/mel.hpp"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace tenon {

using std::numbers::pi;

namespace {

/// Sizes of windows and bands, whose products are then far from wrapping.
void expect_size(const char* who, const char* what, std::size_t least, std::size_t size) {
  constexpr std::size_t most = 65536;
  if (size < least || size > most)
    throw Error(fmt::format("{}: expected {} to {} {}, got {}", who, least, most, what, size));
}

/// A matrix of zeros, of at most 2 GiB.
std::vector<double> zeros(const char* who, std::size_t rows, std::size_t columns) {
  constexpr std::size_t most = std::size_t{1} << 28;
  if (rows * columns > most)
    throw Error(fmt::format("{}: expected at most 2^28 weights, got {} x {}", who, rows, columns));
  return std::vector<double>(rows * columns);
}

}  // namespace

std::vector<double> spectrum_weights(std::size_t window) {
  expect_size("spectrum_weights", "numbers in a window", 1, window);
  const std::size_t bins = window / 2 + 1;
  const auto n = static_cast<double>(window);
  std::vector<double> weights = zeros("spectrum_weights", 2 * bins, window);
  for (std::size_t k = 0; k < bins; ++k)
    for (std::size_t t = 0; t < window; ++t) {
      const double hann = (1 - std::cos(2 * pi * static_cast<double>(t) / n)) / 2;
      const double angle = 2 * pi * static_cast<double>(k * t % window) /
                           n;  // whole turns are left out before rounding
      weights[k * window + t] = hann * std::cos(angle);
      weights[(bins + k) * window + t] = hann * std::sin(angle);
    }
  return weights;
}

std::vector<double> mel_weights(std::size_t mels, std::size_t window, const MelOptions& options) {
  expect_size("mel_weights", "bands", 1, mels);
  expect_size("mel_weights", "numbers in a window", 2, window);
  const double half = options.rate / 2, high = options.high == 0 ? half : options.high;
  if (!(options.rate > 0 && options.low >= 0 && options.low < high && high <= half) || !std::isfinite(options.rate))
    throw Error(fmt::format(
        "set_mel_weights: expected frequencies that rise from 0 to at most half the rate, got {} to {} at {}",
        options.low, high, options.rate));
  const auto mel = [](double f) { return 2595 * std::log10(1 + f / 700); };
  const std::size_t bins = window / 2 + 1;
  std::vector<double> corners, weights = zeros("mel_weights", mels, 2 * bins);
  for (std::size_t m = 0; m < mels + 2; ++m) {
    const double at = mel(options.low) +
                      (mel(high) - mel(options.low)) * static_cast<double>(m) / static_cast<double>(mels + 1);
    corners.push_back(700 * (std::pow(10, at / 2595) - 1));
  }
  for (std::size_t m = 0; m < mels; ++m)
    for (std::size_t k = 0; k < bins; ++k) {
      const double f = bins == 1 ? 0 : half * static_cast<double>(k) / static_cast<double>(bins - 1);
      const double up = (f - corners[m]) / (corners[m + 1] - corners[m]),
                   down = (corners[m + 2] - f) / (corners[m + 2] - corners[m + 1]);
      weights[m * 2 * bins + k] = weights[m * 2 * bins + bins + k] = std::max(0.0, std::min(up, down));
    }
  return weights;
}

std::vector<double> cosine_weights(std::size_t count, std::size_t mels) {
  expect_size("cosine_weights", "bands", 1, mels);
  expect_size("cosine_weights", "coefficients", 1, count);
  const auto m = static_cast<double>(mels);
  std::vector<double> weights = zeros("cosine_weights", count, mels);
  for (std::size_t k = 0; k < count; ++k)
    for (std::size_t n = 0; n < mels; ++n)
      weights[k * mels + n] = std::sqrt((k == 0 ? 1 : 2) / m) *
                              std::cos(pi * static_cast<double>(k) * (static_cast<double>(n) + 0.5) / m);
  return weights;
}

}  // namespace tenon
