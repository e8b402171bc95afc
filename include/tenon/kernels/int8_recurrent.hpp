#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/kernels/fixed_point.hpp>
#include <tenon/kernels/int8_products.hpp>

/// Recurrent cells in integers, by the scheme of LiteRT's integer LSTM: int8 weights, input and hidden state, gates in
/// 16 bits, a state of 16 bits beside the int8 one.
namespace tenon::kernels {

/// LSTM (gates i, f, g, o), GRU (r, z, n) with the reset gate behind the product of the state or before it, RNN with
/// tanh, max(x, 0) or the sigmoid; and an LSTM that gives LiteRT's bytes: its functions are those of fixed_point.hpp,
/// not straight lines, and its products are rounded twice.
enum class Int8Cell : unsigned char { rnn, lstm, gru, gru_reset_before, lstm_litert, rnn_relu, rnn_sigmoid };

constexpr bool is_rnn(Int8Cell cell) {
  return cell == Int8Cell::rnn || cell == Int8Cell::rnn_relu || cell == Int8Cell::rnn_sigmoid;
}

/// How the memory of an LSTM, of 16 bits, adds to the sums of its gates: through a matrix of int8 to all of them; or
/// number by number to those of i and f, and the new one to that of o, with weights of 16 bits.
enum class Int8Peepholes : unsigned char { none, full, diagonal };

constexpr size_t gates_of(Int8Cell cell) {
  return is_rnn(cell) ? 1 : cell == Int8Cell::lstm || cell == Int8Cell::lstm_litert ? 4 : 3;
}

constexpr std::int32_t to_16_bits(std::int32_t x) { return x < -32768 ? -32768 : x > 32767 ? 32767 : x; }
/// x 2^-15 to the nearest, halves up.
constexpr std::int32_t from_q15(std::int32_t x) { return (x + (1 << 14)) >> 15; }

/// A function of numbers in Q3.12, -8 to 8, in Q0.15: straight lines between 257 places.
struct CurveTable {
  std::int16_t at[257]{};

  constexpr std::int32_t operator()(std::int32_t x) const {
    const std::int32_t from_low = x + 32768, place = from_low >> 8, rest = from_low & 255;
    const std::int32_t here = at[place];
    return here + (((at[place + 1] - here) * rest + 128) >> 8);
  }
};

/// A matrix in which the rows of every gate begin at a multiple of four. Every row has a multiplier that brings its
/// sums to units of 2^-gate_bits.
struct GateRows {
  const std::int8_t* weights = nullptr;  // packed: packed_place
  const std::int32_t* bias = nullptr;    // less the zero point times the row's weights
  const std::int32_t* multiplier = nullptr;
  const std::int8_t* shift = nullptr;
  size_t columns = 0;
};

/// The weights of diagonal peepholes, for i, f and o in turn: `size` numbers of two bytes, the lower byte first, filled
/// up to a multiple of four numbers. `share` brings their products with the memory to units of 2^-gate_bits.
struct DiagonalRows {
  const std::int8_t* weights = nullptr;
  Requantizer share[3]{};

  constexpr std::int32_t product(size_t gate, size_t i, size_t size, std::int32_t memory) const {
    const std::int8_t* const w = weights + 2 * (gate * in_fours(size) + i);
    return ((w[0] & 255) + w[1] * 256) * memory;
  }
};

/// The fixed points of a cell. A gate is the sum of two shares, W x + b and U h + b', kept in 16 bits in units of
/// 2^-gate_bits; gate_bits is at most 12, and less where a share would saturate. The sum is brought to Q3.12, beyond
/// whose range sigmoid and tanh are constant. In rnn_relu the sum is h itself, and gate_bits may be more. The cell
/// state of an LSTM counts in 2^-cell_bits, cell_bits at most 15, and stays within cell_low and cell_high.
struct CellScale {
  Requantizer hidden{};  // from Q0.15, or of rnn_relu from 2^-gate_bits, to the int8 state, whose zero point is 0
  std::int32_t gate_bits = 12, cell_bits = 15;
  std::int32_t cell_low = -32768, cell_high = 32767;

