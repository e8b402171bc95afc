#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tenon/data/loader.hpp>
#include <tenon/edge/quantized.hpp>
#include <tenon/model/export.hpp>
#include <tenon/model/model.hpp>

/// Post-training quantisation: from a trained model and some samples to int8.
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

namespace detail {

/// The context of a frozen run that also looks at what every unit gives, and every sum.
struct CalibrationContext : edge::Context {
  struct Trace {
    std::vector<ValueRange>* units;
    explicit operator bool() const { return true; }
    void operator()(std::uint32_t unit, Rows<const float> y, std::size_t size) const {
      (*units)[unit].see(std::span(y[0], size));
    }
  };
  Trace trace;
  std::uint32_t first_sum = 0, sums = 0;  // seen in this sample

  using edge::Context::forward;
  template <class Bound>
    requires edge::detail::IsSum<Bound>
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
    Bound::forward(*this, memory, x, y, Evaluation{});
    trace(first_sum + sums++, y, Bound::output::size);
  }
};

/// scale and zero point of a range, real = scale * (q - zero) with q from -128 to 127.
inline void set_scale(const ValueRange& range, float& scale, std::int8_t& zero) {
  scale = (range.high - range.low) / 255.0F;
  if (!(scale > std::numeric_limits<float>::min())) scale = 1;
  zero = static_cast<std::int8_t>(std::clamp(std::lround(-128.0F - range.low / scale), -128L, 127L));
}

/// The weights and biases of one step, each output with a scale of its own.
template <class Numbers>
void quantize_weights(const edge::QuantizedStep& step, const float* parameters, Numbers& q) {
  const std::size_t columns = step.columns();
  for (std::size_t o = 0; o < step.outputs(); ++o) {
    const std::span weights(parameters + step.weight_source + o * columns, columns);
    const std::size_t row = step.row + step.packed_row(o);
    float largest = 0;
    for (const float w : weights) largest = std::max(largest, std::abs(w));
    float scale = largest / 127;
    if (!(scale > std::numeric_limits<float>::min())) scale = 1.0F / 127;
    // A bias has 2^30 steps of in * scale. Where it is larger than that, weights are so small beside it that nothing is
    // lost if they count in larger steps too.
    constexpr double most = 0x1p30;
    const double in = static_cast<double>(q.scale[step.source]);
    const double bias = step.pattern.has_bias ? static_cast<double>(parameters[step.bias_source + o]) : 0;
    if (std::abs(bias) > most * in * static_cast<double>(scale)) scale = static_cast<float>(std::abs(bias) / (most * in));
    q.weight_scale[row] = scale;
    for (std::size_t i = 0; i < columns; ++i)
      q.weights[step.packed_place(o, step.packed_column(i))] =
          static_cast<std::int8_t>(std::clamp(std::lround(weights[i] / scale), -127L, 127L));
    if (step.pattern.has_bias) q.bias[row] = static_cast<std::int32_t>(std::clamp(std::round(bias / (in * static_cast<double>(scale))), -most, most));
  }
}

}  // namespace detail

