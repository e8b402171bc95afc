#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <tenon/edge/arena_plan.hpp>
#include <tenon/edge/point_formula.hpp>
#include <tenon/edge/quantized_cell.hpp>
#include <tenon/edge/quantized_stream.hpp>
#include <tenon/edge/step_pattern.hpp>
#include <tenon/kernels/int16_images.hpp>
#include <tenon/kernels/int8_attention.hpp>
#include <tenon/kernels/int8_depthwise.hpp>
#include <tenon/kernels/int8_elementwise.hpp>
#include <tenon/kernels/int8_formulas.hpp>
#include <tenon/kernels/int8_images.hpp>
#include <tenon/kernels/int8_moves.hpp>
#include <tenon/kernels/int8_norms.hpp>
#include <tenon/kernels/int8_overlap.hpp>
#include <tenon/kernels/int8_pools.hpp>
#include <tenon/kernels/int8_stored.hpp>

/// One step of a network in int8, and how it reads its numbers.
namespace tenon::edge {

/// The order of a tensor's numbers in memory: (pixels, channels), where the network's own order is (channels, pixels).
/// With one channel or one pixel the two are the same, which is written as 1 and 1.
struct TensorOrder {
  size_t channels = 1, pixels = 1;

  constexpr TensorOrder() = default;
  constexpr TensorOrder(size_t c, size_t p) : channels{c > 1 && p > 1 ? c : 1}, pixels{c > 1 && p > 1 ? p : 1} {}
  constexpr bool operator==(const TensorOrder&) const = default;

  /// Where number i of the network's own order, channel by channel, lies.
  constexpr size_t place(size_t i) const { return pixels == 1 ? i : i % pixels * channels + i / pixels; }
};

/// One step, with the places of its numbers.
struct QuantizedStep {
  StepPattern pattern{};
  size_t in = 0, out = 0;                     // numbers of its input and output
  size_t source = 0, other = 0, third = 0;    // the tensors it reads: reads_other, reads_third
  size_t fourth = 0;                          // the mask of an attention that has one
  size_t mask_first = 0;                      // where in a mask the flags of its own steps begin
  size_t weight_source = 0, bias_source = 0;  // in the arena of the float parameters
  size_t weights = 0;                         // its first packed byte
  size_t row = 0;                             // its first row among all rows, which are filled up to fours
  size_t multiplier = 0;                      // its first multiplier among those of all rows
  size_t unit = 0;                            // the float network's unit, or sum, that gives its output
  size_t scale = 0;                           // its first among the requantisers of all but rows
  kernels::Convolution image{};
  kernels::Averaging pool{};
  TensorOrder order{};                 // of a dense layer's input
  size_t period = 0, repeat = 1;       // of a pair: kernels::Pair
  kernels::Int8Spread spread{};        // of a third tensor; that of the second is the pair's
  kernels::Int8Spread first_spread{};  // of a choice's condition
  size_t first_move = 0, moves = 0;    // of moves and joins
  size_t table = 0;                    // its number among the tables, or among the softmaxes
  size_t width = 0;                    // of a softmax: numbers that are 1 together; of steps: their features
  double fixed_scale = 0;              // where the output has a scale whatever the samples
  int fixed_zero = 0;
  bool padded = false;      // zeros around what it moves
  bool transposed = false;  // weights of a transposed convolution: inputs first, the kernel backwards
  bool affine = false;      // a factor and a summand per channel that calibration finds
  bool unscales = false;    // an Unstandardize; its numbers are at weight_source and bias_source too
  size_t finder = 0;        // the unit at which calibration finds its numbers, whatever bounds are put behind it
  kernels::Upsampling stretching{};
  kernels::NormRows norm{};
  size_t factors = 0;     // of a norm: how many factors it has, all of them 1 where it is not `scaled`; or slopes
  size_t norm_table = 0;  // its number among the norms
  double epsilon = 0;
  bool of_tokens = false;  // it moves tokens, of two bytes each
  size_t tokens = 0;       // of an embedding: the rows of its table, of `width` numbers each
  size_t places = 1;       // of positions: how many rows of constants there are
  bool scaled = false;
  bool wide = false;  // its activations have 16 bits
  CellPass cell{};    // its weights and rows: those of the input, of the state, of peepholes
  kernels::AttentionSizes attention{};
  double rope = 0;  // the base of the angles by which queries and keys are rotated, or 0
  // given one step: an attention keeps keys and values of those before, a convolution those, positions count them
  bool remembers = false;

