#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <tenon/inline.hpp>
#include <tenon/kernels/int8_products.hpp>
#include <tenon/kernels/int8_thumb.hpp>

/// Sums of two int8 tensors, exact and the same on every machine, and tensors at another scale.
namespace tenon::kernels {

/// Lower and upper bound of an output.
template <class Number>
struct Bounds {
  std::int32_t low = std::numeric_limits<Number>::min(), high = std::numeric_limits<Number>::max();

  TENON_INLINE constexpr Number operator()(std::int32_t value) const {
    value = value < low ? low : value;
    return static_cast<Number>(value > high ? high : value);
  }
};
using Int8Bounds = Bounds<std::int8_t>;

/// The sum of two tensors by LiteRT's rule: both brought to twice the larger of their scales, with 20 bits
/// to spare, added, and brought to the output's.
struct Int8Sum {
  Requantizer first{}, second{}, total{};
  std::int32_t first_zero = 0, second_zero = 0, zero = 0;
  Int8Bounds bounds{};
};

#if defined(__ARM_FEATURE_MVE)
namespace detail {

/// The same sum, four numbers at a time, each in a word as below. Helium's multiplication of a vector by a scalar
/// doubles the product, rounds, and keeps the upper word; so numbers are shifted by one bit less than below.
TENON_INLINE bool adds_by_helium(const Int8Sum& s) { return s.first.shift <= 18 && s.second.shift <= 18; }
TENON_INLINE void add_helium(const Int8Sum& s, size_t size, const std::int8_t* a, const std::int8_t* b,
                             std::int8_t* y) {
  const std::int32_t up_a = 1 << (18 - s.first.shift), up_b = 1 << (18 - s.second.shift);
  const std::int32_t from_a = -s.first_zero * up_a, from_b = -s.second_zero * up_b;
  const std::int32_t by_a = s.first.multiplier, by_b = s.second.multiplier, down = -(s.total.shift + 1);
  const std::int32_t half = (1 + 2 * s.zero) * (1 << s.total.shift);
  const int32x4_t by = vdupq_n_s32(s.total.multiplier), scale_a = vdupq_n_s32(up_a), scale_b = vdupq_n_s32(up_b),
                  low = vdupq_n_s32(s.bounds.low), high = vdupq_n_s32(s.bounds.high);
  const auto total = [&](int32x4_t first, int32x4_t second) TENON_INLINE_LAMBDA {
    const int32x4_t sum = vaddq_s32(vqrdmulhq_n_s32(vmlasq_n_s32(first, scale_a, from_a), by_a),
                                    vqrdmulhq_n_s32(vmlasq_n_s32(second, scale_b, from_b), by_b));
    return vminq_s32(vmaxq_s32(vshlq_r_s32(vaddq_n_s32(vmulhq_s32(sum, by), half), down), low), high);
  };
  const auto write = [&](int i) TENON_INLINE_LAMBDA { vstrbq_s32(y + i, total(vldrbq_s32(a + i), vldrbq_s32(b + i))); };
  for (; size >= 16; size -= 16, a += 16, b += 16, y += 16) {
    write(0);
    write(4);
    write(8);
    write(12);
  }
  for (; size > 0;) {
    const size_t now = size < 4 ? size : 4;
    const mve_pred16_t there = vctp32q(static_cast<std::uint32_t>(now));
    vstrbq_p_s32(y, total(vldrbq_z_s32(a, there), vldrbq_z_s32(b, there)), there);
    size -= now, a += now, b += now, y += now;
  }
}

}  // namespace detail
#endif

#if defined(__ARM_FEATURE_DSP)
namespace detail {

/// The same sum with the multiplications that round and add at once, a quarter of the instructions. A number's distance
/// v from its zero point is shifted so far that the upper word of its product is what the rule asks for:
/// round(v 2^20 m / 2^(33 + s)) = round(v 2^(19 - s) m / 2^32). The last rounding takes the zero point along:
/// ((h >> s) + 1 >> 1) + z = (h + ((1 + 2 z) << s)) >> (s + 1).
TENON_INLINE bool adds_by_words(const Int8Sum& s) {
  const auto shifts = [](const Requantizer& r) { return r.shift >= -4 && r.shift <= 19; };
  return shifts(s.first) && shifts(s.second) && s.total.shift >= 0 && s.total.shift <= 20;
}
inline void add_by_words(const Int8Sum& s, size_t size, const std::int8_t* a, const std::int8_t* b, std::int8_t* y) {
  const std::int32_t up_a = 1 << (19 - s.first.shift), up_b = 1 << (19 - s.second.shift);
  const std::int32_t from_a = -s.first_zero * up_a, from_b = -s.second_zero * up_b;
  const std::int32_t by_a = s.first.multiplier, by_b = s.second.multiplier, by = s.total.multiplier;
  const std::int32_t half = (1 + 2 * s.zero) * (1 << s.total.shift), down = s.total.shift + 1;
  const auto total = [&](size_t i) TENON_INLINE_LAMBDA {
    std::int32_t sum, scaled;
    asm("smmulr %0, %1, %2" : "=r"(sum) : "r"(a[i] * up_a + from_a), "r"(by_a));
    asm("smmlar %0, %1, %2, %3" : "=r"(sum) : "r"(b[i] * up_b + from_b), "r"(by_b), "r"(sum));
    asm("smmla %0, %1, %2, %3" : "=r"(scaled) : "r"(sum), "r"(by), "r"(half));
    return scaled >> down;
  };
#if defined(TENON_THUMB_KERNELS)
  if (s.bounds.low == -128 && s.bounds.high == 127 && size >= 4) {
    const size_t fours = size / 4 * 4;
    ThumbSum state{.a = a,
                   .b = b,
                   .y = y,
                   .up_a = up_a,
                   .up_b = up_b,
                   .from_a = from_a,
                   .from_b = from_b,
                   .by_a = by_a,
                   .by_b = by_b,
                   .by = by,
                   .half = half,
                   .down = down,
                   .y_end = y + fours};
    add_thumb(state);
    size -= fours, a += fours, b += fours, y += fours;
  }
#endif
  for (size_t i = 0; i < size; ++i) y[i] = s.bounds(total(i));
}

}  // namespace detail
#endif

#if defined(TENON_M0_KERNELS)
namespace detail {

/// A number v of nine bits times 2^20 m / 2^(33 + s), rounded, without a product of more than 32 bits, for s of -4 to
/// 3: of v m / 2^(13 + s) the upper half of m gives a whole number.
struct NarrowScale {
  std::int32_t upper, lower, half, up, down;

