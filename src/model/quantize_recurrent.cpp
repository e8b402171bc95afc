#include <tenon/layers/recurrent/code.hpp>
#include <tenon/model/quantize_recurrent.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon::detail {

namespace {

using kernels::Int8Cell;

/// What a pass gives at each step, in the order of the steps, its cell states, and the shares of its gates.
struct CellNumbers {
  std::vector<float> hidden, state, gates;
};

/// y = W x + b for `rows` rows.
void multiply(const GateMatrix& m, std::size_t first, std::size_t rows, const float* x, float* y) {
  for (std::size_t r = 0; r < rows; ++r) {
    const float* const w = m.weights + (first + r) * m.columns;
    float sum = m.bias == nullptr ? 0.0F : m.bias[first + r];
    for (std::size_t i = 0; i < m.columns; ++i) sum += w[i] * x[i];
    y[r] = sum;
  }
}

float logistic(float x) { return 1 / (1 + std::exp(-x)); }

/// The equations of layers/lstm.hpp, layers/gru.hpp and layers/rnn.hpp for the first `steps` steps; then h is 0.
CellNumbers run_cell(const edge::CellPass& c, std::size_t steps, const GateMatrix& input, const GateMatrix& recurrent,
                     const float* parameters, const float* x) {
  const std::size_t n = c.hidden, all = c.gates() * n;
  std::vector<float> a(all), b(all), seen_memory(all), h(n), state(n), passed(n);
  CellNumbers seen;
  seen.hidden.resize(c.steps * n);
  for (std::size_t t = 0; t < steps; ++t) {
    const std::size_t at = c.reverse ? steps - 1 - t : t;
    const auto gate = [&](std::size_t k, std::size_t i) {
      return a[k * n + i] + b[k * n + i] + seen_memory[k * n + i];
    };
    // what a gate sees of the memory through a diagonal
    const auto look = [&](std::size_t vector, std::size_t k, std::size_t i) {
      if (c.is_diagonal()) seen_memory[k * n + i] = parameters[c.memory_vector(vector) + i] * state[i];
    };
    multiply(input, 0, all, x + at * c.features, a.data());
    multiply(recurrent, 0, all, h.data(), b.data());
    if (c.is_full()) multiply({parameters + c.memory_weight, nullptr, n}, 0, all, state.data(), seen_memory.data());
    if (c.cell == Int8Cell::gru_reset_before) {
      for (std::size_t i = 0; i < n; ++i) passed[i] = logistic(gate(0, i)) * h[i];
      multiply(recurrent, 2 * n, n, passed.data(), b.data() + 2 * n);
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (c.cell == Int8Cell::rnn) {
        h[i] = std::tanh(gate(0, i));
      } else if (c.cell == Int8Cell::rnn_relu) {
        h[i] = std::max(gate(0, i), 0.0F);
      } else if (c.cell == Int8Cell::rnn_sigmoid) {
        h[i] = logistic(gate(0, i));
      } else if (c.cell == Int8Cell::lstm || c.cell == Int8Cell::lstm_litert) {
        look(0, 0, i);
        look(1, 1, i);
        state[i] = logistic(gate(1, i)) * state[i] + logistic(gate(0, i)) * std::tanh(gate(2, i));
        if (const auto limit = static_cast<float>(c.cell_clip); limit > 0)
          state[i] = std::clamp(state[i], -limit, limit);
        look(2, 3, i);
        h[i] = logistic(gate(3, i)) * std::tanh(state[i]);
      } else {
        const float reset = c.cell == Int8Cell::gru ? logistic(gate(0, i)) : 1.0F, update = logistic(gate(1, i));
        h[i] = (1 - update) * std::tanh(a[2 * n + i] + reset * b[2 * n + i]) + update * h[i];
      }
    }
    std::copy(h.begin(), h.end(), seen.hidden.begin() + static_cast<std::ptrdiff_t>(at * n));
    seen.state.insert(seen.state.end(), state.begin(), state.end());
    seen.gates.insert(seen.gates.end(), a.begin(), a.end());
    seen.gates.insert(seen.gates.end(), b.begin(), b.end());
    seen.gates.insert(seen.gates.end(), seen_memory.begin(), seen_memory.end());
  }
  return seen;
}

/// How many steps of x, (steps, features), there are in front of those at its end that are nothing but padding.
std::size_t length_of(const RecurrentPlan& plan, std::span<const float> x) {
  if (!plan.masked) return plan.steps;
  const auto padding = static_cast<float>(plan.mask);
  const auto last = std::find_if(x.rbegin(), x.rend(), [&](float number) { return number != padding; });
  return (static_cast<std::size_t>(x.rend() - last) + plan.features - 1) / plan.features;
}

}  // namespace

