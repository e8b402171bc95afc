#include "quantized_plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include <tenon/edge/quantized_tables.hpp>
#include <tenon/edge/quantized_wide.hpp>
#include <tenon/error.hpp>

#include "quantized_reader.hpp"
#include "wide_multipliers.hpp"

namespace tenon::importing {

using edge::QuantizedStep;
using edge::StepKind;

namespace {

/// The numbers of the steps that were read, in the order in which the kernels take them.
class LayoutFiller {
public:
  LayoutFiller(QuantizedReading& reading, QuantizedLayout& out, bool exact, bool wide, Rounding rounding)
      : reading_(reading), out_(out), exact_(exact), wide_(wide), rounding_(rounding) {}

  /// Whether all values have one.
  bool find_scales();
  void fill_weights();

private:
  template <class... Args>
  void refuse(fmt::format_string<Args...> what, Args&&... args) {
    reading_.refuse(what, std::forward<Args>(args)...);
  }
  void refuse_wide(const QuantizedStep& step, const std::string& name, float scale);
  void fill_products(const QuantizedStep& step, const Layer& layer, std::size_t k);
  void fill_slopes(const QuantizedStep& step, const Layer& layer, std::size_t k);
  void fill_norm(const QuantizedStep& step, const Layer& layer, std::size_t k);
  void fill_lstm(const QuantizedStep& step, const Layer& layer);
  void fill_peepholes(const QuantizedStep& step, const Layer& layer);
  IntegerTable table_of(const std::vector<TableStage>& stages, std::size_t k);

