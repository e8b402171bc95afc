#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tenon/inline.hpp>
#include <tenon/kernels/fixed_point.hpp>
#include <tenon/kernels/int24.hpp>
#include <tenon/kernels/int8_helium.hpp>
#include <tenon/kernels/int8_m0.hpp>
#include <tenon/kernels/int8_thumb_dense.hpp>

#if defined(__ARM_FEATURE_SIMD32)
#include <arm_acle.h>
#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
#endif
#elif defined(__SSE4_1__)
#include <immintrin.h>
#endif

/// Sums of products of int8 numbers, exact in int32: portable C++, the DSP instructions of Armv7E-M
/// (two products each), Helium and SSE4.1 or AVX2 give the same numbers, whatever their order.
///
/// Weights are packed in blocks of four rows by four columns, 16 bytes, the blocks of four rows one
/// after the other; rows and columns are filled up with zeros. So every kernel reads them from the
/// first byte to the last, and none has a remainder.
namespace tenon::kernels {

/// Whether numbers are rounded twice where a tensor gets another scale: Requantizer.
#if defined(TENON_DOUBLE_ROUNDING)
inline constexpr bool rounds_twice = true;
#if defined(__ARM_FEATURE_DSP)
#error "TENON_DOUBLE_ROUNDING: the kernels of this processor round once; -mcpu=cortex-m3 runs without them"
#endif
#else
inline constexpr bool rounds_twice = false;
#endif

/// count, rounded up to a multiple of four.
constexpr size_t in_fours(size_t count) { return (count + 3) / 4 * 4; }

/// Where weight (row, column) of a matrix with `columns` columns lies in its packed form.
constexpr size_t packed_place(size_t row, size_t column, size_t columns) {
  return (row / 4 * (in_fours(columns) / 4) + column / 4) * 16 + row % 4 * 4 + column % 4;
}

/// The sums of four rows.
struct FourSums {
  std::int32_t of[4]{};
};

namespace detail {

/// On Arm, loads of the next block made before this one is done would spill registers.
TENON_INLINE void end_of_block() {
#if defined(__arm__)
  asm volatile("" ::: "memory");
#endif
}

/// The products of one block, one after the other: each is one multiply-accumulate.
struct PortableSums {
  std::int32_t s0, s1, s2, s3;

