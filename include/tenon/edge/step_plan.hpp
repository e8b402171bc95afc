#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <tenon/edge/arena_plan.hpp>
#include <tenon/edge/quantized_step.hpp>

/// The steps of a network in int8, and where their numbers lie.
namespace tenon::edge {

/// A move of a tensor's numbers into the step's output.
struct TensorMove {
  size_t source = 0;
  kernels::Int8Move way{};
};

/// A Standardize that alone reads an input. It is applied while the input becomes int8, with a center and a scale for
/// each feature, and is no step of its own.
struct InputScaling {
  size_t features = 0;                          // none: one scale is for all; of every step of a sequence
  size_t first = 0;                             // its first among the features of all inputs
  size_t center_source = 0, spread_source = 0;  // where the layer's numbers are among the float ones
  size_t unit = 0;                              // the float network's that gives the numbers

  constexpr size_t feature(size_t i) const { return first + i % features; }
};
/// An Unstandardize that is a network's last layer. It is applied when the output becomes floats.
struct OutputScaling {
  size_t features = 0;
  size_t unit_source = 0, offset_source = 0;
};

/// The steps of a network, of which there may be Capacity.
template <size_t Capacity>
struct StepPlan {
  static constexpr size_t capacity = Capacity;
  std::array<QuantizedStep, capacity> steps{};
  size_t count = 0;
  size_t weight_bytes = 0, rows = 0, macs = 0;
  size_t multipliers = 0;   // of the rows
  size_t requantizers = 0;  // of sums and bounds
  size_t arena = 0;         // of the activations: numbers, of a byte each or, if they are wide, two
  bool fits = true;         // every layer was recognised
  int misfit = -1;          // the unit that reads tokens as numbers
  bool wide = false;        // activations have 16 bits
  /// Tensor 0 is the first input, tensor t > 0 the output of step t - 1. Further inputs are tensors 1 to inputs - 1,
  /// the outputs of steps that do nothing.
  size_t inputs = 1;
  std::array<bool, 32> tokens{};  // which of them are tokens, of two bytes each
  std::array<InputScaling, 32> scaled{};
  size_t features = 0;       // of all inputs that are scaled
  OutputScaling unscaled{};  // of the only output
  /// The tensors that are the outputs: the last one, where nothing else is given.
  size_t output_count = 0;
  std::array<size_t, 16> output_tensors{};
  std::array<size_t, capacity + 1> sizes{}, places{};
  std::array<TensorOrder, capacity + 1> orders{};
  std::array<size_t, capacity> scratch{}, states{};  // states: what outlasts a run, behind all else
  std::array<TensorMove, 2 * capacity> moves{};
  size_t move_count = 0, softmaxes = 0, tables = 0, norms = 0, cells = 0;
  size_t first_state = 0;
  bool overflows = false;  // there were more steps or moves than there is room for

  /// Whether tensor t is an input of tokens, or some of these.
  constexpr bool is_tokens(size_t t) const {
    return t < inputs ? t < tokens.size() && tokens[t] : steps[t - 1].of_tokens;
  }
  /// How many places in the arena tensor t takes, and where.
  constexpr size_t bytes(size_t t) const { return kernels::in_fours(sizes[t]); }
  constexpr size_t place(size_t t) const { return places[t]; }

  /// The most values that calibration may see within units: one a step, and of a recurrent pass two more (h, state,
  /// gates).
  constexpr size_t inner_values() const { return count + 2 * cells; }
  constexpr size_t outputs() const { return output_count == 0 ? 1 : output_count; }
  constexpr size_t output_tensor(size_t k) const { return output_count == 0 ? count : output_tensors[k]; }
  /// Where in a row of all inputs, or of all outputs, one of them begins.
  constexpr size_t input_offset(size_t k) const {
    size_t at = 0;
    for (size_t t = 0; t < k; ++t) at += sizes[t];
    return at;
  }
  constexpr size_t output_offset(size_t k) const {
    size_t at = 0;
    for (size_t o = 0; o < k; ++o) at += sizes[output_tensor(o)];
    return at;
  }

