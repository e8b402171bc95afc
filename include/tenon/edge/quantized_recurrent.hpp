#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/edge/quantized_plan.hpp>
#include <tenon/edge/row_sums.hpp>
#include <tenon/expr/math/exp.hpp>

/// Recurrent layers in int8: the tables that the compiler computes, and running a pass.
namespace tenon::edge {

/// 1 / (1 + e^-x) or tanh(x) = 2 sigmoid(2 x) - 1, computed by the compiler.
constexpr kernels::CurveTable make_curve(bool is_tanh) {
  kernels::CurveTable table;
  for (int i = 0; i <= 256; ++i) {
    const double x = (i - 128) / 16.0, s = 1 / (1 + math::exp(is_tanh ? -2 * x : -x)), y = is_tanh ? 2 * s - 1 : s;
    const double q = y * 32768 + (y < 0 ? -0.5 : 0.5);
    table.at[i] = static_cast<std::int16_t>(q > 32767 ? 32767 : q);
  }
  return table;
}
inline constexpr kernels::CurveTable sigmoid_curve = make_curve(false), tanh_curve = make_curve(true);

namespace detail {

constexpr double power_of_two(int exponent) {
  double power = 1;
  for (; exponent > 0; --exponent) power *= 2;
  for (; exponent < 0; ++exponent) power /= 2;
  return power;
}

/// Fills the tables of one pass. scaled(real, largest) is the Requantizer for the factor `real` and sums of at most
/// `largest`; where there is none it notes that in `sums_fit`.
template <class Numbers, class Tables, class Scaled>
constexpr void fill_cell(const QuantizedStep& step, size_t k, const Numbers& q, Tables& t, Scaled&& scaled) {
  const CellPass& c = step.cell;
  kernels::CellScale& scale = t.cells[c.number];
  scale.gate_bits = q.gate_bits[c.number];
  scale.cell_bits = q.cell_bits[c.number];
  if (c.cell_clip > 0) {
    const double limit = c.cell_clip * static_cast<double>(1 << scale.cell_bits);
    scale.cell_high = limit < 32767 ? static_cast<std::int32_t>(limit) : 32767;
    scale.cell_low = -scale.cell_high;
  }
  // LiteRT multiplies scales in float, and makes h of Q0.30 at once
  const bool litert = c.cell == kernels::Int8Cell::lstm_litert;
  const auto times = [&](float a, float b) {
    return litert ? static_cast<double>(a * b) : static_cast<double>(a) * static_cast<double>(b);
  };
  const double share = power_of_two(-scale.gate_bits), hidden = static_cast<double>(q.scale[k + 1]);
  if (litert) scale.hidden = scaled(static_cast<double>(0x1p-15F / q.scale[k + 1]) * 0x1p-15, 0x1p30);
  else if (c.cell == kernels::Int8Cell::rnn_relu) scale.hidden = scaled(share / hidden, 65536);
  else scale.hidden = scaled(0x1p-15 / hidden, 32768);
  const auto fill = [&](size_t weights, size_t first, size_t columns, float in, int zero, std::int64_t most = 128) {
    for (size_t o = 0; o < c.gates() * c.hidden; ++o) {
      const size_t row = step.row + first + c.row(o), multiplier = step.multiplier + first + c.row(o);
      const RowSums sums = packed_row_sums(t.weights + weights + kernels::packed_place(c.row(o), 0, columns),
                                           kernels::in_fours(columns) / 4);
      const std::int64_t bias = std::int64_t{q.bias[row]} - std::int64_t{zero} * sums.sum;
      const std::int64_t largest = (bias < 0 ? -bias : bias) + most * sums.magnitude;
      if (largest > 0x7fffffff) {
        t.sums_fit = false;
        continue;
      }
      const double one = times(in, q.weight_scale[row]) / share;
      const kernels::Requantizer r = scaled(one, static_cast<double>(largest));
      t.bias[row] = static_cast<std::int32_t>(bias);
      t.multiplier[multiplier] = r.multiplier;
      t.shift[multiplier] = r.shift;
    }
  };
  fill(step.weights, 0, c.features, q.scale[step.source], q.zero[step.source]);
  fill(step.weights + c.input_bytes(), c.rows(), c.hidden, q.scale[k + 1], 0);
  const float memory = 1.0F / static_cast<float>(1 << scale.cell_bits);
  const size_t behind = step.weights + c.input_bytes() + c.state_weight_bytes();
  if (c.is_full()) fill(behind, 2 * c.rows(), c.hidden, memory, 0, 32768);
  for (size_t gate = 0; c.is_diagonal() && gate < 3; ++gate)
    t.scaling[step.scale + gate] = scaled(times(memory, q.weight_scale[step.row + c.all_rows() + gate]) / share,
                                          0x1p30);
}

/// A pass in a constant expression, which cannot read the 16-bit state as such: it is kept as pairs of bytes.
template <class P>
constexpr void run_pass_by_bytes(const kernels::Int8Recurrent& p, size_t steps, const std::int8_t* x, std::int8_t* y,
                                 std::int8_t* state) {
  constexpr const CellPass& c = P::pass;
  std::array<std::int16_t, c.padded()> wide{};
  std::array<std::int16_t, c.all_rows()> gates{};
  std::array<std::int8_t, c.padded()> h{}, passed{};
  std::array<std::int8_t, kernels::in_fours(c.features)> padded{};
  if constexpr (c.stateful)
    for (size_t i = 0; i < c.padded(); ++i) {
      wide[i] = static_cast<std::int16_t>((state[2 * i] & 255) | state[2 * i + 1] * 256);
      h[i] = state[2 * c.padded() + i];
    }
  kernels::recurrent_int8<c.cell, c.peepholes>(p, {steps, c.features, c.reverse, c.last}, x, y,
                                               {wide.data(), h.data(), gates.data(), passed.data(), padded.data()});
  if constexpr (c.stateful)
    for (size_t i = 0; i < c.padded(); ++i) {
      const int low = wide[i] & 255;
      state[2 * i] = static_cast<std::int8_t>(low > 127 ? low - 256 : low);
      state[2 * i + 1] = static_cast<std::int8_t>((wide[i] - low) / 256);
      state[2 * c.padded() + i] = h[i];
    }
}

/// The first `steps` steps of the pass P::pass. `state` and `scratch` lie at whole fours.
template <class P>
constexpr void run_pass(const kernels::Int8Recurrent& p, size_t steps, const std::int8_t* x, std::int8_t* y,
                        std::int8_t* state, std::int8_t* scratch) {
  if (std::is_constant_evaluated()) return run_pass_by_bytes<P>(p, steps, x, y, state);
  constexpr const CellPass& c = P::pass;
  if constexpr (!c.stateful) {
    state = scratch;
    scratch += c.state_bytes();
    for (size_t i = 0; i < c.state_bytes(); ++i) state[i] = 0;
  }
  std::int8_t* const passed = scratch + c.gate_bytes();
  kernels::recurrent_int8<c.cell, c.peepholes>(p, {steps, c.features, c.reverse, c.last}, x, y,
                                               {reinterpret_cast<std::int16_t*>(state), state + 2 * c.padded(),
                                                reinterpret_cast<std::int16_t*>(scratch), passed,
                                                passed + c.passed_bytes()});
}

template <class Net, size_t K>
struct PassOf {
  static constexpr CellPass pass = quantized_plan<Net>.steps[K].cell;
};

/// Step K of a network, which is a pass.
template <class Net, size_t K, class Tables>
constexpr void run_cell(const Tables& t, std::int8_t* arena) {
  constexpr const auto& plan = quantized_plan<Net>;
  constexpr QuantizedStep step = plan.steps[K];
  constexpr CellPass c = step.cell;
  const auto rows = [&](size_t weights, size_t row, size_t columns) {
    return kernels::GateRows{t.weights + step.weights + weights, t.bias + step.row + row,
                             t.multiplier + step.multiplier + row, t.shift + step.multiplier + row, columns};
  };
  constexpr size_t behind = c.input_bytes() + c.state_weight_bytes();
  kernels::Int8Recurrent p{rows(0, 0, c.features), rows(c.input_bytes(), c.rows(), c.hidden),
                           &sigmoid_curve,         &tanh_curve,
                           t.cells[c.number],      c.hidden};
  if constexpr (c.is_full()) p.memory = rows(behind, 2 * c.rows(), c.hidden);
  if constexpr (c.is_diagonal())
    p.diagonal = {t.weights + step.weights + behind,
                  {t.scaling[step.scale], t.scaling[step.scale + 1], t.scaling[step.scale + 2]}};
  std::int8_t* const y = arena + plan.place(K + 1);
  size_t steps = c.steps;
  if constexpr (c.masked) {
    const std::int8_t* const padding = arena + plan.place(step.other);
    while (steps > 0 && padding[steps - 1] != 0) --steps;
    for (size_t i = c.last ? 0 : steps * c.hidden; i < step.out; ++i) y[i] = 0;  // behind the end h is 0
  }
  run_pass<PassOf<Net, K>>(p, steps, arena + plan.place(step.source), y, arena + plan.states[K],
                           arena + plan.scratch[K]);
}

/// What outlasts a run is zero again.
template <class Net>
constexpr void forget_states(Activation<Net>* arena) {
  constexpr const auto& plan = quantized_plan<Net>;
  for (size_t i = plan.first_state; i < plan.arena; ++i) arena[i] = 0;
}

}  // namespace detail
}  // namespace tenon::edge