  QuantizedReading& reading_;
  QuantizedLayout& out_;
  bool exact_, wide_;
  Rounding rounding_;
};

/// Tensors without a scale in the file keep that of what they were made of.
bool LayoutFiller::find_scales() {
  bool all_known = true;
  const auto& p = out_.plan();
  out_.scale.assign(p.count + 1, 0);
  out_.zero.assign(p.count + 1, 0);
  // a network that first moves an input, as from NHWC, has the scale behind that
  for (std::size_t t = 0; t < p.inputs; ++t)
    for (std::size_t k = 0; k < p.count && !reading_.scales.contains(t); ++k)
      if (p.steps[k].keeps_scale() && p.steps[k].source == t && reading_.scales.contains(k + 1))
        reading_.scales[t] = reading_.scales.at(k + 1);
  // what moves the numbers of a step has its scale
  for (std::size_t t = p.count; t-- > 1;) {
    const StepKind next = p.steps[t].pattern.kind;
    if (p.steps[t].source == t && reading_.scales.contains(t + 1) && next == StepKind::move)
      reading_.scales.try_emplace(t, reading_.scales.at(t + 1));
  }
  for (std::size_t t = 0; t <= p.count; ++t) {
    const bool known = reading_.scales.contains(t);
    const QuantizedStep* step = t > 0 ? &p.steps[t - 1] : nullptr;
    auto [scale, zero] = known ? reading_.scales.at(t) : IntegerScale{};
    const std::string name = reading_.names.contains(t) ? reading_.names.at(t) : fmt::format("step {}", t);
    if (step != nullptr && step->keeps_scale()) {
      const float source = out_.scale[step->source];
      const int from = static_cast<int>(out_.zero[step->source]);
      if (known && (source != scale || from != zero))
        refuse("{}: a pool, or what moves numbers, has another scale ({}) than what it reads ({})", name, scale,
               source);
      scale = source;
      zero = from;
    } else if (step != nullptr && step->fixed_scale > 0) {
      const auto fixed = static_cast<float>(step->fixed_scale);
      if (known && (scale != fixed || zero != step->fixed_zero))
        refuse("{}: {}, not {}", name,
               wide_ ? "Softmax, Sigmoid and Tanh have the scale 1/32768"
                     : "Softmax, Sigmoid and Tanh have the scales 1/256, 1/256 and 1/128",
               scale);
      scale = fixed;
      zero = step->fixed_zero;
    }
    all_known = all_known && scale > 0;
    if (!(scale > 0)) refuse("{}: the file has no scale for what it gives", t < p.inputs ? "an input" : name);
    if (zero < -128 || zero > 127) refuse("{}: its zero point {} is no int8", name, zero);
    if (wide_ && zero != 0) refuse("{}: its zero point is {}; activations of 16 bits have 0", name, zero);
    if (wide_ && step != nullptr) refuse_wide(*step, name, scale);
    out_.scale[t] = scale;
    out_.zero[t] = static_cast<std::int8_t>(zero);
    if (step == nullptr || (step->pattern.kind != StepKind::larger && step->pattern.kind != StepKind::smaller))
      continue;
    for (const std::size_t from : {step->source, step->other})
      if (out_.scale[from] != scale || out_.zero[from] != zero)
        refuse("{}: Maximum and Minimum compare integers of one scale, not of {} and {}", name, out_.scale[from],
               scale);
  }
  return all_known;
}

/// What a step that gives numbers of this scale cannot do with 16 bits.
void LayoutFiller::refuse_wide(const QuantizedStep& step, const std::string& name, float scale) {
  const float from = out_.scale[step.source];
  const StepKind kind = step.pattern.kind;
  if (!edge::detail::can_be_wide(step)) refuse("{}: has no form for activations of 16 bits", name);
  if (kind == StepKind::table && (from == 0x1p-12F || from == 0x1p-11F))
    refuse("{}: of 16 bits at the scale 2^-12 or 2^-11 LiteRT computes it in another way", name);
  if (kind == StepKind::clamp && scale != from)
    refuse("{}: bounds at another scale ({}) than what they read ({}) are not imported with 16 bits", name, scale,
           from);
}

void LayoutFiller::fill_weights() {
  const auto& p = out_.plan();
  if (exact_ && !wide_) out_.functions.assign(256 * p.tables, 0);
  for (const auto& [k, stages] : reading_.tables) {
    if (!exact_) break;
    try {
      std::ranges::copy(table_of(stages, k),
                        out_.functions.begin() + static_cast<std::ptrdiff_t>(256 * p.steps[k].table));
    } catch (const Error& reason) {  // scales that LiteRT refuses
      refuse("{}", reason.what());
    }
  }
  out_.weights.assign(p.weight_bytes, 0);
  out_.bias.assign(p.rows, 0);
  out_.weight_scale.assign(p.rows, 0);
  for (std::size_t k = 0; k < p.count; ++k) {
    const QuantizedStep& step = p.steps[k];
    if (step.pattern.kind == StepKind::slopes) fill_slopes(step, *reading_.layers.at(k), k);
    if (step.pattern.kind == StepKind::norm) fill_norm(step, *reading_.layers.at(k), k);
    if (step.pattern.kind == StepKind::recurrent) fill_lstm(step, *reading_.layers.at(k));
    if (step.multiplies()) fill_products(step, *reading_.layers.at(k), k);
  }
}

/// The weights of a layer that multiplies, its bias in units of the products, and the scale of each row.
void LayoutFiller::fill_products(const QuantizedStep& step, const Layer& layer, std::size_t k) {
  const Array *weight = nullptr, *bias = nullptr, *scales = nullptr, *bias_scales = nullptr;
  bool short_bias = false;
  for (const auto& [name, array] : layer.weights)
    if (name == short_bias_name) short_bias = true;
    else (name == "weight" ? weight : name == "bias" ? bias : name == scale_name ? scales : bias_scales) = &array;
  if (scales == nullptr || weight == nullptr) return refuse("{}: its weights are not in int8", layer.text);
  const auto of_output = [](const Array& a, std::size_t o) { return a.values[a.values.size() == 1 ? 0 : o]; };
  for (std::size_t o = 0; o < step.outputs(); ++o) {
    const std::size_t row = step.row + step.packed_row(o), columns = step.columns();
    const double scale = of_output(*scales, o), unit = static_cast<double>(out_.scale[step.source]) * scale;
    out_.weight_scale[row] = static_cast<float>(scale);
    for (std::size_t i = 0; i < columns; ++i) {
      const double q = weight->values[step.weight_place(o, i)];
      if (q < -128 || q > 127 || q != std::floor(q))
        return refuse("{}: its weights are no integers of int8", layer.text);
      out_.weights[step.packed_place(o, step.packed_column(i))] = static_cast<std::int8_t>(q);
    }
    if (bias == nullptr) continue;
    double b = bias->values[o];
    if (bias_scales == nullptr) {
      b = std::round(b / unit);  // a float one
    } else if (const double own = of_output(*bias_scales, o); std::abs(own - unit) > 1e-5 * unit) {
      b = std::round(b * own / unit);
    }
    if (std::abs(b) > 0x7fffffff || b != std::floor(b))
      return refuse("{}: its bias is no integer of 32 bits", layer.text);
    out_.bias[row] = static_cast<std::int32_t>(b);
  }
  if (!wide_) return;
  if (const std::string why = fit_wide_multipliers(out_, k, scales->values.size() == 1, short_bias); !why.empty())
    refuse("{}: {}", layer.text, why);
}

/// One stage after the other, each rounded as LiteRT rounds it.
IntegerTable LayoutFiller::table_of(const std::vector<TableStage>& stages, std::size_t k) {
  IntegerScale in{out_.scale[out_.plan().steps[k].source], out_.zero[out_.plan().steps[k].source]};
  const IntegerScale last{out_.scale[k + 1], out_.zero[k + 1]};
  const auto scale_behind = [&](std::size_t i) {
    return i + 1 == stages.size() ? std::optional(last) : stages[i].scale;
  };
  IntegerTable all{};
  for (int q = -128; q <= 127; ++q) all[static_cast<std::uint8_t>(q + 128)] = static_cast<std::int8_t>(q);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const TableStage& stage = stages[i];
    std::optional<IntegerScale> own = scale_behind(i);
    if (!own && stage.bounds) own = in;
    if (!own && stages[i + 1].bounds) own = scale_behind(i + 1);
    if (!own) return refuse("step {}: the file has no scale between two functions of one number", k), all;
    const std::int8_t low = std::isinf(stage.low) ? std::int8_t{-128}
                                                  : edge::to_int8(static_cast<float>(stage.low), own->scale, own->zero),
                      high = std::isinf(stage.high)
                                 ? std::int8_t{127}
                                 : edge::to_int8(static_cast<float>(stage.high), own->scale, own->zero);
    const IntegerTable next = stage.bounds               ? all
                              : stage.operand.op.empty() ? lite_table(stage.name, stage.alpha, in, *own, rounding_)
                                                         : lite_table(stage.operand, in, *own, rounding_);
    for (std::int8_t& q : all)
      q = stage.bounds ? std::clamp(q, low, high) : next[static_cast<std::uint8_t>(int{q} + 128)];
    in = *own;
  }
  return all;
}

/// A slope is a float for the kernel, an integer for LiteRT. Of the floats nearby one that rounds every number alike
/// is looked for: tried out, not proved.
void LayoutFiller::fill_slopes(const QuantizedStep& step, const Layer& layer, std::size_t k) {
  const Array* slopes = nullptr;
  double unit = 0;
  for (const auto& [name, array] : layer.weights) {
    if (name == "weight") slopes = &array;
    if (name == slope_scale_name) unit = array.values.at(0);
  }
  const auto in = static_cast<double>(out_.scale[step.source]), out = static_cast<double>(out_.scale[k + 1]);
  const SlopeMultipliers wanted(in, unit, out);
  for (std::size_t c = 0; c < step.factors; ++c) {
    const double q = std::round(slopes->values[c] / unit);
    const auto alike = [&](float slope) {
      const kernels::Requantizer r = edge::requantizer(std::abs(static_cast<double>(slope)) * in / out);
      const kernels::Requantizer own{slope < 0 ? -r.multiplier : r.multiplier, r.shift};
      for (std::int32_t v = -255; v < 0; ++v)
        if (static_cast<double>(own(v)) != wanted(v, q)) return false;
      return true;
    };
    auto below = static_cast<float>(q * unit), above = below;
    for (int tries = 0; tries < 16 && !alike(below) && !alike(above); ++tries)
      below = std::nextafter(below, -HUGE_VALF), above = std::nextafter(above, HUGE_VALF);
    if (!alike(below) && !alike(above))
      return refuse("{}: no slope near {} gives what LiteRT's PRELU gives", layer.text, q * unit);
    out_.weight_scale[step.row + c] = alike(below) ? below : above;
  }
}

/// Factors stay floats, summands count in 2^-16 of a step of what the layer gives.
void LayoutFiller::fill_norm(const QuantizedStep& step, const Layer& layer, std::size_t k) {
  const Array *factors = numbers_of(layer, "weight"), *summands = numbers_of(layer, "bias");
  for (std::size_t o = 0; o < step.factors; ++o) {
    out_.weight_scale[step.row + o] = factors != nullptr ? static_cast<float>(factors->values.at(o)) : 1;
    if (summands == nullptr) continue;
    const double summand = std::round(summands->values.at(o) * 0x1p16 / static_cast<double>(out_.scale[k + 1]));
    if (!(std::abs(summand) <= 0x1p30)) return refuse("{}: its bias is beyond what int8 gives", layer.text);
    out_.bias[step.row + o] = static_cast<std::int32_t>(summand);
  }
}

void LayoutFiller::fill_lstm(const QuantizedStep& step, const Layer& layer) {
  const edge::CellPass& c = step.cell;
  out_.gate_bits.push_back(12);
  out_.cell_bits.push_back(static_cast<std::int8_t>(-std::ilogb(numbers_of(layer, cell_scale_name)->values.at(0))));
  const auto fill = [&](const char* weight_name, const char* scale_name_of, std::size_t columns, std::size_t weights,
                        std::size_t first) {
    const std::vector<double>&weight = numbers_of(layer, weight_name)->values,
          &scale = numbers_of(layer, scale_name_of)->values;
    if (scale.size() != c.gates() * c.hidden) return refuse("{}: its weights are not in int8", layer.text);
    for (std::size_t o = 0; o < c.gates() * c.hidden; ++o) {
      out_.weight_scale[step.row + first + c.row(o)] = static_cast<float>(scale[o]);
      for (std::size_t i = 0; i < columns; ++i)
        out_.weights[weights + kernels::packed_place(c.row(o), i, columns)] = static_cast<std::int8_t>(
            weight[o * columns + i]);
    }
  };
  fill("weight_ih_l0", input_scale_name, c.features, step.weights, 0);
  fill("weight_hh_l0", state_scale_name, c.hidden, step.weights + c.input_bytes(), c.rows());
  if (c.is_diagonal()) fill_peepholes(step, layer);
  if (const Array* bias = numbers_of(layer, "bias_ih_l0"))  // at the scale of the products; the other one is 0
    for (std::size_t o = 0; o < c.gates() * c.hidden; ++o)
      out_.bias[step.row + c.row(o)] = static_cast<std::int32_t>(bias->values[o]);
}

/// Numbers of 16 bits, the lower byte first: of i, f and o.
void LayoutFiller::fill_peepholes(const QuantizedStep& step, const Layer& layer) {
  const edge::CellPass& c = step.cell;
  const Array* const scale = numbers_of(layer, peephole_scale_name);
  if (scale == nullptr || scale->values.size() != 3 * c.hidden)
    return refuse("{}: its peepholes are not in integers", layer.text);
  const std::size_t first = step.weights + c.input_bytes() + c.state_weight_bytes();
  std::size_t gate = 0;
  for (const auto& [name, place] : {std::pair{"weight_ci_l0", 0U}, {"weight_cf_l0", 2U}, {"weight_co_l0", 1U}}) {
    const std::vector<double>& values = numbers_of(layer, name)->values;
    out_.weight_scale[step.row + c.all_rows() + gate] = static_cast<float>(scale->values[place * c.hidden]);
    for (std::size_t i = 0; i < c.hidden; ++i) {
      const auto number = static_cast<std::uint16_t>(static_cast<std::int16_t>(values[i]));
      const std::size_t at = first + 2 * (gate * c.padded() + i);
      out_.weights[at] = static_cast<std::int8_t>(number & 255U);
      out_.weights[at + 1] = static_cast<std::int8_t>(number >> 8U);
    }
    ++gate;
  }
}

}  // namespace

