#include <tenon/model/quantization_report.hpp>

#include <fmt/format.h>

#include <limits>

#include <tenon/report/table.hpp>

namespace tenon {

namespace {

double decibel(double signal, double noise) {
  if (noise == 0) return std::numeric_limits<double>::infinity();
  return signal == 0 ? -std::numeric_limits<double>::infinity() : 10 * std::log10(signal / noise);
}
/// Those whose deviations from their mean are not ten times their noise. One that does not deviate has nothing to lose.
void find_lost_features(const detail::StepNoise& noise, QuantizationReport::Layer& layer) {
  const double count = static_cast<double>(noise.numbers) / static_cast<double>(noise.features.size());
  for (std::size_t f = noise.features.size(); f > 0; --f) {
    const detail::StepNoise::Feature& feature = noise.features[f - 1];
    const double deviations = feature.squares - feature.sum * feature.sum / count;
    if (deviations <= 1e-6 * feature.squares || deviations >= 10 * feature.own) continue;
    ++layer.lost_features;
    layer.first_lost = f - 1;
  }
}
std::string decibel_text(double value) { return std::isfinite(value) ? fmt::format("{:.1f} dB", value) : "-"; }

}  // namespace

namespace detail {

void add_report_layer(QuantizationReport& report, QuantizationReport::Layer layer, const StepNoise& noise) {
  layer.seen = noise.seen;
  layer.saturated = static_cast<double>(noise.saturated) /
                    static_cast<double>(std::max<std::uint64_t>(noise.numbers, 1));
  layer.own_sqnr = decibel(noise.signal, noise.own);
  layer.sqnr = decibel(noise.signal, noise.total);
  layer.constant = noise.constant;
  report.layers.push_back(std::move(layer));
  if (!noise.features.empty()) find_lost_features(noise, report.layers.back());
}

void finish_report(QuantizationReport& report) {
  if (report.samples < 100)
    report.warnings.push_back(
        fmt::format("{} samples are few to find ranges with: a hundred or more are better", report.samples));
  constexpr std::size_t most = 20;  // warnings
  const std::size_t constant = report.constant_features.size();
  for (std::size_t i = 0; i < std::min(constant, most); ++i) {
    const QuantizationReport::ConstantFeature& own = report.constant_features[i];
    report.warnings.push_back(
        fmt::format("feature {} of input {} is {:.4g} in all samples: the ranges allow for no other", own.feature,
                    own.input, own.value));
  }
  if (constant > most)
    report.warnings.push_back(fmt::format("so are {} further features (constant_features)", constant - most));
  for (const QuantizationReport::Layer& layer : report.layers) {
    const auto width_of = [](const ValueRange& r) { return static_cast<double>(r.high) - static_cast<double>(r.low); };
    const double width = width_of(layer.range), seen = width_of(layer.seen), usual = width_of(layer.usual);
    if (layer.constant)
      report.warnings.push_back(fmt::format("{}: gives one and the same number, {:.4g}, for all samples", layer.name,
                                            layer.seen.high > 0 ? layer.seen.high : layer.seen.low));
    else if (!layer.fixed && seen > 0 && width > 4 * seen)
      report.warnings.push_back(
          fmt::format("{}: its range is {:.1f} times what these samples show: a single outlier in the calibration? "
                      "CalibrationMethod::percentile leaves such out",
                      layer.name, width / seen));
    else if (!layer.fixed && usual > 0 && width > 10 * usual)
      report.warnings.push_back(fmt::format(
          "{}: {:.3g} % of its numbers lie within {:.4g} to {:.4g}, and its range is {:.1f} times that: a single "
          "outlier? CalibrationMethod::percentile leaves such out",
          layer.name, report.usual_percent, layer.usual.low, layer.usual.high, width / usual));
    if (layer.lost_features > 0)
      report.warnings.push_back(
          fmt::format("{}: {} of its features, of which number {} is the first, vary little beside the steps of its "
                      "int8 input, which has one scale for all: scale them before the network, or give them an input "
                      "of their own",
                      layer.name, layer.lost_features, layer.first_lost));
    if (layer.saturated > 0.01)
      report.warnings.push_back(
          fmt::format("{}: {:.1f} % of its numbers lie beyond its range", layer.name, 100 * layer.saturated));
  }
}

}  // namespace detail

const QuantizationReport::Layer* QuantizationReport::costliest() const {
  const Layer* worst = nullptr;
  for (const Layer& layer : layers)
    if (!layer.constant && (!worst || layer.own_sqnr < worst->own_sqnr)) worst = &layer;
  return worst;
}

std::string QuantizationReport::text() const {
  const std::string kind = activation_bits == 16 ? "int16" : "int8";
  const std::vector<std::string> headers{"layer", "seen",          kind + " covers", "beyond",
                                         "flash", "its own noise", "with all before"};
  std::vector<std::vector<std::string>> rows;
  for (const Layer& layer : layers)
    rows.push_back({layer.name, fmt::format("{:.4g} .. {:.4g}", layer.seen.low, layer.seen.high),
                    fmt::format("{:.4g} .. {:.4g}", layer.range.low, layer.range.high),
                    fmt::format("{:.2f} %", 100 * layer.saturated), layer.flash == 0 ? "-" : format_count(layer.flash),
                    decibel_text(layer.own_sqnr), decibel_text(layer.sqnr)});
  std::string all = fmt::format("{} beside float over {} samples (signal to noise; 6 dB are one bit)\n", kind,
                                samples) +
                    format_table(headers, rows);
  all += fmt::format("Weights: {} bytes.\n", format_count(weight_bytes));
  if (const Layer* worst = costliest())
    all += fmt::format("Most is lost in {}: {}.\n", worst->name, decibel_text(worst->own_sqnr));
  for (const std::string& warning : warnings) all += "warning: " + warning + "\n";
  return all;
}

}  // namespace tenon
