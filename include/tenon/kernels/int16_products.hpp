#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tenon/kernels/int8_channels.hpp>
#include <tenon/kernels/int8_pairs.hpp>
#include <tenon/kernels/int8_products.hpp>

/// Sums of products of int16 activations with int8 weights, exact in 64 bits, by the rules of LiteRT's 16x8: portable
/// C++, the DSP instructions of Armv7E-M and Helium give the same numbers.
///
/// Weights are packed as for int8 (int8_products.hpp), but for the order of four columns: 0, 2, 1, 3. So the
/// instruction that widens bytes 0 and 2 of a word, or 1 and 3, makes pairs of neighbours, and activations are used as
/// they lie.
namespace tenon::kernels {

/// The column of the packed matrix that holds column `column`: of each four, 1 and 2 are exchanged.
constexpr size_t wide_column(size_t column) { return column / 4 * 4 + column % 2 * 2 + column / 2 % 2; }

/// Rows whose activations have 16 bits. A multiplier's lower 16 bits are 0, as LiteRT keeps only the upper ones; but of
/// `narrow` rows they may be there, as where LiteRT has biases of 32 bits.
struct WideRows : DenseRows {
  bool narrow = false;  // no sum of any row exceeds 32 bits, whatever the activations
};

namespace detail {

/// As many columns as fit, with weights from -128 on: 508 * 128 * 2^15 < 2^31.
inline constexpr size_t groups_in_32_bits = 127;

/// The products of a block, in portable C++.
TENON_INLINE constexpr void add_portable_block(PortableSums& s, const std::int8_t* w, const std::int16_t* x) {
  s.column(w, x[0]);
  s.column(w + 1, x[2]);
  s.column(w + 2, x[1]);
  s.column(w + 3, x[3]);
  if (!std::is_constant_evaluated()) end_of_block();
}

#if defined(__ARM_FEATURE_SIMD32)

/// Per block a load of four words and one of two, eight widenings and eight instructions of two products.
struct DspWideSums {
  std::int32_t s0, s1, s2, s3;

