#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tenon/kernels/int16_products.hpp>
#include <tenon/kernels/int8_depthwise.hpp>
#include <tenon/kernels/int8_images.hpp>

/// Convolutions of int16 images with int8 weights, exact and the same on every machine. An image lies pixel by pixel,
/// as in int8.
namespace tenon::kernels {

/// How many int16 of scratch `convolution_int16` needs.
constexpr size_t convolution_int16_scratch(const Convolution& c) {
  return wide_pair_space(in_fours(c.taps() * c.group_channels()));
}

namespace detail {

/// Multiplies the rows of one group with the windows of two pixels. The first pixel is written last: where a single
/// pixel is left, the second is written to the same place and is overwritten.
[[gnu::noinline]] constexpr void multiply_wide_pair(const WideRows& rows, const std::int16_t* columns, size_t features,
                                                    std::int16_t* y, std::int16_t* next) {
  const WideWriter write(rows);
  const size_t size = 4 * rows.in_groups;
  const std::int8_t* w = rows.weights;
  for (size_t row = 0; row < features; row += 4, w += 4 * size) {
    const size_t count = features - row < 4 ? features - row : 4;
    const std::int32_t* bias = rows.bias + row;
    if (rows.narrow) {
      FourSums a{{bias[0], bias[1], bias[2], bias[3]}}, b = a;
      add_wide_pair(w, columns, size, 0, rows.in_groups, a, b);
      write.write(row, b, count, next + row);
      write.write(row, a, count, y + row);
      continue;
    }
    const auto far = [&](bool second, std::int16_t* to) TENON_INLINE_LAMBDA {
      std::int64_t sums[4]{bias[0], bias[1], bias[2], bias[3]};
      add_far_sums(rows.in_groups, sums, [&](size_t first, size_t groups) TENON_INLINE_LAMBDA {
        FourSums a, b;
        add_wide_pair(w, columns, size, first, groups, a, b);
        return second ? b : a;
      });
      for (size_t r = 0; r < count; ++r) to[row + r] = write.number(row + r, sums[r]);
    };
    far(true, next);
    far(false, y);
  }
}

#if defined(TENON_THUMB_KERNELS)
/// Whether the loop by hand takes these rows.
inline bool takes_wide_pairs(const WideRows& rows, size_t features) {
  return rows.narrow && (rows.low == -32768 || rows.low == 0) && rows.high == 32767 && features % 2 == 0 &&
         shifts_are_quick(rows.shift, features);
}
[[gnu::noinline]] inline void multiply_wide_pair_by_hand(const WideRows& rows, const std::int16_t* columns,
                                                         size_t features, std::int16_t* y, std::int16_t* next) {
  const auto row_bytes = static_cast<std::int32_t>(rows.in_groups * 16);
  const auto* x = reinterpret_cast<const std::int8_t*>(columns);
  ThumbPair state{.multiplier = rows.multiplier,
                  .shift = rows.shift,
                  .y = reinterpret_cast<std::int8_t*>(y),
                  .next = reinterpret_cast<std::int8_t*>(next),
                  .half = 1,
                  .bias = rows.bias,
                  .step = 8 - row_bytes,
                  .other_step = -8,
                  .x = x,
                  .x_end = x + row_bytes,
                  .turn = 0,
                  .y_end = reinterpret_cast<std::int8_t*>(y + features)};
  const size_t left_out = ThumbPair::left_out(rows.in_groups);
  if (rows.low == 0) multiply_rectified_pair_thumb(state, rows.weights, left_out);
  else multiply_wide_pair_thumb(state, rows.weights, left_out);
}
#endif

/// All positions of one group, the first of which is written at y.
TENON_INLINE constexpr void convolve_wide_group(const WideRows& rows, const Convolution& c, size_t group,
                                                const std::int16_t* x, std::int16_t* y, std::int16_t* scratch) {
  const size_t features = c.group_features(), own = c.group_channels(), size = 4 * rows.in_groups;
#if defined(TENON_THUMB_KERNELS)
  bool by_hand = false;
  if (!std::is_constant_evaluated()) by_hand = takes_wide_pairs(rows, features);
#endif
  const auto multiply = [&](size_t first, size_t second) TENON_INLINE_LAMBDA {
#if defined(TENON_THUMB_KERNELS)
    if (!std::is_constant_evaluated() && by_hand)
      return multiply_wide_pair_by_hand(rows, scratch, features, y + first, y + second);
#endif
    multiply_wide_pair(rows, scratch, features, y + first, y + second);
  };
  size_t to = 0, first = 0;
  bool waiting = false;
  for (size_t r = 0; r < c.y.map; ++r) {
    const TapRange taps(c.y, r);
    const bool within = taps.first == 0 && taps.end == c.y.kernel && (c.groups == 1 ? c.x.dilation : c.x.kernel) == 1;
    for (size_t q = 0; q < c.x.map; ++q, to += c.features) {
      const size_t start = q * c.x.stride;
      if (within && start >= c.x.before && start + c.x.kernel <= c.x.before + c.x.image) {
        const size_t place = TapRange::place(c.y, r, 0) * c.x.image + start - c.x.before;
        take_wide_column(scratch, size, waiting, x + place * c.channels + group * own, c.y.kernel, c.x.kernel * own,
                         c.y.dilation * c.x.image * c.channels);
      } else {
        gather_window(c, group, r, taps, q, std::int16_t{0}, x, wide_pair_column(scratch, size, waiting));
        keep_wide_column(scratch, size, waiting);
      }
      if (waiting) multiply(first, to);
      first = to;
      waiting = !waiting;
    }
  }
  if (waiting) multiply(first, first);
}

}  // namespace detail

/// y = requantise(W * x + b), clamped to [low, high]; two positions of the window at a time, for which each weight is
/// read once. `rows` are those of all groups, each filled up to fours. Scratch is 4-aligned.
[[gnu::noinline]] constexpr void convolution_int16(const WideRows& rows, const Convolution& c, const std::int16_t* x,
                                                   std::int16_t* y, std::int16_t* scratch) {
  WideRows own = rows;
  for (size_t group = 0; group < c.groups; ++group) {
    detail::convolve_wide_group(own, c, group, x, y + group * c.group_features(), scratch);
    own.weights += 16 * rows.out_groups * rows.in_groups;
    own.bias += 4 * rows.out_groups;
    own.multiplier += 4 * rows.out_groups;
    own.shift += 4 * rows.out_groups;
  }
}

/// 3x3 taps and channels by fours, for which there is a loop by hand.
constexpr bool wide_depthwise_has_nine(const Convolution& c) {
  return c.y.kernel == 3 && c.x.kernel == 3 && c.channels % 4 == 0;
}
/// How many int16 of scratch `depthwise_int16` needs.
constexpr size_t depthwise_int16_scratch(const Convolution& c) { return wide_depthwise_has_nine(c) ? c.channels : 0; }

namespace detail {

/// Sums of four neighbouring channels, each with weights of its own: w has four bytes a tap.
struct WideChannelSums {
  std::int32_t s0, s1, s2, s3;

