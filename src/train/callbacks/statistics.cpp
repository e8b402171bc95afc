#include <tenon/train/callbacks/statistics.hpp>

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <tenon/report/table.hpp>

namespace tenon {

void LayerStatistics::begin_epoch() { epochs.emplace_back(); }

void LayerStatistics::add(std::string_view name, std::size_t count, double sum, double square, double gradient_square) {
  const auto n = static_cast<double>(count == 0 ? 1 : count);
  epochs.back().push_back({std::string(name), sum / n, std::sqrt(square / n), std::sqrt(gradient_square / n)});
}

std::string LayerStatistics::text() const {
  const std::vector<std::string> headers{"parameter", "mean", "rms", "gradient rms"};
  std::vector<std::vector<std::string>> rows;
  if (!epochs.empty())
    for (const Row& row : epochs.back())
      rows.push_back({row.name, fmt::format("{:.5f}", row.mean), fmt::format("{:.5f}", row.rms),
                      fmt::format("{:.3g}", row.gradient_rms)});
  return format_table(headers, rows);
}

void GradientNoise::start_epoch() {
  sums.trace = sums.length = sums.squares = 0;
  sums.in_window = sums.windows = 0;
  sums.gradient.assign(sums.gradient.size(), 0);
}

void GradientNoise::add(double square, std::size_t samples) {
  sums.squares += square;
  if (++sums.in_window < steps) return;
  const auto k = static_cast<double>(steps), small = static_cast<double>(samples), large = k * small;
  double of_mean = 0;
  for (double& s : sums.gradient) of_mean += s * s / (k * k), s = 0;
  const double of_step = sums.squares / k;
  sums.length += (large * of_mean - small * of_step) / (large - small);
  sums.trace += (of_step - of_mean) / (1 / small - 1 / large);
  ++sums.windows;
  sums.squares = 0;
  sums.in_window = 0;
}

void GradientNoise::end_epoch() {
  epochs.push_back(sums.windows == 0 ? std::numeric_limits<double>::quiet_NaN() : sums.trace / sums.length);
}
double* GradientNoise::sum_of(std::size_t count) {
  if (sums.gradient.size() != count) sums.gradient.assign(count, 0);
  return sums.gradient.data();
}
double GradientNoise::scale() const {
  return epochs.empty() ? std::numeric_limits<double>::quiet_NaN() : epochs.back();
}

}  // namespace tenon
