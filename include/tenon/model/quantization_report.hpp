#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tenon/data/loader.hpp>
#include <tenon/model/arguments.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/net/summary.hpp>

/// What int8 costs a network, layer by layer.
namespace tenon {

struct QuantizationReport {
  /// One step of the int8 network: a layer with the bounds behind it. Ratios of signal to quantisation noise are
  /// 10 log10(sum of y^2 / sum of (y - y int8)^2) in decibel, over the samples of the report; 6 dB are one bit.
  struct Layer {
    std::string name;      // path and layer in the float network
    ValueRange seen{};     // of the float network's numbers
    ValueRange usual{};    // of `usual_percent` of them, without the largest and the smallest
    ValueRange range{};    // what 256 steps cover, or 65,536
    bool fixed = false;    // whatever the samples: a Softmax has 0 to 1, a pool what its input has
    double saturated = 0;  // the share of int8 numbers at either end of the range where the float number lies beyond it
    double own_sqnr = 0;   // of this layer alone: given int8 inputs made of the float network's numbers
    double sqnr = 0;       // of all layers up to this one
    bool constant = false;  // the layer gave one number only
    size_t flash = 0;       // bytes of its weights with what is kept for each row; 0 of one without a matrix
    /// Of a layer that scales each feature by itself (Standardize, BatchNorm): how many of these have less than 10 dB
    /// of their deviations from their mean left, and which is the first.
    size_t lost_features = 0, first_lost = 0;
  };
  /// A feature of an input of rank 1 that has the same value in all samples: calibration knows of no other.
  struct ConstantFeature {
    size_t input = 0, feature = 0;  // counted from 0
    float value = 0;
  };
  std::vector<Layer> layers{};
  std::vector<ConstantFeature> constant_features{};
  unsigned activation_bits = 8;
  size_t weight_bytes = 0;  // of all layers: `Quantized<Net>::weight_bytes`
  std::uint64_t samples = 0;
  double usual_percent = 99;  // of few samples fewer, so that one of them alone does not count
  std::vector<std::string> warnings{};

  /// The layer whose own noise is largest beside its signal; null without layers.
  const Layer* costliest() const;
  /// A table, and the warnings.
  std::string text() const;
};

namespace detail {

/// Sums over the numbers of one step.
struct StepNoise {
  double signal = 0, own = 0, total = 0;
  std::uint64_t numbers = 0, saturated = 0;
  ValueRange seen{};
  float first = 0;
  bool any = false, constant = true;
  struct Feature {
    double sum = 0, squares = 0, own = 0;  // `own` is the noise that the step adds
  };
  std::vector<Feature> features{};  // where each has a factor of its own
};
/// Which numbers of a sample differ from those of the first one.
class Varying {
public:
  void see(std::span<const float> sample) {
    if (first_.empty()) first_.assign(sample.begin(), sample.end()), varies_.assign(sample.size(), false);
    else
      for (size_t i = 0; i < sample.size(); ++i) varies_[i] = varies_[i] || sample[i] != first_[i];
  }
  /// Those that do not, of `size` from `begin` on, which are input number `input`.
  void add_constants(size_t input, size_t begin, size_t size, QuantizationReport& report) const {
    for (size_t i = 0; i < size; ++i)
      if (!varies_[begin + i]) report.constant_features.push_back({input, i, first_[begin + i]});
  }

private:
  std::vector<float> first_{};
  std::vector<bool> varies_{};
};

/// Which inputs are rows of features. Places of images and sequences may well be the same in all samples.
template <class... S>
constexpr std::array<bool, sizeof...(S)> are_features(const Inputs<S...>*) {
  return {(S::rank == 1)...};
}
template <class S>
constexpr std::array<bool, 1> are_features(const S*) {
  return {S::rank == 1};
}

/// How many percent of the numbers are usual: not those of one sample at either end, if there are ten or more.
constexpr double usual_percent(std::uint64_t samples) {
  if (samples < 10 || samples > 200) return 99;
  return 100 - 200 / static_cast<double>(samples);
}

/// Adds a layer, with its name, and a note about it.
void add_report_layer(QuantizationReport& report, QuantizationReport::Layer layer, const StepNoise& noise);
void finish_report(QuantizationReport& report);

/// Two runs of the int8 network: one as it is, and one in which every layer is given what the float network's numbers
/// are in int8.
template <class Net>
class QuantizationObserver {
  static constexpr const auto& plan = edge::quantized_plan<Net>;
  using Numbers = QuantizedNumbers<Net>;
  using Number = edge::Activation<Net>;
  static constexpr int least = std::numeric_limits<Number>::min(), most = std::numeric_limits<Number>::max();

public:
  QuantizationObserver(const Numbers& q, const edge::QuantizedTables<Net>& tables)
      : q_(q), tables_(tables), noise_(plan.count), ideal_(plan.arena + 4), whole_(plan.arena + 4) {}