  TENON_INLINE void block(const std::int8_t* w, const std::int16_t* x) {
    std::uint32_t value[2], row[4];
    std::memcpy(value, __builtin_assume_aligned(x, 4), 8);
    std::memcpy(row, __builtin_assume_aligned(w, 4), 16);
    const auto first = static_cast<int16x2_t>(value[0]), second = static_cast<int16x2_t>(value[1]);
    s0 = __smlad(odd_bytes(row[0]), second, __smlad(even_bytes(row[0]), first, s0));
    s1 = __smlad(odd_bytes(row[1]), second, __smlad(even_bytes(row[1]), first, s1));
    s2 = __smlad(odd_bytes(row[2]), second, __smlad(even_bytes(row[2]), first, s2));
    s3 = __smlad(odd_bytes(row[3]), second, __smlad(even_bytes(row[3]), first, s3));
    end_of_block();
  }
};

#endif

#if defined(__ARM_FEATURE_MVE)

/// Four blocks of a row are widened as they are loaded: of each the bytes 0 and 2, or 1 and 3, beside the same words of
/// x. With z, the second column, weights are read once for both.
template <bool Both>
TENON_INLINE void add_wide_helium(const std::int8_t* w, const std::int16_t* x, const std::int16_t* z, size_t groups,
                                  FourSums& a, FourSums& b) {
  alignas(16) static constexpr std::uint16_t places[8]{0, 2, 16, 18, 32, 34, 48, 50};
  const uint16x8_t bytes = vld1q_u16(places);
  // Sums in an array would be written in every turn.
  std::int32_t a0 = a.of[0], a1 = a.of[1], a2 = a.of[2], a3 = a.of[3];
  std::int32_t b0 = b.of[0], b1 = b.of[1], b2 = b.of[2], b3 = b.of[3];
  for (; groups >= 4; groups -= 4, w += 64, x += 16, z += 16) {
    const int32x4x2_t first = vld2q_s32(reinterpret_cast<const std::int32_t*>(x));
    const int32x4x2_t second = Both ? vld2q_s32(reinterpret_cast<const std::int32_t*>(z)) : first;
    const auto add = [&](int row, std::int32_t& sum, std::int32_t& next) TENON_INLINE_LAMBDA {
      const int16x8_t even = vldrbq_gather_offset_s16(w + 4 * row, bytes);
      sum = vmladavaq_s16(sum, even, vreinterpretq_s16_s32(first.val[0]));
      if (Both) next = vmladavaq_s16(next, even, vreinterpretq_s16_s32(second.val[0]));
      const int16x8_t odd = vldrbq_gather_offset_s16(w + 4 * row + 1, bytes);
      sum = vmladavaq_s16(sum, odd, vreinterpretq_s16_s32(first.val[1]));
      if (Both) next = vmladavaq_s16(next, odd, vreinterpretq_s16_s32(second.val[1]));
    };
    add(0, a0, b0);
    add(1, a1, b1);
    add(2, a2, b2);
    add(3, a3, b3);
  }
  if (groups > 0) {  // what would lie behind the last blocks counts as zeros and is not read
    const mve_pred16_t there = vctp16q(static_cast<std::uint32_t>(2 * groups)),
                       words_there = vctp32q(static_cast<std::uint32_t>(groups));
    const uint32x4_t words = vidupq_n_u32(0, 8);
    const auto half = [&](const std::int16_t* from) TENON_INLINE_LAMBDA {
      return vreinterpretq_s16_s32(
          vldrwq_gather_offset_z_s32(reinterpret_cast<const std::int32_t*>(from), words, words_there));
    };
    const int16x8_t x0 = half(x), x1 = half(x + 2), z0 = Both ? half(z) : x0, z1 = Both ? half(z + 2) : x1;
    const auto add = [&](int row, std::int32_t& sum, std::int32_t& next) TENON_INLINE_LAMBDA {
      const int16x8_t even = vldrbq_gather_offset_z_s16(w + 4 * row, bytes, there),
                      odd = vldrbq_gather_offset_z_s16(w + 4 * row + 1, bytes, there);
      sum = vmladavaq_s16(vmladavaq_s16(sum, even, x0), odd, x1);
      if (Both) next = vmladavaq_s16(vmladavaq_s16(next, even, z0), odd, z1);
    };
    add(0, a0, b0);
    add(1, a1, b1);
    add(2, a2, b2);
    add(3, a3, b3);
  }
  a = {{a0, a1, a2, a3}};
  if (Both) b = {{b0, b1, b2, b3}};
}

#endif

}  // namespace detail

/// Adds the products of four packed rows with x, `groups` groups of four columns, to sums of 32 bits. Both are
/// 4-aligned.
TENON_INLINE constexpr void add_wide_products(const std::int8_t* w, const std::int16_t* x, size_t groups,
                                              FourSums& sums) {
#if defined(__ARM_FEATURE_SIMD32)
  if (!std::is_constant_evaluated()) {
#if defined(__ARM_FEATURE_MVE)
    FourSums none;
    return detail::add_wide_helium<false>(w, x, x, groups, sums, none);
#else
    detail::DspWideSums s{sums.of[0], sums.of[1], sums.of[2], sums.of[3]};
    for (; groups >= 4; groups -= 4, w += 64, x += 16) {
      s.block(w, x);
      s.block(w + 16, x + 4);
      s.block(w + 32, x + 8);
      s.block(w + 48, x + 12);
    }
    for (; groups > 0; --groups, w += 16, x += 4) s.block(w, x);
    sums = {{s.s0, s.s1, s.s2, s.s3}};
    return;
#endif
  }
#endif
  detail::PortableSums s{sums.of[0], sums.of[1], sums.of[2], sums.of[3]};
  for (; groups > 0; --groups, w += 16, x += 4) detail::add_portable_block(s, w, x);
  sums = {{s.s0, s.s1, s.s2, s.s3}};
}

#if defined(__ARM_FEATURE_SIMD32) && !defined(__ARM_FEATURE_MVE)
#define TENON_WIDE_PAIRS_MIXED
#endif

/// Numbers that a pair of columns of `size` numbers takes, the same on every machine.
constexpr size_t wide_pair_space(size_t size) { return 3 * size; }

/// Where column 0 or 1 is to be written. With the DSP instructions of Armv7E-M the two lie side by side, four numbers
/// of each by turns: as widened columns of int8 do (int8_pairs.hpp).
TENON_INLINE constexpr std::int16_t* wide_pair_column(std::int16_t* space, size_t size, bool second) {
#if defined(TENON_WIDE_PAIRS_MIXED)
  if (!std::is_constant_evaluated()) return space + 2 * size;
#endif
  return space + (second ? size : 0);
}

namespace detail {

#if defined(TENON_WIDE_PAIRS_MIXED)
/// Copies numbers by fours and leaves room for four behind each four; returns where the next ones go.
TENON_INLINE std::int16_t* mix_numbers(const std::int16_t* from, size_t size, std::int16_t* to) {
  const auto four = [](const std::int16_t* numbers, std::int16_t* place) TENON_INLINE_LAMBDA {
    std::uint32_t first, second;
    std::memcpy(&first, __builtin_assume_aligned(numbers, 4), 4);
    std::memcpy(&second, __builtin_assume_aligned(numbers + 2, 4), 4);
    std::memcpy(__builtin_assume_aligned(place, 4), &first, 4);
    std::memcpy(__builtin_assume_aligned(place + 2, 4), &second, 4);
    end_of_block();
  };
  for (; size >= 16; size -= 16, from += 16, to += 32) {
    four(from, to);
    four(from + 4, to + 8);
    four(from + 8, to + 16);
    four(from + 12, to + 24);
  }
  for (; size > 0; size -= 4, from += 4, to += 8) four(from, to);
  return to;
}
#endif

}  // namespace detail

/// To be called after a column has been written and before the next one is.
TENON_INLINE constexpr void keep_wide_column([[maybe_unused]] std::int16_t* space, [[maybe_unused]] size_t size,
                                             [[maybe_unused]] bool second) {
#if defined(TENON_WIDE_PAIRS_MIXED)
  if (!std::is_constant_evaluated()) detail::mix_numbers(space + 2 * size, size, space + (second ? 4 : 0));
#endif
}

/// A column of `lines` pieces of `length` numbers that lie `step` apart; zeros fill it up to `size`.
TENON_INLINE constexpr void take_wide_column(std::int16_t* space, size_t size, bool second, const std::int16_t* from,
                                             size_t lines, size_t length, size_t step) {
#if defined(TENON_WIDE_PAIRS_MIXED)
  if (!std::is_constant_evaluated() && (length | step) % 4 == 0 && reinterpret_cast<std::uintptr_t>(from) % 4 == 0) {
    std::int16_t* mixed = space + (second ? 4 : 0);
    for (; lines > 0; --lines, from += lines > 0 ? step : 0) mixed = detail::mix_numbers(from, length, mixed);
    return;
  }
#endif
  std::int16_t* const column = wide_pair_column(space, size, second);
  for (size_t i = size - 4; i < size; ++i) column[i] = 0;
  std::int16_t* to = column;
  for (; lines > 0; --lines, from += lines > 0 ? step : 0, to += length) detail::copy_numbers(from, length, to);
  keep_wide_column(space, size, second);
}

/// Adds the products of four packed rows with the pair of columns in `space`, of which each has `size` numbers: those
/// of `groups` groups of four columns, from one on.
TENON_INLINE constexpr void add_wide_pair(const std::int8_t* w, const std::int16_t* space, size_t size, size_t first,
                                          size_t groups, FourSums& a, FourSums& b) {
  w += 16 * first;
#if defined(TENON_WIDE_PAIRS_MIXED)
  if (!std::is_constant_evaluated()) {
    for (size_t r = 0; r < 4; r += 2) {
      detail::TwoByTwo s{a.of[r], b.of[r], a.of[r + 1], b.of[r + 1]};
      s.add(w + 4 * r, reinterpret_cast<const std::int8_t*>(space + 8 * first), groups);
      a.of[r] = s.s00, b.of[r] = s.s01, a.of[r + 1] = s.s10, b.of[r + 1] = s.s11;
    }
    return;
  }
#endif
  const std::int16_t *x = space + 4 * first, *z = x + size;
#if defined(__ARM_FEATURE_MVE)
  if (!std::is_constant_evaluated()) return detail::add_wide_helium<true>(w, x, z, groups, a, b);
#endif
  add_wide_products(w, x, groups, a);
  add_wide_products(w, z, groups, b);
}

/// What turns sums into numbers of the next tensor, within bounds.
struct WideWriter {
  const std::int32_t* multiplier;
  const std::int8_t* shift;
  std::int32_t low, high;

