#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <tenon/edge/quantized_cell.hpp>
#include <tenon/model/calibration.hpp>

/// Recurrent layers on their way to int8: what calibration sees of them, and what becomes of their numbers.
namespace tenon::detail {

struct RecurrentPlan;

/// What calibration has seen, by number of the unit; values within units and sums come behind all units.
struct SeenOfUnits {
  std::vector<Histogram> ranges;
  std::vector<std::vector<float>> factors;  // of affine layers: a factor for each channel, then a summand for each
  std::vector<std::vector<float>>* values = nullptr;  // of the sample on its way, where they are wanted
};

/// Runs one sequence in float through all passes of a layer. Each has three numbers from `unit` on: that of its hidden
/// numbers, of its cell state and of the shares of its gates, biases included.
void see_recurrent(SeenOfUnits& seen, size_t unit, kernels::Int8Cell cell, const RecurrentPlan& plan,
                   const float* parameters, std::span<const float> x);

/// The scale of h, whose zero point is 0: its largest magnitude, which is `most` or less, in 127 steps.
float hidden_scale(const ValueRange& range, float most);
/// With how many bits behind the point numbers up to `range` fit 16 bits: `most` or fewer, `least` where none do.
std::int8_t fraction_bits(const ValueRange& range, int most, int least = 4);

/// One of a pass's matrices, (gates hidden, columns), with its biases, which may be null.
struct GateMatrix {
  const float *weights = nullptr, *bias = nullptr;
  size_t columns = 0;
  double scale = 1;  // of what it is multiplied with
};
/// Weights in 1/127 of the row's largest, packed, and biases at the scale of the products; where a bias has more than
/// 2^30 of those steps, weights count in larger ones, for nothing is lost of a sum that is all bias.
void quantize_gates(const edge::CellPass& pass, const GateMatrix& from, std::int8_t* weights, std::int32_t* bias,
                    float* scale);

/// The three vectors of diagonal peepholes, in 16 bits: 1/32767 of the largest of each.
void quantize_diagonal(const edge::CellPass& pass, const float* parameters, std::int8_t* weights, float* scale);

/// Step k, a pass, from what calibration has seen.
template <class Step, class Numbers>
void quantize_pass(const Step& step, size_t k, const float* parameters, const std::vector<Histogram>& seen,
                   const Calibration& how, Numbers& q) {
  const edge::CellPass& c = step.cell;
  const bool relu = c.cell == kernels::Int8Cell::rnn_relu;  // whose h is not within -1 and 1
  q.scale[k + 1] = hidden_scale(seen[step.unit].range(how), relu ? std::numeric_limits<float>::max() : 1.0F);
  q.zero[k + 1] = 0;
  q.cell_bits[c.number] = fraction_bits(seen[step.unit + 1].seen(), 15);
  if (c.cell == kernels::Int8Cell::lstm_litert) q.gate_bits[c.number] = 12;
  else if (relu) q.gate_bits[c.number] = fraction_bits(seen[step.unit + 2].seen(), 24, -64);
  else q.gate_bits[c.number] = fraction_bits(seen[step.unit + 2].seen(), 12);
  const auto bias = [&](size_t place) { return step.pattern.has_bias ? parameters + place : nullptr; };
  quantize_gates(
      c,
      {parameters + step.weight_source, bias(step.bias_source), c.features, static_cast<double>(q.scale[step.source])},
      q.weights + step.weights, q.bias + step.row, q.weight_scale + step.row);
  quantize_gates(
      c, {parameters + c.recurrent_weight, bias(c.recurrent_bias), c.hidden, static_cast<double>(q.scale[k + 1])},
      q.weights + step.weights + c.input_bytes(), q.bias + step.row + c.rows(), q.weight_scale + step.row + c.rows());
  std::int8_t* const of_memory = q.weights + step.weights + c.input_bytes() + c.state_weight_bytes();
  const size_t row = step.row + 2 * c.rows();
  if (c.is_full())
    quantize_gates(c, {parameters + c.memory_weight, nullptr, c.hidden}, of_memory, q.bias + row, q.weight_scale + row);
  if (c.is_diagonal()) quantize_diagonal(c, parameters, of_memory, q.weight_scale + row);
}

}  // namespace tenon::detail
