#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/kernels/int8_attention.hpp>
#include <tenon/kernels/int8_recurrent.hpp>

/// Additive attention of int8 numbers in whole numbers (layers/additive_attention.hpp).
namespace tenon::kernels {

/// How many fractional bits the tanh of a pair keeps, such that the sum of its `hidden` products with int8 weights fits
/// 32 bits.
constexpr std::int32_t tanh_bits(size_t hidden) {
  std::int32_t bits = 15;
  for (; hidden > 512; hidden = (hidden + 1) / 2) --bits;
  return bits;
}

/// A score is s = sum of w tanh(q + k): q and k are brought to Q3.12 and added, beyond which tanh is -1 or 1, and tanh
/// has `tanh_bits`. What becomes of scores is what becomes of them in Int8Attention, whose `distance` counts in
/// their steps.
struct Int8Additive {
  Int8Attention attention{};
  Requantizer query{}, key{};  // to Q3.12
  const CurveTable* tanh = nullptr;
  const std::int8_t* weights = nullptr;  // w, whose zero point is 0
};

/// q: (queries, hidden). k: (keys, hidden). v: (keys, width), the memory itself. mask: (keys), its zero point where a
/// key is seen. y: (queries, width). scores: room for keys + hidden numbers. A query that sees no key gives zeros.
[[gnu::noinline]] constexpr void attend_additively_int8(const Int8Additive& a, const std::int8_t* q,
                                                        const std::int8_t* k, const std::int8_t* v,
                                                        const std::int8_t* mask, std::int8_t* y, std::int32_t* scores) {
  const auto& [queries, keys, width, heads, causal, masked, hidden] = a.attention.sizes;
  const std::int32_t cut = 15 - tanh_bits(hidden);
  std::int32_t* const query = scores + keys;
  for (size_t t = 0; t < queries; ++t) {
    for (size_t j = 0; j < hidden; ++j) query[j] = a.query(q[t * hidden + j] - a.attention.query_zero);
    for (size_t i = 0; i < keys; ++i) {
      std::int32_t sum = 0;
      for (size_t j = 0; j < hidden; ++j) {
        const std::int32_t key = a.key(k[i * hidden + j] - a.attention.key_zero);
        sum += a.weights[j] * ((*a.tanh)(to_16_bits(query[j] + key)) >> cut);
      }
      scores[i] = sum;
    }
    detail::see_values_int8(a.attention, v, mask, width, keys, scores, y + t * width);
  }
}

}  // namespace tenon::kernels
