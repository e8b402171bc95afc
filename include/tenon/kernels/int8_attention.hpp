#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tenon/inline.hpp>
#include <tenon/kernels/int8_norms.hpp>
#include <tenon/kernels/int8_products.hpp>

/// Scaled dot-product attention of int8 numbers in whole numbers: softmax has 16 bits, and there is no float in it, so
/// all machines give the same bytes.
namespace tenon::kernels {

/// `queries` steps look at `keys` steps; all have `width` features, which `heads` heads share.
struct AttentionSizes {
  size_t queries = 1, keys = 1, width = 1, heads = 1;
  bool causal = false;  // step t sees steps 0 to t
  bool masked = false;  // some keys are hidden from all
  /// Of additive attention: the numbers of a query or a key, while values have `width` (kernels/int8_additive.hpp).
  size_t hidden = 0;

  constexpr size_t depth() const { return width / heads; }
  /// Of queries and keys, and of weights and values.
  constexpr size_t macs() const { return queries * keys * ((hidden > 0 ? hidden : width) + width); }
};

/// 2^-f in 16 bits at 65 places of f from 0 to 1; between them lie straight lines, off by less than two steps.
struct HalvingTable {
  std::uint16_t at[65]{};

  /// 2^-z, where z counts in 2^-16.
  constexpr std::int32_t operator()(std::int64_t z) const {
    const auto halvings = static_cast<std::int32_t>(z >> 16);
    if (z >= std::int64_t{17} << 16) return 0;
    const auto place = static_cast<size_t>((z >> 10) & 63);
    const auto rest = static_cast<std::int32_t>(z & 1023);
    const std::int32_t here = at[place], value = here - (((here - at[place + 1]) * rest + 512) >> 10);
    return halvings == 0 ? value : ((value >> (halvings - 1)) + 1) >> 1;
  }
};

/// With q and k the numbers of queries and keys less their zero points, a score is s = sum of q k, and the weight of a
/// key is 2^-z with z = (largest s - s) distance. The zero point of the keys adds the same to all scores of a query and
/// is left out. `distance` counts z in 2^-16.
struct Int8Attention {
  AttentionSizes sizes{};
  Requantizer distance{}, total{};  // total: from 2^-20 of the values' steps to the output's
  std::int32_t query_zero = 0, value_zero = 0, mask_zero = 0, zero = 0;
  const HalvingTable* halving = nullptr;
  size_t first = 0;  // the place of the first query, where the steps before it are among the keys
  /// Where queries and keys are rotated by their places: for each distance, cosine and sine in 2^-14 of each pair of a
  /// head. The zero point of the keys counts then.
  const std::int16_t* turns = nullptr;
  std::int32_t key_zero = 0;
};

namespace detail {

constexpr std::int32_t dot_int8(const std::int8_t* q, std::int32_t q_zero, const std::int8_t* k, size_t depth) {
  std::int32_t sum = 0;
  for (size_t j = 0; j < depth; ++j) sum += (q[j] - q_zero) * k[j];
  return sum;
}

#if defined(__ARM_FEATURE_SIMD32)

/// Two keys, `width` bytes apart: 13 instructions for 8 products. SXTAB16 takes the zero point off two numbers as it
/// widens them.
TENON_INLINE void dot_two_dsp(const std::int8_t* q, std::int32_t q_zero, const std::int8_t* k, size_t width,
                              size_t depth, std::int32_t* scores) {
  const auto less = static_cast<std::uint32_t>(-q_zero) & 0xFFFFU, zeros = less << 16 | less;
  const std::int8_t* other = k + width;
  std::int32_t first = 0, second = 0;
  for (; depth >= 4; depth -= 4, q += 4, k += 4, other += 4) {
    std::uint32_t query, key;
    int16x2_t even, odd;
    std::memcpy(&query, q, 4);
    asm("sxtab16 %0, %1, %2" : "=r"(even) : "r"(zeros), "r"(query));
    asm("sxtab16 %0, %1, %2, ror #8" : "=r"(odd) : "r"(zeros), "r"(query));
    std::memcpy(&key, k, 4);
    first = __smlad(odd, odd_bytes(key), __smlad(even, even_bytes(key), first));
    std::memcpy(&key, other, 4);
    second = __smlad(odd, odd_bytes(key), __smlad(even, even_bytes(key), second));
  }
  scores[0] = first + dot_int8(q, q_zero, k, depth);
  scores[1] = second + dot_int8(q, q_zero, other, depth);
}

#endif

/// The scores of one query and one head.
constexpr void score_int8(const std::int8_t* q, std::int32_t q_zero, const std::int8_t* k, size_t width, size_t depth,
                          size_t seen, std::int32_t* scores) {
  size_t i = 0;
#if defined(__ARM_FEATURE_SIMD32)
  if (!std::is_constant_evaluated())
    for (; i + 2 <= seen; i += 2) dot_two_dsp(q, q_zero, k + i * width, width, depth, scores + i);
#endif
  for (; i < seen; ++i) scores[i] = dot_int8(q, q_zero, k + i * width, depth);
}

/// Sums of weights times values for four neighbouring features, or for the last one to three: each weight is loaded
/// once for all of them. Weights are unsigned 16-bit numbers, for which Arm has no instruction that does two products.
struct WeightedSums {
  std::int64_t of[4]{};