  TENON_INLINE constexpr void column(const std::int8_t* w, std::int32_t x) {
    s0 += w[0] * x;
    s1 += w[4] * x;
    s2 += w[8] * x;
    s3 += w[12] * x;
  }
  TENON_INLINE constexpr void block(const std::int8_t* w, const std::int8_t* x) {
    column(w, x[0]);
    column(w + 1, x[1]);
    column(w + 2, x[2]);
    column(w + 3, x[3]);
    if (!std::is_constant_evaluated()) end_of_block();
  }
};

constexpr void add_portable(const std::int8_t* w, const std::int8_t* x, size_t groups, FourSums& sums) {
  PortableSums s{sums.of[0], sums.of[1], sums.of[2], sums.of[3]};
  for (; groups >= 2; groups -= 2, w += 32, x += 8) {
    s.block(w, x);
    s.block(w + 16, x + 4);
  }
  if (groups > 0) s.block(w, x);
  sums = {{s.s0, s.s1, s.s2, s.s3}};
}

#if defined(__ARM_FEATURE_SIMD32)

/// Bytes 1 and 3 of a word, widened: the rotation costs nothing.
TENON_INLINE int16x2_t odd_bytes(std::uint32_t word) {
  int16x2_t result;
  asm("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(word));
  return result;
}
TENON_INLINE int16x2_t even_bytes(std::uint32_t word) { return __sxtb16(static_cast<int8x4_t>(word)); }

/// Per block two loads of two words each, eight widenings and eight instructions of two products: on
/// a Cortex-M4 about 1.4 instructions a product, loop and all.
struct DspSums {
  std::int32_t s0, s1, s2, s3;

  TENON_INLINE void block(const std::int8_t* w, const std::int8_t* x) {
    std::uint32_t value;
    std::memcpy(&value, __builtin_assume_aligned(x, 4), 4);
    const int16x2_t even = even_bytes(value), odd = odd_bytes(value);
    std::uint32_t row[4];
    std::memcpy(row, __builtin_assume_aligned(w, 4), 16);
    s0 = __smlad(even_bytes(row[0]), even, __smlad(odd_bytes(row[0]), odd, s0));
    s1 = __smlad(even_bytes(row[1]), even, __smlad(odd_bytes(row[1]), odd, s1));
    s2 = __smlad(even_bytes(row[2]), even, __smlad(odd_bytes(row[2]), odd, s2));
    s3 = __smlad(even_bytes(row[3]), even, __smlad(odd_bytes(row[3]), odd, s3));
    end_of_block();
  }
};

TENON_INLINE void add_dsp(const std::int8_t* w, const std::int8_t* x, size_t groups, FourSums& sums) {
  DspSums s{sums.of[0], sums.of[1], sums.of[2], sums.of[3]};
#if defined(__ARM_FEATURE_MVE)
  // Helium takes four blocks apart into rows as it loads them, and adds up 16 products at a time.
  for (; groups >= 4; groups -= 4, w += 64, x += 16) {
    const int32x4x4_t rows = vld4q_s32(reinterpret_cast<const std::int32_t*>(w));
    const int8x16_t value = vld1q_s8(x);
    s.s0 = vmladavaq_s8(s.s0, vreinterpretq_s8_s32(rows.val[0]), value);
    s.s1 = vmladavaq_s8(s.s1, vreinterpretq_s8_s32(rows.val[1]), value);
    s.s2 = vmladavaq_s8(s.s2, vreinterpretq_s8_s32(rows.val[2]), value);
    s.s3 = vmladavaq_s8(s.s3, vreinterpretq_s8_s32(rows.val[3]), value);
  }
#endif
  for (; groups >= 4; groups -= 4, w += 64, x += 16) {
    s.block(w, x);
    s.block(w + 16, x + 4);
    s.block(w + 32, x + 8);
    s.block(w + 48, x + 12);
  }
  for (; groups > 0; --groups, w += 16, x += 4) s.block(w, x);
  sums = {{s.s0, s.s1, s.s2, s.s3}};
}

#elif defined(__SSE4_1__)

/// A block at a time: its 16 bytes and the four of x, widened, multiplied and added in pairs.
inline void add_sse(const std::int8_t* w, const std::int8_t* x, size_t groups, FourSums& sums) {
  __m128i low = _mm_setzero_si128(), high = _mm_setzero_si128();  // rows 0 and 1, rows 2 and 3
#if defined(__AVX2__)
  __m256i both = _mm256_setzero_si256();
  for (; groups > 0; --groups, w += 16, x += 4) {
    std::int32_t four;
    std::memcpy(&four, x, 4);
    const __m256i value = _mm256_broadcastq_epi64(_mm_cvtepi8_epi16(_mm_cvtsi32_si128(four)));
    const __m256i rows = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w)));
    both = _mm256_add_epi32(both, _mm256_madd_epi16(rows, value));
  }
  low = _mm256_castsi256_si128(both);
  high = _mm256_extracti128_si256(both, 1);
#else
  for (; groups > 0; --groups, w += 16, x += 4) {
    std::int32_t four;
    std::memcpy(&four, x, 4);
    const __m128i half = _mm_cvtepi8_epi16(_mm_cvtsi32_si128(four));
    const __m128i value = _mm_unpacklo_epi64(half, half);
    const __m128i rows = _mm_loadu_si128(reinterpret_cast<const __m128i*>(w));
    low = _mm_add_epi32(low, _mm_madd_epi16(_mm_cvtepi8_epi16(rows), value));
    high = _mm_add_epi32(high, _mm_madd_epi16(_mm_cvtepi8_epi16(_mm_srli_si128(rows, 8)), value));
  }
#endif
  const __m128i total = _mm_add_epi32(_mm_hadd_epi32(low, high),
                                      _mm_loadu_si128(reinterpret_cast<const __m128i*>(sums.of)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(sums.of), total);
}

#endif

}  // namespace detail

/// Adds the products of four packed rows with x, `groups` groups of four columns. Both are 4-aligned.
TENON_INLINE constexpr void add_products(const std::int8_t* w, const std::int8_t* x, size_t groups, FourSums& sums) {
  if (std::is_constant_evaluated()) return detail::add_portable(w, x, groups, sums);
#if defined(__ARM_FEATURE_SIMD32)
  detail::add_dsp(w, x, groups, sums);
#elif defined(__ARM_ARCH_6M__)
  if (groups > 0) detail::add_products_m0({w, x, x + groups * 4, sums.of});
#elif defined(__SSE4_1__)
  detail::add_sse(w, x, groups, sums);
#else
  detail::add_portable(w, x, groups, sums);
#endif
}

/// What turns a row's sum into a number of the next tensor: sum * multiplier / 2^(33 + shift), rounded
/// to nearest, halves upward. Below a quarter (shift >= 0) the lower half of the product does not
/// matter: floor((p + 2^(32 + s)) / 2^(33 + s)) = floor((floor(p / 2^(32 + s)) + 1) / 2).
///
/// Where TENON_DOUBLE_ROUNDING is defined (for a whole program, by its build) numbers are rounded twice instead, as
/// TensorFlow Lite Micro rounds by default: fixed_point::scaled_twice.
struct Requantizer {
  std::int32_t multiplier = 0;  // 31 bits
  std::int8_t shift = 0;

