#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tenon/inline.hpp>
#include <tenon/kernels/int8_products.hpp>

/// Products for images: two columns with one matrix, so that a weight is read once for both. Every machine gives the
/// same numbers.
///
/// A pair of columns is prepared in the form its machine likes. With the DSP instructions of Armv7E-M
/// they are widened before and lie side by side, which leaves 14 instructions for 16 products.
namespace tenon::kernels {

#if defined(__ARM_FEATURE_SIMD32) && !defined(__ARM_FEATURE_MVE)
#define TENON_WIDENED_PAIRS
#endif

/// Bytes that a pair of columns of `size` bytes takes, the same on every machine.
constexpr size_t pair_space(size_t size) { return 5 * size; }

/// Where column 0 or 1 is to be written, `size` bytes, a multiple of four.
TENON_INLINE constexpr std::int8_t* pair_column(std::int8_t* space, size_t size, unsigned which) {
#if defined(TENON_WIDENED_PAIRS)
  if (!std::is_constant_evaluated()) return space + 4 * size;
#elif defined(TENON_M0_KERNELS)
  if (!std::is_constant_evaluated()) return space + 4 * size;  // one at a time, whose words lie before it
#endif
  return space + which * size;
}

namespace detail {

/// Copies bytes. On Arm it does not call memcpy, which small C libraries write byte by byte.
TENON_INLINE constexpr void copy_bytes(const std::int8_t* from, size_t count, std::int8_t* to) {
  if (std::is_constant_evaluated()) {
    for (size_t i = 0; i < count; ++i) to[i] = from[i];
    return;
  }
#if defined(__ARM_FEATURE_MVE)
  for (; count >= 16; count -= 16, from += 16, to += 16) vst1q_s8(to, vld1q_s8(from));
  if (count > 0) {
    const mve_pred16_t there = vctp8q(static_cast<std::uint32_t>(count));
    vstrbq_p_s8(to, vldrbq_z_s8(from, there), there);
  }
#elif defined(__arm__)
#if defined(__ARM_FEATURE_UNALIGNED)
  constexpr bool by_words = true;
#else
  const bool by_words = ((reinterpret_cast<std::uintptr_t>(from) | reinterpret_cast<std::uintptr_t>(to)) & 3) == 0;
#endif
  if (by_words) {
    std::uint32_t word[4];
    for (; count >= 16; count -= 16, from += 16, to += 16) {
#if defined(__ARM_FEATURE_UNALIGNED)
      for (int i = 0; i < 4; ++i) std::memcpy(&word[i], from + 4 * i, 4);
      for (int i = 0; i < 4; ++i) std::memcpy(to + 4 * i, &word[i], 4);
#else
      std::memcpy(word, __builtin_assume_aligned(from, 4), 16);
      std::memcpy(__builtin_assume_aligned(to, 4), word, 16);
#endif
      end_of_block();
    }
    for (; count >= 4; count -= 4, from += 4, to += 4) {
#if defined(__ARM_FEATURE_UNALIGNED)
      std::memcpy(word, from, 4);
      std::memcpy(to, word, 4);
#else
      std::memcpy(word, __builtin_assume_aligned(from, 4), 4);
      std::memcpy(__builtin_assume_aligned(to, 4), word, 4);
#endif
      end_of_block();
    }
  }
  for (; count > 0; --count) {
    *to++ = *from++;
    end_of_block();
  }
#else
  std::memcpy(to, from, count);
#endif
}

TENON_INLINE constexpr void copy_numbers(const std::int8_t* from, size_t count, std::int8_t* to) {
  copy_bytes(from, count, to);
}
TENON_INLINE constexpr void copy_numbers(const std::int16_t* from, size_t count, std::int16_t* to) {
#if defined(__ARM_FEATURE_MVE)
  if (!std::is_constant_evaluated()) {
    for (; count >= 8; count -= 8, from += 8, to += 8) vst1q_s16(to, vld1q_s16(from));
    const mve_pred16_t there = vctp16q(static_cast<std::uint32_t>(count));
    if (count > 0) vst1q_p_s16(to, vld1q_z_s16(from, there), there);
    return;
  }
#elif defined(__ARM_FEATURE_UNALIGNED) || !defined(__arm__)
  if (!std::is_constant_evaluated())
    for (; count >= 4; count -= 4, from += 4, to += 4) {
      std::uint32_t first, second;
      std::memcpy(&first, from, 4);
      std::memcpy(&second, from + 2, 4);
      std::memcpy(to, &first, 4);
      std::memcpy(to + 2, &second, 4);
    }
#endif
  for (; count > 0; --count) *to++ = *from++;
}

#if defined(TENON_WIDENED_PAIRS)

/// Widens bytes for the DSP instructions: of each four columns the even bytes as two numbers of 16 bits, then the odd
/// ones. Returns where the next ones go.
TENON_INLINE std::int8_t* widen_bytes(const std::int8_t* from, size_t size, std::int8_t* to) {
  const auto word = [](const std::int8_t* four, std::int8_t* halves) TENON_INLINE_LAMBDA {
    std::uint32_t value;
    std::memcpy(&value, __builtin_assume_aligned(four, 4), 4);
    const int16x2_t both[2]{even_bytes(value), odd_bytes(value)};
    std::memcpy(__builtin_assume_aligned(halves, 4), both, 8);
    end_of_block();
  };
  for (; size >= 16; size -= 16, from += 16, to += 64) {
    word(from, to);
    word(from + 4, to + 16);
    word(from + 8, to + 32);
    word(from + 12, to + 48);
  }
  for (; size > 0; size -= 4, from += 4, to += 16) word(from, to);
  return to;
}

// Of a word in %[odd].
#define TENON_WIDEN(place)                                                                                             \
  "sxtb16 %[even], %[odd]\n"                                                                                           \
  "sxtb16 %[odd], %[odd], ror #8\n"                                                                                    \
  "strd %[even], %[odd], [%[to], #" place "]\n"

/// The column of a window of 3x3 pixels of three colours, which the first layer of pictures has: three lines of nine
/// bytes become seven words, the last of which ends with a zero. By hand, since compilers store one by one what two
/// registers hold.
TENON_INLINE void widen_colours(const std::int8_t* line, size_t step, std::int8_t* to) {
  std::uint32_t even, odd;
  asm volatile(".syntax unified\n"
               "ldr %[odd], [%[line]]\n"      //
               TENON_WIDEN("0")               //
               "ldr %[odd], [%[line], #4]\n"  //
               TENON_WIDEN("16")              //
               "ldrb %[even], [%[line], #8]\n"
               "ldr %[odd], [%[line], %[step]]\n"
               "add %[line], %[line], %[step]\n"
               "orr %[odd], %[even], %[odd], lsl #8\n"  //
               TENON_WIDEN("32")                        //
               "ldr %[odd], [%[line], #3]\n"            //
               TENON_WIDEN("48")                        //
               "ldrh %[even], [%[line], #7]\n"
               "ldr %[odd], [%[line], %[step]]\n"
               "add %[line], %[line], %[step]\n"
               "orr %[odd], %[even], %[odd], lsl #16\n"  //
               TENON_WIDEN("64")                         //
               "ldr %[odd], [%[line], #2]\n"             //
               TENON_WIDEN("80")                         //
               "ldr %[odd], [%[line], #5]\n"
               "lsr %[odd], %[odd], #8\n"  //
               TENON_WIDEN("96")
               : [line] "+&r"(line), [even] "=&r"(even), [odd] "=&r"(odd)
               : [step] "r"(step), [to] "r"(to)
               : "memory");
}

#undef TENON_WIDEN

/// Two words by one instruction.
template <int Offset>
TENON_INLINE void load_two(const std::int8_t* from, std::uint32_t& first, std::uint32_t& second) {
  asm("ldrd %0, %1, [%2, %3]"
      : "=&r"(first), "=&r"(second)
      : "r"(from), "n"(Offset), "m"(*reinterpret_cast<const std::int8_t(*)[64]>(from)));
}

/// Two rows with two columns: per block 16 products by a load of four words, one of two, four widenings
/// and eight instructions of two products.
struct TwoByTwo {
  std::int32_t s00, s01, s10, s11;

