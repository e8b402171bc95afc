#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tenon/inline.hpp>
#include <tenon/kernels/convolution.hpp>
#include <tenon/kernels/int8_channels.hpp>
#include <tenon/kernels/int8_pairs.hpp>
#include <tenon/kernels/int8_products.hpp>
#include <tenon/kernels/int8_thumb.hpp>

/// Convolutions of int8 images, exact in int32 and the same on every machine.
///
/// An image lies pixel by pixel, (height, width, channels): what a window meets in one of its rows lies
/// together, and so do the channels that a pool treats alike.
namespace tenon::kernels {

namespace detail {

template <class Number>
constexpr Number* fill_numbers(Number* to, size_t count, Number value) {
#if defined(__ARM_FEATURE_MVE)
  if constexpr (sizeof(Number) == 1) {
    if (!std::is_constant_evaluated())
      for (; count >= 16; count -= 16, to += 16) vst1q_s8(to, vdupq_n_s8(value));
  }
#endif
  for (; count > 0; --count) {
    *to++ = value;
#if defined(TENON_M0_KERNELS) || defined(TENON_THUMB_KERNELS)
    // or it is memset, beneath the deepest of all functions, and for a few bytes a long way
    if (!std::is_constant_evaluated()) end_of_block();
#endif
  }
  return to;
}

/// Which taps of a window lie inside the image.
struct TapRange {
  size_t first = 0, end = 0;

  constexpr TapRange(const ConvolutionAxis& a, size_t position) : end{a.kernel} {
    const size_t start = position * a.stride;
    while (first < end && start + first * a.dilation < a.before) ++first;
    while (end > first && start + (end - 1) * a.dilation >= a.before + a.image) --end;
  }
  /// Where tap `tap` of the window lies.
  static constexpr size_t place(const ConvolutionAxis& a, size_t position, size_t tap) {
    return position * a.stride + tap * a.dilation - a.before;
  }
};

/// What the weights of one position meet, tap by tap, with `outside` around the image.
template <class Number>
constexpr void gather_window(const Convolution& c, size_t group, size_t row, const TapRange& rows, size_t column,
                             Number outside, const Number* x, Number* to) {
  const size_t own = c.group_channels();
  const TapRange inside(c.x, column);
  const bool together = c.x.dilation == 1 && c.groups == 1;
  for (size_t tap = 0; tap < c.y.kernel; ++tap) {
    if (tap < rows.first || tap >= rows.end || inside.first == inside.end) {
      to = fill_numbers(to, c.x.kernel * own, outside);
      continue;
    }
    to = fill_numbers(to, inside.first * own, outside);
    const size_t place = TapRange::place(c.y, row, tap) * c.x.image + TapRange::place(c.x, column, inside.first);
    const Number* from = x + place * c.channels + group * own;
    const size_t size = together ? (inside.end - inside.first) * own : own;
    for (size_t i = together ? inside.end - 1 : inside.first; i < inside.end; ++i, to += size) {
      copy_numbers(from, size, to);
      from += c.x.dilation * c.channels;
    }
    to = fill_numbers(to, (c.x.kernel - inside.end) * own, outside);
  }
  const size_t size = c.taps() * own;
  fill_numbers(to, in_fours(size) - size, Number{0});
}

/// How sums become numbers of the next tensor.
struct PixelWriter {
  const std::int32_t* multiplier;
  const std::int8_t* shift;
  std::int32_t zero, low, high;
  bool whole = low == -128 && high == 127;  // no bounds but those of int8

  TENON_INLINE constexpr explicit PixelWriter(const DenseRows& rows)
      : multiplier{rows.multiplier}, shift{rows.shift}, zero{rows.zero}, low{rows.low}, high{rows.high} {}

