#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tenon/inline.hpp>
#include <tenon/kernels/int8_products.hpp>

/// What convolutions of every channel by itself and pools do with neighbouring channels of a pixel. Every machine gives
/// the same numbers.
namespace tenon::kernels {

/// The nearest number of so many bits.
template <int Bits = 8>
TENON_INLINE constexpr std::int32_t saturated(std::int32_t value) {
#if defined(__ARM_FEATURE_SIMD32)
  if (!std::is_constant_evaluated()) return __ssat(value, Bits);
#endif
  constexpr std::int32_t largest = (1 << (Bits - 1)) - 1;
  return value < -largest - 1 ? -largest - 1 : value > largest ? largest : value;
}

/// Sums of four neighbouring channels, each with weights of its own: w has four bytes a tap, x one pixel
/// `step` bytes from the next.
class ChannelSums {
public:
  TENON_INLINE constexpr explicit ChannelSums(const std::int32_t* bias)
      : s0{bias[0]}, s1{bias[1]}, s2{bias[2]}, s3{bias[3]} {}

  TENON_INLINE constexpr void add(const std::int8_t* w, const std::int8_t* x, size_t taps, size_t step) {
#if defined(__ARM_FEATURE_SIMD32) || defined(__SSE4_1__)
    if (!std::is_constant_evaluated()) return add_vectors(w, x, taps, step);
#endif
    for (; taps > 0; --taps, w += 4, x += step) {
      s0 += w[0] * x[0];
      s1 += w[1] * x[1];
      s2 += w[2] * x[2];
      s3 += w[3] * x[3];
    }
  }
  TENON_INLINE constexpr FourSums total() const { return {{s0, s1, s2, s3}}; }

private:
#if defined(__ARM_FEATURE_MVE)
  TENON_INLINE void add_vectors(const std::int8_t* w, const std::int8_t* x, size_t taps, size_t step) {
    std::int32_t s[4]{s0, s1, s2, s3};
    int32x4_t sums = vld1q_s32(s);
    for (; taps > 0; --taps, w += 4, x += step) sums = vaddq_s32(sums, vmulq_s32(vldrbq_s32(w), vldrbq_s32(x)));
    vst1q_s32(s, sums);
    s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3];
  }
#elif defined(__ARM_FEATURE_SIMD32)
  TENON_INLINE void add_vectors(const std::int8_t* w, const std::int8_t* x, size_t taps, size_t step) {
    for (; taps > 0; --taps, w += 4, x += step) {
      std::uint32_t weight, value;
      std::memcpy(&weight, __builtin_assume_aligned(w, 4), 4);
      std::memcpy(&value, x, 4);
      const int16x2_t even = detail::even_bytes(weight), odd = detail::odd_bytes(weight);
      const int16x2_t x_even = detail::even_bytes(value), x_odd = detail::odd_bytes(value);
      s0 = __smlabb(even, x_even, s0);
      s1 = __smlabb(odd, x_odd, s1);
      s2 = __smlatt(even, x_even, s2);
      s3 = __smlatt(odd, x_odd, s3);
    }
  }
#elif defined(__SSE4_1__)
  TENON_INLINE void add_vectors(const std::int8_t* w, const std::int8_t* x, size_t taps, size_t step) {
    const auto widened = [](const std::int8_t* from) {
      std::int32_t four;
      std::memcpy(&four, from, 4);
      return _mm_cvtepi8_epi32(_mm_cvtsi32_si128(four));
    };
    __m128i sums = _mm_setr_epi32(s0, s1, s2, s3);
    for (; taps > 0; --taps, w += 4, x += step) sums = _mm_add_epi32(sums, _mm_mullo_epi32(widened(w), widened(x)));
    s0 = _mm_extract_epi32(sums, 0), s1 = _mm_extract_epi32(sums, 1);
    s2 = _mm_extract_epi32(sums, 2), s3 = _mm_extract_epi32(sums, 3);
  }
#endif

  std::int32_t s0, s1, s2, s3;
};

/// y = max(x, y), number by number.
TENON_INLINE constexpr void larger_numbers(const std::int8_t* x, size_t count, std::int8_t* y) {
#if defined(__ARM_FEATURE_SIMD32)
  if (!std::is_constant_evaluated())
    for (; count >= 4; count -= 4, x += 4, y += 4) {
      std::uint32_t a, b;
      std::memcpy(&a, x, 4);
      std::memcpy(&b, y, 4);
      __ssub8(static_cast<int8x4_t>(a), static_cast<int8x4_t>(b));
      const auto larger = static_cast<std::uint32_t>(__sel(static_cast<uint8x4_t>(a), static_cast<uint8x4_t>(b)));
      std::memcpy(y, &larger, 4);
    }
#endif
  for (; count > 0; --count, ++x, ++y) *y = *x > *y ? *x : *y;
}

TENON_INLINE constexpr void larger_numbers(const std::int16_t* x, size_t count, std::int16_t* y) {
  for (; count > 0; --count, ++x, ++y) *y = *x > *y ? *x : *y;
}

}  // namespace tenon::kernels