  TENON_INLINE explicit NarrowScale(const Requantizer& r)
      : upper{r.multiplier >> 16},
        lower{r.multiplier & 0xFFFF},
        half{1 << (12 + r.shift)},
        up{3 - r.shift},
        down{13 + r.shift} {}
  TENON_INLINE static bool takes(const Requantizer& r) { return r.shift >= -4 && r.shift <= 3; }
  TENON_INLINE std::int32_t operator()(std::int32_t v) const {
    return v * upper * (1 << up) + ((v * lower + half) >> down);
  }
};
[[gnu::noinline]] inline void add_m0(const Int8Sum& s, size_t size, const std::int8_t* a, const std::int8_t* b,
                                     std::int8_t* y) {
  const NarrowScale first(s.first), second(s.second);
  for (size_t i = 0; i < size; ++i) {
    const std::int32_t sum = first(a[i] - s.first_zero) + second(b[i] - s.second_zero);
    y[i] = s.bounds(s.total(sum) + s.zero);
  }
}

}  // namespace detail
#endif

/// y may be one of the two.
[[gnu::noinline]] constexpr void add_int8(const Int8Sum& s, size_t size, const std::int8_t* a, const std::int8_t* b,
                                          std::int8_t* y) {
#if defined(__ARM_FEATURE_DSP)
  if (!std::is_constant_evaluated() && detail::adds_by_words(s)) {
#if defined(__ARM_FEATURE_MVE)
    if (detail::adds_by_helium(s)) return detail::add_helium(s, size, a, b, y);
#endif
    return detail::add_by_words(s, size, a, b, y);
  }
#elif defined(TENON_M0_KERNELS)
  if (!std::is_constant_evaluated() && detail::NarrowScale::takes(s.first) && detail::NarrowScale::takes(s.second))
    return detail::add_m0(s, size, a, b, y);
#endif
  for (size_t i = 0; i < size; ++i) {
    const std::int32_t sum = s.first((a[i] - s.first_zero) * (1 << 20)) + s.second((b[i] - s.second_zero) * (1 << 20));
    y[i] = s.bounds(s.total(sum) + s.zero);
  }
}

/// A tensor at another scale.
template <class Number>
[[gnu::noinline]] constexpr void rescale(const Requantizer& scale, std::int32_t from_zero, std::int32_t zero,
                                         Bounds<Number> bounds, size_t size, const Number* x, Number* y) {
  for (size_t i = 0; i < size; ++i) y[i] = bounds(scale(x[i] - from_zero) + zero);
}

}  // namespace tenon::kernels
