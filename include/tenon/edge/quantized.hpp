#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include <tenon/edge/quantized_check.hpp>
#include <tenon/edge/quantized_plan.hpp>
#include <tenon/edge/quantized_ports.hpp>
#include <tenon/edge/quantized_recurrent.hpp>
#include <tenon/edge/row_sums.hpp>
#include <tenon/expr/math/exp.hpp>

namespace tenon {

/// The numbers of a network in int8, as `quantize` finds them (model/quantize.hpp) and
/// `export_quantized_header` writes them. The rules are LiteRT's 8-bit ones: weights from -127 to 127
/// with a scale per output, activations with one scale and zero point a tensor,
/// real = scale * (q - zero), biases in int32 at the scale of the products.
template <class Net>
struct QuantizedNumbers {
  static constexpr const auto& plan = edge::quantized_plan<Net>;

  std::int8_t weights[plan.weight_bytes + 1]{};  // packed: kernels/int8_products.hpp
  std::int32_t bias[plan.rows + 1]{};
  float weight_scale[plan.rows + 1]{};
  float scale[plan.count + 1]{};  // of the input and of every step's output; a pool's is its input's
  std::int8_t zero[plan.count + 1]{};
  std::int8_t gate_bits[plan.cells + 1]{}, cell_bits[plan.cells + 1]{};  // of recurrent layers: kernels::CellScale
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

/// What a firmware keeps of `QuantizedNumbers`, computed by the compiler.
template <class Net>
struct QuantizedTables {
  static constexpr const auto& plan = quantized_plan<Net>;