  TENON_INLINE void add(const std::int8_t* w, const std::int8_t* x, size_t groups) {
    for (size_t fours = groups / 4; fours > 0; --fours, w += 64, x += 64) {
      block<0>(w, x);
      block<1>(w, x);
      block<2>(w, x);
      block<3>(w, x);
    }
    for (groups %= 4; groups > 0; --groups, w += 16, x += 16) block<0>(w, x);
  }

private:
  template <int Block>
  TENON_INLINE void block(const std::int8_t* w, const std::int8_t* x) {
    std::uint32_t row0, row1, even, odd, next_even, next_odd;
    load_two<16 * Block>(w, row0, row1);
    load_two<16 * Block>(x, even, odd);
    load_two<16 * Block + 8>(x, next_even, next_odd);
    row(row0, even, odd, next_even, next_odd, s00, s01);
    row(row1, even, odd, next_even, next_odd, s10, s11);
    end_of_block();
  }
  TENON_INLINE static void row(std::uint32_t weights, std::uint32_t even, std::uint32_t odd, std::uint32_t next_even,
                               std::uint32_t next_odd, std::int32_t& first, std::int32_t& second) {
    const auto pair = [](std::uint32_t word) { return static_cast<int16x2_t>(word); };
    const int16x2_t w_even = even_bytes(weights), w_odd = odd_bytes(weights);
    first = __smlad(w_odd, pair(odd), __smlad(w_even, pair(even), first));
    second = __smlad(w_odd, pair(next_odd), __smlad(w_even, pair(next_even), second));
  }
};

#elif defined(__ARM_FEATURE_MVE)

TENON_INLINE void add_pair_helium(const std::int8_t* w, const std::int8_t* x, const std::int8_t* z, size_t groups,
                                  FourSums& a, FourSums& b) {
  // Sums in an array would be written in every turn.
  std::int32_t a0 = a.of[0], a1 = a.of[1], a2 = a.of[2], a3 = a.of[3];
  std::int32_t b0 = b.of[0], b1 = b.of[1], b2 = b.of[2], b3 = b.of[3];
  for (; groups >= 4; groups -= 4, w += 64, x += 16, z += 16) {
    const int32x4x4_t rows = vld4q_s32(reinterpret_cast<const std::int32_t*>(w));
    const int8x16_t first = vld1q_s8(x), second = vld1q_s8(z);
    a0 = vmladavaq_s8(a0, vreinterpretq_s8_s32(rows.val[0]), first);
    a1 = vmladavaq_s8(a1, vreinterpretq_s8_s32(rows.val[1]), first);
    a2 = vmladavaq_s8(a2, vreinterpretq_s8_s32(rows.val[2]), first);
    a3 = vmladavaq_s8(a3, vreinterpretq_s8_s32(rows.val[3]), first);
    b0 = vmladavaq_s8(b0, vreinterpretq_s8_s32(rows.val[0]), second);
    b1 = vmladavaq_s8(b1, vreinterpretq_s8_s32(rows.val[1]), second);
    b2 = vmladavaq_s8(b2, vreinterpretq_s8_s32(rows.val[2]), second);
    b3 = vmladavaq_s8(b3, vreinterpretq_s8_s32(rows.val[3]), second);
  }
  if (groups > 0) {  // what would lie behind the last blocks counts as zeros and is not read
    const mve_pred16_t words = vctp32q(static_cast<std::uint32_t>(groups)),
                       bytes = vctp8q(static_cast<std::uint32_t>(4 * groups));
    const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 8), 2);
    const int8x16_t first = vldrbq_z_s8(x, bytes), second = vldrbq_z_s8(z, bytes);
    const auto add = [&](int row, std::int32_t& sum, std::int32_t& next) TENON_INLINE_LAMBDA {
      const auto* from = reinterpret_cast<const std::int32_t*>(w + 4 * row);
      const int8x16_t weights = vreinterpretq_s8_s32(vldrwq_gather_offset_z_s32(from, places, words));
      sum = vmladavaq_s8(sum, weights, first);
      next = vmladavaq_s8(next, weights, second);
    };
    add(0, a0, b0);
    add(1, a1, b1);
    add(2, a2, b2);
    add(3, a3, b3);
  }
  a = {{a0, a1, a2, a3}};
  b = {{b0, b1, b2, b3}};
}

