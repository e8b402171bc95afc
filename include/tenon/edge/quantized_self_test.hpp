#pragma once

#include <tenon/edge/quantized.hpp>

namespace tenon {

/// An input or an output of a network in int8, as an exported header describes it: real = scale * (q - zero).
struct QuantizedPort {
  const char* name = "";
  size_t size = 0;  // numbers
  float scale = 1;
  int zero = 0;
};

/// One sample in int8 with the output that the exporting host computed for it; several are one behind the other.
template <class Net>
struct QuantizedSelfTest {
  static constexpr const auto& plan = edge::quantized_plan<Net>;

  edge::Activation<Net> input[plan.input_offset(plan.inputs)]{};
  edge::Activation<Net> output[plan.output_offset(plan.outputs())]{};
};

/// Whether a network gives the host's numbers, bit for bit.
template <class Q>
constexpr bool passes(Q& net, const QuantizedSelfTest<typename Q::network>& test) {
  constexpr const auto& plan = edge::quantized_plan<typename Q::network>;
  detail::each_number<plan.inputs>([&]<size_t K>(std::integral_constant<size_t, K>) {
    const auto to = net.template input<K>();
    for (size_t i = 0; i < to.size(); ++i) to[i] = test.input[plan.input_offset(K) + i];
  });
  net.run();
  bool equal = true;
  detail::each_number<plan.outputs()>([&]<size_t K>(std::integral_constant<size_t, K>) {
    const auto from = net.template output<K>();
    for (size_t i = 0; i < from.size(); ++i) equal = equal && from[i] == test.output[plan.output_offset(K) + i];
  });
  return equal;
}

}  // namespace tenon