  constexpr bool is_pair() const {
    return pattern.kind == StepKind::add || pattern.kind == StepKind::multiply || pattern.kind == StepKind::subtract ||
           pattern.kind == StepKind::larger || pattern.kind == StepKind::smaller || pattern.kind == StepKind::divide;
  }
  /// Whether bounds behind it (ReLU) can be part of the step.
  constexpr bool takes_bounds() const {
    return multiplies() || is_pair() || modulates() || has_factors() || pattern.kind == StepKind::shift ||
           pattern.kind == StepKind::max_pool || pattern.kind == StepKind::average_pool ||
           pattern.kind == StepKind::clamp || chooses();
  }
  constexpr bool modulates() const { return pattern.kind == StepKind::modulate; }
  constexpr bool chooses() const { return pattern.kind == StepKind::choose; }
  constexpr bool attends() const { return pattern.kind == StepKind::attend; }
  constexpr bool reads_other() const {
    return is_pair() || reads_third() || pattern.kind == StepKind::mean_of_steps || is_masked_pass();
  }
  constexpr bool reads_third() const { return modulates() || attends() || chooses(); }
  constexpr bool reads_fourth() const { return attends() && attention.masked; }
  /// A recurrent layer whose second tensor says which steps are padding.
  constexpr bool is_masked_pass() const { return pattern.kind == StepKind::recurrent && cell.masked; }
  /// Whether it has a factor for each row and no matrix of weights.
  constexpr bool has_factors() const { return pattern.kind == StepKind::norm || pattern.kind == StepKind::slopes; }
  /// Whether each number of its output depends on that at the same place of its input alone, so that it may overwrite
  /// it.
  constexpr bool works_in_place() const {
    return is_pair() || modulates() || has_factors() || pattern.kind == StepKind::table ||
           pattern.kind == StepKind::shift;
  }
  constexpr bool multiplies() const {
    return pattern.kind == StepKind::dense || pattern.kind == StepKind::convolution ||
           pattern.kind == StepKind::depthwise;
  }
  /// Whether its output has its input's scale and zero point.
  constexpr bool keeps_scale() const {
    return pattern.kind == StepKind::max_pool || pattern.kind == StepKind::average_pool ||
           pattern.kind == StepKind::move || pattern.kind == StepKind::stretch ||
           pattern.kind == StepKind::mean_of_steps;
  }
  /// How many int8 constants it has in flash that are no matrix: an embedding's table, what a `shift` adds, or the
  /// weights of scores of an additive attention. The last two have a scale, kept as that of a row.
  constexpr size_t constants() const {
    if (pattern.kind == StepKind::embedding) return tokens * width;
    if (pattern.kind == StepKind::shift) return out * places;
    return attends() ? attention.hidden : 0;
  }
  constexpr bool has_scaled_constants() const { return constants() > 0 && pattern.kind != StepKind::embedding; }
  /// Whether it reads a table of e^-d for distances d.
  constexpr bool exponentiates() const {
    return pattern.kind == StepKind::softmax || pattern.kind == StepKind::log_softmax;
  }
  constexpr size_t requantizers() const {
    if (wide && pattern.kind == StepKind::softmax) return 1;
    if (is_pair() || modulates() || pattern.kind == StepKind::shift) return 3;
    if (attends() && attention.hidden > 0) return 4;
    if (pattern.kind == StepKind::recurrent) return cell.is_diagonal() ? 3 : 0;
    if (attends() || chooses()) return 2;
    if (pattern.kind == StepKind::clamp || pattern.kind == StepKind::slopes || pattern.kind == StepKind::tied ||
        pattern.kind == StepKind::log_softmax)
      return 1;
    return pattern.kind == StepKind::join ? moves : 0;
  }

  /// Its weights are a matrix of outputs() rows and columns() columns, in `groups` that have inputs of their own.
  constexpr size_t outputs() const { return pattern.kind == StepKind::dense ? out : image.features; }
  constexpr size_t columns() const {
    return pattern.kind == StepKind::dense ? in : image.group_channels() * image.taps();
  }
  constexpr size_t macs() const { return pattern.kind == StepKind::dense ? in * out : image.macs(); }
  constexpr size_t packed_rows() const {
    if (pattern.kind != StepKind::convolution) return kernels::in_fours(outputs());
    return image.groups * kernels::in_fours(image.group_features());
  }
  constexpr size_t packed_columns() const {
    return pattern.kind == StepKind::depthwise ? columns() : kernels::in_fours(columns());
  }
  constexpr size_t packed_bytes() const {
    if (!stored().in_four_bits) return packed_rows() * packed_columns();
    return kernels::stored_bytes(packed_rows() / 4, packed_columns() / 4, true);
  }
  /// Bytes of its weights, of a bias for each row (4), and of the multipliers and shifts (5).
  constexpr size_t flash_bytes() const { return packed_bytes() + 4 * packed_rows() + 5 * packed_multipliers(); }
  /// How the weights lie in flash; as a rule a byte each, with a scale for each row.
  constexpr kernels::StoredRows stored() const { return {pattern.weights.bits == 4, pattern.weights.per_tensor}; }
  constexpr bool stored_otherwise() const { return stored().in_four_bits || stored().one_scale; }
  constexpr size_t rows_at_once() const {
    const bool unpacks = pattern.kind == StepKind::convolution && stored().in_four_bits;
    return kernels::rows_at_once(packed_rows(), packed_columns(), unpacks);
  }
  /// Scratch behind that of the usual kernel (kernels::StoredSpace): weights in bytes, then multipliers and shifts.
  constexpr size_t stored_weights() const {
    return pattern.kind == StepKind::convolution && stored().in_four_bits ? rows_at_once() * packed_columns() : 0;
  }
  constexpr size_t stored_scales() const {
    return stored().one_scale && pattern.kind == StepKind::convolution ? 5 * rows_at_once() : 0;
  }
  /// Multipliers and shifts: one for each row, or four that are the same.
  constexpr size_t packed_multipliers() const { return stored().one_scale ? 4 : packed_rows(); }
  constexpr size_t multiplier_of(size_t output) const {
    return multiplier + (stored().one_scale ? 0 : packed_row(output));
  }

