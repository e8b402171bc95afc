#pragma once

#include <catch2/catch.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tenon/edge/quantized.hpp>
#include <tenon/edge/quantized_digest.hpp>
#include <tenon/model/export_onnx_int8.hpp>

#include "unit/zoo/round_trip.hpp"

/// Networks in int8, as they run and as ONNX files.
namespace tenon::test {

/// What the network gives for each sample, one behind the other.
template <class Net>
std::vector<float> outputs_in_int8(const QuantizedNumbers<Net>& numbers, std::span<const float> x) {
  constexpr std::size_t in = input_shape<Net>::size, out = output_shape<Net>::size;
  const auto tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(numbers));
  REQUIRE(tables->sums_fit);
  const auto net = std::make_unique<Quantized<Net>>(*tables);
  std::vector<float> y(x.size() / in * out);
  for (std::size_t i = 0; i < x.size() / in; ++i)
    (*net)(std::span<const float, in>(x.data() + i * in, in), std::span<float, out>(y.data() + i * out, out));
  return y;
}

/// What one step of int8 is, for each number of an output row.
template <class Net>
std::vector<float> output_steps(const QuantizedNumbers<Net>& numbers) {
  constexpr const auto& plan = edge::quantized_plan<Net>;
  constexpr std::size_t features = plan.unscaled.features;
  std::vector<float> steps;
  for (std::size_t o = 0; o < plan.outputs(); ++o) {
    const std::size_t tensor = plan.output_tensor(o);
    for (std::size_t i = 0; i < plan.sizes[tensor]; ++i)
      if constexpr (features > 0) steps.push_back(numbers.output_step[i % features]);
      else steps.push_back(numbers.scale[tensor]);
  }
  return steps;
}

/// Writes the network to the file, and says what zoo::round_trip has to find there: outputs are no more than
/// `most_steps` from y, which is what it gives for the samples x.
template <class Net>
zoo::ExportedInt8 exported_int8(const QuantizedNumbers<Net>& numbers, const std::string& path, std::span<const float> x,
                                std::span<const float> y, int most_steps = 1) {
  export_onnx(numbers, path);
  return {.path = path,
          .weights = numbers.weights,
          .zero = numbers.zero,
          .bias = numbers.bias,
          .weight_scale = numbers.weight_scale,
          .scale = numbers.scale,
          .digest = edge::plan_digest(edge::quantized_plan<Net>),
          .samples = x.size() / input_shape<Net>::size,
          .x = x,
          .y = y,
          .steps = output_steps(numbers),
          .inputs = detail::onnx_axes<input_shape<Net>>::value(),
          .outputs = detail::onnx_axes<output_shape<Net>>::value(),
          .most_steps = most_steps};
}

}  // namespace tenon::test
