#pragma once

#include <tenon/edge/quantized.hpp>

namespace tenon {

/// One sample in int8 with the output that the exporting host computed for it.
template <class Net>
struct QuantizedSelfTest {
  std::int8_t input[input_shape<Net>::size]{};
  std::int8_t output[output_shape<Net>::size]{};
};

/// Whether a network gives the host's numbers, bit for bit.
template <class Q>
constexpr bool passes(Q& net, const QuantizedSelfTest<typename Q::network>& test) {
  for (std::size_t i = 0; i < net.input().size(); ++i) net.input()[i] = test.input[i];
  net.run();
  for (std::size_t i = 0; i < net.output().size(); ++i)
    if (net.output()[i] != test.output[i]) return false;
  return true;
}

}  // namespace tenon
