#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <tenon/edge/quantized_attention.hpp>
#include <tenon/edge/quantized_stored.hpp>
#include <tenon/edge/quantized_tables.hpp>
#include <tenon/edge/quantized_wide.hpp>
#include <tenon/kernels/int8_padding.hpp>

/// A network's steps in int8, from the tables of its numbers.
namespace tenon::edge {

/// Probabilities at LiteRT's scale for them, 1/256 with zero point -128, and by its rule: sums of floats from a table,
/// halves away from zero. What is rounded is doubled and cut, never subtracted from: no compiler can contract that, so
/// every machine gives the same bytes.
constexpr void softmax_int8(const std::int8_t* x, std::int8_t* y, size_t size, std::span<const float> table) {
  int largest = -128;
  for (size_t i = 0; i < size; ++i) largest = x[i] > largest ? x[i] : largest;
  float sum = 0;
  for (size_t i = 0; i < size; ++i) sum += table[static_cast<size_t>(largest - x[i])];
  const float factor = 1.0F / (sum * (1.0F / 256));
  for (size_t i = 0; i < size; ++i) {
    const float share = table[static_cast<size_t>(largest - x[i])] * factor;
    const int rounded = (static_cast<int>(share * 2.0F) + 1) / 2;
    y[i] = static_cast<std::int8_t>((rounded > 255 ? 255 : rounded) - 128);
  }
}

/// 2^16 log2(x), x > 0, in whole numbers: the next bit of the logarithm is whether the square reaches 2.
constexpr std::int32_t log2_int(std::uint64_t x) {
  std::int32_t whole = 30;
  for (; x >= std::uint64_t{1} << 31; x >>= 1) ++whole;
  for (; x < std::uint64_t{1} << 30; x <<= 1) --whole;
  std::int32_t result = whole;  // and x / 2^30 from 1 to 2
  for (int bit = 0; bit < 16; ++bit) {
    x = x * x >> 30;
    const bool two = x >= std::uint64_t{1} << 31;
    if (two) x >>= 1;
    result = 2 * result + (two ? 1 : 0);
  }
  return result;
}

/// Logarithms of probabilities at LiteRT's scale for them, 1/16 with zero point 127: -(largest - x) - log(sum), in
/// parts of 256 of a step and whole numbers, so that every machine gives the same bytes. `scale` brings distances to
/// them.
constexpr void log_softmax_int8(const std::int8_t* x, std::int8_t* y, size_t size, std::span<const float> table,
                                const kernels::Requantizer& scale) {
  int largest = -128;
  for (size_t i = 0; i < size; ++i) largest = x[i] > largest ? x[i] : largest;
  std::uint64_t sum = 0;  // times 2^20, which floats multiply by without rounding
  for (size_t i = 0; i < size; ++i)
    sum += static_cast<std::uint32_t>(table[static_cast<size_t>(largest - x[i])] * 1048576.0F);
  constexpr std::int64_t log_2 = 45426;  // 2^16 log(2); 16 steps of 256 parts are 2^12
  const auto log_sum = static_cast<std::int32_t>(((log2_int(sum) - (20 << 16)) * log_2 + (1 << 19)) >> 20);
  for (size_t i = 0; i < size; ++i) {
    const std::int32_t below = (scale(largest - x[i]) + log_sum + 128) >> 8;
    y[i] = static_cast<std::int8_t>(below > 255 ? -128 : 127 - below);
  }
}

/// One of the moves of a step. Where the scales are the same, numbers stay as they are.
template <class Net, size_t K, size_t M, class Bias>
constexpr void run_move(const QuantizedTables<Net, Bias>& t, std::int8_t* arena) {
  constexpr const auto& plan = quantized_plan<Net>;
  constexpr size_t first = plan.steps[K].first_move, source = plan.moves[first + M].source;
  constexpr const kernels::Int8Move& way = move_of<Net, first + M>;
  const std::int8_t* x = arena + plan.place(source);
  std::int8_t* y = arena + plan.place(K + 1);
  if constexpr (plan.steps[K].pattern.kind == StepKind::join) {
    const kernels::Requantizer scale = t.scaling[plan.steps[K].scale + M];
    if (scale.multiplier != 1 << 30 || scale.shift != -3 || t.zero[source] != t.zero[K + 1])
      return kernels::move_rescaled(way, scale, t.zero[source], t.zero[K + 1], x, y);
  }
  kernels::move_numbers(way, x, y);
}

namespace detail {

/// Which steps are padding: numbers that are `padding` in int8, or tokens, of two bytes, that are it.
template <class Net, size_t K>
constexpr void run_padding(std::int8_t padding, const std::int8_t* x, std::int8_t* y) {
  constexpr const auto& plan = quantized_plan<Net>;
  constexpr QuantizedStep step = plan.steps[K];
  if constexpr (plan.is_tokens(step.source)) {
    constexpr double token = step.pattern.low;
    constexpr bool is_token = token >= 0 && token < 65535 && token == static_cast<double>(static_cast<int>(token));
    std::int8_t bytes[2]{};
    write_token(bytes, 0, is_token ? static_cast<std::uint16_t>(token) : std::uint16_t{65535});
    kernels::mark_padding(x, step.out, 2 * step.width, bytes, y);
  } else {
    kernels::mark_padding(x, step.out, step.width, {padding, padding}, y);
  }
}

}  // namespace detail

// With Helium, compilers prepare the arguments of all steps in vectors on the stack at once, which is a kilobyte in a
// long network, unless each step is a function of its own.
#if defined(__ARM_FEATURE_MVE)
#define TENON_STEP [[gnu::noinline]]
#else
#define TENON_STEP
#endif

/// One step of a network in `arena`, which holds the activations.
template <class Net, size_t K, class Bias>
TENON_STEP constexpr void run_narrow_step(const QuantizedTables<Net, Bias>& t, std::int8_t* arena) {
  constexpr const auto& plan = quantized_plan<Net>;
  constexpr QuantizedStep step = plan.steps[K];
  constexpr StepKind kind = step.pattern.kind;
  const std::int8_t* x = arena + plan.place(step.source);
  std::int8_t* y = arena + plan.place(K + 1);
  const std::int8_t x_zero = t.zero[step.source];
  [[maybe_unused]] const kernels::Int8Bounds bounds{t.low[K], t.high[K]};
  if constexpr (kind == StepKind::input) {
  } else if constexpr (step.multiplies()) {
    const kernels::DenseRowsOf<Bias> rows{
        .weights = t.weights + step.weights,
        .bias = t.bias + step.row,
        .multiplier = t.multiplier + step.multiplier,
        .shift = t.shift + step.multiplier,
        .in_groups = kernels::in_fours(step.columns()) / 4,
        .out_groups = kernels::in_fours(kind == StepKind::convolution ? step.image.group_features() : step.outputs()) /
                      4,
        .zero = t.zero[K + 1],
        .low = t.low[K],
        .high = t.high[K]};
    if constexpr (step.remembers)
      x = detail::next_window(arena + plan.states[K], step.image.channels, step.image.image_size(), x_zero, x);
    if constexpr (step.stored_otherwise() && kind == StepKind::dense) detail::run_stored_dense<Net, K>(rows, x, y);
    else if constexpr (step.stored_otherwise())
      detail::run_stored_convolution<Net, K>(rows, image_of<Net, K>, x_zero, x, y, arena + plan.scratch[K]);
    else if constexpr (kind == StepKind::dense) kernels::dense_int8(rows, x, y);
    else if constexpr (kind == StepKind::depthwise && kernels::depthwise_takes_pairs(image_of<Net, K>))
      kernels::depthwise_pairs_int8(rows, image_of<Net, K>, x_zero, x, y, arena + plan.scratch[K]);
    else if constexpr (kind == StepKind::depthwise)
      kernels::depthwise_int8(rows, image_of<Net, K>, x_zero, x, y, arena + plan.scratch[K]);
    else kernels::convolution_int8(rows, image_of<Net, K>, x_zero, x, y, arena + plan.scratch[K]);
  } else if constexpr (kind == StepKind::max_pool) {
    kernels::max_pool(pool_of<Net, K>.windows, bounds, x, y);
  } else if constexpr (kind == StepKind::average_pool) {
    kernels::average_pool(pool_of<Net, K>, bounds, x_zero, x, y);
  } else if constexpr (kind == StepKind::add) {
    const kernels::Int8Sum sum{t.scaling[step.scale],
                               t.scaling[step.scale + 1],
                               t.scaling[step.scale + 2],
                               x_zero,
                               t.zero[step.other],
                               t.zero[K + 1],
                               bounds};
    kernels::add_int8(sum, step.in, x, arena + plan.place(step.other), y);
  } else if constexpr (kind == StepKind::shift) {
    const kernels::Int8Sum sum{
        t.scaling[step.scale], t.scaling[step.scale + 1], t.scaling[step.scale + 2], x_zero, 0, t.zero[K + 1], bounds};
    const std::int8_t* added = t.weights + step.weights;
    if constexpr (step.remembers) {
      added += next_place(arena + plan.states[K], step.places) * step.out;
      std::int8_t* const row = arena + plan.scratch[K];
      for (size_t i = 0; i < step.out; ++i) row[i] = added[i];
      added = row;
    }
    kernels::add_int8(sum, step.in, x, added, y);
  } else if constexpr (kind == StepKind::embedding) {
    kernels::rows_int8({t.weights + step.weights, step.tokens, step.width, step.in / 2, t.zero[K + 1]}, x, y);
  } else if constexpr (step.is_pair()) {
    const kernels::Pair<std::int8_t> pair{t.scaling[step.scale],
                                          t.scaling[step.scale + 1],
                                          t.scaling[step.scale + 2],
                                          x_zero,
                                          t.zero[step.other],
                                          t.zero[K + 1],
                                          bounds,
                                          step.out,
                                          step.period,
                                          step.repeat};
    const std::int8_t* other = arena + plan.place(step.other);
    if constexpr (kind == StepKind::multiply) kernels::product(pair, x, other, y);
    else if constexpr (kind == StepKind::subtract) kernels::difference(pair, x, other, y);
    else if constexpr (kind == StepKind::divide) kernels::quotient_int8(pair, x, other, y);
    else kernels::extreme<kind == StepKind::larger>(pair, x, other, y);
  } else if constexpr (step.modulates()) {
    const kernels::Int8Modulation modulation{t.scaling[step.scale],
                                             t.scaling[step.scale + 1],
                                             t.scaling[step.scale + 2],
                                             x_zero,
                                             t.zero[step.other],
                                             t.zero[step.third],
                                             t.zero[K + 1],
                                             bounds,
                                             {step.period, step.repeat},
                                             step.spread};
    kernels::modulate_int8(modulation, step.out, x, arena + plan.place(step.other), arena + plan.place(step.third), y);
  } else if constexpr (kind == StepKind::table) {
    kernels::table_int8(t.functions.data() + 256 * step.table, step.in, x, y);
  } else if constexpr (kind == StepKind::norm) {
    const kernels::NormFactors factors{t.multiplier + step.multiplier,
                                       t.bias + step.row,
                                       t.shift + step.multiplier,
                                       t.zero[K + 1],
                                       t.low[K],
                                       t.high[K]};
    kernels::normalize_int8(norm_of<Net, K>, t.norms[step.norm_table], factors, x_zero, x, y);
  } else if constexpr (kind == StepKind::recurrent) {
    detail::run_cell<Net, K>(t, arena);
  } else if constexpr (kind == StepKind::tied) {
    kernels::scores_int8({t.weights + step.weights, step.tokens, step.width, step.in / step.width, t.zero[step.other],
                          x_zero, t.zero[K + 1], t.scaling[step.scale]},
                         x, y);
  } else if constexpr (step.chooses()) {
    const kernels::Choice<std::int8_t> choice{t.scaling[step.scale],
                                              t.scaling[step.scale + 1],
                                              x_zero,
                                              t.zero[step.other],
                                              t.zero[step.third],
                                              t.zero[K + 1],
                                              bounds,
                                              step.first_spread,
                                              {step.period, step.repeat},
                                              step.spread};
    kernels::choose(choice, step.out, x, arena + plan.place(step.other), arena + plan.place(step.third), y);
  } else if constexpr (step.attends()) {
    detail::run_attention<Net, K>(t, arena);
  } else if constexpr (kind == StepKind::padding) {
    detail::run_padding<Net, K>(t.low[K], x, y);
  } else if constexpr (kind == StepKind::mean_of_steps) {
    kernels::mean_of_steps(x, arena + plan.place(step.other) + step.mask_first, step.in / step.width, step.width,
                           x_zero, y);
  } else if constexpr (kind == StepKind::slopes) {
    kernels::slopes(kernels::Slopes<std::int8_t>{t.scaling[step.scale], t.multiplier + step.multiplier,
                                                 t.shift + step.multiplier, step.factors, x_zero, t.zero[K + 1],
                                                 bounds},
                    step.in, x, y);
  } else if constexpr (kind == StepKind::stretch) {
    kernels::stretch(stretching_of<Net, K>, x, y);
  } else if constexpr (kind == StepKind::move || kind == StepKind::join) {
    if constexpr (step.padded) kernels::detail::fill_numbers(y, step.out, x_zero);
    [&]<size_t... M>(std::index_sequence<M...>) { (run_move<Net, K, M>(t, arena), ...); }
    (std::make_index_sequence<step.moves>{});
  } else if constexpr (kind == StepKind::clamp) {
    kernels::rescale(t.scaling[step.scale], x_zero, t.zero[K + 1], bounds, step.in, x, y);
  } else {
    const auto table = std::span(t.exponentials).subspan(256 * step.table, 256);
    for (size_t first = 0; first < step.in; first += step.width)
      if constexpr (kind == StepKind::softmax) softmax_int8(x + first, y + first, step.width, table);
      else log_softmax_int8(x + first, y + first, step.width, table, t.scaling[step.scale]);
  }
}
#undef TENON_STEP

/// One step, with activations of 8 or 16 bits.
template <class Net, size_t K, class Bias>
TENON_INLINE constexpr void run_step(const QuantizedTables<Net, Bias>& t, Activation<Net>* arena) {
  if constexpr (quantized_plan<Net>.wide) detail::run_wide_step<Net, K>(t, arena);
  else run_narrow_step<Net, K>(t, arena);
}

/// All steps, one after the other: what the inputs hold becomes the outputs, in one arena.
template <class Net, class Bias, size_t... K>
constexpr void run_steps(const QuantizedTables<Net, Bias>& t, Activation<Net>* arena, std::index_sequence<K...>) {
  (run_step<Net, K>(t, arena), ...);
}

}  // namespace tenon::edge