  /// `units` holds the float network's numbers for one sample.
  void see(std::span<const float> x, const std::vector<std::vector<float>>& units) {
    each_number<plan.inputs>([&]<size_t N>(std::integral_constant<size_t, N>) {
      for (std::vector<Number>* arena : {&whole_, &ideal_})
        edge::write_input<Net, N>(q_.scale[N], q_.zero[N], tables_.features,
                                  x.data() + port_offset<input_shape<Net>>(N), arena->data() + plan.place(N));
    });
    edge::detail::forget_states<Net>(whole_.data());
    edge::detail::forget_states<Net>(ideal_.data());
    [&]<size_t... K>(std::index_sequence<K...>) { (see_step<K>(units), ...); }
    (std::make_index_sequence<plan.count>{});
  }
  const StepNoise& noise(size_t step) const { return noise_[step]; }

private:
  void put(std::vector<Number>& arena, size_t tensor, std::span<const float> values) {
    for (size_t i = 0; i < values.size(); ++i)
      arena[plan.place(tensor) + plan.orders[tensor].place(i)] = edge::to_number<Number>(values[i], q_.scale[tensor],
                                                                                         q_.zero[tensor]);
  }
  template <size_t K>
  void see_step(const std::vector<std::vector<float>>& units) {
    constexpr edge::QuantizedStep step = plan.steps[K];
    constexpr edge::StepKind kind = step.pattern.kind;
    edge::run_step<Net, K>(tables_, ideal_.data());
    edge::run_step<Net, K>(tables_, whole_.data());
    if constexpr (kind != edge::StepKind::input && kind != edge::StepKind::move && kind != edge::StepKind::join &&
                  kind != edge::StepKind::stretch && kind != edge::StepKind::padding) {
      const std::span<const float> truth = units[step.unit];
      if (truth.size() != step.out) return;  // of several steps of a sequence
      compare(K, truth);
      put(ideal_, K + 1, truth);
    }
  }
  void compare(size_t k, std::span<const float> truth) {
    StepNoise& noise = noise_[k];
    noise.seen.see(truth);
    const float scale = q_.scale[k + 1];
    const auto zero = static_cast<int>(q_.zero[k + 1]);
    const edge::QuantizedStep& step = plan.steps[k];
    if (step.affine) noise.features.resize(step.image.features);
    const auto real = [&](int n) { return static_cast<double>(scale) * (n - zero); };
    for (size_t i = 0; i < truth.size(); ++i) {
      const size_t place = plan.place(k + 1) + plan.orders[k + 1].place(i);
      const double y = static_cast<double>(truth[i]), own = real(ideal_[place]) - y, total = real(whole_[place]) - y;
      noise.signal += y * y;
      noise.own += own * own;
      noise.total += total * total;
      if (step.affine) {  // features lie beside one another
        StepNoise::Feature& feature = noise.features[plan.orders[k + 1].place(i) % step.image.features];
        feature.sum += y;
        feature.squares += y * y;
        feature.own += own * own;
      }
      const bool beyond = (whole_[place] == most && y > real(most) + static_cast<double>(scale)) ||
                          (whole_[place] == least && y < real(least) - static_cast<double>(scale));
      noise.saturated += beyond ? 1 : 0;
      if (!noise.any) noise.first = truth[i];
      noise.constant = noise.constant && noise.first == truth[i];
      noise.any = true;
    }
    noise.numbers += truth.size();
  }