/// The model in int8 by LiteRT's rules. The loader's epoch is the calibration: run through the float
/// network, it shows the range of every tensor. A few hundred samples of the training data are enough.
///
///     Loader loader{train, 64, seed};
///     const auto numbers = quantize(model, loader);
///
/// Error: the loader gives nothing, samples of another size, or a number that is not finite occurs.
template <class M>
std::unique_ptr<QuantizedNumbers<typename M::network>> quantize(const M& model, Loader<float>& calibration) {
  using Net = typename M::network;
  using Bound = bound_network<Net>;
  static_assert(detail::check_execution<in_int8, Net>());
  constexpr const edge::QuantizedPlan& plan = edge::quantized_plan<Net>;
  if (calibration.dataset().sample_size() != M::input::size)
    throw Error("quantize: expected samples of " + std::to_string(M::input::size) + " numbers, got " +
                std::to_string(calibration.dataset().sample_size()));

  const auto weights = frozen_weights(model);
  std::vector<float> scratch(workspace<Net>.needs.inference_scratch_sample + workspace<Net>.needs.inference_scratch_fixed + 1);
  std::vector<float> output(M::output::size);
  std::vector<ValueRange> units(workspace<Net>.units + plan.count + 1);
  ValueRange input;
  detail::CalibrationContext ctx{{}, {&units}, workspace<Net>.units};
  const Memory<float> memory{weights->parameters, nullptr, weights->buffers, nullptr, nullptr, scratch.data(),
                             scratch.data() + workspace<Net>.needs.inference_scratch_sample, 0, 0};
  Batch<float> batch;
  std::size_t seen = 0;
  while (calibration.next(batch)) {
    input.see(batch.features);
    for (std::size_t s = 0; s < batch.count; ++s, ++seen) {
      ctx.sums = 0;
      const float* x = batch.features.data() + s * M::input::size;
      detail::run_forward<Bound>(ctx, memory, Rows<const float>{x, 1, M::input::size}, Rows<float>{output.data(), 1, M::output::size},
                                 Evaluation{});
      for (const float y : output)
        if (!std::isfinite(y)) throw Error("quantize: expected finite outputs, got " + std::to_string(y) + " for sample " + std::to_string(seen));
    }
  }
  if (seen == 0) throw Error("quantize: expected samples to calibrate with, the loader is at the end of its epoch");

  auto q = std::make_unique<QuantizedNumbers<Net>>();
  detail::set_scale(input, q->scale[0], q->zero[0]);
  for (std::size_t k = 0; k < plan.count; ++k) {
    const edge::QuantizedStep& step = plan.steps[k];
    if (step.pattern.kind == edge::StepKind::softmax) {
      q->scale[k + 1] = 1.0F / 256;
      q->zero[k + 1] = -128;
      continue;
    }
    if (step.keeps_scale()) {
      q->scale[k + 1] = q->scale[step.source];
      q->zero[k + 1] = q->zero[step.source];
      continue;
    }
    detail::set_scale(units[step.unit], q->scale[k + 1], q->zero[k + 1]);
    if (step.multiplies()) detail::quantize_weights(step, weights->parameters, *q);
  }
  return q;
}

/// Writes a header for `Quantized`; options and errors are those of `export_header`.
///
///     export_quantized_header(model, *quantize(model, loader), "digits_int8.hpp");
template <class M>
void export_quantized_header(const M& model, const QuantizedNumbers<typename M::network>& q, const std::string& path,
                             const ExportOptions& options = {}) {
  using Net = typename M::network;
  constexpr const edge::QuantizedPlan& plan = edge::quantized_plan<Net>;
  WeightsHeader header = detail::describe_export(model, path, options);
  header.includes += "#include <tenon/edge/quantized_self_test.hpp>\n";
  header.checksum = crc32(std::as_bytes(std::span(q.weights, plan.weight_bytes)));
  header.weight_bytes = Quantized<Net>::weight_bytes;
  header.ram_bytes = Quantized<Net>::ram_bytes;
  header.macs = Quantized<Net>::macs;
  WeightsHeader::Member weights{"weights", {}}, bias{"bias", {}}, scales{"weight_scale", {}};
  for (std::size_t k = 0; k < plan.count; ++k) {
    const edge::QuantizedStep& step = plan.steps[k];
    if (!step.multiplies()) continue;
    const char* const packed = step.pattern.kind == edge::StepKind::depthwise ? ", packed four channels" : ", packed four rows by four columns";
    const std::string name = "step " + std::to_string(k) + ", " + std::to_string(step.columns()) + " to " + std::to_string(step.outputs());
    weights.blocks.push_back({name + packed, std::span(q.weights + step.weights, step.packed_bytes())});
    bias.blocks.push_back({name, std::span(q.bias + step.row, step.packed_rows())});
    scales.blocks.push_back({name, std::span(q.weight_scale + step.row, step.packed_rows())});
  }
  header.constants.push_back({"The network in int8.",
                              "QuantizedNumbers<Net> numbers",
                              {weights,
                               bias,
                               scales,
                               {"scale", {{"of the input and of every step's output", std::span(q.scale, plan.count + 1)}}},
                               {"zero", {{"their zero points", std::span(q.zero, plan.count + 1)}}}}});

  const auto sample = detail::export_sample<M::input::size>(options);
  std::array<std::int8_t, M::input::size> input{};
  const auto tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(q));
  if (!tables->sums_fit) throw Error("export_quantized_header: a row's weights are so large that its sum may exceed 32 bits");
  const auto net = std::make_unique<Quantized<Net>>(*tables);
  for (std::size_t i = 0; i < input.size(); ++i) input[plan.orders[0].place(i)] = edge::to_int8(sample[i], q.scale[0], q.zero[0]);
  std::copy(input.begin(), input.end(), net->input().begin());
  net->run();
  header.constants.push_back({"One sample and what the network gives for it.",
                              "QuantizedSelfTest<Net> self_test",
                              {{"input", {{"a sample", std::span<const std::int8_t>(input)}}},
                               {"output", {{"its output", std::span<const std::int8_t>(net->output())}}}}});
  write_weights_header(path, header);
}

}  // namespace tenon
