#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/edge/quantized_places.hpp>
#include <tenon/edge/quantized_plan.hpp>
#include <tenon/edge/quantized_recurrent.hpp>
#include <tenon/expr/math/exp.hpp>
#include <tenon/expr/math/pow.hpp>
#include <tenon/expr/math/trigonometric.hpp>
#include <tenon/kernels/int8_additive.hpp>

/// Attention in int8: the tables that the compiler computes, and running the step.
namespace tenon::edge {

/// 2^-f, computed by the compiler; 1 is the largest number of 16 bits.
constexpr kernels::HalvingTable make_halving() {
  kernels::HalvingTable table;
  for (int i = 0; i <= 64; ++i)
    table.at[i] = static_cast<std::uint16_t>(65535 * math::exp(-i * 0.6931471805599453 / 64) + 0.5);
  return table;
}
inline constexpr kernels::HalvingTable halving = make_halving();

/// Cosine and sine, in units of 2^-14, of the angles d Base^(-2 j / Depth) by which RoPE turns pair j of a head at the
/// distance d, for d from 0 to Keys - 1 (Su et al. 2021).
template <size_t Keys, size_t Depth, double Base>
inline constexpr std::array<std::int16_t, Keys * Depth> turns_of = [] {
  std::array<std::int16_t, Keys * Depth> turns{};
  const auto whole = [](double v) { return static_cast<std::int16_t>(v * 16384 + (v < 0 ? -0.5 : 0.5)); };
  for (size_t j = 0; j + 1 < Depth; j += 2) {
    const double angle = math::pow(Base, -static_cast<double>(j) / static_cast<double>(Depth));
    const double step_c = math::cos(angle), step_s = math::sin(angle);
    double c = 1, s = 0;
    for (size_t d = 0; d < Keys; ++d) {
      turns[d * Depth + j] = whole(c);
      turns[d * Depth + j + 1] = whole(s);
      const double next = c * step_c - s * step_s;
      s = s * step_c + c * step_s;
      c = next;
    }
  }
  return turns;
}();

namespace detail {

/// Stores a step's key and value behind those of the steps before and returns its index among them.
constexpr size_t remember_step(const kernels::AttentionSizes& a, const std::int8_t* key, const std::int8_t* value,
                               std::int8_t* state) {
  const size_t place = next_place(state, a.keys);
  std::int8_t* const to = state + 4 + place * a.width;
  for (size_t j = 0; j < a.width; ++j) to[j] = key[j], to[kernels::in_fours(a.keys * a.width) + j] = value[j];
  return place;
}

/// The scales of a step whose queries, keys and values have the scales `in`, `key` and value. A product of a query and
/// a key counts in units of in * key; softmax divides it by the root of a head's depth, and e^x is 2^(x log2 e).
template <class Tables, class Scaled>
constexpr void fill_attention(const QuantizedStep& step, double in, double key, double value, double out, Tables& t,
                              Scaled&& scaled) {
  const double log2_e = 1.4426950408889634;
  t.scaling[step.scale] = scaled(in * key * log2_e * 0x1p16 / math::sqrt(static_cast<double>(step.attention.depth())),
                                 1);
  t.scaling[step.scale + 1] = scaled(value / (0x1p20 * out), 255 * 0x1p20);
}

/// The scales of additive attention. Queries and keys are brought to Q3.12; a score counts in units of
/// weight * 2^-tanh_bits. value: the values' scale divided by the output's.
template <class Tables, class Scaled>
constexpr void fill_additive(const QuantizedStep& step, double query, double key, double weight, double value,
                             Tables& t, Scaled&& scaled) {
  const double log2_e = 1.4426950408889634;
  const double one = weight / static_cast<double>(1 << kernels::tanh_bits(step.attention.hidden));
  t.scaling[step.scale] = scaled(one * log2_e * 0x1p16, 1);
  t.scaling[step.scale + 1] = scaled(value / 0x1p20, 255 * 0x1p20);
  t.scaling[step.scale + 2] = scaled(query * 0x1p12, 255);
  t.scaling[step.scale + 3] = scaled(key * 0x1p12, 255);
}

/// Step K of a network.
template <class Net, size_t K, class Tables>
constexpr void run_attention(const Tables& t, std::int8_t* arena) {
  constexpr const auto& plan = quantized_plan<Net>;
  constexpr QuantizedStep step = plan.steps[K];
  constexpr size_t keys = step.attention.keys;
  kernels::Int8Attention a{step.attention,
                           t.scaling[step.scale],
                           t.scaling[step.scale + 1],
                           t.zero[step.source],
                           t.zero[step.third],
                           t.zero[step.fourth],
                           t.zero[K + 1],
                           &halving};
  a.key_zero = t.zero[step.other];
  if constexpr (step.rope > 0) {
    a.turns = turns_of<keys, step.attention.depth(), step.rope>.data();
  }
  const auto tensor = [&](size_t number) { return arena + plan.place(number); };
  const std::int8_t *key = tensor(step.other), *value = tensor(step.third);
  if constexpr (step.remembers) {
    std::int8_t* const state = arena + plan.states[K];
    a.first = remember_step(step.attention, key, value, state);
    key = state + 4;
    value = key + kernels::in_fours(keys * step.attention.width);
  }
  const std::int8_t* const mask = tensor(step.fourth) + step.mask_first;
  const auto attend = [&](std::int32_t* scores) {
    if constexpr (step.attention.hidden > 0)
      kernels::attend_additively_int8(
          {a, t.scaling[step.scale + 2], t.scaling[step.scale + 3], &tanh_curve, t.weights + step.weights},
          tensor(step.source), key, value, mask, tensor(K + 1), scores);
    else kernels::attend_int8(a, tensor(step.source), key, value, mask, tensor(K + 1), scores);
  };
  if (std::is_constant_evaluated()) {
    std::int32_t scores[keys + step.attention.hidden]{};
    attend(scores);
  } else {
    attend(reinterpret_cast<std::int32_t*>(arena + plan.scratch[K]));
  }
}

}  // namespace detail
}  // namespace tenon::edge