  const Numbers& q_;
  const edge::QuantizedTables<Net>& tables_;
  std::vector<StepNoise> noise_;
  std::vector<Number> ideal_, whole_;
};

/// What the report calls a step; sums and values within layers are counted behind all units.
template <class Net>
std::string step_name(const edge::QuantizedStep& step) {
  if (step.unit < unit_table<Net>.size()) {
    const UnitRow& row = unit_table<Net>[step.unit];
    return std::string(row.path) + "  " + std::string(row.type);
  }
  return "inner step " + std::to_string(step.unit - workspace<Net>.units);
}

}  // namespace detail

/// Runs samples through the float network and through its int8 form, side by side. The samples are an epoch of the
/// loader, or its first `most`. Error: the loader gives nothing, or samples of another size.
///
///     const auto numbers = quantize(model, calibration);
///     std::cout << quantization_report(model, *numbers, calibration).text();
template <class M>
QuantizationReport quantization_report(const M& model, const QuantizedNumbers<typename M::network>& q,
                                       DataLoader<float>& loader, std::uint64_t most = 256) {
  using Net = typename M::network;
  constexpr const auto& plan = edge::quantized_plan<Net>;
  if (loader.dataset().sample_size() != M::input::size)
    throw Error("quantization_report: expected samples of " + std::to_string(M::input::size) + " numbers, got " +
                std::to_string(loader.dataset().sample_size()));
  detail::FloatRun<Net> run{frozen_weights(model)};
  const auto tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(q));
  if (!tables->sums_fit)
    throw Error("quantization_report: a row's weights are so large that its sum may exceed 32 bits");
  std::vector<float> output(M::output::size);
  std::vector<std::vector<float>> units(workspace<Net>.units + plan.inner_values() + 1);
  detail::SeenOfUnits seen;
  seen.ranges.resize(units.size());
  seen.factors.resize(units.size());
  seen.values = &units;
  detail::CalibrationContext ctx{{}, {&seen}, workspace<Net>.units};
  const Memory<float> memory = run.memory();
  detail::QuantizationObserver<Net> observer(q, *tables);

  QuantizationReport report;
  detail::Varying varying;
  loader.start_epoch(0);
  Batch<float> batch;
  while (report.samples < most && loader.next(batch)) {
    for (size_t s = 0; s < batch.count && report.samples < most; ++s, ++report.samples) {
      ctx.inner = 0;
      for (std::vector<float>& values : units) values.clear();
      const std::span<const float> sample(batch.features.data() + s * M::input::size, M::input::size);
      detail::run_forward<bound_network<Net>>(ctx, memory, Rows<const float>{sample.data(), 1, M::input::size},
                                              Rows<float>{output.data(), 1, M::output::size}, Evaluation{});
      observer.see(sample, units);
      varying.see(sample);
    }
  }
  if (report.samples == 0) throw Error("quantization_report: expected samples, the loader gives none");
  report.usual_percent = detail::usual_percent(report.samples);
  for (size_t k = 0; k < plan.count; ++k) {
    if (!observer.noise(k).any) continue;  // a step that only moves numbers
    const float scale = q.scale[k + 1];
    const auto zero = static_cast<float>(q.zero[k + 1]);
    using Limits = std::numeric_limits<edge::Activation<Net>>;
    const edge::QuantizedStep& step = plan.steps[k];
    detail::add_report_layer(report,
                             {.name = detail::step_name<Net>(step),
                              .usual = seen.ranges[step.unit].range(
                                  {.method = CalibrationMethod::percentile, .percentile = report.usual_percent}),
                              .range = {scale * (Limits::min() - zero), scale * (Limits::max() - zero)},
                              .fixed = step.fixed_scale > 0 || step.keeps_scale(),
                              .flash = step.multiplies() ? step.flash_bytes() : 0},
                             observer.noise(k));
  }
  constexpr auto rows = detail::are_features(static_cast<const typename M::input*>(nullptr));
  for (size_t k = 0; k < rows.size() && report.samples > 1; ++k)
    if (rows[k] && !plan.tokens[k]) varying.add_constants(k, plan.input_offset(k), plan.sizes[k], report);
  report.activation_bits = plan.wide ? 16 : 8;
  report.weight_bytes = plan.weight_bytes;
  detail::finish_report(report);
  return report;
}
template <detail::NoModel M, class... A>
QuantizationReport quantization_report(const M&, A&&...) {
  detail::refuse_no_model<"quantization_report", M>();
  return {};
}

}  // namespace tenon