  alignas(4) std::int8_t weights[plan.weight_bytes + 1]{};
  std::int32_t bias[plan.rows + 1]{};  // less the input's zero point times the row's weights
  std::int32_t multiplier[plan.rows + 1]{};
  std::int8_t shift[plan.rows + 1]{};
  std::int8_t low[plan.count]{}, high[plan.count]{};
  std::int8_t zero[plan.count + 1]{};
  std::array<kernels::Requantizer, plan.requantizers> scaling{};  // of pairs, three each, of bounds and of joins
  bool sums_fit = true;                                           // in 32 bits, whatever the input
  std::array<float, plan.inputs> input_scale{};
  std::array<float, plan.outputs()> output_scale{};
  std::array<float, 256 * plan.softmaxes> exponentials{};
  std::array<std::int8_t, 256 * plan.tables> functions{};  // what becomes of -128, -127, ... 127
  std::array<kernels::NormScale, plan.norms> norms{};
  std::array<kernels::CellScale, plan.cells> cells{};
};

/// e^(-d scale) for the distances d of int8 numbers.
constexpr void fill_exponentials(std::span<float> table, float scale) {
  for (std::size_t d = 0; d < table.size(); ++d)
    table[d] = static_cast<float>(math::exp(static_cast<double>(-scale * static_cast<float>(d))));
}

/// A function of one number as a table.
constexpr void fill_function(std::span<std::int8_t> table, detail::PointFunction f, float in, int in_zero, float out,
                             int out_zero) {
  for (int q = -128; q <= 127; ++q)
    table[static_cast<std::size_t>(q + 128)] = to_int8(static_cast<float>(f(static_cast<double>(in) * (q - in_zero))),
                                                       out, out_zero);
}

/// Of one output.
constexpr RowSums row_sums(const QuantizedStep& step, const std::int8_t* weights, std::size_t output) {
  RowSums sums;
  const std::int8_t* const w = weights;
  std::size_t at = step.packed_place(output, 0);
  if (step.pattern.kind == StepKind::depthwise) {
    for (std::size_t column = 0; column < step.columns(); ++column, at += 4)
      sums.sum += w[at], sums.magnitude += w[at] < 0 ? -w[at] : w[at];
    return sums;
  }
  return packed_row_sums(weights + at, kernels::in_fours(step.columns()) / 4);
}
constexpr void copy_weights(const std::int8_t* from, std::size_t count, std::int8_t* to) {
  for (; count >= 16; count -= 16, from += 16, to += 16)
    to[0] = from[0], to[1] = from[1], to[2] = from[2], to[3] = from[3], to[4] = from[4], to[5] = from[5],
    to[6] = from[6], to[7] = from[7], to[8] = from[8], to[9] = from[9], to[10] = from[10], to[11] = from[11],
    to[12] = from[12], to[13] = from[13], to[14] = from[14], to[15] = from[15];
  for (; count > 0; --count) *to++ = *from++;
}

/// Numbers: a QuantizedNumbers of a network whose steps have the same weights.
template <class Net, class Numbers>
constexpr QuantizedTables<Net> make_tables_of(const Numbers& q) {
  QuantizedTables<Net> t;
  constexpr const auto& plan = quantized_plan<Net>;
  copy_weights(q.weights, plan.weight_bytes, t.weights);
  for (std::size_t i = 0; i <= plan.count; ++i) t.zero[i] = q.zero[i];
  for (std::size_t k = 0; k < plan.inputs; ++k) t.input_scale[k] = q.scale[k];
  for (std::size_t k = 0; k < plan.outputs(); ++k) t.output_scale[k] = q.scale[plan.output_tensor(k)];
  // a multiplier for sums of at most `largest`
  const auto scaled = [&t](double real, double largest) {
    if (largest * real > 0x1p30) return t.sums_fit = false, kernels::Requantizer{};
    return requantizer(real);
  };
  // both parts of a sum to twice the larger scale, with 20 bits to spare
  const auto set_sum = [&t, &scaled](const QuantizedStep& step, double a, double b, double out) {
    const double twice = 2 * (a > b ? a : b);
    t.scaling[step.scale] = requantizer(a / twice);
    t.scaling[step.scale + 1] = requantizer(b / twice);
    t.scaling[step.scale + 2] = scaled(twice / (0x1p20 * out), 255 * 0x1p20);
  };
  for (std::size_t k = 0; k < plan.count; ++k) {
    const QuantizedStep& step = plan.steps[k];
    const double in = static_cast<double>(q.scale[step.source]), out = static_cast<double>(q.scale[k + 1]);
    t.low[k] = step.pattern.low == -std::numeric_limits<double>::infinity()
                   ? std::int8_t{-128}
                   : to_int8(static_cast<float>(step.pattern.low), q.scale[k + 1], q.zero[k + 1]);
    t.high[k] = step.pattern.high == std::numeric_limits<double>::infinity()
                    ? std::int8_t{127}
                    : to_int8(static_cast<float>(step.pattern.high), q.scale[k + 1], q.zero[k + 1]);
    if (step.pattern.kind == StepKind::clamp) {
      t.scaling[step.scale] = scaled(in / out, 255);
    } else if (step.pattern.kind == StepKind::softmax) {
      fill_exponentials(std::span(t.exponentials).subspan(256 * step.table, 256), q.scale[step.source]);
    } else if (step.pattern.kind == StepKind::table) {
      fill_function(std::span(t.functions).subspan(256 * step.table, 256),
                    detail::plan_reading<bound_network<Net>>.function[k], q.scale[step.source], q.zero[step.source],
                    q.scale[k + 1], q.zero[k + 1]);
    } else if (step.pattern.kind == StepKind::norm) {
      const kernels::NormScale scale = t.norms[step.norm_table] = detail::norm_scale(step, in);
      const double one = static_cast<double>(std::int64_t{1} << scale.fraction) * out;
      for (std::size_t row = step.row; row < step.row + step.factors; ++row) {
        t.bias[row] = q.bias[row];
        if (!detail::set_norm_factor(static_cast<double>(q.weight_scale[row]) * 0x1p16 / one, t.multiplier[row],
                                     t.shift[row]))
          t.sums_fit = false;
      }
    } else if (step.pattern.kind == StepKind::recurrent) {
      detail::fill_cell(step, k, q, t, scaled);
    } else if (step.pattern.kind == StepKind::slopes) {
      t.scaling[step.scale] = scaled(in / out, 255);
      for (std::size_t row = step.row; row < step.row + step.factors; ++row) {
        const double slope = static_cast<double>(q.weight_scale[row]);
        const kernels::Requantizer r = scaled((slope < 0 ? -slope : slope) * in / out, 255);
        t.multiplier[row] = slope < 0 ? -r.multiplier : r.multiplier;
        t.shift[row] = r.shift;
      }
    } else if (step.pattern.kind == StepKind::join) {
      for (std::size_t m = 0; m < step.moves; ++m)
        t.scaling[step.scale + m] = scaled(static_cast<double>(q.scale[plan.moves[step.first_move + m].source]) / out,
                                           255);
    } else if (step.pattern.kind == StepKind::multiply) {
      t.scaling[step.scale + 2] = scaled(in * static_cast<double>(q.scale[step.other]) / out, 255 * 255);
    } else if (step.pattern.kind == StepKind::shift) {
      set_sum(step, in, static_cast<double>(q.weight_scale[step.row]), out);
    } else if (step.pattern.kind == StepKind::divide) {
      t.scaling[step.scale + 2] = scaled(in / static_cast<double>(q.scale[step.other]) / (0x1p22 * out), 0x1p30);
    } else if (step.modulates()) {
      set_sum(step, 256 * in * static_cast<double>(q.scale[step.other]), static_cast<double>(q.scale[step.third]), out);
    } else if (step.pattern.kind == StepKind::larger || step.pattern.kind == StepKind::smaller) {
      t.scaling[step.scale] = scaled(in / out, 255);
      t.scaling[step.scale + 1] = scaled(static_cast<double>(q.scale[step.other]) / out, 255);
    } else if (step.pattern.kind == StepKind::add || step.pattern.kind == StepKind::subtract) {
      set_sum(step, in, static_cast<double>(q.scale[step.other]), out);
    }
    if (!step.multiplies()) continue;
    for (std::size_t o = 0; o < step.outputs(); ++o) {
      const std::size_t row = step.row + step.packed_row(o);
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
      t.multiplier[row] = r.multiplier;
      t.shift[row] = r.shift;
    }
  }
  return t;
}
template <class Net>
constexpr QuantizedTables<Net> make_tables(const QuantizedNumbers<Net>& q) {
  return make_tables_of<Net>(q);
}

/// Probabilities at LiteRT's scale for them, 1/256 with zero point -128, and by its rule: sums of floats from a table,
/// halves away from zero. What is rounded is doubled and cut, never subtracted from: no compiler can contract that, so
/// every machine gives the same bytes.
constexpr void softmax_int8(const std::int8_t* x, std::int8_t* y, std::size_t size, std::span<const float> table) {
  int largest = -128;
  for (std::size_t i = 0; i < size; ++i) largest = x[i] > largest ? x[i] : largest;
  float sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += table[static_cast<std::size_t>(largest - x[i])];
  const float factor = 1.0F / (sum * (1.0F / 256));
  for (std::size_t i = 0; i < size; ++i) {
    const float share = table[static_cast<std::size_t>(largest - x[i])] * factor;
    const int rounded = (static_cast<int>(share * 2.0F) + 1) / 2;
    y[i] = static_cast<std::int8_t>((rounded > 255 ? 255 : rounded) - 128);
  }
}

/// What kernels are told of a step, each by itself, or a firmware would hold the whole plan.
template <class Net, std::size_t M>
inline constexpr kernels::Int8Move move_of = quantized_plan<Net>.moves[M].way;
template <class Net, std::size_t K>
inline constexpr kernels::Convolution image_of = quantized_plan<Net>.steps[K].image;
template <class Net, std::size_t K>
inline constexpr kernels::Averaging pool_of = quantized_plan<Net>.steps[K].pool;
template <class Net, std::size_t K>
inline constexpr kernels::NormRows norm_of = quantized_plan<Net>.steps[K].norm;
template <class Net, std::size_t K>
inline constexpr kernels::Upsampling stretching_of = quantized_plan<Net>.steps[K].stretching;

/// One of the moves of a step. Where the scales are the same, numbers stay as they are.
template <class Net, std::size_t K, std::size_t M>
constexpr void run_move(const QuantizedTables<Net>& t, std::int8_t* arena) {
  constexpr const auto& plan = quantized_plan<Net>;
  constexpr std::size_t first = plan.steps[K].first_move, source = plan.moves[first + M].source;
  constexpr const kernels::Int8Move& way = move_of<Net, first + M>;
  const std::int8_t* x = arena + plan.place(source);
  std::int8_t* y = arena + plan.place(K + 1);
  if constexpr (plan.steps[K].pattern.kind == StepKind::join) {
    const kernels::Requantizer scale = t.scaling[plan.steps[K].scale + M];
    if (scale.multiplier != 1 << 30 || scale.shift != -3 || t.zero[source] != t.zero[K + 1])
      return kernels::move_rescaled_int8(way, scale, t.zero[source], t.zero[K + 1], x, y);
  }
  kernels::move_int8(way, x, y);
}

/// One step of a network in `room`, which holds the activations.
template <class Net, std::size_t K>
constexpr void run_step(const QuantizedTables<Net>& t, std::int8_t* arena) {
  constexpr const auto& plan = quantized_plan<Net>;
  constexpr QuantizedStep step = plan.steps[K];
  constexpr StepKind kind = step.pattern.kind;
  const std::int8_t* x = arena + plan.place(step.source);
  std::int8_t* y = arena + plan.place(K + 1);
  const std::int8_t x_zero = t.zero[step.source];
  [[maybe_unused]] const kernels::Int8Bounds bounds{t.low[K], t.high[K]};
  if constexpr (kind == StepKind::input) {
  } else if constexpr (step.multiplies()) {
    const kernels::DenseRows rows{
        .weights = t.weights + step.weights,
        .bias = t.bias + step.row,
        .multiplier = t.multiplier + step.row,
        .shift = t.shift + step.row,
        .in_groups = kernels::in_fours(step.columns()) / 4,
        .out_groups = kernels::in_fours(kind == StepKind::convolution ? step.image.group_features() : step.outputs()) /
                      4,
        .zero = t.zero[K + 1],
        .low = t.low[K],
        .high = t.high[K]};
    if constexpr (kind == StepKind::dense) kernels::dense_int8(rows, x, y);
    else if constexpr (kind == StepKind::depthwise)
      kernels::depthwise_int8(rows, image_of<Net, K>, x_zero, x, y, arena + plan.scratch[K]);
    else kernels::convolution_int8(rows, image_of<Net, K>, x_zero, x, y, arena + plan.scratch[K]);
  } else if constexpr (kind == StepKind::max_pool) {
    kernels::max_pool_int8(pool_of<Net, K>.windows, bounds, x, y);
  } else if constexpr (kind == StepKind::average_pool) {
    kernels::average_pool_int8(pool_of<Net, K>, bounds, x_zero, x, y);
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
    kernels::add_int8(sum, step.in, x, t.weights + step.weights, y);
  } else if constexpr (kind == StepKind::embedding) {
    kernels::rows_int8({t.weights + step.weights, step.tokens, step.width, step.in / 2, t.zero[K + 1]}, x, y);
  } else if constexpr (step.is_pair()) {
    const kernels::Int8Pair pair{t.scaling[step.scale],
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
    if constexpr (kind == StepKind::multiply) kernels::product_int8(pair, x, other, y);
    else if constexpr (kind == StepKind::subtract) kernels::difference_int8(pair, x, other, y);
    else if constexpr (kind == StepKind::divide) kernels::quotient_int8(pair, x, other, y);
    else kernels::extreme_int8<kind == StepKind::larger>(pair, x, other, y);
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
    const kernels::NormFactors factors{t.multiplier + step.row, t.bias + step.row, t.shift + step.row,
                                       t.zero[K + 1],           t.low[K],          t.high[K]};
    kernels::normalize_int8(norm_of<Net, K>, t.norms[step.norm_table], factors, x_zero, x, y);
  } else if constexpr (kind == StepKind::recurrent) {
    detail::run_cell<Net, K>(t, arena);
  } else if constexpr (kind == StepKind::slopes) {
    kernels::slopes_int8({t.scaling[step.scale], t.multiplier + step.row, t.shift + step.row, step.factors, x_zero,
                          t.zero[K + 1], bounds},
                         step.in, x, y);
  } else if constexpr (kind == StepKind::stretch) {
    kernels::stretch_int8(stretching_of<Net, K>, x, y);
  } else if constexpr (kind == StepKind::move || kind == StepKind::join) {
    if constexpr (step.padded) kernels::fill_int8(x_zero, step.out, y);
    [&]<std::size_t... M>(std::index_sequence<M...>) { (run_move<Net, K, M>(t, arena), ...); }
    (std::make_index_sequence<step.moves>{});
  } else if constexpr (kind == StepKind::clamp) {
    kernels::rescale_int8(t.scaling[step.scale], x_zero, t.zero[K + 1], bounds, step.in, x, y);
  } else {
    for (std::size_t first = 0; first < step.in; first += step.width)
      softmax_int8(x + first, y + first, step.width, std::span(t.exponentials).subspan(256 * step.table, 256));
  }
}
template <class Net, std::size_t... K>
constexpr void run_steps(const QuantizedTables<Net>& t, std::int8_t* arena, std::index_sequence<K...>) {
  (run_step<Net, K>(t, arena), ...);
}

}  // namespace edge

/// A network in int8, for one sample at a time: what `Frozen` is in float.
///
///     #include "digits_int8.hpp"                     // written by export_quantized_header
///     Quantized<digits_int8::Net, digits_int8::numbers> net;
///     const int digit = net.classify(pixels);        // floats
///
///     read_sensor(net.input());                      // or int8 from the sensor straight into its place
///     net.run();
///     use(net.output());
///
/// Layers: Dense, alone or on every step of a sequence, convolutions and their transposes in one and two dimensions
/// (strided, padded, dilated, in groups, depthwise; ZeroPad in front is free), pools, Upsample, every function of one
/// number (Sigmoid, Tanh, GELU, HardSwish, `Map<x * sigmoid(x)>`: a table of 256 bytes that the compiler computes),
/// Softmax, LayerNorm, RMSNorm, GroupNorm, InstanceNorm, LSTM, GRU and RNN with tanh (stacked, in both
/// directions, of any number of steps), BatchNorm (free when `fold` has made it part of the layer
/// before), Multiply, Subtract, Maximum, Minimum, all that moves numbers, and compositions of any shape: Graph, Concat,
/// sums, SplitAt, Gate, SqueezeExcite, UNet, DenseBlock, Repeat, TimeDistributed. ReLU, ReLU6 and HardTanh are free
/// behind layers, products, sums and pools. Anything else is one compile error that names the layer. Multipliers,
/// folded zero points and the proof that no sum exceeds 32 bits are the compiler's work. All machines give the same
/// int8 numbers. Images lie in int8 as cameras give them, pixel by pixel: `input()` is (height, width, channels);
/// floats come in the network's own order. `Quantized<Net>` without numbers says how much memory it would need, and
/// takes tables made at run time by `edge::make_tables`, of which it keeps a pointer.
template <class Net, const QuantizedNumbers<Net>&... Q>
class Quantized {
  static_assert(sizeof...(Q) <= 1, "Quantized<Net, numbers> takes one constant");
  static constexpr const auto& plan = edge::quantized_plan<Net>;
  static_assert(detail::check_execution<in_int8, Net>());
  static constexpr std::size_t in = input_shape<Net>::size;
  static constexpr std::size_t out = output_shape<Net>::size;
  static constexpr std::size_t inputs = plan.inputs, outputs = plan.outputs();

public:
  using network = Net;

