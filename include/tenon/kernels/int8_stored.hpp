#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tenon/inline.hpp>
#include <tenon/kernels/int8_images.hpp>
#include <tenon/kernels/int8_products.hpp>

/// Layers whose weights take less flash than the other kernels read: four bits each, or one scale for all rows. A few
/// rows of a convolution at a time become what those kernels read, so the numbers are the same, byte for byte; dense
/// layers are multiplied as they lie.
///
/// Two blocks of four rows by four columns that follow on one another in the packed order are 16 bytes: byte i holds
/// number i of the first in its lower half and number i of the second in its upper one, both in two's complement. Where
/// four rows have an odd number of blocks the last upper halves are zeros.
namespace tenon::kernels {

/// How the weights of a DenseRows lie. With one scale `multiplier` and `shift` are four equal numbers.
struct StoredRows {
  bool in_four_bits = false, one_scale = false;
};

/// Bytes of the weights of `row_groups` groups of four rows by `groups` groups of four columns.
constexpr size_t stored_bytes(size_t row_groups, size_t groups, bool in_four_bits) {
  return row_groups * (in_four_bits ? (groups + 1) / 2 : groups) * 16;
}

/// Puts the weight at `place` of the packed order (`packed_place`), from -7 to 7; those not yet put are 0.
constexpr void put_four_bits(std::int8_t* weights, size_t place, size_t groups, std::int32_t value) {
  const size_t block = place / 16, row_group = block / groups, column = block % groups;
  std::int8_t& both = weights[stored_bytes(row_group, groups, true) + column / 2 * 16 + place % 16];
  const std::uint32_t shift = column % 2 * 4, kept = static_cast<std::uint8_t>(both) & (0xF0U >> shift);
  both = static_cast<std::int8_t>(static_cast<std::uint8_t>(kept | (static_cast<std::uint32_t>(value) & 15U) << shift));
}

namespace detail {

/// Sign-extends four numbers of four bits, which are the lower halves of four bytes, to bytes.
TENON_INLINE constexpr std::uint32_t widened(std::uint32_t halves) {
  return (((halves & 0x0F0F0F0FU) ^ 0x08080808U) + 0x78787878U) ^ 0x80808080U;
}

/// `count` blocks in four bits become blocks of bytes. Both are 4-aligned.
TENON_INLINE constexpr void unpack_blocks(const std::int8_t* from, size_t count, std::int8_t* to) {
  if (std::is_constant_evaluated()) {
    for (size_t i = 0; i < 16 * count; ++i) {
      const int both = from[i / 32 * 16 + i % 16];
      to[i] = static_cast<std::int8_t>(i % 32 < 16 ? ((both & 15) ^ 8) - 8 : both >> 4);
    }
    return;
  }
  for (; count > 0; from += 16, to += 32) {
#if defined(__ARM_FEATURE_MVE)
    const int8x16_t both = vld1q_s8(from);
    vst1q_s8(to, vshrq_n_s8(vshlq_n_s8(both, 4), 4));
    if (count > 1) vst1q_s8(to + 16, vshrq_n_s8(both, 4));
#else
    std::uint32_t word[4];
    std::memcpy(word, __builtin_assume_aligned(from, 4), 16);
    const std::uint32_t first[4]{widened(word[0]), widened(word[1]), widened(word[2]), widened(word[3])};
    std::memcpy(__builtin_assume_aligned(to, 4), first, 16);
    if (count > 1) {
      for (std::uint32_t& w : word) w = widened(w >> 4U);
      std::memcpy(__builtin_assume_aligned(to + 16, 4), word, 16);
    }
#endif
    count -= count > 1 ? 2 : 1;
  }
}

#if defined(__ARM_FEATURE_SIMD32) && !defined(__ARM_FEATURE_MVE)
#define TENON_FOUR_BIT_DSP

/// Two numbers of four bits, at the upper ends of two halves of a word, are 4096 times themselves; the shift costs
/// nothing.
template <unsigned Up>
TENON_INLINE int16x2_t two_halves(std::uint32_t word, std::uint32_t mask) {
  int16x2_t result;
  asm("and %0, %1, %2, lsl %3" : "=r"(result) : "r"(mask), "r"(word), "i"(Up));
  return result;
}

/// The columns of two blocks, widened.
struct FourBitColumns {
  int16x2_t even, odd, next_even, next_odd;
  std::uint32_t mask;