#elif defined(__SSE4_1__)

TENON_INLINE void add_pair_sse(const std::int8_t* w, const std::int8_t* x, const std::int8_t* z, size_t groups,
                               FourSums& a, FourSums& b) {
#if defined(__AVX2__)
  __m256i first = _mm256_setzero_si256(), second = _mm256_setzero_si256();
  const auto spread = [](const std::int8_t* from) {
    std::int32_t four;
    std::memcpy(&four, from, 4);
    return _mm256_broadcastq_epi64(_mm_cvtepi8_epi16(_mm_cvtsi32_si128(four)));
  };
  for (; groups > 0; --groups, w += 16, x += 4, z += 4) {
    const __m256i rows = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w)));
    first = _mm256_add_epi32(first, _mm256_madd_epi16(rows, spread(x)));
    second = _mm256_add_epi32(second, _mm256_madd_epi16(rows, spread(z)));
  }
  const auto take = [](__m256i both, FourSums& sums) {
    const __m128i four = _mm_hadd_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
    const __m128i before = _mm_loadu_si128(reinterpret_cast<const __m128i*>(sums.of));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(sums.of), _mm_add_epi32(four, before));
  };
  take(first, a);
  take(second, b);
#else
  add_sse(w, x, groups, a);
  add_sse(w, z, groups, b);