  TENON_INLINE constexpr std::int8_t number(std::int32_t sum, const Requantizer& scale) const {
    std::int32_t value = saturated(scale(sum) + zero);
    if (!whole) {
      value = value < low ? low : value;
      value = value > high ? high : value;
    }
    return static_cast<std::int8_t>(value);
  }
#if defined(__ARM_FEATURE_DSP)
  /// The last rounding may take the zero point along, in one multiplication that adds:
  /// ((h >> s) + 1 >> 1) + z = (h + ((1 + 2 z) << s)) >> (s + 1).
  TENON_INLINE static bool is_quick(const Requantizer& scale) { return static_cast<std::uint32_t>(scale.shift) <= 20; }
  TENON_INLINE std::int8_t quick(std::int32_t sum, const Requantizer& scale) const {
    std::int32_t scaled;
    asm("smmla %0, %1, %2, %3" : "=r"(scaled) : "r"(sum), "r"(scale.multiplier), "r"((1 + 2 * zero) << scale.shift));
    return static_cast<std::int8_t>(saturated(scaled >> (scale.shift + 1)));
  }
#endif
  TENON_INLINE constexpr Requantizer scale(size_t row) const { return {multiplier[row], shift[row]}; }
  TENON_INLINE constexpr void write(size_t row, const FourSums& sums, size_t count, std::int8_t* y) const {
#if defined(TENON_M0_KERNELS)
    if (!std::is_constant_evaluated() && whole && count == 4 &&
        write_four(sums.of, multiplier + row, shift + row, zero, y))
      return;
#endif
    for (size_t r = 0; r < count; ++r) y[r] = number(sums.of[r], scale(row + r));
  }
};

/// What becomes of the sums of four rows and two pixels.
struct PairUse {
  const PixelWriter& write;
  size_t first_row, features;
  std::int8_t* y;
  std::int8_t* next;

  TENON_INLINE constexpr void operator()(size_t r, std::int32_t a, std::int32_t b) const {
    const size_t row = first_row + r;
    if (row >= features) return;
    const Requantizer scale = write.scale(row);
#if defined(__ARM_FEATURE_DSP)
    if (!std::is_constant_evaluated() && write.whole && __builtin_expect(PixelWriter::is_quick(scale), 1)) {
      next[row] = write.quick(b, scale);
      y[row] = write.quick(a, scale);
      return;
    }
#endif
    next[row] = write.number(b, scale);
    y[row] = write.number(a, scale);
  }
#if defined(__ARM_FEATURE_MVE)
  /// All four rows in a vector, if no scale is above a quarter.
  TENON_INLINE bool operator()(const FourSums& a, const FourSums& b) const {
    std::uint32_t shifts;
    std::memcpy(&shifts, write.shift + first_row, 4);
    if ((shifts & 0x80808080U) != 0) return false;
    const int32x4_t multiplier = vld1q_s32(write.multiplier + first_row);
    const int32x4_t down = vnegq_s32(vldrbq_s32(write.shift + first_row));
    const mve_pred16_t there = vctp32q(static_cast<std::uint32_t>(features - first_row));
    const auto store = [&](const FourSums& sums, std::int8_t* to) TENON_INLINE_LAMBDA {
      int32x4_t value = vrshrq_n_s32(vshlq_s32(vmulhq_s32(vld1q_s32(sums.of), multiplier), down), 1);
      value = vaddq_n_s32(value, write.zero);
      value = vminq_s32(vmaxq_s32(value, vdupq_n_s32(write.low)), vdupq_n_s32(write.high));
      vstrbq_p_s32(to + first_row, value, there);
    };
    store(b, next);
    store(a, y);
    return true;
  }
#endif
};

/// Computes pixels by twos. One whose columns are there waits for its neighbour.
struct PairOfPixels {
  const DenseRows& all;    // of all groups
  size_t first_row, size;  // of one group; bytes of a row
  std::int8_t* scratch;
  std::int8_t* first = nullptr;
  std::uint8_t waiting = 0;
  bool quick = false;  // for the loop by hand
#if defined(TENON_THUMB_KERNELS)
  // what that loop begins with
  const std::int32_t* first_multiplier;
  const std::int8_t* first_shift;
  const std::int32_t* first_bias;
  const std::int8_t* first_weights;
  size_t left_out;
#endif

  constexpr PairOfPixels(const DenseRows& rows, size_t group, size_t row_size, std::int8_t* space)
      : all{rows}, first_row{group * rows.out_groups * 4}, size{row_size}, scratch{space} {}

  TENON_INLINE constexpr const std::int8_t* weights() const { return all.weights + first_row * size; }
  TENON_INLINE constexpr const std::int32_t* bias() const { return all.bias + first_row; }
  TENON_INLINE constexpr const std::int32_t* multiplier() const { return all.multiplier + first_row; }
  TENON_INLINE constexpr const std::int8_t* shift() const { return all.shift + first_row; }