  /// The activations, input and output included: what one object takes, without the pointer to tables
  /// that are given at run time.
  static constexpr std::size_t ram_bytes = plan.arena;
  /// The packed weights; beside them a row takes nine bytes.
  static constexpr std::size_t weight_bytes = plan.weight_bytes;
  static constexpr std::size_t macs = plan.macs;

  constexpr Quantized() requires(sizeof...(Q) == 1) = default;
  /// Refers to the tables, which must outlive it, and whose `sums_fit` has to be true.
  constexpr explicit Quantized(const edge::QuantizedTables<Net>& tables) requires(sizeof...(Q) == 0)
      : given_{&tables} {}

  /// Where the sample's numbers go, and where the result's are after `run`: real = scale * (q - zero). The result may
  /// lie where the input was. Of several inputs or outputs each is called by its name or its number:
  ///     read_camera(net.input<"image">());
  ///     net.run();
  ///     use(net.output<"digit">());
  template <std::size_t K>
  constexpr auto input() {
    return std::span<std::int8_t, plan.sizes[K]>(arena_ + plan.place(K), plan.sizes[K]);
  }
  template <std::size_t K>
  constexpr auto output() const {
    constexpr std::size_t t = plan.output_tensor(K);
    return std::span<const std::int8_t, plan.sizes[t]>(arena_ + plan.place(t), plan.sizes[t]);
  }
  template <std::size_t K>
  constexpr float input_scale() const {
    return tables().input_scale[K];
  }
  template <std::size_t K>
  constexpr float output_scale() const {
    return tables().output_scale[K];
  }
  template <std::size_t K>
  constexpr int input_zero() const {
    return tables().zero[K];
  }
  template <std::size_t K>
  constexpr int output_zero() const {
    return tables().zero[plan.output_tensor(K)];
  }
  template <fixed_string Name>
  constexpr auto input() {
    return input<input_index<Net, Name>>();
  }
  template <fixed_string Name>
  constexpr auto output() const {
    return output<output_index<Net, Name>>();
  }
  template <fixed_string Name>
  constexpr float input_scale() const {
    return input_scale<input_index<Net, Name>>();
  }
  template <fixed_string Name>
  constexpr float output_scale() const {
    return output_scale<output_index<Net, Name>>();
  }
  template <fixed_string Name>
  constexpr int input_zero() const {
    return input_zero<input_index<Net, Name>>();
  }
  template <fixed_string Name>
  constexpr int output_zero() const {
    return output_zero<output_index<Net, Name>>();
  }
  constexpr auto input() requires(inputs == 1) { return input<0>(); }
  constexpr auto output() const requires(outputs == 1) { return output<0>(); }
  constexpr float input_scale() const requires(inputs == 1) { return input_scale<0>(); }
  constexpr float output_scale() const requires(outputs == 1) { return output_scale<0>(); }
  constexpr int input_zero() const requires(inputs == 1) { return input_zero<0>(); }
  constexpr int output_zero() const requires(outputs == 1) { return output_zero<0>(); }