QuantizedLayout lay_out_quantized(const Structure& structure, const std::vector<std::string>& inputs,
                                  const Units& units, bool exact, Rounding rounding, bool wide) {
  std::vector<Dims> takes;
  for (const std::string& input : inputs) takes.push_back(units.shapes.at(input));
  QuantizedReading reading = QuantizedReader(std::move(takes), exact, wide, rounding).read(structure, inputs);
  QuantizedLayout out;
  out.reader = std::move(reading.reader);
  if (!out.plan().overflows) {
    out.reader->plan.lay_out();
    LayoutFiller filler(reading, out, exact, wide, rounding);
    if (filler.find_scales()) filler.fill_weights();
  }
  out.refused = std::move(reading.refused);
  return out;
}

std::vector<std::string> refusals_of_units(const Units& units, bool exact, bool wide, Rounding rounding) {
  std::vector<std::string> all;
  for (const Unit& unit : units.units) {
    std::vector<Dims> takes;
    for (const std::string& name : unit.reads)
      if (const auto known = units.shapes.find(name); known != units.shapes.end()) takes.push_back(known->second);
    if (takes.empty() || takes.size() != unit.reads.size()) continue;
    for (std::string& reason : QuantizedReader(std::move(takes), exact, wide, rounding).refused_of(unit))
      if (std::ranges::find(all, reason) == all.end()) all.push_back(std::move(reason));
  }
  return all;
}

}  // namespace tenon::importing