  TENON_INLINE constexpr std::int32_t operator()(std::int32_t sum) const {
    if constexpr (rounds_twice) return fixed_point::scaled_twice(sum, multiplier, -2 - shift);
    return once(sum);
  }
  /// Rounded once, whatever TENON_DOUBLE_ROUNDING says.
  TENON_INLINE constexpr std::int32_t once(std::int32_t sum) const {
#if defined(TENON_M0_KERNELS)
    if (!std::is_constant_evaluated() && shift >= 0) return ((detail::upper_word(sum, multiplier) >> shift) + 1) >> 1;
#endif
    const std::int64_t product = static_cast<std::int64_t>(sum) * multiplier;
    if (shift < 0) return by_all(product, shift);
    return ((static_cast<std::int32_t>(product >> 32) >> shift) + 1) >> 1;
  }

private:
  /// For scales above 1/4: a function of its own, since it is rare and long.
  [[gnu::noinline]] static constexpr std::int32_t by_all(std::int64_t product, std::int32_t shift) {
    return static_cast<std::int32_t>(((product >> (32 + shift)) + 1) >> 1);
  }
};

/// The rows of one dense layer, filled up to whole groups of four. Behind biases in three bytes lies another byte,
/// which is read and does not matter.
template <class Bias>
struct DenseRowsOf {
  const std::int8_t* weights = nullptr;
  const Bias* bias = nullptr;  // the input's zero point is in it
  const std::int32_t* multiplier = nullptr;
  const std::int8_t* shift = nullptr;
  size_t in_groups = 0, out_groups = 0;
  std::int32_t zero = 0, low = 0, high = 0;  // of the output: zero point, bounds
};
using DenseRows = DenseRowsOf<std::int32_t>;

/// y = requantise(W x + b), clamped to [low, high]. One function for all layers; x and y have room for
/// whole groups of four and are 4-aligned. OneScale: `multiplier` and `shift` are four equal numbers, of all rows.
template <bool OneScale = false, class Bias>
[[gnu::noinline]] constexpr void dense_int8(const DenseRowsOf<Bias>& rows, const std::int8_t* x, std::int8_t* y) {
  [[maybe_unused]] constexpr bool three_bytes = std::is_same_v<Bias, Int24>;
#if defined(TENON_THUMB_KERNELS)
  if (!std::is_constant_evaluated() && rows.low == -128 && rows.high == 127 && rows.out_groups > 0 &&
      detail::four_shifts_are_quick(rows.shift, OneScale ? 1 : rows.out_groups)) {
    detail::ThumbDense state{.multiplier = rows.multiplier,
                             .shift = rows.shift,
                             .y = y,
                             .half = 1 + 2 * rows.zero,
                             .bias = rows.bias,
                             .x = x,
                             .single_end = x + rows.in_groups % 4 * 4,
                             .x_end = x + rows.in_groups * 4,
                             .y_end = y + rows.out_groups * 4,
                             .weights = rows.weights};
    return detail::dense_thumb<OneScale, three_bytes>(state);
  }
#elif defined(TENON_HELIUM_KERNELS)
  if (!std::is_constant_evaluated() && rows.out_groups > 0 &&
      detail::shifts_are_down(rows.shift, OneScale ? 4 : rows.out_groups * 4)) {
    detail::HeliumDense state{.multiplier = rows.multiplier,
                              .shift = rows.shift,
                              .y = y,
                              .zero = rows.zero,
                              .bias = rows.bias,
                              .groups = rows.in_groups % 4,
                              .x = x,
                              .fours = rows.in_groups / 4,
                              .y_end = y + rows.out_groups * 4,
                              .weights = rows.weights,
                              .low = rows.low,
                              .high = rows.high};
    return detail::dense_helium<OneScale, three_bytes>(state);
  }
#endif
  const std::int8_t* w = rows.weights;
  const Bias* bias = rows.bias;
  const std::int32_t* multiplier = rows.multiplier;
  const std::int8_t* shift = rows.shift;
  for (size_t group = 0; group < rows.out_groups; ++group) {
    FourSums sums{{bias[0], bias[1], bias[2], bias[3]}};
    add_products(w, x, rows.in_groups, sums);
    bool done = false;
#if defined(TENON_M0_KERNELS)
    if (!std::is_constant_evaluated() && rows.low == -128 && rows.high == 127)
      done = detail::write_four(sums.of, multiplier, shift, rows.zero, y);
#endif
    for (size_t r = 0; !done && r < 4; ++r) {
      std::int32_t value = Requantizer{multiplier[r], shift[r]}(sums.of[r]) + rows.zero;
      value = value < rows.low ? rows.low : value;
      y[r] = static_cast<std::int8_t>(value > rows.high ? rows.high : value);
    }
    w += rows.in_groups * 16;
    bias += 4;
    if (!OneScale) multiplier += 4, shift += 4;
    y += 4;
  }
}

}  // namespace tenon::kernels
