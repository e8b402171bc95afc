#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <tenon/edge/quantized.hpp>
#include <tenon/kernels/int8_recurrent.hpp>

/// A recurrent layer in int8 by itself: one layer, one direction. `Quantized` does not take it as a part of a network
/// yet.
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

/// What calibration has seen. A cell state beyond 8 is kept at 8, whose tanh is 1.
struct RecurrentRanges {
  float input_scale = 1, hidden_range = 1, cell_range = 1;  // ranges: the largest magnitude
  int input_zero = 0;
};

template <kernels::Int8Cell Cell, std::size_t Features, std::size_t Hidden>
struct QuantizedRecurrent {
  static constexpr std::size_t gates = kernels::gates_of(Cell), padded = kernels::in_fours(Hidden),
                               rows = gates * padded;

  template <std::size_t Columns>
  struct Matrix {
    alignas(4) std::int8_t weights[rows * kernels::in_fours(Columns)]{};
    std::int32_t bias[rows]{};
    kernels::Requantizer scale[rows]{};
  };
  Matrix<Features> input{};
  Matrix<Hidden> recurrent{};
  kernels::Requantizer hidden{};
  std::int32_t cell_bits = 15;
  float hidden_scale = 1;
  bool fits = true;  // no sum of products exceeds 32 bits

  /// Weights in PyTorch's layout: (gates Hidden, Features) and (gates Hidden, Hidden), biases (gates Hidden) or null.
  constexpr QuantizedRecurrent(const float* w_input, const float* w_recurrent, const float* b_input,
                               const float* b_recurrent, const RecurrentRanges& range) {
    hidden_scale = (range.hidden_range < 1 ? range.hidden_range > 0x1p-10F ? range.hidden_range : 0x1p-10F : 1) / 127;
    hidden = requantizer(0x1p-15 / static_cast<double>(hidden_scale));
    while (cell_bits > 12 && static_cast<double>(range.cell_range) * (1 << cell_bits) > 32767) --cell_bits;
    fill(input, w_input, b_input, Features, static_cast<double>(range.input_scale), range.input_zero);
    fill(recurrent, w_recurrent, b_recurrent, Hidden, static_cast<double>(hidden_scale), 0);
  }

  constexpr kernels::Int8Recurrent kernel() const {
    return {{input.weights, input.bias, input.scale, Features},
            {recurrent.weights, recurrent.bias, recurrent.scale, Hidden},
            &sigmoid_curve,
            &tanh_curve,
            hidden,
            cell_bits,
            Hidden};
  }

private:
  /// A scale of 1/127 of the row's largest weight; where the bias needs more than 2^30 of its steps, a larger one.
  template <class M>
  constexpr void fill(M& m, const float* w, const float* b, std::size_t columns, double in, int zero) {
    for (std::size_t g = 0; g < gates; ++g)
      for (std::size_t j = 0; j < Hidden; ++j) {
        const std::size_t from = g * Hidden + j, row = g * padded + j;
        double largest = 0;
        for (std::size_t i = 0; i < columns; ++i) {
          const double a = static_cast<double>(w[from * columns + i]);
          largest = a > largest ? a : -a > largest ? -a : largest;
        }
        double scale = largest > 1e-30 ? largest / 127 : 1.0 / 127;
        const double bias = b == nullptr ? 0 : static_cast<double>(b[from]), size = bias < 0 ? -bias : bias;
        if (size > 0x1p30 * in * scale) scale = size / (0x1p30 * in);
        std::int64_t sum = 0, magnitude = 0;
        for (std::size_t i = 0; i < columns; ++i) {
          const std::int8_t q = to_int8(w[from * columns + i], static_cast<float>(scale), 0);
          m.weights[kernels::packed_place(row, i, columns)] = q < -127 ? std::int8_t{-127} : q;
          sum += q, magnitude += q < 0 ? -q : q;
        }
        const double steps = bias / (in * scale);
        const std::int64_t whole = static_cast<std::int64_t>(steps + (steps < 0 ? -0.5 : 0.5)) - zero * sum;
        const std::int64_t most = (whole < 0 ? -whole : whole) + 128 * magnitude;
        // a multiplier has to be below 2^30, and what it makes below 2^31
        const double real = in * scale * 4096;
        if (most > 0x7fffffff || static_cast<double>(most) * real > 0x1p30) fits = false;
        else m.bias[row] = static_cast<std::int32_t>(whole), m.scale[row] = requantizer(real);
      }
  }
};

/// The layer at work: `step` for one sample after the other, and a sequence is its steps.
template <kernels::Int8Cell Cell, std::size_t Features, std::size_t Hidden>
class QuantizedRecurrentStep {
public:
  using numbers = QuantizedRecurrent<Cell, Features, Hidden>;
  constexpr explicit QuantizedRecurrentStep(const numbers& q) : q_{&q} {}

  constexpr std::span<const std::int8_t, Hidden> step(std::span<const std::int8_t, Features> x) {
    for (std::size_t i = 0; i < Features; ++i) x_[i] = x[i];
    kernels::recurrent_step_int8<Cell>(q_->kernel(), x_, h_, state_, room_, passed_);
    return std::span<const std::int8_t, Hidden>(h_, Hidden);
  }
  /// From zeros, (Steps, Features) to (Steps, Hidden).
  constexpr void run(std::span<const std::int8_t> x, std::span<std::int8_t> y) {
    reset();
    for (std::size_t t = 0; t * Features < x.size(); ++t) {
      const auto h = step(x.subspan(t * Features).template first<Features>());
      for (std::size_t i = 0; i < Hidden; ++i) y[t * Hidden + i] = h[i];
    }
  }
  constexpr void reset() {
    for (std::int8_t& number : h_) number = 0;
    for (std::int16_t& number : state_) number = 0;
  }

private:
  const numbers* q_;
  alignas(4) std::int8_t x_[kernels::in_fours(Features)]{};
  alignas(4) std::int8_t h_[numbers::padded]{}, passed_[numbers::padded]{};
  std::int16_t state_[numbers::padded]{}, room_[2 * numbers::rows]{};
};

}  // namespace tenon::edge
