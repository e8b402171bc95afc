#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <tenon/edge/quantized_parts.hpp>
#include <tenon/edge/quantized_plan.hpp>
#include <tenon/kernels/int16_elementwise.hpp>
#include <tenon/kernels/int16_images.hpp>

/// Steps whose activations have 16 bits: LiteRT's 16x8. Zero points are 0, weights have 8 bits and a scale for each
/// output.
namespace tenon::edge::detail {

/// Whether a step has such a form.
constexpr bool can_be_wide(const QuantizedStep& step) {
  switch (step.pattern.kind) {
  case StepKind::dense:
  case StepKind::convolution:
  case StepKind::depthwise:
    return !step.stored_otherwise() && !step.remembers;
  case StepKind::softmax:
    return step.width < 65536;
  case StepKind::input:
  case StepKind::max_pool:
  case StepKind::average_pool:
  case StepKind::add:
  case StepKind::multiply:
  case StepKind::subtract:
  case StepKind::larger:
  case StepKind::smaller:
  case StepKind::clamp:
  case StepKind::table:
  case StepKind::slopes:
  case StepKind::choose:
  case StepKind::move:
  case StepKind::join:
  case StepKind::stretch:
    return true;
  default:
    return false;
  }
}
template <size_t Capacity>
constexpr bool all_can_be_wide(const StepPlan<Capacity>& plan) {
  for (size_t k = 0; k < plan.count; ++k)
    if (!can_be_wide(plan.steps[k])) return false;
  return true;
}

/// What becomes of a multiplier and a shift: LiteRT keeps the upper 16 bits of a multiplier for sums of 64 bits.
constexpr kernels::Requantizer wide_multiplier(kernels::Requantizer r) {
  const std::int32_t upper = r.multiplier < 0x7FFF0000 ? (r.multiplier + (1 << 15)) >> 16 : 0x7FFF;
  r.multiplier = upper * (1 << 16);
  return r;
}

/// Fills the biases, multipliers and shifts of a step's rows. row_sums(o): the sums over the weights of output o;
/// scaled(real, largest): the Requantizer for the factor `real` and sums of at most `largest`.
template <class Numbers, class Tables, class Sums, class Scaled>
constexpr void fill_wide_rows(const QuantizedStep& step, size_t k, const Numbers& q, Tables& t, Sums row_sums,
                              Scaled scaled) {
  const double in = static_cast<double>(q.scale[step.source]), out = static_cast<double>(q.scale[k + 1]);
  t.narrow[k] = true;
  // a multiplier of 31 bits shows that LiteRT makes it of floats for a FULLY_CONNECTED with one scale for all weights
  bool in_float = q.whole_multipliers && step.pattern.kind == StepKind::dense;
  for (size_t o = 1; o < step.outputs(); ++o)
    in_float = in_float &&
               q.weight_scale[step.row + step.packed_row(o)] == q.weight_scale[step.row + step.packed_row(0)];
  for (size_t o = 0; o < step.outputs(); ++o) {
    const size_t row = step.row + step.packed_row(o), multiplier = step.multiplier_of(o);
    const std::int64_t bias = q.bias[row];
    const std::int64_t largest = (bias < 0 ? -bias : bias) + 32768 * std::int64_t{row_sums(o).magnitude};
    t.narrow[k] = t.narrow[k] && largest < std::int64_t{1} << 31;
    t.bias[row] = q.bias[row];
    if (largest == 0) continue;  // its numbers are 0
    const double product = in_float ? static_cast<double>(q.scale[step.source] * q.weight_scale[row])
                                    : in * static_cast<double>(q.weight_scale[row]);
    const kernels::Requantizer whole = scaled(product / out, static_cast<double>(largest)),
                               r = q.whole_multipliers ? whole : wide_multiplier(whole);
    if (r.shift < -16 || largest >= std::int64_t{1} << 47) t.sums_fit = false;
    t.multiplier[multiplier] = r.multiplier;
    t.shift[multiplier] = r.shift;
  }
  if (q.whole_multipliers && !t.narrow[k]) t.sums_fit = false;
}

/// What the table of a step with wide activations is: by itself a Sigmoid or a Tanh is LiteRT's.
enum class WideFunction : std::uint8_t { table, sigmoid, tanh };
constexpr WideFunction wide_function(const QuantizedStep& step, PointFunction f) {
  if (!(step.fixed_scale > 0)) return WideFunction::table;
  return f(0) > 0.25 ? WideFunction::sigmoid : WideFunction::tanh;
}

/// One of the moves of a step. Where the scales are the same, numbers stay as they are.
template <class Net, size_t K, size_t M, class Tables>
constexpr void run_wide_move(const Tables& t, std::int16_t* arena) {
  constexpr const auto& plan = quantized_plan<Net>;
  constexpr size_t first = plan.steps[K].first_move, source = plan.moves[first + M].source;
  constexpr const kernels::Int8Move& way = move_of<Net, first + M>;
  const std::int16_t* x = arena + plan.place(source);
  std::int16_t* y = arena + plan.place(K + 1);
  if constexpr (plan.steps[K].pattern.kind == StepKind::join) {
    const kernels::Requantizer scale = t.scaling[plan.steps[K].scale + M];
    if (scale.multiplier != 1 << 30 || scale.shift != -3) return kernels::move_rescaled(way, scale, 0, 0, x, y);
  }
  kernels::move_numbers(way, x, y);
}

/// One step of a network in `arena`, which holds the activations.
template <class Net, size_t K, class Tables>
constexpr void run_wide_step(const Tables& t, std::int16_t* arena) {
  constexpr const auto& plan = quantized_plan<Net>;
  constexpr QuantizedStep step = plan.steps[K];
  constexpr StepKind kind = step.pattern.kind;
  const std::int16_t* x = arena + plan.place(step.source);
  const std::int16_t* other = arena + plan.place(step.other);
  std::int16_t* y = arena + plan.place(K + 1);
  const kernels::Bounds<std::int16_t> bounds{t.low[K], t.high[K]};
  const auto scale = [&](size_t i) { return t.scaling[step.scale + i]; };
  if constexpr (kind == StepKind::input) {
  } else if constexpr (step.multiplies()) {
    constexpr size_t outputs = kind == StepKind::convolution ? step.image.group_features() : step.outputs();
    const kernels::WideRows rows{{.weights = t.weights + step.weights,
                                  .bias = t.bias + step.row,
                                  .multiplier = t.multiplier + step.multiplier,
                                  .shift = t.shift + step.multiplier,
                                  .in_groups = kernels::in_fours(step.columns()) / 4,
                                  .out_groups = kernels::in_fours(outputs) / 4,
                                  .low = t.low[K],
                                  .high = t.high[K]},
                                 t.narrow[K]};
    if constexpr (kind == StepKind::dense) kernels::dense_int16(rows, x, y);
    else if constexpr (kind == StepKind::depthwise)
      kernels::depthwise_int16(rows, image_of<Net, K>, x, y, arena + plan.scratch[K]);
    else kernels::convolution_int16(rows, image_of<Net, K>, x, y, arena + plan.scratch[K]);
  } else if constexpr (kind == StepKind::max_pool) {
    kernels::max_pool(pool_of<Net, K>.windows, bounds, x, y);
  } else if constexpr (kind == StepKind::average_pool) {
    kernels::average_pool(pool_of<Net, K>, bounds, std::int16_t{0}, x, y);
  } else if constexpr (kind == StepKind::add) {
    kernels::add_int16({scale(0), scale(1), scale(2), bounds}, step.in, x, other, y);
  } else if constexpr (step.is_pair()) {
    const kernels::Pair<std::int16_t> pair{scale(0), scale(1), scale(2), 0,           0,
                                           0,        bounds,   step.out, step.period, step.repeat};
    if constexpr (kind == StepKind::multiply) kernels::product(pair, x, other, y);
    else if constexpr (kind == StepKind::subtract) kernels::difference(pair, x, other, y);
    else kernels::extreme<kind == StepKind::larger>(pair, x, other, y);
  } else if constexpr (kind == StepKind::table) {
    constexpr WideFunction what = wide_function(step, plan_reading<bound_network<Net>>.function[K]);
    const std::int16_t* table = t.functions.data() + plan.table_size() * step.table;
    if constexpr (what == WideFunction::table) kernels::table_int16(table, step.in, x, y);
    else kernels::squash_int16<what == WideFunction::tanh>(table, step.in, x, y);
  } else if constexpr (kind == StepKind::slopes) {
    kernels::slopes(kernels::Slopes<std::int16_t>{scale(0), t.multiplier + step.multiplier, t.shift + step.multiplier,
                                                  step.factors, 0, 0, bounds},
                    step.in, x, y);
  } else if constexpr (step.chooses()) {
    const kernels::Choice<std::int16_t> choice{
        scale(0), scale(1), 0, 0, 0, 0, bounds, step.first_spread, {step.period, step.repeat}, step.spread};
    kernels::choose(choice, step.out, x, other, arena + plan.place(step.third), y);
  } else if constexpr (kind == StepKind::stretch) {
    kernels::stretch(stretching_of<Net, K>, x, y);
  } else if constexpr (kind == StepKind::move || kind == StepKind::join) {
    if constexpr (step.padded) kernels::detail::fill_numbers(y, step.out, std::int16_t{0});
    [&]<size_t... M>(std::index_sequence<M...>) { (run_wide_move<Net, K, M>(t, arena), ...); }
    (std::make_index_sequence<step.moves>{});
  } else if constexpr (kind == StepKind::clamp) {
    kernels::rescale(scale(0), 0, 0, bounds, step.in, x, y);
  } else {
    static_assert(kind == StepKind::softmax);
    for (size_t first = 0; first < step.in; first += step.width)
      kernels::softmax_int16(scale(0), x + first, y + first, step.width, !t.counts_far);
  }
}

}  // namespace tenon::edge::detail