  TENON_INLINE FourBitColumns(std::uint32_t first, std::uint32_t second, std::uint32_t upper_halves)
      : even{even_bytes(first)},
        odd{odd_bytes(first)},
        next_even{even_bytes(second)},
        next_odd{odd_bytes(second)},
        mask{upper_halves} {}
  /// Eight products of one row.
  TENON_INLINE std::int32_t add(std::uint32_t row, std::int32_t sum) const {
    sum = __smlad(two_halves<12>(row, mask), even, sum);
    sum = __smlad(two_halves<4>(row, mask), odd, sum);
    sum = __smlad(two_halves<8>(row, mask), next_even, sum);
    return __smlad(static_cast<int16x2_t>(row & mask), next_odd, sum);
  }
};

TENON_INLINE std::uint32_t word_at(const std::int8_t* place) {
  std::uint32_t word;
  std::memcpy(&word, __builtin_assume_aligned(place, 4), 4);
  return word;
}

/// As `add_products`, straight from four bits: 4096 times the sum of 256 columns, which 32 bits hold, and so on. About
/// 1.8 instructions a product, loop and all.
TENON_INLINE void add_four_bits(const std::int8_t* w, const std::int8_t* x, size_t groups, FourSums& sums) {
  constexpr std::uint32_t mask = 0xF000F000U;
  while (groups > 0) {
    std::int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    const auto add = [&](std::uint32_t first, std::uint32_t second) TENON_INLINE_LAMBDA {
      const FourBitColumns columns(first, second, mask);
      s0 = columns.add(word_at(w), s0);
      s1 = columns.add(word_at(w + 4), s1);
      s2 = columns.add(word_at(w + 8), s2);
      s3 = columns.add(word_at(w + 12), s3);
      w += 16;
      end_of_block();
    };
    const size_t count = groups < 64 ? groups : 64;
    groups -= count;
    for (size_t pairs = count / 2; pairs > 0; --pairs, x += 8) add(word_at(x), word_at(x + 4));
    if (count % 2 != 0) add(word_at(x), 0);
    sums.of[0] += s0 >> 12;
    sums.of[1] += s1 >> 12;
    sums.of[2] += s2 >> 12;
    sums.of[3] += s3 >> 12;
  }
}
#elif defined(__ARM_FEATURE_MVE)
#define TENON_FOUR_BIT_HELIUM

/// As `add_products`, eight blocks at a time: Helium takes them apart into rows as it loads them, and words of x into
/// those of even and of odd blocks. What is left over stays.
TENON_INLINE void add_four_bits(const std::int8_t*& w, const std::int8_t*& x, size_t& groups, FourSums& sums) {
  std::int32_t s0 = sums.of[0], s1 = sums.of[1], s2 = sums.of[2], s3 = sums.of[3];
  for (; groups >= 8; groups -= 8, w += 64, x += 32) {
    const int32x4x4_t rows = vld4q_s32(reinterpret_cast<const std::int32_t*>(w));
    const int32x4x2_t columns = vld2q_s32(reinterpret_cast<const std::int32_t*>(x));
    const int8x16_t even = vreinterpretq_s8_s32(columns.val[0]), odd = vreinterpretq_s8_s32(columns.val[1]);
    const auto add = [&](int32x4_t row, std::int32_t sum) TENON_INLINE_LAMBDA {
      const int8x16_t both = vreinterpretq_s8_s32(row);
      sum = vmladavaq_s8(sum, vshrq_n_s8(vshlq_n_s8(both, 4), 4), even);
      return vmladavaq_s8(sum, vshrq_n_s8(both, 4), odd);
    };
    s0 = add(rows.val[0], s0);
    s1 = add(rows.val[1], s1);
    s2 = add(rows.val[2], s2);
    s3 = add(rows.val[3], s3);
  }
  sums = {{s0, s1, s2, s3}};
}
#endif

/// As `add_products`, with weights in four bits.
TENON_INLINE constexpr void add_stored(const std::int8_t* w, const std::int8_t* x, size_t groups, FourSums& sums) {
#if defined(TENON_FOUR_BIT_DSP)
  if (!std::is_constant_evaluated()) return add_four_bits(w, x, groups, sums);
#elif defined(TENON_FOUR_BIT_HELIUM)
  if (!std::is_constant_evaluated()) add_four_bits(w, x, groups, sums);
#endif
  constexpr size_t most = 8;
  alignas(4) std::int8_t blocks[16 * most];  // filled before it is read
  for (size_t done = 0; done < groups;) {
    const size_t count = groups - done < most ? groups - done : most;
    unpack_blocks(w + 8 * done, count, blocks);
    add_products(blocks, x + 4 * done, count, sums);
    done += count;
  }
}

}  // namespace detail

/// How many rows are unpacked, or given their scale, at a time: 4 to 64, and of weights in four bits no more than make
/// a kilobyte of bytes, if that is four rows.
constexpr size_t rows_at_once(size_t rows, size_t columns, bool in_four_bits) {
  const size_t wanted = in_four_bits ? 1024 / (columns == 0 ? 1 : columns) / 4 * 4 : 64;
  const size_t most = wanted < 4 ? 4 : wanted > 64 ? 64 : wanted;
  return rows < most ? rows : most;
}

/// Scratch in which `rows` rows at a time, a multiple of four, take the form that the other kernels read.
struct StoredSpace {
  size_t rows = 4;
  std::int8_t* weights = nullptr;      // rows times columns bytes, of convolutions in four bits
  std::int32_t* multiplier = nullptr;  // and shifts, of layers with one scale
  std::int8_t* shift = nullptr;

