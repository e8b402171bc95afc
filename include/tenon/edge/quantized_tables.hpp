#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include <tenon/edge/quantized_attention.hpp>
#include <tenon/edge/quantized_plan.hpp>
#include <tenon/edge/quantized_ports.hpp>
#include <tenon/edge/quantized_recurrent.hpp>
#include <tenon/edge/quantized_wide.hpp>
#include <tenon/edge/row_sums.hpp>
#include <tenon/expr/math/exp.hpp>

namespace tenon {

/// The numbers of a network in int8, as `quantize` finds them (model/quantize.hpp) and
/// `export_quantized_header` writes them. The rules are LiteRT's 8-bit ones: weights from -127 to 127
/// with a scale per output, activations with one scale and zero point a tensor, an input behind whose Standardize
/// nothing else reads it, and an output of Unstandardize, with one for each feature, real = scale * (q - zero), biases
/// in int32 at the scale of the products.
template <class Net>
struct QuantizedNumbers {
  using network = Net;
  static constexpr const auto& plan = edge::quantized_plan<Net>;

  std::int8_t weights[plan.weight_bytes + 1]{};  // packed: kernels/int8_products.hpp, int8_stored.hpp
  std::int32_t bias[plan.rows + 1]{};
  float weight_scale[plan.rows + 1]{};
  float scale[plan.count + 1]{};  // of the input and of every step's output; a pool's is its input's
  std::int8_t zero[plan.count + 1]{};
  // of inputs and outputs whose features have scales of their own; the step is a feature's scale
  float feature_center[plan.features + 1]{}, feature_step[plan.features + 1]{};
  float output_center[plan.unscaled.features + 1]{}, output_step[plan.unscaled.features + 1]{};
  std::int8_t gate_bits[plan.cells + 1]{}, cell_bits[plan.cells + 1]{};    // of recurrent layers: kernels::CellScale
  edge::Activation<Net> functions[plan.table_size() * plan.tables + 1]{};  // what an importer has computed as the file
  bool has_functions = false;  // means it; otherwise the compiler fills the tables
  // of 16 bits, as an importer's file means it: sums, of 32 bits, meet multipliers of 31, as in LiteRT where biases
  // have 32; in a Softmax what lies more than 10 below the largest number counts as e^-10
  bool whole_multipliers = false, counts_far = false;
};

namespace edge {

/// A positive real number below 2^30 as a multiplier of 31 bits and a shift.
constexpr kernels::Requantizer requantizer(double real) {
  int exponent = 0;  // real = fraction * 2^exponent, 0.5 <= fraction < 1
  for (; real >= 1; real /= 2) ++exponent;
  for (; real < 0.5 && exponent > -30; real *= 2) --exponent;
  auto multiplier = static_cast<std::int64_t>(real * 0x1p31 + 0.5);
  if (multiplier == std::int64_t{1} << 31) {
    multiplier /= 2;
    ++exponent;
  }
  return {static_cast<std::int32_t>(multiplier), static_cast<std::int8_t>(-2 - exponent)};
}

/// What a firmware keeps of `QuantizedNumbers`, computed by the compiler. Biases may be kernels::Int24 where rows have
/// nothing but them (`StepPlan::has_biases_alone`) and all of them fit.
template <class Net, class Bias = std::int32_t>
struct QuantizedTables {
  static constexpr const auto& plan = quantized_plan<Net>;

