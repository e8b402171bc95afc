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
#include <tenon/kernels/int8_stored.hpp>

/// The steps of a network in int8, and where their numbers lie.
namespace tenon::edge {

/// In which order a tensor's numbers lie: those of an image pixel by pixel. One channel or one pixel is
/// no order at all.
struct TensorOrder {
  std::size_t channels = 1, pixels = 1;

  constexpr TensorOrder() = default;
  constexpr TensorOrder(std::size_t c, std::size_t p)
      : channels{c > 1 && p > 1 ? c : 1}, pixels{c > 1 && p > 1 ? p : 1} {}
  constexpr bool operator==(const TensorOrder&) const = default;

  /// Where number i of the network's own order, channel by channel, lies.
  constexpr std::size_t place(std::size_t i) const { return pixels == 1 ? i : i % pixels * channels + i / pixels; }
};

/// One step, with the places of its numbers.
struct QuantizedStep {
  StepPattern pattern{};
  std::size_t in = 0, out = 0;                     // numbers of its input and output
  std::size_t source = 0, other = 0, third = 0;    // the tensors it reads: reads_other, reads_third
  std::size_t fourth = 0;                          // the mask of an attention that has one
  std::size_t mask_first = 0;                      // where in a mask the flags of its own steps begin
  std::size_t weight_source = 0, bias_source = 0;  // in the arena of the float parameters
  std::size_t weights = 0;                         // its first packed byte
  std::size_t row = 0;                             // its first row among all rows, which are filled up to fours
  std::size_t multiplier = 0;                      // its first multiplier among those of all rows
  std::size_t unit = 0;                            // the float network's unit, or sum, that gives its output
  std::size_t scale = 0;                           // its first among the requantisers of all but rows
  kernels::Convolution image{};
  kernels::Averaging pool{};
  TensorOrder order{};                    // of a dense layer's input
  std::size_t period = 0, repeat = 1;     // of a pair: kernels::Pair
  kernels::Int8Spread spread{};           // of a third tensor; that of the second is the pair's
  kernels::Int8Spread first_spread{};     // of a choice's condition
  std::size_t first_move = 0, moves = 0;  // of moves and joins
  std::size_t table = 0;                  // its number among the tables, or among the softmaxes
  std::size_t width = 0;                  // of a softmax: numbers that are 1 together; of steps: their features
  double fixed_scale = 0;                 // where the output has a scale whatever the samples
  int fixed_zero = 0;
  bool padded = false;      // zeros around what it moves
  bool transposed = false;  // weights of a transposed convolution: inputs first, the kernel backwards
  bool affine = false;      // a factor and a summand per channel that calibration finds
  bool unscales = false;    // an Unstandardize; its numbers are at weight_source and bias_source too
  std::size_t finder = 0;   // the unit at which calibration finds its numbers, whatever bounds are put behind it
  kernels::Upsampling stretching{};
  kernels::NormRows norm{};
  std::size_t factors = 0;     // of a norm: how many factors it has, all of them 1 where it is not `scaled`; or slopes
  std::size_t norm_table = 0;  // its number among the norms
  double epsilon = 0;
  bool of_tokens = false;  // it moves tokens, of two bytes each
  std::size_t tokens = 0;  // of an embedding: the rows of its table, of `width` numbers each
  std::size_t places = 1;  // of positions: how many rows of constants there are
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
  /// Bounds behind it cost nothing.
  constexpr bool takes_bounds() const {
    return multiplies() || is_pair() || modulates() || has_factors() || pattern.kind == StepKind::shift ||
           pattern.kind == StepKind::max_pool || pattern.kind == StepKind::average_pool ||
           pattern.kind == StepKind::clamp || chooses();
  }
  constexpr bool modulates() const { return pattern.kind == StepKind::modulate; }
  constexpr bool chooses() const { return pattern.kind == StepKind::choose; }
  constexpr bool attends() const { return pattern.kind == StepKind::attend; }
  constexpr bool reads_other() const { return is_pair() || reads_third() || pattern.kind == StepKind::mean_of_steps; }
  constexpr bool reads_third() const { return modulates() || attends() || chooses(); }
  constexpr bool reads_fourth() const { return attends() && attention.masked; }
  /// A factor for each row and no weights.
  constexpr bool has_factors() const { return pattern.kind == StepKind::norm || pattern.kind == StepKind::slopes; }
  /// Each number of its output is made of one at the same place.
  constexpr bool works_in_place() const {
    return is_pair() || modulates() || has_factors() || pattern.kind == StepKind::table ||
           pattern.kind == StepKind::shift;
  }
  constexpr bool multiplies() const {
    return pattern.kind == StepKind::dense || pattern.kind == StepKind::convolution ||
           pattern.kind == StepKind::depthwise;
  }
  /// Its output has its input's scale.
  constexpr bool keeps_scale() const {
    return pattern.kind == StepKind::max_pool || pattern.kind == StepKind::average_pool ||
           pattern.kind == StepKind::move || pattern.kind == StepKind::stretch ||
           pattern.kind == StepKind::mean_of_steps;
  }
  /// Numbers in flash that are no rows of a matrix: a table's; or what is added, or makes scores of an additive
  /// attention, whose scale is a row's.
  constexpr std::size_t constants() const {
    if (pattern.kind == StepKind::embedding) return tokens * width;
    if (pattern.kind == StepKind::shift) return out * places;
    return attends() ? attention.hidden : 0;
  }
  constexpr bool has_scaled_constants() const { return constants() > 0 && pattern.kind != StepKind::embedding; }
  /// It reads a table of e^-d.
  constexpr bool exponentiates() const {
    return pattern.kind == StepKind::softmax || pattern.kind == StepKind::log_softmax;
  }
  constexpr std::size_t requantizers() const {
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
  constexpr std::size_t outputs() const { return pattern.kind == StepKind::dense ? out : image.features; }
  constexpr std::size_t columns() const {
    return pattern.kind == StepKind::dense ? in : image.group_channels() * image.taps();
  }
  constexpr std::size_t macs() const { return pattern.kind == StepKind::dense ? in * out : image.macs(); }
  constexpr std::size_t packed_rows() const {
    if (pattern.kind != StepKind::convolution) return kernels::in_fours(outputs());
    return image.groups * kernels::in_fours(image.group_features());
  }
  constexpr std::size_t packed_columns() const {
    return pattern.kind == StepKind::depthwise ? columns() : kernels::in_fours(columns());
  }
  constexpr std::size_t packed_bytes() const {
    if (!stored().in_four_bits) return packed_rows() * packed_columns();
    return kernels::stored_bytes(packed_rows() / 4, packed_columns() / 4, true);
  }
  /// Of a row: its bias, and a multiplier and a shift where it has them of its own.
  constexpr std::size_t flash_bytes() const { return packed_bytes() + 4 * packed_rows() + 5 * packed_multipliers(); }
  /// How the weights lie in flash; as a rule a byte each, with a scale for each row.
  constexpr kernels::StoredRows stored() const { return {pattern.weights.bits == 4, pattern.weights.per_tensor}; }
  constexpr bool stored_otherwise() const { return stored().in_four_bits || stored().one_scale; }
  constexpr std::size_t rows_at_once() const {
    const bool unpacks = pattern.kind == StepKind::convolution && stored().in_four_bits;
    return kernels::rows_at_once(packed_rows(), packed_columns(), unpacks);
  }
  /// Scratch behind that of the usual kernel (kernels::StoredSpace): weights in bytes, then multipliers and shifts.
  constexpr std::size_t stored_weights() const {
    return pattern.kind == StepKind::convolution && stored().in_four_bits ? rows_at_once() * packed_columns() : 0;
  }
  constexpr std::size_t stored_scales() const {
    return stored().one_scale && pattern.kind == StepKind::convolution ? 5 * rows_at_once() : 0;
  }
  /// Multipliers and shifts: one for each row, or four that are the same.
  constexpr std::size_t packed_multipliers() const { return stored().one_scale ? 4 : packed_rows(); }
  constexpr std::size_t multiplier_of(std::size_t output) const {
    return multiplier + (stored().one_scale ? 0 : packed_row(output));
  }

  /// The row that computes an output, among the step's own.
  constexpr std::size_t packed_row(std::size_t output) const {
    if (pattern.kind != StepKind::convolution) return output;
    return output / image.group_features() * kernels::in_fours(image.group_features()) +
           output % image.group_features();
  }
  /// Where weight `column` of an output lies among the packed ones; columns are counted as they are packed.
  constexpr std::size_t packed_place(std::size_t output, std::size_t column) const {
    if (pattern.kind == StepKind::depthwise) return weights + kernels::depthwise_place(output, column, columns());
    if (wide) column = kernels::wide_column(column);
    return weights + kernels::packed_place(packed_row(output), column, columns());
  }
  /// Among weights that are 0 so far.
  constexpr void put_weight(std::int8_t* all, std::size_t output, std::size_t column, std::int32_t value) const {
    const std::size_t place = packed_place(output, column);
    if (stored().in_four_bits) kernels::put_four_bits(all + weights, place - weights, packed_columns() / 4, value);
    else all[place] = static_cast<std::int8_t>(value);
  }
  /// As which the float layer's column is packed: by pixels, and within a pixel by channels.
  constexpr std::size_t packed_column(std::size_t column) const {
    if (pattern.kind == StepKind::dense) return order.place(column);
    return TensorOrder{image.group_channels(), image.taps()}.place(column);
  }
  /// Where the float layer has the weight of an output and a column.
  constexpr std::size_t weight_place(std::size_t output, std::size_t column) const {
    if (!transposed) return output * columns() + column;
    const std::size_t taps = image.taps(), own = image.group_features(), group = output / own, channel = column / taps;
    return ((group * image.group_channels() + channel) * own + output % own) * taps + taps - 1 - column % taps;
  }
  /// What outlasts a run: how many steps there were (four bytes), their keys and their values; a cell's state; or the
  /// steps that a convolution looks at.
  constexpr std::size_t state_bytes() const {
    if (pattern.kind == StepKind::recurrent && cell.stateful) return cell.state_bytes();
    if (!remembers) return 0;
    if (multiplies()) return detail::window_bytes(image.image_size());
    return attends() ? 4 + 2 * kernels::in_fours(attention.keys * attention.width) : 4;
  }
  constexpr std::size_t scratch() const {
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
  constexpr std::size_t lead() const {
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

/// A move of a tensor's numbers into the step's output.
struct TensorMove {
  std::size_t source = 0;
  kernels::Int8Move way{};
};

/// A Standardize that is the first to see an input, and the only one: its features have scales of their own, and are
/// brought to the layer's numbers when they become int8. No step is left of it.
struct InputScaling {
  std::size_t features = 0;                          // none: one scale is for all; of every step of a sequence
  std::size_t first = 0;                             // its first among the features of all inputs
  std::size_t center_source = 0, spread_source = 0;  // where the layer's numbers are among the float ones
  std::size_t unit = 0;                              // the float network's that gives the numbers

  constexpr std::size_t feature(std::size_t i) const { return first + i % features; }
};
/// An Unstandardize that is a network's last layer: its features are brought to the user's unit when they become
/// floats.
struct OutputScaling {
  std::size_t features = 0;
  std::size_t unit_source = 0, offset_source = 0;
};

/// The steps of a network, of which there may be Capacity.
template <std::size_t Capacity>
struct StepPlan {
  static constexpr std::size_t capacity = Capacity;
  std::array<QuantizedStep, capacity> steps{};
  std::size_t count = 0;
  std::size_t weight_bytes = 0, rows = 0, macs = 0;
  std::size_t multipliers = 0;   // of the rows
  std::size_t requantizers = 0;  // of sums and bounds
  std::size_t arena = 0;         // of the activations: numbers, of a byte each or, if they are wide, two
  bool fits = true;              // every layer was recognised
  bool wide = false;             // activations have 16 bits
  /// The first tensors are the inputs, tensor t otherwise the output of step t - 1: an input that is not the first is
  /// what a step gives that does nothing.
  std::size_t inputs = 1;
  std::array<bool, 32> tokens{};  // which of them are tokens, of two bytes each
  std::array<InputScaling, 32> scaled{};
  std::size_t features = 0;  // of all inputs that are scaled
  OutputScaling unscaled{};  // of the only output
  /// The tensors that are the outputs: the last one, where nothing else is given.
  std::size_t output_count = 0;
  std::array<std::size_t, 16> output_tensors{};
  std::array<std::size_t, capacity + 1> sizes{}, places{};
  std::array<TensorOrder, capacity + 1> orders{};
  std::array<std::size_t, capacity> scratch{}, states{};  // states: what outlasts a run, behind all else
  std::array<TensorMove, 2 * capacity> moves{};
  std::size_t move_count = 0, softmaxes = 0, tables = 0, norms = 0, cells = 0;
  std::size_t first_state = 0;
  bool overflows = false;  // there were more steps or moves than there is room for

  /// Whether tensor t is an input of tokens, or some of these.
  constexpr bool is_tokens(std::size_t t) const {
    return t < inputs ? t < tokens.size() && tokens[t] : steps[t - 1].of_tokens;
  }
  /// How many places in the arena tensor t takes, and where.
  constexpr std::size_t bytes(std::size_t t) const { return kernels::in_fours(sizes[t]); }
  constexpr std::size_t place(std::size_t t) const { return places[t]; }

  /// How many values calibration may see within units, sums and passes included: of a pass h, the state and gates.
  constexpr std::size_t inner_values() const { return count + 2 * cells; }
  constexpr std::size_t outputs() const { return output_count == 0 ? 1 : output_count; }
  constexpr std::size_t output_tensor(std::size_t k) const { return output_count == 0 ? count : output_tensors[k]; }
  /// Where in a row of all inputs, or of all outputs, one of them begins.
  constexpr std::size_t input_offset(std::size_t k) const {
    std::size_t at = 0;
    for (std::size_t t = 0; t < k; ++t) at += sizes[t];
    return at;
  }
  constexpr std::size_t output_offset(std::size_t k) const {
    std::size_t at = 0;
    for (std::size_t o = 0; o < k; ++o) at += sizes[output_tensor(o)];
    return at;
  }

  /// Whether step k reads tensor t.
  constexpr bool reads(std::size_t k, std::size_t t) const {
    const QuantizedStep& step = steps[k];
    if (step.pattern.kind == StepKind::input) return false;
    bool any = step.source == t || (step.reads_other() && step.other == t) || (step.reads_third() && step.third == t) ||
               (step.reads_fourth() && step.fourth == t);
    for (std::size_t m = step.first_move; m < step.first_move + step.moves; ++m) any = any || moves[m].source == t;
    return any;
  }
  /// A byte each, or two.
  constexpr std::size_t number_bytes() const { return wide ? 2 : 1; }
  /// Of a function of one number: what becomes of all 256, or of every 128th of 65,536.
  constexpr std::size_t table_size() const { return wide ? 513 : 256; }
  constexpr bool ends_in_softmax() const { return count > 0 && steps[count - 1].exponentiates(); }

  /// Its output is tensor `count` then.
  constexpr void add(QuantizedStep step, TensorOrder order) {
    if (count == capacity) return void(overflows = true);
    step.wide = wide;
    if (step.multiplies()) {
      step.weights = weight_bytes;
      step.row = rows;
      weight_bytes += step.packed_bytes();
      rows += step.packed_rows();
      step.multiplier = multipliers;
      multipliers += step.packed_multipliers();
      macs += step.macs();
    }
    if (step.attends()) macs += step.attention.macs();
    if (step.pattern.kind == StepKind::tied) macs += step.in * step.tokens;
    if (step.constants() > 0) {
      step.weights = weight_bytes;
      weight_bytes += kernels::in_fours(step.constants());
      step.row = rows;
      if (step.has_scaled_constants()) rows += 4;
    }
    if (step.exponentiates()) step.table = softmaxes++;
    if (step.pattern.kind == StepKind::table) step.table = tables++;
    if (step.pattern.kind == StepKind::norm) step.norm_table = norms++;
    if (step.has_factors()) {
      step.row = rows;
      step.multiplier = multipliers;
      rows += kernels::in_fours(step.factors);
      multipliers += kernels::in_fours(step.factors);
    }
    if (step.pattern.kind == StepKind::recurrent) {
      step.cell.number = cells++;
      step.weights = weight_bytes;
      step.row = rows;
      weight_bytes += step.cell.weight_bytes();
      rows += step.cell.all_rows() + (step.cell.is_diagonal() ? 4 : 0);
      step.multiplier = multipliers;
      multipliers += step.cell.all_rows();
      macs += step.cell.macs();
    }
    step.scale = requantizers;
    requantizers += step.requantizers();
    steps[count++] = step;
    sizes[count] = step.out;
    orders[count] = order;
  }

  /// The last step becomes part of how the output becomes floats.
  constexpr void unscale_output(std::size_t of_features) {
    const QuantizedStep step = steps[--count];
    unscaled = {of_features, step.weight_source, step.bias_source};
    weight_bytes = step.weights, rows = step.row, multipliers = step.multiplier, requantizers = step.scale;
    macs -= step.macs();
  }

  constexpr void add_move(std::size_t source, const kernels::Int8Move& way) {
    if (move_count == moves.size()) overflows = true;
    else moves[move_count++] = {source, way};
  }
  /// Takes the last step back.
  constexpr QuantizedStep take_back() {
    const QuantizedStep step = steps[--count];
    move_count = step.first_move;
    return step;
  }

  constexpr void lay_out() {
    std::array<std::size_t, capacity + 1> last{};
    for (std::size_t t = 0; t <= count; ++t) last[t] = t;  // the last tensor outlives the last step
    for (std::size_t k = 0; k < count; ++k) {
      const QuantizedStep& step = steps[k];
      if (step.pattern.kind == StepKind::input) continue;
      last[step.source] = k;
      if (step.reads_other()) last[step.other] = k;
      if (step.reads_third()) last[step.third] = k;
      if (step.reads_fourth()) last[step.fourth] = k;
      for (std::size_t m = step.first_move; m < step.first_move + step.moves; ++m) last[moves[m].source] = k;
    }
    for (std::size_t o = 0; o < outputs(); ++o) last[output_tensor(o)] = count;
    ArenaPlan<2 * capacity + 1> all;
    for (std::size_t t = 0; t <= count; ++t)
      all.add({.bytes = bytes(t), .first = t < inputs ? 0 : t - 1, .last = last[t]});
    for (std::size_t k = 0; k < count; ++k) all.add({.bytes = steps[k].scratch(), .first = k, .last = k});
    // A sum lies where its first part lay, which nothing reads any more; so does what a table makes of a tensor.
    for (std::size_t k = 0; k < count; ++k)
      if (steps[k].works_in_place() && all.blocks[steps[k].source].last == k) all.join(k + 1, steps[k].source);
    // What an image becomes may follow it through memory.
    for (std::size_t k = 0; k < count; ++k)
      if (const std::size_t lead = steps[k].lead(); lead != Block::none) all.cover(k + 1, steps[k].source, lead);
    all.pack(count + 1);
    arena = std::max<std::size_t>(all.size, 1);
    for (std::size_t t = 0; t <= count; ++t) places[t] = all.blocks[t].place;
    for (std::size_t k = 0; k < count; ++k) {
      scratch[k] = all.blocks[count + 1 + k].place;
      // it may read three bytes behind its input
      if (steps[k].pattern.kind == StepKind::depthwise && steps[k].image.channels % 4 != 0)
        arena = std::max(arena, places[steps[k].source] + bytes(steps[k].source) + 4);
    }
    first_state = arena;
    for (std::size_t k = 0; k < count; ++k)
      if (steps[k].state_bytes() > 0) {
        arena = kernels::in_fours(arena);
        states[k] = arena;
        arena += steps[k].state_bytes();
      }
  }
};

/// Of a network of usual size.
using QuantizedPlan = StepPlan<64>;

}  // namespace tenon::edge