  /// Once it is known how many features there are.
  TENON_INLINE constexpr void prepare([[maybe_unused]] size_t features) {
#if defined(TENON_THUMB_KERNELS)
    if (std::is_constant_evaluated()) return;
    quick = all.low == -128 && all.high == 127 && features % 2 == 0 && shifts_are_quick(shift(), features);
    first_multiplier = multiplier();
    first_shift = shift();
    first_bias = bias();
    first_weights = weights();
    left_out = ThumbPair::left_out(all.in_groups);
#elif defined(TENON_HELIUM_KERNELS)
    if (!std::is_constant_evaluated())
      quick = all.low == -128 && all.high == 127 && features % 4 == 0 && shifts_are_down(shift(), features);
#elif defined(TENON_M0_KERNELS)
    if (!std::is_constant_evaluated()) quick = all.low == -128 && all.high == 127 && shifts_are_down(shift(), features);
#endif
  }
  TENON_INLINE constexpr void add(size_t features, std::int8_t* pixel) {
#if defined(TENON_M0_KERNELS)
    if (!std::is_constant_evaluated()) return compute_by_hand(features, pixel, pixel);
#endif
    if (waiting == 1) compute(features, first, pixel);
    first = pixel;
    waiting ^= 1;
  }
  /// The column of a window that leaves the image, or is not in one piece.
  TENON_INLINE constexpr void gather(const Convolution& c, size_t group, size_t row, const TapRange& taps,
                                     size_t column, std::int8_t outside, const std::int8_t* x) {
    gather_window(c, group, row, taps, column, outside, x, pair_column(scratch, size, waiting));
    keep_pair_column(scratch, size, waiting);
  }
  constexpr void finish(size_t features) {
    if (waiting == 1) compute(features, first, first);
  }

private:
  /// The first pixel is written last: it may be the second one too, whose column is nobody's then.
  TENON_INLINE constexpr void compute(size_t features, std::int8_t* y, std::int8_t* next) const {
#if defined(TENON_THUMB_KERNELS) || defined(TENON_HELIUM_KERNELS) || defined(TENON_M0_KERNELS)
    if (!std::is_constant_evaluated() && quick) return compute_by_hand(features, y, next);
#endif
    compute_by_fours(features, y, next);
  }
  // Each by itself, or the stack would have to hold what both need.
  [[gnu::noinline]] constexpr void compute_by_fours(size_t features, std::int8_t* y, std::int8_t* next) const {
    PixelWriter writer(all);
    writer.multiplier += first_row;
    writer.shift += first_row;
    const std::int8_t* w = weights();
    for (size_t row = 0; row < all.out_groups * 4; row += 4, w += all.in_groups * 16)
      pair_products(w, scratch, all.in_groups, bias() + row, PairUse{writer, row, features, y, next});
  }
#if defined(TENON_THUMB_KERNELS)
  [[gnu::noinline]] void compute_by_hand(size_t features, std::int8_t* y, std::int8_t* next) const {
    const auto row_bytes = static_cast<std::int32_t>(all.in_groups * 16);
    ThumbPair state;
    state.multiplier = first_multiplier;
    state.shift = first_shift;
    state.y = y;
    state.next = next;
    state.half = 1 + 2 * all.zero;
    state.bias = first_bias;
    state.step = 8 - row_bytes;
    state.other_step = -8;
    state.x = scratch;
    state.x_end = scratch + row_bytes;
    state.y_end = y + features;
    multiply_pair_thumb(state, first_weights, left_out);
  }
#elif defined(TENON_HELIUM_KERNELS)
  [[gnu::noinline]] void compute_by_hand(size_t features, std::int8_t* y, std::int8_t* next) const {
    HeliumPair state;
    state.multiplier = multiplier();
    state.shift = shift();
    end_of_block();  // or g++ brings four members together in a vector on the stack
    state.y = y;
    state.next = next;
    state.bias = bias();
    state.groups = all.in_groups % 4;
    state.first = scratch;
    state.second = scratch + 4 * all.in_groups;
    state.fours = all.in_groups / 4;
    state.zero = all.zero;
    state.y_end = y + features;
    state.weights = weights();
    multiply_pair_helium(state);
  }
#elif defined(TENON_M0_KERNELS)
  [[gnu::noinline]] void compute_by_hand(size_t features, std::int8_t* y, std::int8_t*) const {
    const auto* x = reinterpret_cast<const std::int32_t*>(scratch);
    size_t row = quick ? features / 4 * 4 : 0;
    if (row > 0) {
      WordColumn column{.weights = weights(),
                        .x = x,
                        .x_end = x + 4 * all.in_groups,
                        .bias = bias(),
                        .multiplier = multiplier(),
                        .shift = shift(),
                        .y = y,
                        .zero = all.zero,
                        .y_end = y + row};
      multiply_column_m0(column);
    }
    PixelWriter writer(all);
    writer.multiplier += first_row;
    writer.shift += first_row;
    for (; row < features; ++row) {
      std::int32_t sum = bias()[row];
      const std::int8_t* w = weights() + packed_place(row, 0, 4 * all.in_groups);
      for (size_t group = 0; group < all.in_groups; ++group, w += 16)
        for (size_t i = 0; i < 4; ++i) sum += w[i] * x[4 * group + i];
      y[row] = writer.number(sum, writer.scale(row));
    }
  }
#endif
};

/// Bytes from line to line of a window of three lines of nine bytes, as 3x3 pixels of three colours are; 0 of others.
TENON_INLINE constexpr size_t line_of_colours(const Convolution& c) {
  return c.groups == 1 && c.y.kernel == 3 && c.x.kernel * c.channels == 9 ? c.y.dilation * c.x.image * c.channels : 0;
}

/// Whether the loops by hand are there, which leave more of the stack to the walk over pixels than portable code does.
#if defined(TENON_THUMB_KERNELS) || defined(TENON_HELIUM_KERNELS) || defined(TENON_M0_KERNELS)
inline constexpr bool walk_has_room = true;
#else
inline constexpr bool walk_has_room = false;
#endif

/// All positions of some rows of one group, the first of which is written at y. What is read of `c` in each turn needs
/// no place on the stack.
TENON_INLINE constexpr void convolve_rows(PairOfPixels pair, const Convolution& c, size_t group, size_t features,
                                          std::int8_t outside, const std::int8_t* x, std::int8_t* y,
                                          std::int8_t* scratch) {
  pair.prepare(features);
  const size_t own = c.group_channels();
  [[maybe_unused]] const size_t colours = line_of_colours(c);
  size_t to = group * c.group_features();  // no pointer: of the last group it would leave the image
  for (size_t r = 0; r < c.y.map; ++r) {
    const TapRange taps(c.y, r);
    const auto first_line = [&]() TENON_INLINE_LAMBDA {
      return TapRange::place(c.y, r, 0) * c.x.image * c.channels + group * own;
    };
    [[maybe_unused]] const size_t line = walk_has_room ? first_line() : 0;
    // Windows that begin before this column lie within the image, each line in one piece.
    const bool within = taps.first == 0 && taps.end == c.y.kernel && (c.groups == 1 ? c.x.dilation : c.x.kernel) == 1;
    const size_t end = within && c.x.kernel <= c.x.image ? c.x.image - c.x.kernel + 1 : 0;
    size_t column = 0 - c.x.before;  // unsigned, so that a place in front of the image is one beyond it
    for (size_t q = 0; q < c.x.map; ++q, to += c.features, column += c.x.stride) {
      if (column >= end) {
        pair.gather(c, group, r, taps, q, outside, x);
      } else {
        const std::int8_t* from = x + (walk_has_room ? line : first_line()) + column * c.channels;
#if defined(TENON_WIDENED_PAIRS)
        if (!std::is_constant_evaluated() && colours > 0) widen_colours(from, colours, scratch + 8 * pair.waiting);
        else
#endif
          take_pair_column(scratch, pair.size, pair.waiting, from, c.y.kernel, c.x.kernel * own,
                           c.y.dilation * c.x.image * c.channels);
      }
      pair.add(features, y + to);
    }
  }
  pair.finish(features);
}

}  // namespace detail

/// Bytes of scratch that `convolution_int8` needs.
constexpr size_t convolution_int8_scratch(const Convolution& c) {
  return pair_space(in_fours(c.taps() * c.group_channels()));
}

/// y = requantise(W * x + b), clamped to [low, high]; two positions of the window at a time, for which
/// each weight is read once. `rows` are those of all groups, each filled up to fours; `outside` is the
/// input's zero point. Scratch is 4-aligned.
[[gnu::noinline]] constexpr void convolution_int8(const DenseRows& rows, const Convolution& c, std::int8_t outside,
                                                  const std::int8_t* x, std::int8_t* y, std::int8_t* scratch) {
  const size_t features = c.group_features();
  for (size_t group = 0; group < c.groups; ++group)
    detail::convolve_rows(detail::PairOfPixels{rows, group, rows.in_groups * 4, scratch}, c, group, features, outside,
                          x, y, scratch);
}

}  // namespace tenon::kernels