void see_recurrent(SeenOfUnits& seen, std::size_t unit, Int8Cell cell, const RecurrentPlan& plan,
                   const float* parameters, std::span<const float> x) {
  std::vector<float> in(x.begin(), x.end());
  const std::size_t steps = length_of(plan, x);
  for (std::size_t l = 0; l < plan.layers; ++l) {
    std::vector<float> out(plan.steps * plan.width());
    for (std::size_t d = 0; d < plan.directions; ++d, unit += 3) {
      const edge::CellPass pass = edge::detail::cell_pass(cell, plan, l, d, 0);
      const float* const square = parameters + pass.recurrent_weight;
      const float* const bias = parameters + pass.recurrent_bias;
      const CellNumbers given = run_cell(
          pass, steps, {square - plan.input_weight_size(l), plan.bias ? bias - plan.bias_size() : nullptr, plan.in(l)},
          {square, plan.bias ? bias : nullptr, plan.hidden}, parameters, in.data());
      seen.ranges[unit].see(given.hidden);
      seen.ranges[unit + 1].see(given.state);
      seen.ranges[unit + 2].see(given.gates);
      if (seen.values != nullptr) {
        const std::size_t shown = !pass.last || pass.reverse || steps == 0 ? 0 : steps - 1;
        const auto begin = given.hidden.begin() + static_cast<std::ptrdiff_t>(shown * plan.hidden);
        (*seen.values)[unit].assign(begin,
                                    pass.last ? begin + static_cast<std::ptrdiff_t>(plan.hidden) : given.hidden.end());
      }
      for (std::size_t t = 0; t < plan.steps; ++t)
        std::copy_n(given.hidden.data() + t * plan.hidden, plan.hidden,
                    out.data() + t * plan.width() + d * plan.hidden);
    }
    in = std::move(out);
  }
}

float hidden_scale(const ValueRange& range, float most) {
  return std::clamp(std::max(-range.low, range.high), 0x1p-10F, most) / 127;
}

std::int8_t fraction_bits(const ValueRange& range, int most, int least) {
  const double largest = static_cast<double>(std::max(-range.low, range.high));
  int bits = most;
  while (bits > least && std::ldexp(largest, bits) > 32767) --bits;
  return static_cast<std::int8_t>(bits);
}

void quantize_gates(const edge::CellPass& pass, const GateMatrix& from, std::int8_t* weights, std::int32_t* bias,
                    float* scale) {
  constexpr double most = 0x1p30;
  for (std::size_t o = 0; o < pass.gates() * pass.hidden; ++o) {
    const float* const w = from.weights + o * from.columns;
    const std::size_t row = pass.row(o);
    float largest = 0;
    for (std::size_t i = 0; i < from.columns; ++i) largest = std::max(largest, std::abs(w[i]));
    float step = largest / 127;
    if (!(step > std::numeric_limits<float>::min())) step = 1.0F / 127;
    const double b = from.bias == nullptr ? 0 : static_cast<double>(from.bias[o]);
    if (std::abs(b) > most * from.scale * static_cast<double>(step))
      step = static_cast<float>(std::abs(b) / (most * from.scale));
    scale[row] = step;
    for (std::size_t i = 0; i < from.columns; ++i)
      weights[kernels::packed_place(row, i, from.columns)] = static_cast<std::int8_t>(
          std::clamp(std::lround(w[i] / step), -127L, 127L));
    bias[row] = static_cast<std::int32_t>(
        std::clamp(std::round(b / (from.scale * static_cast<double>(step))), -most, most));
  }
}

void quantize_diagonal(const edge::CellPass& pass, const float* parameters, std::int8_t* weights, float* scale) {
  for (std::size_t gate = 0; gate < 3; ++gate, weights += 2 * pass.padded()) {
    const float* const w = parameters + pass.memory_vector(gate);
    float largest = 0;
    for (std::size_t i = 0; i < pass.hidden; ++i) largest = std::max(largest, std::abs(w[i]));
    scale[gate] = largest / 32767 > std::numeric_limits<float>::min() ? largest / 32767 : 1;
    for (std::size_t i = 0; i < pass.hidden; ++i) {
      const auto q = static_cast<std::uint16_t>(std::clamp(std::lround(w[i] / scale[gate]), -32767L, 32767L));
      weights[2 * i] = static_cast<std::int8_t>(q & 255U);
      weights[2 * i + 1] = static_cast<std::int8_t>(q >> 8U);
    }
  }
}

}  // namespace tenon::detail