  /// The tokens of an input that an Embedding reads, in place of `input()`, which has two bytes for each, the lower one
  /// first. One that the vocabulary does not have counts as a row of zeros.
  template <std::size_t K = 0, std::size_t N>
    requires(plan.tokens[K] && 2 * N == plan.sizes[K])
  constexpr void set_tokens(std::span<const std::uint16_t, N> ids) {
    for (std::size_t i = 0; i < N; ++i) edge::write_token(arena_ + plan.place(K), i, ids[i]);
  }

  constexpr void run() {
    edge::detail::forget_states<Net>(arena_);
    edge::run_steps(tables(), arena_, std::make_index_sequence<plan.count>{});
  }

  /// The same from float to float. Several inputs, or outputs, are one behind the other here.
  constexpr void operator()(std::span<const float, in> x, std::span<float, out> y) {
    take_all(x.data());
    run();
    give_all(y.data());
  }
  /// A span of floats for each input in turn; gives the output's floats, or those of all (`QuantizedResult`):
  ///     const auto [kind, value] = net(image, table);
  template <class... X>
    requires(edge::detail::are_inputs<Net, X...>(std::make_index_sequence<sizeof...(X)>{}))
  constexpr auto operator()(const X&... x) {
    [&]<std::size_t... K>(std::index_sequence<K...>) {
      (take<K>(std::span<const float, edge::detail::input_size<Net, K>>(x).data()), ...);
    }
    (std::make_index_sequence<inputs>{});
    run();
    QuantizedResult<Net> all;
    give_all(all.numbers.data());
    if constexpr (outputs == 1) return all.numbers;
    else return all;
  }

