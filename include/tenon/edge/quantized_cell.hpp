#pragma once

#include <cstddef>
#include <limits>

#include <tenon/edge/point_formula.hpp>
#include <tenon/kernels/int8_recurrent.hpp>

// Whoever has such a layer has its header.
namespace tenon::detail {

enum class Peepholes : unsigned char;
template <Peepholes P>
struct LstmCell;
template <Peepholes P, double CellClip>
struct LimitedLstmCell;
struct GruCell;
struct ResetBeforeGruCell;
template <class F>
struct RnnCell;
template <class Cell, class In, bool Last, auto... Argument>
struct RecurrentUnit;

}  // namespace tenon::detail

/// Recurrent layers in int8, recognised by their types: LSTM by the library's rules or LiteRT's, which know diagonal
/// peepholes alone, GRU with the reset gate behind the product of the state or before it, RNN with tanh, sigmoid or
/// ReLU.
namespace tenon::edge {

/// One pass of a recurrent layer: one of its stacked layers in one direction. `..._weight` and `..._bias` are offsets
/// in the float parameters.
struct CellPass {
  kernels::Int8Cell cell = kernels::Int8Cell::rnn;
  size_t steps = 1, features = 1, hidden = 1;
  bool reverse = false, last = false;
  bool stateful = false;  // it goes on where the last run ended
  bool masked = false;    // sequences end where nothing but padding follows
  size_t recurrent_weight = 0, recurrent_bias = 0;
  kernels::Int8Peepholes peepholes = kernels::Int8Peepholes::none;
  size_t memory_weight = 0, memory_stride = 0;  // of peepholes
  size_t number = 0;                            // among the passes
  double cell_clip = 0;                         // of an LSTM's memory, 0: none

  constexpr size_t gates() const { return kernels::gates_of(cell); }
  constexpr size_t padded() const { return kernels::in_fours(hidden); }
  /// Rows of each of its two matrices (of the input and of h): every gate is filled up to a multiple of four.
  constexpr size_t rows() const { return gates() * padded(); }
  constexpr size_t row(size_t output) const { return output / hidden * padded() + output % hidden; }
  constexpr size_t input_bytes() const { return rows() * kernels::in_fours(features); }
  constexpr size_t state_weight_bytes() const { return rows() * padded(); }
  constexpr bool is_full() const { return peepholes == kernels::Int8Peepholes::full; }
  constexpr bool is_diagonal() const { return peepholes == kernels::Int8Peepholes::diagonal; }
  /// The offset of a diagonal peephole's weights, for the gates i, f and o (0, 1, 2), which parameters have in the
  /// order o, f, i.
  constexpr size_t memory_vector(size_t gate) const { return memory_weight + (2 - gate) * memory_stride; }
  /// Bytes of the peepholes' weights.
  constexpr size_t memory_bytes() const { return is_full() ? rows() * padded() : is_diagonal() ? 3 * 2 * padded() : 0; }
  constexpr size_t weight_bytes() const { return input_bytes() + state_weight_bytes() + memory_bytes(); }
  /// Of all its matrices.
  constexpr size_t all_rows() const { return (is_full() ? 3 : 2) * rows(); }
  /// Numbers among the biases and among the scales: a row more for each vector of a diagonal, filled up to four.
  constexpr size_t scales() const { return all_rows() + (is_diagonal() ? 4 : 0); }
  constexpr size_t macs() const {
    return steps * hidden * (gates() * (features + (is_full() ? 2 : 1) * hidden) + (is_diagonal() ? 3 : 0));
  }