  /// All rows' multipliers are the first one.
  constexpr void repeat_scale(const DenseRows& all, DenseRows& part) const {
    for (size_t i = 0; i < rows; ++i) multiplier[i] = all.multiplier[0], shift[i] = all.shift[0];
    part.multiplier = multiplier;
    part.shift = shift;
  }
};

/// As `dense_int8`, with weights in four bits.
template <class Bias>
[[gnu::noinline]] constexpr void dense_four_bits_int8(const DenseRowsOf<Bias>& rows, bool one_scale,
                                                      const std::int8_t* x, std::int8_t* y) {
  const size_t bytes = stored_bytes(1, rows.in_groups, true);
  for (size_t group = 0; group < rows.out_groups; ++group, y += 4) {
    const Bias* bias = rows.bias + 4 * group;
    FourSums sums{{bias[0], bias[1], bias[2], bias[3]}};
    detail::add_stored(rows.weights + group * bytes, x, rows.in_groups, sums);
    const size_t scale = one_scale ? 0 : 4 * group;
    for (size_t r = 0; r < 4; ++r) {
      std::int32_t value = Requantizer{rows.multiplier[scale + r], rows.shift[scale + r]}(sums.of[r]) + rows.zero;
      value = value < rows.low ? rows.low : value;
      y[r] = static_cast<std::int8_t>(value > rows.high ? rows.high : value);
    }
  }
}

/// As `convolution_int8`, without groups.
[[gnu::noinline]] constexpr void convolution_stored_int8(const DenseRows& rows, StoredRows stored,
                                                         const StoredSpace& space, const Convolution& c,
                                                         std::int8_t outside, const std::int8_t* x, std::int8_t* y,
                                                         std::int8_t* scratch) {
  const size_t columns = rows.in_groups * 4;
  DenseRows part = rows;
  if (stored.one_scale) space.repeat_scale(rows, part);
  for (size_t first = 0; first < c.features; first += space.rows) {
    const size_t features = c.features - first < space.rows ? c.features - first : space.rows;
    part.out_groups = in_fours(features) / 4;
    part.bias = rows.bias + first;
    part.weights = rows.weights + stored_bytes(first / 4, rows.in_groups, stored.in_four_bits);
    if (stored.in_four_bits) {
      for (size_t group = 0; group < part.out_groups; ++group)
        detail::unpack_blocks(part.weights + stored_bytes(group, rows.in_groups, true), rows.in_groups,
                              space.weights + 4 * columns * group);
      part.weights = space.weights;
    }
    if (!stored.one_scale) part.multiplier = rows.multiplier + first, part.shift = rows.shift + first;
    detail::convolve_rows(detail::PairOfPixels{part, 0, columns, scratch}, c, 0, features, outside, x, y + first,
                          scratch);
  }
}

}  // namespace tenon::kernels