#endif
}

#endif

}  // namespace detail

/// Has to be called when a column has been written, before the next one is.
TENON_INLINE constexpr void keep_pair_column([[maybe_unused]] std::int8_t* space, [[maybe_unused]] size_t size,
                                             [[maybe_unused]] unsigned which) {
#if defined(TENON_WIDENED_PAIRS)
  if (!std::is_constant_evaluated()) detail::widen_bytes(space + 4 * size, size, space + 8 * which);
#elif defined(TENON_M0_KERNELS)
  if (!std::is_constant_evaluated()) detail::widen_m0(space + 4 * size, size, reinterpret_cast<std::int32_t*>(space));
#endif
}

namespace detail {

[[gnu::noinline]] constexpr void take_lines(std::int8_t* space, size_t size, unsigned which, const std::int8_t* from,
                                            size_t lines, size_t length, size_t step) {
#if defined(TENON_WIDENED_PAIRS)
  if (!std::is_constant_evaluated() && (length | step | reinterpret_cast<std::uintptr_t>(from)) % 4 == 0) {
    std::int8_t* wide = space + 8 * which;
    for (; lines > 0; --lines, from += lines > 0 ? step : 0) wide = widen_bytes(from, length, wide);
    return;
  }
#elif defined(TENON_M0_KERNELS)
  if (!std::is_constant_evaluated()) {
    auto* word = reinterpret_cast<std::int32_t*>(space);
    for (size_t i = size - 4; i < size; ++i) word[i] = 0;
    for (; lines > 0; --lines, from += lines > 0 ? step : 0) word = widen_m0(from, length, word);
    return;
  }
#endif
  std::int8_t* const column = pair_column(space, size, which);
  for (size_t i = size - 4; i < size; ++i) column[i] = 0;
  std::int8_t* to = column;
  for (; lines > 0; --lines, from += lines > 0 ? step : 0, to += length) copy_bytes(from, length, to);
  keep_pair_column(space, size, which);
}

}  // namespace detail

/// A column of `lines` pieces of `length` bytes that lie `step` apart; zeros fill it up to `size`.
TENON_INLINE constexpr void take_pair_column(std::int8_t* space, size_t size, unsigned which, const std::int8_t* from,
                                             size_t lines, size_t length, size_t step) {
  detail::take_lines(space, size, which, from, lines, length, step);
}

/// The products of four packed rows with the pair of columns in `space`, both 4-aligned, added to four numbers. Each
/// row's result is given to use(row, sum with the first column, sum with the second). Kernels that have all eight sums
/// at once first offer them to use(sums with the first, sums with the second), if there is one, which returns whether
/// it has taken them.
template <class Use>
TENON_INLINE constexpr void pair_products(const std::int8_t* w, const std::int8_t* space, size_t groups,
                                          const std::int32_t* start, Use use) {
#if defined(TENON_WIDENED_PAIRS)
  if (!std::is_constant_evaluated()) {
    for (size_t row = 0; row < 4; row += 2) {
      detail::TwoByTwo sums{start[row], start[row], start[row + 1], start[row + 1]};
      sums.add(w + 4 * row, space, groups);
      use(row, sums.s00, sums.s01);
      use(row + 1, sums.s10, sums.s11);
    }
    return;
  }
#endif
  const std::int8_t* second = space + 4 * groups;
  FourSums a{{start[0], start[1], start[2], start[3]}}, b = a;
  if (std::is_constant_evaluated()) {
    detail::add_portable(w, space, groups, a);
    detail::add_portable(w, second, groups, b);
  } else {
#if defined(__ARM_FEATURE_MVE)
    detail::add_pair_helium(w, space, second, groups, a, b);
#elif defined(__SSE4_1__)
    detail::add_pair_sse(w, space, second, groups, a, b);
#else
    add_products(w, space, groups, a);
    add_products(w, second, groups, b);
#endif
  }
  if constexpr (requires { use(a, b); }) {
    if (!std::is_constant_evaluated() && use(a, b)) return;
  }
  for (size_t row = 0; row < 4; ++row) use(row, a.of[row], b.of[row]);
}

}  // namespace tenon::kernels