  /// Whether step k reads tensor t.
  constexpr bool reads(size_t k, size_t t) const {
    const QuantizedStep& step = steps[k];
    if (step.pattern.kind == StepKind::input) return false;
    bool any = step.source == t || (step.reads_other() && step.other == t) || (step.reads_third() && step.third == t) ||
               (step.reads_fourth() && step.fourth == t);
    for (size_t m = step.first_move; m < step.first_move + step.moves; ++m) any = any || moves[m].source == t;
    return any;
  }
  /// A byte each, or two.
  constexpr size_t number_bytes() const { return wide ? 2 : 1; }
  /// Entries of the table of a function of one number: for each of the 256 int8 numbers, or for every 128th int16.
  constexpr size_t table_size() const { return wide ? 513 : 256; }
  /// Whether all that rows have besides weights is biases: they belong to dense layers with one scale.
  constexpr bool has_biases_alone() const {
    size_t biases = 0;
    for (size_t k = 0; k < count; ++k)
      if (steps[k].pattern.kind == StepKind::dense && steps[k].stored().one_scale) biases += steps[k].packed_rows();
    return !wide && biases > 0 && biases == rows;
  }
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
      rows += step.cell.scales();
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
  constexpr void unscale_output(size_t of_features) {
    const QuantizedStep step = steps[--count];
    unscaled = {of_features, step.weight_source, step.bias_source};
    weight_bytes = step.weights, rows = step.row, multipliers = step.multiplier, requantizers = step.scale;
    macs -= step.macs();
  }

  constexpr void add_move(size_t source, const kernels::Int8Move& way) {
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
    std::array<size_t, capacity + 1> last{};
    for (size_t t = 0; t <= count; ++t) last[t] = t;  // the last tensor outlives the last step
    for (size_t k = 0; k < count; ++k) {
      const QuantizedStep& step = steps[k];
      if (step.pattern.kind == StepKind::input) continue;
      last[step.source] = k;
      if (step.reads_other()) last[step.other] = k;
      if (step.reads_third()) last[step.third] = k;
      if (step.reads_fourth()) last[step.fourth] = k;
      for (size_t m = step.first_move; m < step.first_move + step.moves; ++m) last[moves[m].source] = k;
    }
    for (size_t o = 0; o < outputs(); ++o) last[output_tensor(o)] = count;
    ArenaPlan<2 * capacity + 1> all;
    for (size_t t = 0; t <= count; ++t) all.add({.bytes = bytes(t), .first = t < inputs ? 0 : t - 1, .last = last[t]});
    for (size_t k = 0; k < count; ++k) all.add({.bytes = steps[k].scratch(), .first = k, .last = k});
    // a step that works in place overwrites what it reads, if nothing reads that later
    for (size_t k = 0; k < count; ++k)
      if (steps[k].works_in_place() && all.blocks[steps[k].source].last == k) all.join(k + 1, steps[k].source);
    // convolutions and pools may overlap their input (kernels/int8_overlap.hpp)
    for (size_t k = 0; k < count; ++k)
      if (const size_t lead = steps[k].lead(); lead != Block::none) all.cover(k + 1, steps[k].source, lead);
    all.pack(count + 1);
    arena = std::max<size_t>(all.size, 1);
    for (size_t t = 0; t <= count; ++t) places[t] = all.blocks[t].place;
    for (size_t k = 0; k < count; ++k) {
      scratch[k] = all.blocks[count + 1 + k].place;
      // it may read three bytes behind its input
      if (steps[k].pattern.kind == StepKind::depthwise && steps[k].image.channels % 4 != 0)
        arena = std::max(arena, places[steps[k].source] + bytes(steps[k].source) + 4);
    }
    first_state = arena;
    for (size_t k = 0; k < count; ++k)
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