  /// The class with the largest output, the first of equals. A final Softmax is left out.
  constexpr int classify() requires(out > 1 && outputs == 1) {
    constexpr std::size_t needed = plan.count - (plan.ends_in_softmax() ? 1 : 0);
    edge::detail::forget_states<Net>(arena_);
    edge::run_steps(tables(), arena_, std::make_index_sequence<needed>{});
    const std::int8_t* score = arena_ + plan.place(needed);
    constexpr edge::TensorOrder order = plan.orders[needed];
    std::size_t best = 0;
    for (std::size_t i = 1; i < out; ++i)
      if (score[order.place(i)] > score[order.place(best)]) best = i;
    return static_cast<int>(best);
  }
  constexpr int classify(std::span<const float, in> x) requires(out > 1 && outputs == 1) {
    take_all(x.data());
    return classify();
  }

  /// Forgets the last sample.
  constexpr void reset() {
    for (std::int8_t& number : arena_) number = 0;
  }

private:
  struct Nothing {};

  template <const QuantizedNumbers<Net>& Numbers>
  static constexpr edge::QuantizedTables<Net> tables_of = edge::make_tables<Net>(Numbers);
  static_assert((true && ... && tables_of<Q>.sums_fit), "a row's weights are so large that its sum may exceed 32 bits");