  alignas(4) std::int8_t weights[plan.weight_bytes + 1]{};
  Bias bias[plan.rows + 1]{};  // less the input's zero point times the row's weights
  std::int32_t multiplier[plan.multipliers + 1]{};
  std::int8_t shift[plan.multipliers + 1]{};
  Activation<Net> low[plan.count]{}, high[plan.count]{};
  std::int8_t zero[plan.count + 1]{};
  std::array<kernels::Requantizer, plan.requantizers> scaling{};  // of pairs, three each, of bounds and of joins
  bool sums_fit = true;                                           // in 32 bits, whatever the input
  bool counts_far = false;                                        // kernels::softmax_int16
  std::array<float, plan.inputs> input_scale{};
  std::array<float, plan.outputs()> output_scale{};
  std::array<float, plan.wide ? 0 : 256 * plan.softmaxes> exponentials{};
  std::array<Activation<Net>, plan.table_size() * plan.tables> functions{};  // what becomes of -128, -127, ... 127
  std::array<bool, plan.wide ? plan.count : 0> narrow{};  // of steps with wide activations: kernels::WideRows
  std::array<kernels::NormScale, plan.norms> norms{};
  std::array<kernels::CellScale, plan.cells> cells{};
  [[no_unique_address]] FeatureScales<plan.features> features{};
  [[no_unique_address]] FeatureScales<plan.unscaled.features, true> unscaled{};
};

/// Where there are such features. An importer's numbers have none.
template <class Net, class Numbers, class Tables>
constexpr void copy_feature_scales([[maybe_unused]] const Numbers& q, [[maybe_unused]] Tables& t) {
  constexpr size_t in = quantized_plan<Net>.features, out = quantized_plan<Net>.unscaled.features;
  if constexpr (in > 0)
    for (size_t i = 0; i < in; ++i) t.features.center[i] = q.feature_center[i], t.features.step[i] = q.feature_step[i];
  if constexpr (out > 0)
    for (size_t i = 0; i < out; ++i) t.unscaled.center[i] = q.output_center[i], t.unscaled.step[i] = q.output_step[i];
}

/// e^(-d scale) for the distances d of int8 numbers.
constexpr void fill_exponentials(std::span<float> table, float scale) {
  for (size_t d = 0; d < table.size(); ++d)
    table[d] = static_cast<float>(math::exp(static_cast<double>(-scale * static_cast<float>(d))));
}

/// A function of one number as a table.
constexpr void fill_function(std::span<std::int8_t> table, detail::PointFunction f, float in, int in_zero, float out,
                             int out_zero) {
  for (size_t i = 0; i < 256; ++i) {
    const int q = static_cast<int>(i) - 128;
    table[i] = to_int8(static_cast<float>(f(static_cast<double>(in) * (q - in_zero))), out, out_zero);
  }
}

/// Of one output.
constexpr RowSums row_sums(const QuantizedStep& step, const std::int8_t* weights, size_t output) {
  const size_t groups = kernels::in_fours(step.columns()) / 4;
  if (step.stored().in_four_bits) {
    const size_t row = step.packed_row(output);
    return four_bit_row_sums(weights + step.weights + kernels::stored_bytes(row / 4, groups, true), groups, row % 4);
  }
  RowSums sums;
  const std::int8_t* const w = weights;
  size_t at = step.packed_place(output, 0);
  if (step.pattern.kind == StepKind::depthwise) {
    for (size_t column = 0; column < step.columns(); ++column, at += 4)
      sums.sum += w[at], sums.magnitude += w[at] < 0 ? -w[at] : w[at];
    return sums;
  }
  return packed_row_sums(weights + at, groups);
}
/// In few turns of a loop for the compiler, which counts them. The question whether it is the compiler keeps g++ from
/// computing, unasked, the tables of constant numbers in ordinary code too: it would store them number by number, and
/// take minutes to compile.
constexpr void copy_weights(const std::int8_t* from, size_t count, std::int8_t* to) {
  for (; std::is_constant_evaluated() && count >= 16; count -= 16, from += 16, to += 16)
    to[0] = from[0], to[1] = from[1], to[2] = from[2], to[3] = from[3], to[4] = from[4], to[5] = from[5],
    to[6] = from[6], to[7] = from[7], to[8] = from[8], to[9] = from[9], to[10] = from[10], to[11] = from[11],
    to[12] = from[12], to[13] = from[13], to[14] = from[14], to[15] = from[15];
  for (; count > 0; --count) *to++ = *from++;
}

/// Numbers: a QuantizedNumbers of a network whose steps have the same weights.
/// `sums_fit` says whether biases fit, too.
template <class Net, class Bias = std::int32_t, class Numbers>
constexpr QuantizedTables<Net, Bias> make_tables_of(const Numbers& q) {
  QuantizedTables<Net, Bias> t;
  constexpr const auto& plan = quantized_plan<Net>;
  copy_weights(q.weights, plan.weight_bytes, t.weights);
  t.counts_far = q.counts_far;
  for (size_t i = 0; i <= plan.count; ++i) t.zero[i] = q.zero[i];
  for (size_t k = 0; k < plan.inputs; ++k) t.input_scale[k] = q.scale[k];
  for (size_t k = 0; k < plan.outputs(); ++k) t.output_scale[k] = q.scale[plan.output_tensor(k)];
  copy_feature_scales<Net>(q, t);
  // a multiplier for sums of at most `largest`
  const auto scaled = [&t](double real, double largest) {
    if (largest * real > 0x1p30) return t.sums_fit = false, kernels::Requantizer{};
    return requantizer(real);
  };
  // both parts of a sum are brought to twice the larger scale, with 20 fractional bits (15 of 16-bit activations)
  const auto set_sum = [&t, &scaled](const QuantizedStep& step, double a, double b, double out) {
    const double twice = 2 * (a > b ? a : b);
    t.scaling[step.scale] = requantizer(a / twice);
    t.scaling[step.scale + 1] = requantizer(b / twice);
    if (plan.wide) t.scaling[step.scale + 2] = scaled(twice / (0x1p15 * out), 0x1p30);
    else t.scaling[step.scale + 2] = scaled(twice / (0x1p20 * out), 255 * 0x1p20);
  };
  for (size_t k = 0; k < plan.count; ++k) {
    const QuantizedStep& step = plan.steps[k];
    const double in = static_cast<double>(q.scale[step.source]), out = static_cast<double>(q.scale[k + 1]);
    using Number = Activation<Net>;
    constexpr Number least = std::numeric_limits<Number>::min(), most = std::numeric_limits<Number>::max();
    constexpr double distance = plan.wide ? 65535 : 255;  // of two numbers, at most
    t.low[k] = step.pattern.low == -std::numeric_limits<double>::infinity()
                   ? least
                   : to_number<Number>(static_cast<float>(step.pattern.low), q.scale[k + 1], q.zero[k + 1]);
    t.high[k] = step.pattern.high == std::numeric_limits<double>::infinity()
                    ? most
                    : to_number<Number>(static_cast<float>(step.pattern.high), q.scale[k + 1], q.zero[k + 1]);
    if (step.pattern.kind == StepKind::clamp) {
      t.scaling[step.scale] = scaled(in / out, distance);
    } else if (step.pattern.kind == StepKind::softmax && plan.wide) {
      t.scaling[step.scale] = scaled(in / (10.0 / 65535), distance);
    } else if (step.exponentiates()) {
      if (step.pattern.kind == StepKind::log_softmax) t.scaling[step.scale] = scaled(256 * in / out, 255);
      fill_exponentials(std::span(t.exponentials).subspan(256 * step.table, 256), q.scale[step.source]);
    } else if (step.pattern.kind == StepKind::table && q.has_functions) {
      const Number* from = q.functions + plan.table_size() * step.table;
      Number* to = t.functions.data() + plan.table_size() * step.table;
      for (size_t i = 0; i < plan.table_size(); ++i) *to++ = *from++;
    } else if (step.pattern.kind == StepKind::table) {
      const detail::PointFunction f = detail::plan_reading<bound_network<Net>>.function[k];
      if constexpr (plan.wide) {
        Number* const table = t.functions.data() + plan.table_size() * step.table;
        if (detail::wide_function(step, f) != detail::WideFunction::table)
          kernels::Squash::fill(table, q.scale[step.source]);
        else kernels::fill_wide_table(table, [&](double x) { return f(x * in) / out; });
      } else
        fill_function(std::span(t.functions).subspan(256 * step.table, 256), f, q.scale[step.source],
                      q.zero[step.source], q.scale[k + 1], q.zero[k + 1]);
    } else if (step.pattern.kind == StepKind::norm) {
      const kernels::NormScale scale = t.norms[step.norm_table] = detail::norm_scale(step, in);
      const double one = static_cast<double>(std::int64_t{1} << scale.fraction) * out;
      for (size_t o = 0; o < step.factors; ++o) {
        const size_t row = step.row + o, factor = step.multiplier + o;
        t.bias[row] = q.bias[row];
        if (!detail::set_norm_factor(static_cast<double>(q.weight_scale[row]) * 0x1p16 / one, t.multiplier[factor],
                                     t.shift[factor]))
          t.sums_fit = false;
      }
    } else if (step.pattern.kind == StepKind::recurrent) {
      detail::fill_cell(step, k, q, t, scaled);
    } else if (step.pattern.kind == StepKind::tied) {
      t.scaling[step.scale] = scaled(in * static_cast<double>(q.scale[step.other]) / out,
                                     255.0 * 255.0 * static_cast<double>(step.width));
    } else if (step.chooses()) {
      t.scaling[step.scale] = scaled(static_cast<double>(q.scale[step.other]) / out, distance);
      t.scaling[step.scale + 1] = scaled(static_cast<double>(q.scale[step.third]) / out, distance);
    } else if (step.attends() && step.attention.hidden > 0) {
      detail::fill_additive(step, in, static_cast<double>(q.scale[step.other]),
                            static_cast<double>(q.weight_scale[step.row]),
                            static_cast<double>(q.scale[step.third]) / out, t, scaled);
    } else if (step.attends()) {
      detail::fill_attention(step, in, static_cast<double>(q.scale[step.other]),
                             static_cast<double>(q.scale[step.third]), out, t, scaled);
    } else if (step.pattern.kind == StepKind::padding) {
      t.low[k] = to_number<Number>(static_cast<float>(step.pattern.low), q.scale[step.source], q.zero[step.source]);
    } else if (step.pattern.kind == StepKind::slopes) {
      t.scaling[step.scale] = scaled(in / out, distance);
      for (size_t o = 0; o < step.factors; ++o) {
        const double slope = static_cast<double>(q.weight_scale[step.row + o]);
        const kernels::Requantizer r = scaled((slope < 0 ? -slope : slope) * in / out, distance);
        t.multiplier[step.multiplier + o] = slope < 0 ? -r.multiplier : r.multiplier;
        t.shift[step.multiplier + o] = r.shift;
      }
    } else if (step.pattern.kind == StepKind::join) {
      for (size_t m = 0; m < step.moves; ++m)
        t.scaling[step.scale + m] = scaled(static_cast<double>(q.scale[plan.moves[step.first_move + m].source]) / out,
                                           distance);
    } else if (step.pattern.kind == StepKind::multiply) {
      // in 16 bits a multiplier's last places are seen, and LiteRT computes it of floats
      if (plan.wide)
        t.scaling[step.scale + 2] = scaled(
            static_cast<double>(q.scale[step.source] * q.scale[step.other] / q.scale[k + 1]), 0x1p30);
      else t.scaling[step.scale + 2] = scaled(in * static_cast<double>(q.scale[step.other]) / out, 255 * 255);
    } else if (step.pattern.kind == StepKind::shift) {
      set_sum(step, in, static_cast<double>(q.weight_scale[step.row]), out);
    } else if (step.pattern.kind == StepKind::divide) {
      t.scaling[step.scale + 2] = scaled(in / static_cast<double>(q.scale[step.other]) / (0x1p22 * out), 0x1p30);
    } else if (step.modulates()) {
      set_sum(step, 256 * in * static_cast<double>(q.scale[step.other]), static_cast<double>(q.scale[step.third]), out);
    } else if (step.pattern.kind == StepKind::larger || step.pattern.kind == StepKind::smaller) {
      t.scaling[step.scale] = scaled(in / out, distance);
      t.scaling[step.scale + 1] = scaled(static_cast<double>(q.scale[step.other]) / out, distance);
    } else if (step.pattern.kind == StepKind::add || step.pattern.kind == StepKind::subtract) {
      set_sum(step, in, static_cast<double>(q.scale[step.other]), out);
    }
    if (!step.multiplies()) continue;
    if constexpr (plan.wide) {
      detail::fill_wide_rows(
          step, k, q, t, [&](size_t o) { return row_sums(step, t.weights, o); }, scaled);
      continue;
    }
    for (size_t o = 0; o < step.outputs(); ++o) {
      const size_t row = step.row + step.packed_row(o);
      const RowSums sums = row_sums(step, t.weights, o);
      const std::int64_t bias = std::int64_t{q.bias[row]} - std::int64_t{q.zero[step.source]} * sums.sum;
      // The largest that any partial sum can be, in any order.
      const std::int64_t largest = (bias < 0 ? -bias : bias) + std::int64_t{128} * sums.magnitude;
      if (largest > std::numeric_limits<std::int32_t>::max()) {
        t.sums_fit = false;
        continue;
      }
      const kernels::Requantizer r = scaled(in * static_cast<double>(q.weight_scale[row]) / out,
                                            static_cast<double>(largest));
      t.bias[row] = static_cast<std::int32_t>(bias);
      if (t.bias[row] != bias) t.sums_fit = false;
      const size_t multiplier = step.multiplier_of(o);
      for (size_t copy = 0; copy < (step.stored().one_scale ? 4 : 1); ++copy) {
        t.multiplier[multiplier + copy] = r.multiplier;
        t.shift[multiplier + copy] = r.shift;
      }
    }
  }
  return t;
}
/// Where a constant is asked for, by the compiler; else when the program runs, also of constant numbers.
template <class Net>
constexpr QuantizedTables<Net> make_tables(const QuantizedNumbers<Net>& q) {
  return make_tables_of<Net>(q);
}

namespace detail {

template <class Net, const QuantizedNumbers<Net>& Q>
inline constexpr QuantizedTables<Net> whole_tables = make_tables_of<Net>(Q);
template <class Net, const QuantizedNumbers<Net>& Q>
inline constexpr QuantizedTables<Net, kernels::Int24> small_tables = make_tables_of<Net, kernels::Int24>(Q);

/// The tables of constants, in the fewest bytes.
template <class Net, const QuantizedNumbers<Net>& Q>
constexpr const auto& tables_of() {
  if constexpr (!quantized_plan<Net>.has_biases_alone()) return whole_tables<Net, Q>;
  else if constexpr (small_tables<Net, Q>.sums_fit) return small_tables<Net, Q>;
  else return whole_tables<Net, Q>;
}

}  // namespace detail

}  // namespace edge
}  // namespace tenon