  TENON_INLINE constexpr void tap(const std::int8_t* w, const std::int16_t* x) {
#if defined(__ARM_FEATURE_SIMD32)
    if (!std::is_constant_evaluated()) {
      std::uint32_t weight, low, high;
      std::memcpy(&weight, __builtin_assume_aligned(w, 4), 4);
      std::memcpy(&low, x, 4);
      std::memcpy(&high, x + 2, 4);
      const int16x2_t even = even_bytes(weight), odd = odd_bytes(weight);
      const auto first = static_cast<int16x2_t>(low), second = static_cast<int16x2_t>(high);
      s0 = __smlabb(even, first, s0);
      s1 = __smlabt(odd, first, s1);
      s2 = __smlatb(even, second, s2);
      s3 = __smlatt(odd, second, s3);
      return;
    }
#endif
    s0 += w[0] * x[0];
    s1 += w[1] * x[1];
    s2 += w[2] * x[2];
    s3 += w[3] * x[3];
  }
};

#if defined(TENON_THUMB_KERNELS)

/// Whether the loop by hand takes it.
inline bool depthwise_wide_is_by_hand(const WideRows& rows, const Convolution& c) {
  return wide_depthwise_has_nine(c) && rows.narrow && (rows.low == -32768 || rows.low == 0) && rows.high == 32767 &&
         shifts_are_quick(rows.shift, c.channels);
}
/// 3x3 taps; those of a window that leaves the image read `padding`.
template <bool Rectified>
[[gnu::noinline]] inline void depthwise_wide_by_hand(const WideRows& rows, const Convolution& c, const std::int16_t* x,
                                                     std::int16_t* y, std::int16_t* padding) {
  const auto step = static_cast<std::int32_t>(2 * c.x.dilation * c.channels);
  const auto line = static_cast<std::int32_t>(2 * c.y.dilation * c.x.image * c.channels);
  const auto* const image = reinterpret_cast<const std::int8_t*>(x);
  fill_numbers(padding, c.channels, std::int16_t{0});
  const std::int8_t* taps[9];
  ThumbDepthwise state{};
  state.half = 1;
  state.weights = rows.weights;
  state.line = line;
  for (size_t r = 0; r < c.y.map; ++r) {
    const TapRange ys(c.y, r);
    for (size_t q = 0; q < c.x.map; ++q, y += c.channels) {
      const TapRange xs(c.x, q);
      const bool inside = ys.first + xs.first == 0 && ys.end + xs.end == 6;
      // unsigned, so that a corner in front of the image comes out right
      const size_t corner = (TapRange::place(c.y, r, 0) * c.x.image + TapRange::place(c.x, q, 0)) * 2 * c.channels;
      if (!inside)
        depthwise_taps(ys, xs, step, line, reinterpret_cast<const std::int8_t*>(padding), image + corner, taps);
      state.x = inside ? image + corner : nullptr;
      state.y = reinterpret_cast<std::int8_t*>(y);
      state.multiplier = rows.multiplier;
      state.shift = rows.shift;
      state.bias = rows.bias;
      state.y_end = reinterpret_cast<std::int8_t*>(y + c.channels);
      state.x_step = inside ? 8 - 2 * line : 8;
      state.column = inside ? step : static_cast<std::int32_t>(reinterpret_cast<std::uintptr_t>(taps));
      inside ? depthwise_wide_thumb<Rectified>(state) : depthwise_wide_border_thumb<Rectified>(state);
    }
  }
}

#endif

/// One pixel, four channels at a time. Sums of more than 512 taps may need more than 32 bits.
template <bool Narrow>
TENON_INLINE constexpr void depthwise_wide_pixel(const WideRows& rows, const WideWriter& write, const Convolution& c,
                                                 size_t row, const TapRange& ys, const TapRange& xs, size_t column,
                                                 const std::int16_t* x, std::int16_t* y) {
  const size_t line = c.y.dilation * c.x.image * c.channels, step = c.x.dilation * c.channels, taps = c.taps();
  const bool meets = ys.first < ys.end && xs.first < xs.end;
  const std::int16_t* const corner = meets ? x + (TapRange::place(c.y, row, ys.first) * c.x.image +
                                                  TapRange::place(c.x, column, xs.first)) *
                                                     c.channels
                                           : x;
  const size_t first = 4 * (ys.first * c.x.kernel + xs.first), tap_line = 4 * c.x.kernel;
  for (size_t channel = 0; channel < c.channels; channel += 4) {
    const std::int32_t* bias = rows.bias + channel;
    const std::int8_t* w = rows.weights + channel * taps + (meets ? first : 0);
#if defined(__ARM_FEATURE_MVE)
    if (Narrow && !std::is_constant_evaluated()) {
      int32x4_t four = vld1q_s32(bias);
      const std::int16_t* from = corner + channel;
      const auto tap = [&](size_t kx) TENON_INLINE_LAMBDA {
        four = vaddq_s32(four, vmulq_s32(vldrbq_s32(w + 4 * kx), vldrhq_s32(from + kx * step)));
      };
      for (size_t ky = meets ? ys.first : ys.end; ky < ys.end; ++ky, w += tap_line, from += line) {
        if (xs.end - xs.first == 3) tap(0), tap(1), tap(2);
        else
          for (size_t kx = 0; kx < xs.end - xs.first; ++kx) tap(kx);
      }
      FourSums sums;
      vst1q_s32(sums.of, four);
      write.write(channel, sums, c.channels - channel < 4 ? c.channels - channel : 4, y + channel);
      continue;
    }
#endif
    std::int64_t total[4]{};
    WideChannelSums sums{bias[0], bias[1], bias[2], bias[3]};
    const auto keep = [&] {
      const std::int32_t part[4]{sums.s0, sums.s1, sums.s2, sums.s3};
      for (int i = 0; i < 4; ++i) total[i] += part[i];
      sums = {};
    };
    if (!Narrow) keep();
    if (meets) {
      const std::int16_t* from = corner + channel;
      for (size_t ky = ys.first; ky < ys.end; ++ky) {
        const std::int16_t* pixel = from;
        const std::int8_t* tap = w;
        for (size_t kx = xs.first; kx < xs.end; ++kx, tap += 4, pixel += kx < xs.end ? step : 0) {
          sums.tap(tap, pixel);
          if (!Narrow) keep();
        }
        // no pointer may leave its array, or clang refuses it in a constant expression
        if (ky + 1 < ys.end) w += tap_line, from += line;
      }
    }
    const size_t count = c.channels - channel < 4 ? c.channels - channel : 4;
    if constexpr (Narrow) write.write(channel, {{sums.s0, sums.s1, sums.s2, sums.s3}}, count, y + channel);
    else
      for (size_t r = 0; r < count; ++r) y[channel + r] = write.number(channel + r, total[r]);
  }
}

}  // namespace detail

/// Every channel by itself: weights are packed four channels side by side, as for int8. Of the last channels, which are
/// not four, it reads up to three numbers behind x.
[[gnu::noinline]] constexpr void depthwise_int16(const WideRows& rows, const Convolution& c, const std::int16_t* x,
                                                 std::int16_t* y, [[maybe_unused]] std::int16_t* scratch) {
#if defined(TENON_THUMB_KERNELS)
  if (!std::is_constant_evaluated() && detail::depthwise_wide_is_by_hand(rows, c))
    return rows.low == 0 ? detail::depthwise_wide_by_hand<true>(rows, c, x, y, scratch)
                         : detail::depthwise_wide_by_hand<false>(rows, c, x, y, scratch);
#endif
  const WideWriter write(rows);
  for (size_t r = 0; r < c.y.map; ++r) {
    const detail::TapRange ys(c.y, r);
    for (size_t q = 0; q < c.x.map; ++q, y += c.channels) {
      const detail::TapRange xs(c.x, q);
      if (rows.narrow) detail::depthwise_wide_pixel<true>(rows, write, c, r, ys, xs, q, x, y);
      else detail::depthwise_wide_pixel<false>(rows, write, c, r, ys, xs, q, x, y);
    }
  }
}

}  // namespace tenon::kernels