  /// The row that computes an output, among the step's own.
  constexpr size_t packed_row(size_t output) const {
    if (pattern.kind != StepKind::convolution) return output;
    return output / image.group_features() * kernels::in_fours(image.group_features()) +
           output % image.group_features();
  }
  /// Where weight `column` of an output lies among the packed ones; columns are counted as they are packed.
  constexpr size_t packed_place(size_t output, size_t column) const {
    if (pattern.kind == StepKind::depthwise) return weights + kernels::depthwise_place(output, column, columns());
    if (wide) column = kernels::wide_column(column);
    return weights + kernels::packed_place(packed_row(output), column, columns());
  }
  /// Writes one weight; those that have not been written are 0.
  constexpr void put_weight(std::int8_t* all, size_t output, size_t column, std::int32_t value) const {
    const size_t place = packed_place(output, column);
    if (stored().in_four_bits) kernels::put_four_bits(all + weights, place - weights, packed_columns() / 4, value);
    else all[place] = static_cast<std::int8_t>(value);
  }
  /// The packed column that holds column `column` of the float layer: packed ones go by taps, and within a tap by
  /// channels.
  constexpr size_t packed_column(size_t column) const {
    if (pattern.kind == StepKind::dense) return order.place(column);
    return TensorOrder{image.group_channels(), image.taps()}.place(column);
  }
  /// Where the float layer has the weight of an output and a column.
  constexpr size_t weight_place(size_t output, size_t column) const {
    if (!transposed) return output * columns() + column;
    const size_t taps = image.taps(), own = image.group_features(), group = output / own, channel = column / taps;
    return ((group * image.group_channels() + channel) * own + output % own) * taps + taps - 1 - column % taps;
  }
  /// Bytes that outlast a run: the number of steps so far (4 bytes) with their keys and values, a recurrent cell's
  /// state, or the steps that a convolution looks back at.
  constexpr size_t state_bytes() const {
    if (pattern.kind == StepKind::recurrent && cell.stateful) return cell.state_bytes();
    if (!remembers) return 0;
    if (multiplies()) return detail::window_bytes(image.image_size());
    return attends() ? 4 + 2 * kernels::in_fours(attention.keys * attention.width) : 4;
  }
  constexpr size_t scratch() const {
    if (pattern.kind == StepKind::recurrent) return cell.scratch();
    if (attends()) return 4 * (attention.keys + attention.hidden);
    if (pattern.kind == StepKind::shift) return remembers ? kernels::in_fours(out) : 0;  // a row at a multiple of four
    if (wide && pattern.kind == StepKind::depthwise) return kernels::depthwise_int16_scratch(image);
    if (wide) return pattern.kind == StepKind::convolution ? kernels::convolution_int16_scratch(image) : 0;
    if (pattern.kind == StepKind::depthwise) return kernels::depthwise_int8_scratch(image);
    if (pattern.kind != StepKind::convolution) return 0;
    return kernels::convolution_int8_scratch(image) + stored_weights() + stored_scales();
  }
  /// How far in front of its input the output may begin and lie over it; `Block::none` where it may not.
  constexpr size_t lead() const {
    if (multiplies() && remembers) return Block::none;
    // stored weights take some rows at a time, each over the whole image
    if (pattern.kind == StepKind::convolution && image.groups == 1 && stored_weights() + stored_scales() == 0)
      return kernels::image_lead(image.y, image.x, image.channels, image.features, true);
    if (pattern.kind == StepKind::depthwise)
      return kernels::image_lead(image.y, image.x, image.channels, image.features, false);
    if (pattern.kind == StepKind::max_pool || (pattern.kind == StepKind::average_pool && !pool.adaptive))
      return kernels::image_lead(pool.windows.y, pool.windows.x, pool.windows.channels, pool.windows.channels, false);
    return pattern.kind == StepKind::clamp || exponentiates() ? 0 : Block::none;
  }
};

}  // namespace tenon::edge
