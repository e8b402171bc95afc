#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/edge/quantized_plan.hpp>
#include <tenon/expr/math/exp.hpp>

/// Attention in int8: the tables of the compiler, and the step at work.
namespace tenon::edge {

/// 2^-f, computed by the compiler; 1 is the largest number of 16 bits.
constexpr kernels::HalvingTable make_halving() {
  kernels::HalvingTable table;
  for (int i = 0; i <= 64; ++i)
    table.at[i] = static_cast<std::uint16_t>(65535 * math::exp(-i * 0.6931471805599453 / 64) + 0.5);
  return table;
}
inline constexpr kernels::HalvingTable halving = make_halving();

namespace detail {

/// Products of queries and keys have the step in * key. Softmax divides them by the root of a head's depth, and e^x is
/// 2^(x log2 e).
template <class Tables, class Scaled>
constexpr void fill_attention(const QuantizedStep& step, double in, double key, double value, double out, Tables& t,
                              Scaled&& scaled) {
  const double log2_e = 1.4426950408889634;
  t.scaling[step.scale] = scaled(in * key * log2_e * 0x1p16 / math::sqrt(static_cast<double>(step.attention.depth())),
                                 1);
  t.scaling[step.scale + 1] = scaled(value / (0x1p20 * out), 255 * 0x1p20);
}

/// Step K of a network.
template <class Net, std::size_t K, class Tables>
constexpr void run_attention(const Tables& t, std::int8_t* arena) {
  constexpr const auto& plan = quantized_plan<Net>;
  constexpr QuantizedStep step = plan.steps[K];
  constexpr std::size_t keys = step.attention.keys;
  const kernels::Int8Attention a{step.attention,
                                 t.scaling[step.scale],
                                 t.scaling[step.scale + 1],
                                 t.zero[step.source],
                                 t.zero[step.third],
                                 t.zero[step.fourth],
                                 t.zero[K + 1],
                                 &halving};
  const auto attend = [&](std::int32_t* scores) {
    const auto tensor = [&](std::size_t number) { return arena + plan.place(number); };
    kernels::attend_int8(a, tensor(step.source), tensor(step.other), tensor(step.third), tensor(step.fourth),
                         tensor(K + 1), scores);
  };
  if (std::is_constant_evaluated()) {
    std::int32_t scores[keys]{};
    attend(scores);
  } else {
    attend(reinterpret_cast<std::int32_t*>(arena + plan.scratch[K]));
  }
}

}  // namespace detail
}  // namespace tenon::edge