  constexpr WeightedSums(const std::int32_t* weights, size_t seen, const std::int8_t* v, size_t width, size_t count) {
    constexpr size_t block = 128;  // as many products of 16 and 8 bits fit 32
    for (size_t i = 0; i < seen;) {
      const size_t end = std::min(seen, i + block);
      std::int32_t part[4]{};
      if (count == 4) {
        std::int32_t a = 0, b = 0, c = 0, d = 0;
        for (; i < end; ++i, v += width) {
          const std::int32_t weight = weights[i];
          a += weight * v[0];
          b += weight * v[1];
          c += weight * v[2];
          d += weight * v[3];
        }
        part[0] = a, part[1] = b, part[2] = c, part[3] = d;
      } else {
        for (; i < end; ++i, v += width)
          for (size_t j = 0; j < count; ++j) part[j] += weights[i] * v[j];
      }
      for (size_t j = 0; j < count; ++j) of[j] += part[j];
    }
  }
};

/// Two vectors that are rotated by their places t and i, pair by pair: with d = t - i the product of the rotated pairs
/// (a, b) and (a', b') is cos(d) (a a' + b b') + sin(d) (a b' - b a'), so only one of them would have to be rotated.
constexpr std::int32_t rotated_dot_int8(const Int8Attention& a, const std::int8_t* q, size_t t, const std::int8_t* k,
                                        size_t i) {
  const size_t depth = a.sizes.depth();
  const std::int16_t* turn = a.turns + (t < i ? i - t : t - i) * depth;
  std::int64_t sum = 0;
  for (size_t j = 0; j + 1 < depth; j += 2) {
    const std::int32_t qa = q[j] - a.query_zero, qb = q[j + 1] - a.query_zero, ka = k[j] - a.key_zero,
                       kb = k[j + 1] - a.key_zero, cross = qa * kb - qb * ka;
    sum += turn[j] * (qa * ka + qb * kb);
    sum += turn[j + 1] * (t < i ? -cross : cross);
  }
  return static_cast<std::int32_t>((sum + (1 << 13)) >> 14);
}

/// Replaces scores by weights and returns their sum. Hidden keys get weight 0.
constexpr std::int64_t weigh_int8(const Int8Attention& a, const std::int8_t* mask, size_t seen, std::int32_t* scores) {
  const auto hidden = [&](size_t t) { return a.sizes.masked && mask[t] != a.mask_zero; };
  bool any = false;
  std::int32_t largest = 0;
  for (size_t t = 0; t < seen; ++t) {
    if (hidden(t)) continue;
    largest = any ? std::max(largest, scores[t]) : scores[t];
    any = true;
  }
  std::int64_t sum = 0;
  for (size_t t = 0; t < seen; ++t) {
    if (hidden(t)) {
      scores[t] = 0;
      continue;
    }
    const std::int64_t behind = std::int64_t{largest} - scores[t];
    const std::int64_t z = (((behind * a.distance.multiplier) >> (32 + a.distance.shift)) + 1) >> 1;
    scores[t] = (*a.halving)(z);
    sum += scores[t];
  }
  return sum;
}

/// The weighted mean of the values of one head (`depth` numbers each) for one query; its scores are replaced by the
/// weights. Zeros if all keys are hidden.
///
/// A weighted mean of values is T / S, T the sum of weights (of 16 bits) times values, S the sum of weights, of n >= 16
/// bits. T is cut to 16 bits behind the point, 1 / S is 2^(30 + n) / S by one division for each query and head; what
/// that loses is below 2^-14 of a step of the values.
TENON_INLINE constexpr void see_values_int8(const Int8Attention& a, const std::int8_t* v, const std::int8_t* mask,
                                            size_t depth, size_t seen, std::int32_t* scores, std::int8_t* y) {
  const std::int64_t sum = weigh_int8(a, mask, seen, scores);
  if (sum == 0) return void(std::fill_n(y, depth, static_cast<std::int8_t>(a.zero)));
  int bits = 16;
  while (sum >> bits != 0) ++bits;
  const std::int64_t inverse = (std::int64_t{1} << (30 + bits)) / sum;
  for (size_t j = 0; j < depth; j += 4) {
    const size_t count = std::min<size_t>(4, depth - j);
    const WeightedSums sums(scores, seen, v + j, a.sizes.width, count);
    for (size_t r = 0; r < count; ++r) {
      const std::int64_t total = sums.of[r] - sum * a.value_zero;
      const std::int64_t mean = rounded_shift(rounded_shift(total, bits - 16) * inverse, 26);
      const std::int32_t number = a.total(static_cast<std::int32_t>(mean)) + a.zero;
      y[j + r] = static_cast<std::int8_t>(number < -128 ? -128 : number > 127 ? 127 : number);
    }
  }
}

}  // namespace detail

/// q: (queries, width). k and v: (keys, width). mask: (keys), its zero point where a key is seen. y: (queries, width),
/// the heads side by side. scores: room for `keys` numbers. A query that sees no key gives zeros.
[[gnu::noinline]] constexpr void attend_int8(const Int8Attention& a, const std::int8_t* q, const std::int8_t* k,
                                             const std::int8_t* v, const std::int8_t* mask, std::int8_t* y,
                                             std::int32_t* scores) {
  const size_t width = a.sizes.width, depth = a.sizes.depth();
  for (size_t t = 0; t < a.sizes.queries; ++t)
    for (size_t first = t * width, head = 0; head < width; head += depth, first += depth) {
      const size_t seen = a.sizes.causal ? a.first + t + 1 : a.sizes.keys;
      if (a.turns == nullptr) {
        detail::score_int8(q + first, a.query_zero, k + head, width, depth, seen, scores);
      } else {
        for (size_t i = 0; i < seen; ++i)
          scores[i] = detail::rotated_dot_int8(a, q + first, a.first + t, k + i * width + head, i);
      }
      detail::see_values_int8(a, v + head, mask, depth, seen, scores, y + first);
    }
}

}  // namespace tenon::kernels