  constexpr const edge::QuantizedTables<Net>& tables() const {
    if constexpr (sizeof...(Q) == 1) return (tables_of<Q>, ...);
    else return *given_;
  }
  template <std::size_t K>
  constexpr void take(const float* x) {
    edge::write_input<Net, K>(input_scale<K>(), input_zero<K>(), x, arena_ + plan.place(K));
  }
  constexpr void take_all(const float* row) {
    tenon::detail::each_number<inputs>([&]<std::size_t K>(std::integral_constant<std::size_t, K>) {
      take<K>(row + tenon::detail::port_offset<input_shape<Net>>(K));
    });
  }
  template <std::size_t K>
  constexpr void give(float* y) const {
    constexpr edge::TensorOrder order = plan.orders[plan.output_tensor(K)];
    for (std::size_t i = 0; i < output<K>().size(); ++i)
      y[i] = output_scale<K>() * static_cast<float>(output<K>()[order.place(i)] - output_zero<K>());
  }
  constexpr void give_all(float* row) const {
    tenon::detail::each_number<outputs>([&]<std::size_t K>(std::integral_constant<std::size_t, K>) {
      give<K>(row + tenon::detail::port_offset<output_shape<Net>>(K));
    });
  }

  alignas(4) std::int8_t arena_[plan.arena]{};
  [[no_unique_address]] std::conditional_t<sizeof...(Q) == 0, const edge::QuantizedTables<Net>*, Nothing> given_{};
};

}  // namespace tenon