  TENON_INLINE constexpr explicit WideWriter(const WideRows& rows)
      : multiplier{rows.multiplier}, shift{rows.shift}, low{rows.low}, high{rows.high} {}

  /// Of 32 bits: with the upper half of a multiplier of 32 bits the usual rule is LiteRT's for sums of 64, which has
  /// one rounding, however LiteRT is built.
  TENON_INLINE constexpr std::int16_t number(size_t row, std::int32_t sum) const {
#if defined(__ARM_FEATURE_DSP)
    // ((h >> s) + 1) >> 1 = (h + (1 << s)) >> (s + 1): one multiplication that adds
    if (!std::is_constant_evaluated() && __builtin_expect(static_cast<std::uint8_t>(shift[row]) <= 20, 1)) {
      std::int32_t scaled;
      asm("smmla %0, %1, %2, %3" : "=r"(scaled) : "r"(sum), "r"(multiplier[row]), "r"(1 << shift[row]));
      return within(scaled >> (shift[row] + 1));
    }
#endif
    return within(Requantizer{multiplier[row], shift[row]}.once(sum));
  }
  /// Of 64 bits, below 2^47.
  TENON_INLINE constexpr std::int16_t number(size_t row, std::int64_t sum) const { return within(far(row, sum)); }

  /// Four sums become numbers of the next tensor, of which the first `count` are written.
  TENON_INLINE constexpr void write(size_t row, const FourSums& sums, size_t count, std::int16_t* y) const {
#if defined(__ARM_FEATURE_MVE)
    std::uint32_t shifts;
    if (!std::is_constant_evaluated()) {
      std::memcpy(&shifts, shift + row, 4);
      if ((shifts & 0x80808080U) == 0) {
        const int32x4_t down = vnegq_s32(vldrbq_s32(shift + row));
        int32x4_t value = vmulhq_s32(vld1q_s32(sums.of), vld1q_s32(multiplier + row));
        value = vrshrq_n_s32(vshlq_s32(value, down), 1);
        value = vminq_s32(vmaxq_s32(value, vdupq_n_s32(low)), vdupq_n_s32(high));
        return vstrhq_p_s32(y, value, vctp32q(static_cast<std::uint32_t>(count)));
      }
    }
#elif defined(__ARM_FEATURE_DSP)
    std::uint32_t shifts;
    if (!std::is_constant_evaluated() && count == 4 && high == 32767) {
      std::memcpy(&shifts, shift + row, 4);
      if (((shifts | (shifts + 0x6B6B6B6BU)) & 0x80808080U) == 0) {  // from 0 to 20
        const std::int32_t* by = multiplier + row;
        const auto put = [&](size_t r) TENON_INLINE_LAMBDA {
          const auto down = static_cast<std::int32_t>(shifts >> (8 * r) & 0xFF);
          std::int32_t value;
          asm("smmla %0, %1, %2, %3" : "=r"(value) : "r"(sums.of[r]), "r"(by[r]), "r"(1 << down));
          value = saturated<16>((value >> down) >> 1);
          y[r] = static_cast<std::int16_t>(value < low ? low : value);
        };
        put(0), put(1), put(2), put(3);
        return;
      }
    }
#endif
    for (size_t r = 0; r < count; ++r) y[r] = number(row + r, sums.of[r]);
  }

private:
  [[gnu::noinline]] constexpr std::int32_t far(size_t row, std::int64_t sum) const {
    const int down = 17 + shift[row];
    return static_cast<std::int32_t>((sum * (multiplier[row] >> 16) + (std::int64_t{1} << (down - 1))) >> down);
  }
  TENON_INLINE constexpr std::int16_t within(std::int32_t value) const {
    value = saturated<16>(value);
    value = value < low ? low : value;
    return static_cast<std::int16_t>(value > high ? high : value);
  }
};

/// The sums of four rows that may exceed 32 bits, of `groups` groups of four columns: part(first, groups) gives those
/// of some.
template <class Part>
TENON_INLINE constexpr void add_far_sums(size_t groups, std::int64_t (&sums)[4], Part part) {
  for (size_t first = 0; first < groups;) {
    const size_t now = groups - first < detail::groups_in_32_bits ? groups - first : detail::groups_in_32_bits;
    const FourSums some = part(first, now);
    for (size_t r = 0; r < 4; ++r) sums[r] += some.of[r];
    first += now;
  }
}

/// y = requantise(W x + b), clamped to [low, high]; x and y have room for whole groups of four and are 4-aligned.
[[gnu::noinline]] constexpr void dense_int16(const WideRows& rows, const std::int16_t* x, std::int16_t* y) {
  const WideWriter write(rows);
  const std::int8_t* w = rows.weights;
  for (size_t row = 0; row < 4 * rows.out_groups; row += 4, w += rows.in_groups * 16) {
    const std::int32_t* bias = rows.bias + row;
    if (rows.narrow) {
      FourSums sums{{bias[0], bias[1], bias[2], bias[3]}};
      add_wide_products(w, x, rows.in_groups, sums);
      write.write(row, sums, 4, y + row);
    } else {
      std::int64_t sums[4]{bias[0], bias[1], bias[2], bias[3]};
      add_far_sums(rows.in_groups, sums, [&](size_t first, size_t groups) TENON_INLINE_LAMBDA {
        FourSums some;
        add_wide_products(w + 16 * first, x + 4 * first, groups, some);
        return some;
      });
      for (size_t r = 0; r < 4; ++r) y[row + r] = write.number(row + r, sums[r]);
    }
  }
}

#undef TENON_WIDE_PAIRS_MIXED

}  // namespace tenon::kernels
