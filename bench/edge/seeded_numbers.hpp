#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/edge/quantized.hpp>

namespace bench {

/// Weights, scales and zero points of an int8 network, the same every time: what the instructions of a network are
/// counted with that nobody has trained.
template <class Net>
constexpr tenon::QuantizedNumbers<Net> seeded_numbers() {
  using namespace tenon;
  constexpr const auto& plan = edge::quantized_plan<Net>;
  QuantizedNumbers<Net> q;
  unsigned state = 1;
  const auto next = [&state] {
    state = state * 1664525 + 1013904223;
    return static_cast<std::int8_t>(static_cast<int>(state >> 24) % 255 - 127);
  };
  for (std::size_t k = 0; k < plan.count; ++k) {
    const edge::QuantizedStep& step = plan.steps[k];
    const std::size_t bytes = step.multiplies() ? step.outputs() * step.columns() : 0;
    const bool dense = bytes == step.packed_bytes();  // without bytes that fill up, and a weight in each
    for (std::size_t i = 0; dense && i < bytes; ++i) q.weights[step.weights + i] = next();
    for (std::size_t o = 0; step.multiplies() && o < step.outputs(); ++o) {
      for (std::size_t i = 0; !dense && i < step.columns(); ++i)
        step.put_weight(q.weights, o, i, next() * step.pattern.weights.most() / 127);
      q.bias[step.row + step.packed_row(o)] = static_cast<std::int32_t>(o * 100);
      q.weight_scale[step.row + step.packed_row(o)] = 0.003F;
    }
    q.scale[k + 1] = step.keeps_scale() ? q.scale[step.source] : 0.05F;
    q.zero[k + 1] = plan.wide               ? std::int8_t{0}
                    : step.keeps_scale()    ? q.zero[step.source]
                    : step.pattern.low == 0 ? std::int8_t{-128}
                                            : std::int8_t{5};
  }
  q.scale[0] = 1.0F / 255, q.zero[0] = plan.wide ? 0 : -128;
  return q;
}

}  // namespace bench