  /// Bytes of a pass's memory: the 16-bit state and the int8 h; in scratch the two or three shares of each gate, h
  /// times the reset gate (gru_reset_before), and a copy of the step's input where its size is no multiple of four.
  constexpr size_t state_bytes() const { return 3 * padded(); }
  constexpr size_t gate_bytes() const { return 2 * all_rows(); }
  constexpr size_t passed_bytes() const { return cell == kernels::Int8Cell::gru_reset_before ? padded() : 0; }
  constexpr size_t scratch() const {
    return (stateful ? 0 : state_bytes()) + gate_bytes() + passed_bytes() +
           (features % 4 == 0 ? 0 : kernels::in_fours(features));
  }
};

namespace detail {

template <class Cell>
struct Int8CellOf {
  static constexpr bool known = false;
};
template <kernels::Int8Cell Cell>
struct KnownCell {
  static constexpr bool known = true;
  static constexpr kernels::Int8Cell cell = Cell;
};
template <tenon::detail::Peepholes P>
struct Int8CellOf<tenon::detail::LstmCell<P>> : KnownCell<kernels::Int8Cell::lstm> {};
template <tenon::detail::Peepholes P, double CellClip>
struct Int8CellOf<tenon::detail::LimitedLstmCell<P, CellClip>> : KnownCell<kernels::Int8Cell::lstm> {};
template <>
struct Int8CellOf<tenon::detail::GruCell> : KnownCell<kernels::Int8Cell::gru> {};
template <>
struct Int8CellOf<tenon::detail::ResetBeforeGruCell> : KnownCell<kernels::Int8Cell::gru_reset_before> {};
template <>
struct Int8CellOf<tenon::detail::RnnCell<Operation<Op::hyperbolic_tangent, expr::Input<0>>>>
    : KnownCell<kernels::Int8Cell::rnn> {};

template <>
struct Int8CellOf<tenon::detail::RnnCell<Operation<Op::logistic, expr::Input<0>>>>
    : KnownCell<kernels::Int8Cell::rnn_sigmoid> {};
/// Whether a formula is max(x, 0).
template <class F>
inline constexpr bool is_relu = pattern_of<F>.kind == StepKind::clamp&& pattern_of<F>.low == 0 &&
                                pattern_of<F>.high == std::numeric_limits<double>::infinity();
template <class F>
  requires is_relu<F>
struct Int8CellOf<tenon::detail::RnnCell<F>> : KnownCell<kernels::Int8Cell::rnn_relu> {
};

template <class Bound>
struct RecurrentOf {
  static constexpr bool known = false;
};
template <class Cell, class In, bool Last, auto... Argument>
  requires(Int8CellOf<Cell>::known)
struct RecurrentOf<tenon::detail::RecurrentUnit<Cell, In, Last, Argument...>> {
private:
  using unit = tenon::detail::RecurrentUnit<Cell, In, Last, Argument...>;
  static constexpr bool litert = unit::options.litert_int8;
  /// The vectors of diagonal peepholes are the last parameters of a pass.
  static constexpr bool in_order = [] {
    if (unit::plan.feature_parameters == 0) return true;
    constexpr size_t first = unit::parameters.size() / unit::plan.passes() - 3;
    const auto is = [](size_t k, auto name) { return unit::parameters[first + k].name.starts_with(name); };
    return is(0, "weight_co") && is(1, "weight_cf") && is(2, "weight_ci");
  }();
  static_assert(in_order, "diagonal peepholes are those of o, f and i");

public:
  static constexpr bool known = !(litert && (unit::plan.memory_matrix || unit::options.stateful));
  static constexpr kernels::Int8Cell cell = litert ? kernels::Int8Cell::lstm_litert : Int8CellOf<Cell>::cell;
};

/// A pass by the numbers of its layer (RecurrentPlan), whose parameters begin at `parameters`. A layer of one step that
/// is stateful is part of a run step by step.
template <class Numbers>
constexpr CellPass cell_pass(kernels::Int8Cell cell, const Numbers& p, size_t layer, size_t direction,
                             size_t parameters) {
  const size_t square = parameters + p.pass_offset(layer, direction) + p.input_weight_size(layer);
  const bool diagonal = p.feature_parameters == 3;
  return {.cell = cell,
          .steps = p.steps,
          .features = p.in(layer),
          .hidden = p.hidden,
          .reverse = direction == 1,
          .last = p.last_only && layer + 1 == p.layers,
          .stateful = p.states > 0 && p.steps == 1,
          .masked = p.masked,
          .recurrent_weight = square,
          .recurrent_bias = square + p.square_size() + p.bias_size(),
          .peepholes = p.memory_matrix ? kernels::Int8Peepholes::full
                       : diagonal      ? kernels::Int8Peepholes::diagonal
                                       : kernels::Int8Peepholes::none,
          .memory_weight = square + p.square_size() + 2 * p.bias_size(),
          .memory_stride = diagonal ? p.feature_stride() : 0,
          .cell_clip = p.cell_clip};
}

}  // namespace detail
}  // namespace tenon::edge