  constexpr std::int32_t cell(std::int32_t sum) const {
    return sum < cell_low ? cell_low : sum > cell_high ? cell_high : sum;
  }
};

struct Int8Recurrent {
  GateRows input{}, recurrent{};
  const CurveTable *sigmoid = nullptr, *tanh = nullptr;
  CellScale scale{};
  size_t size = 0;          // hidden numbers
  GateRows memory{};        // of full peepholes
  DiagonalRows diagonal{};  // of diagonal ones
};

/// What one pass works in, each part filled up to whole fours.
struct CellSpace {
  std::int16_t* state = nullptr;  // the cell state of an LSTM, of a GRU h in Q0.15, so that small changes add up
  std::int8_t* h = nullptr;
  std::int16_t* gates = nullptr;  // 2 gates numbers of each hidden one, or with full peepholes 3
  std::int8_t* passed = nullptr;  // as h, for gru_reset_before alone
  std::int8_t* padded = nullptr;  // a step of the input, where it is no whole number of fours
};

/// The steps of a pass: x is (count, features), y (count, size), or the last h alone.
struct CellSteps {
  size_t count = 1, features = 1;
  bool reverse = false, last = false;
};

constexpr std::int32_t litert_share(const Requantizer& by, std::int32_t sum) {
  return fixed_point::scaled_twice(sum, by.multiplier, -2 - by.shift);
}

/// y = rows [first, first + rows) of the matrix times x, plus the bias. x is 4-aligned and has room for a multiple of
/// four numbers, the last of which may be anything. LiteRT's variant rounds twice, and adds to y where `onto`.
template <bool Litert = false>
[[gnu::noinline]] constexpr void gate_rows_int8(const GateRows& m, size_t first, size_t rows, const std::int8_t* x,
                                                std::int16_t* y, [[maybe_unused]] bool onto = false) {
  const size_t groups = in_fours(m.columns) / 4;
  const std::int8_t* w = m.weights + first * groups * 4;
  for (size_t r = first; r < first + rows; r += 4, w += 16 * groups, y += 4) {
    FourSums sums{{m.bias[r], m.bias[r + 1], m.bias[r + 2], m.bias[r + 3]}};
    add_products(w, x, groups, sums);
    for (size_t k = 0; k < 4; ++k) {
      const Requantizer share{m.multiplier[r + k], m.shift[r + k]};
      if constexpr (Litert)
        y[k] = static_cast<std::int16_t>(to_16_bits(litert_share(share, sums.of[k]) + (onto ? y[k] : 0)));
      else y[k] = static_cast<std::int16_t>(to_16_bits(share(sums.of[k])));
    }
  }
}

/// y = all `rows` of the matrix times the memory, whose numbers have 16 bits and end in zeros up to a multiple of four.
[[gnu::noinline]] constexpr void memory_rows_int8(const GateRows& m, size_t rows, const std::int16_t* memory,
                                                  std::int16_t* y) {
  const size_t columns = in_fours(m.columns);
  const std::int8_t* w = m.weights;
  for (size_t r = 0; r < rows; r += 4, w += 4 * columns) {
    std::int32_t sums[4]{};
    for (size_t i = 0; i < columns; ++i)
      for (size_t k = 0; k < 4; ++k) sums[k] += w[packed_place(k, i, columns)] * memory[i];
    for (size_t k = 0; k < 4; ++k)
      y[r + k] = static_cast<std::int16_t>(to_16_bits(Requantizer{m.multiplier[r + k], m.shift[r + k]}(sums[k])));
  }
}

/// A step of an LSTM as LiteRT computes it.
template <Int8Peepholes Seen>
constexpr void litert_lstm_step_int8(const Int8Recurrent& p, const std::int8_t* x, const CellSpace& space) {
  const size_t n = in_fours(p.size);
  gate_rows_int8<true>(p.input, 0, 4 * n, x, space.gates);
  gate_rows_int8<true>(p.recurrent, 0, 4 * n, space.h, space.gates, true);
  for (size_t i = 0; i < p.size; ++i) {
    const std::int16_t* const gate = space.gates + i;
    const auto seeing = [&](std::int32_t sum, [[maybe_unused]] size_t k, [[maybe_unused]] std::int32_t memory) {
      if constexpr (Seen == Int8Peepholes::none) return sum;
      else return to_16_bits(sum + litert_share(p.diagonal.share[k], p.diagonal.product(k, i, p.size, memory)));
    };
    const std::int32_t in = fixed_point::sigmoid(seeing(gate[0], 0, space.state[i])),
                       forget = fixed_point::sigmoid(seeing(gate[n], 1, space.state[i])),
                       candidate = fixed_point::tanh(gate[2 * n], 3);
    const std::int32_t cell = p.scale.cell(fixed_point::divided(forget * space.state[i], 15) +
                                           fixed_point::divided(in * candidate, 30 - p.scale.cell_bits));
    space.state[i] = static_cast<std::int16_t>(cell);
    const std::int32_t out = fixed_point::sigmoid(seeing(gate[3 * n], 2, cell));
    const std::int32_t h = litert_share(p.scale.hidden, out * fixed_point::tanh(cell, 15 - p.scale.cell_bits));
    space.h[i] = static_cast<std::int8_t>(h < -128 ? -128 : h > 127 ? 127 : h);
  }
}

/// One step: replaces h and the state by the next ones.
template <Int8Cell Cell, Int8Peepholes Seen>
constexpr void recurrent_step_int8(const Int8Recurrent& p, const std::int8_t* x, const CellSpace& space) {
  const size_t n = in_fours(p.size), all = gates_of(Cell) * n;
  std::int16_t *const from_x = space.gates, *const from_h = space.gates + all, *const state = space.state;
  const std::int32_t widen = 12 - p.scale.gate_bits, cell_bits = p.scale.cell_bits;
  const auto q3_12 = [&](std::int32_t share) { return to_16_bits(share << widen); };
  [[maybe_unused]] const std::int16_t* const from_memory = from_h + all;  // of full peepholes
  const auto gate = [&](size_t k, size_t i, std::int32_t more = 0) {
    if constexpr (Seen == Int8Peepholes::full) more += from_memory[k * n + i];
    return q3_12(std::int32_t{from_x[k * n + i]} + from_h[k * n + i] + more);
  };
  const auto peephole = [&](size_t k, size_t i, std::int32_t memory) {
    if constexpr (Seen != Int8Peepholes::diagonal) return 0;
    else return to_16_bits(p.diagonal.share[k](p.diagonal.product(k, i, p.size, memory)));
  };
  const auto to_hidden = [&](std::int32_t q15) {
    const std::int32_t q = p.scale.hidden(q15);
    return static_cast<std::int8_t>(q < -127 ? -127 : q > 127 ? 127 : q);
  };
  gate_rows_int8(p.input, 0, all, x, from_x);
  gate_rows_int8(p.recurrent, 0, Cell == Int8Cell::gru_reset_before ? 2 * n : all, space.h, from_h);
  if constexpr (Seen == Int8Peepholes::full) memory_rows_int8(p.memory, all, state, from_h + all);
  if constexpr (Cell == Int8Cell::gru_reset_before) {
    for (size_t i = 0; i < p.size; ++i) space.passed[i] = to_hidden(from_q15((*p.sigmoid)(gate(0, i)) * state[i]));
    gate_rows_int8(p.recurrent, 2 * n, n, space.passed, from_h + 2 * n);
  }
  for (size_t i = 0; i < p.size; ++i) {
    std::int32_t shown = 0;  // h in Q0.15, of rnn_relu in 2^-gate_bits
    if constexpr (Cell == Int8Cell::lstm) {
      const std::int32_t in = (*p.sigmoid)(gate(0, i, peephole(0, i, state[i]))),
                         forget = (*p.sigmoid)(gate(1, i, peephole(1, i, state[i]))), candidate = (*p.tanh)(gate(2, i));
      const std::int32_t cell = p.scale.cell(from_q15(forget * state[i] + ((in * candidate) >> (15 - cell_bits))));
      state[i] = static_cast<std::int16_t>(cell);
      const std::int32_t seen = cell_bits < 12 ? to_16_bits(cell << (12 - cell_bits)) : cell >> (cell_bits - 12);
      const std::int32_t out = (*p.sigmoid)(gate(3, i, peephole(2, i, cell)));
      shown = from_q15(out * (*p.tanh)(seen));
    } else if constexpr (Cell == Int8Cell::rnn) {
      shown = (*p.tanh)(gate(0, i));
    } else if constexpr (Cell == Int8Cell::rnn_sigmoid) {
      shown = (*p.sigmoid)(gate(0, i));
    } else if constexpr (Cell == Int8Cell::rnn_relu) {
      const std::int32_t sum = std::int32_t{from_x[i]} + from_h[i];
      shown = sum > 0 ? sum : 0;
    } else {
      const std::int32_t update = (*p.sigmoid)(gate(1, i));
      std::int32_t own = from_h[2 * n + i];
      if constexpr (Cell == Int8Cell::gru) own = from_q15((*p.sigmoid)(gate(0, i)) * own);
      const std::int32_t candidate = (*p.tanh)(q3_12(from_x[2 * n + i] + own));
      shown = to_16_bits(from_q15((32768 - update) * candidate + update * state[i]));
    }
    if constexpr (Cell != Int8Cell::lstm && !is_rnn(Cell)) state[i] = static_cast<std::int16_t>(shown);
    space.h[i] = to_hidden(shown);
  }
}

/// All steps of a sequence, from the h and state that `space` holds.
template <Int8Cell Cell, Int8Peepholes Seen>
constexpr void recurrent_int8(const Int8Recurrent& p, const CellSteps& s, const std::int8_t* x, std::int8_t* y,
                              const CellSpace& space) {
  for (size_t t = 0; t < s.count; ++t) {
    const size_t at = s.reverse ? s.count - 1 - t : t;
    const std::int8_t* now = x + at * s.features;
    if (s.features % 4 != 0) {
      for (size_t i = 0; i < s.features; ++i) space.padded[i] = now[i];
      now = space.padded;
    }
    if constexpr (Cell == Int8Cell::lstm_litert) litert_lstm_step_int8<Seen>(p, now, space);
    else recurrent_step_int8<Cell, Seen>(p, now, space);
    if (s.last && t + 1 < s.count) continue;
    std::int8_t* const to = y + (s.last ? 0 : at * p.size);
    for (size_t i = 0; i < p.size; ++i) to[i] = space.h[i];
  }
}

}  // namespace tenon::kernels
