#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tenon/kernels/int8_depthwise_pixel.hpp>
#include <tenon/kernels/int8_helium_walk.hpp>
#include <tenon/kernels/int8_images.hpp>

/// Convolutions of every channel by itself, in int8, exact and the same on every machine.
///
/// Most have 3x3 taps, and most of their pixels a window that lies within the image: for these Armv7E-M and Helium have
/// code of their own, without loops over taps; a window that leaves the image is copied, with padding around it.
namespace tenon::kernels {

namespace detail {

#if defined(__ARM_FEATURE_SIMD32) && !defined(__ARM_FEATURE_MVE)

/// A copy of what a 3x3 window that leaves the image sees in a few channels, with the padding where a tap is outside.
struct BorderWindow {
  static constexpr size_t width = 4;  // channels at a time
  std::int32_t from[9];
  std::uint8_t to[9];
  size_t count = 0;
  alignas(4) std::int8_t copy[9 * width];

  BorderWindow(const Convolution& c, const TapRange& ys, const TapRange& xs, std::int8_t outside) {
    for (std::int8_t& x : copy) x = outside;
    for (size_t y = ys.first; y < ys.end; ++y)
      for (size_t x = xs.first; x < xs.end; ++x) {
        const size_t place = (y * c.y.dilation * c.x.image + x * c.x.dilation) * c.channels;
        from[count] = static_cast<std::int32_t>(place);
        to[count++] = static_cast<std::uint8_t>((3 * y + x) * width);
      }
  }
  /// `corner` is where the window begins, which may be in front of the image.
  TENON_INLINE const std::int8_t* take(const std::int8_t* corner) {
    for (size_t i = 0; i < count; ++i) {
      std::uint32_t words[width / 4];
      std::memcpy(words, corner + from[i], width);
      std::memcpy(__builtin_assume_aligned(copy + to[i], 4), words, width);
    }
    return copy;
  }
};

/// One pixel of 3x3 taps, four channels at a time; returns how many channels are done. The last
/// rounding takes the zero point along: ((h >> s) + 1 >> 1) + z = (h + ((1 + 2 z) << s)) >> (s + 1), one multiplication
/// that adds; it fits for shifts s of 0 to 20.
[[gnu::noinline]] inline size_t depthwise_three(const DenseRows& rows, const PixelWriter& writer, size_t channels,
                                                const std::int8_t* x, size_t step, size_t line, std::int8_t* y,
                                                BorderWindow* border) {
  const std::int8_t* w = rows.weights;
  const std::int32_t half = 1 + 2 * writer.zero;
  size_t channel = 0;
  for (; channel + 4 <= channels; channel += 4, x += 4, w += 36) {
    std::uint32_t shifts;
    std::memcpy(&shifts, rows.shift + channel, 4);
    if (((shifts | (shifts + 0x6B6B6B6BU)) & 0x80808080U) != 0) return channel;  // below 0 or above 20
    const std::int32_t* bias = rows.bias + channel;
    std::int32_t s0 = bias[0], s1 = bias[1], s2 = bias[2], s3 = bias[3];
    const auto tap = [&](int number, const std::int8_t* pixel) TENON_INLINE_LAMBDA {
      std::uint32_t weight, value;
      std::memcpy(&weight, __builtin_assume_aligned(w + 4 * number, 4), 4);
      std::memcpy(&value, pixel, 4);
      const int16x2_t w_even = even_bytes(weight), w_odd = odd_bytes(weight);
      const int16x2_t x_even = even_bytes(value), x_odd = odd_bytes(value);
      s0 = __smlabb(w_even, x_even, s0);
      s1 = __smlabb(w_odd, x_odd, s1);
      s2 = __smlatt(w_even, x_even, s2);
      s3 = __smlatt(w_odd, x_odd, s3);
      end_of_block();
    };
    const auto three = [&](int number, const std::int8_t* pixel) TENON_INLINE_LAMBDA {
      tap(number, pixel);
      tap(number + 1, pixel + step);
      tap(number + 2, pixel + 2 * step);
    };
    const std::int8_t* const pixels = border ? border->take(x) : x;
    three(0, pixels);
    three(3, pixels + line);
    three(6, pixels + 2 * line);
    const std::int32_t* by = rows.multiplier + channel;
    const auto write = [&](size_t which, std::int32_t sum) TENON_INLINE_LAMBDA {
      const auto shift = static_cast<std::int32_t>(shifts >> (8 * which) & 0xFF);
      std::int32_t scaled;
      asm("smmla %0, %1, %2, %3" : "=r"(scaled) : "r"(sum), "r"(by[which]), "r"(half << shift));
      std::int32_t value = saturated(scaled >> (shift + 1));
      if (!writer.whole) {
        value = value < writer.low ? writer.low : value;
        value = value > writer.high ? writer.high : value;
      }
      y[channel + which] = static_cast<std::int8_t>(value);
    };
    write(0, s0);
    write(1, s1);
    write(2, s2);
    write(3, s3);
  }
  return channel;
}

[[gnu::noinline]] inline size_t depthwise_border(const DenseRows& rows, const PixelWriter& writer, const Convolution& c,
                                                 const TapRange& ys, const TapRange& xs, std::int8_t outside,
                                                 const std::int8_t* corner, std::int8_t* y) {
  constexpr size_t width = BorderWindow::width;
  BorderWindow border(c, ys, xs, outside);
  return depthwise_three(rows, writer, c.channels, corner, width, 3 * width, y, &border);
}
#endif

#if defined(TENON_THUMB_KERNELS) || defined(TENON_HELIUM_KERNELS) || defined(TENON_M0_KERNELS)

#if !defined(TENON_HELIUM_KERNELS)
/// The nine taps of a window that leaves the image; `padding` is as long as a pixel.
[[gnu::noinline]] inline void depthwise_taps(const TapRange& ys, const TapRange& xs, std::int32_t step,
                                             std::int32_t line, const std::int8_t* padding, const std::int8_t* corner,
                                             const std::int8_t** taps) {
  const bool left = xs.first == 0 && xs.end > 0, middle = xs.first <= 1 && xs.end > 1, right = xs.end > 2;
  for (size_t k = 0; k < 3; ++k, corner += line, taps += 3) {
    const bool inside = k >= ys.first && k < ys.end;
    taps[0] = inside && left ? corner : padding;
    taps[1] = inside && middle ? corner + step : padding;
    taps[2] = inside && right ? corner + 2 * step : padding;
  }
}
#endif

#if defined(TENON_HELIUM_KERNELS)
constexpr size_t by_hand_channels = 8;  // at a time
#else
constexpr size_t by_hand_channels = 4;
#endif

/// Whether the loops by hand take it.
[[gnu::noinline]] inline bool depthwise_is_by_hand([[maybe_unused]] const DenseRows& rows, const Convolution& c,
                                                   [[maybe_unused]] const std::int8_t* x) {
  if (c.y.kernel != 3 || c.x.kernel != 3 || c.channels < by_hand_channels) return false;
#if defined(TENON_M0_KERNELS)
  return ((c.channels | reinterpret_cast<std::uintptr_t>(x)) & 3) == 0;
#elif defined(TENON_HELIUM_KERNELS)
  return shifts_are_down(rows.shift, c.channels / 8 * 8);
#else
  return rows.low == -128 && rows.high == 127 && shifts_are_quick(rows.shift, c.channels / 4 * 4);
#endif
}

#if !defined(TENON_HELIUM_KERNELS)

#if defined(TENON_M0_KERNELS)
/// What `write_four` does not take: a function of its own, for it needs many registers, which are few.
[[gnu::noinline]] inline void write_bounded_four(const DenseRows& rows, size_t channel, const std::int32_t* s,
                                                 std::int8_t* y) {
  PixelWriter(rows).write(channel, {{s[0], s[1], s[2], s[3]}}, 4, y);
}
#endif

/// 3x3 taps by the loops by hand, but for channels that fill no group of four.
[[gnu::noinline]] inline void depthwise_by_hand(const DenseRows& rows, const Convolution& c, std::int8_t outside,
                                                const std::int8_t* x, std::int8_t* y, std::int8_t* padding) {
  const size_t whole = c.channels / 4 * 4;
  const auto step = static_cast<std::int32_t>(c.x.dilation * c.channels);
  const auto line = static_cast<std::int32_t>(c.y.dilation * c.x.image * c.channels);
  fill_numbers(padding, whole, outside);
  const std::int8_t* taps[9];
#if defined(TENON_THUMB_KERNELS)
  ThumbDepthwise state{};
  state.half = 1 + 2 * rows.zero;
  state.weights = rows.weights;
  state.line = line;
#endif
  // Windows `first` to `end` - 1 of a row lie within the image. Reading `c` again in each turn saves stack.
  const size_t first = (c.x.before + c.x.stride - 1) / c.x.stride, all = c.x.before + c.x.image;
  const size_t end = all > 2 * c.x.dilation ? (all - 2 * c.x.dilation - 1) / c.x.stride + 1 : 0;
  for (size_t r = 0; r < c.y.map; ++r) {
    const TapRange ys(c.y, r);
    const size_t last = ys.first != 0 || ys.end != 3 ? 0 : end < c.x.map ? end : c.x.map;
    [[maybe_unused]] bool moves = false;  // the pixel before lies inside too
    // unsigned, so that a corner in front of the image comes out right
    size_t corner = (TapRange::place(c.y, r, 0) * c.x.image - c.x.before) * c.channels;
    for (size_t q = 0; q < c.x.map; ++q, y += c.channels, corner += c.x.stride * c.channels) {
      const bool inside = q >= first && q < last;
#if defined(TENON_M0_KERNELS)
      if (inside && moves) {
        for (const std::int8_t*& tap : taps) tap += c.x.stride * c.channels;
      } else {
        depthwise_taps(ys, TapRange(c.x, q), step, line, padding, x + corner, taps);
      }
      moves = inside;
      const std::int8_t* w = rows.weights;
      for (size_t channel = 0; channel < whole; channel += 4, w += 36) {
        std::int32_t s[4];
        add_taps_m0({w, taps, taps + 9, channel, rows.bias + channel, s});
        if (rows.low == -128 && rows.high == 127 &&
            write_four(s, rows.multiplier + channel, rows.shift + channel, rows.zero, y + channel))
          continue;
        write_bounded_four(rows, channel, s, y + channel);
      }
#else
      if (!inside) depthwise_taps(ys, TapRange(c.x, q), step, line, padding, x + corner, taps);
      state.x = inside ? x + corner : nullptr;
      state.y = y;
      state.multiplier = rows.multiplier;
      state.shift = rows.shift;
      state.bias = rows.bias;
      state.y_end = y + whole;
      state.x_step = inside ? 4 - 2 * line : 4;
      state.column = inside ? step : static_cast<std::int32_t>(reinterpret_cast<std::uintptr_t>(taps));
      inside ? depthwise_thumb(state) : depthwise_border_thumb(state);
#endif
      if (whole < c.channels) depthwise_pixel(rows, c, r, q, outside, x, y, whole);
    }
  }
}

#endif

#endif

/// Any taps.
[[gnu::noinline]] constexpr void depthwise_by_pixels(const DenseRows& rows, const Convolution& c, std::int8_t outside,
                                                     const std::int8_t* x, std::int8_t* y) {
  const PixelWriter writer(rows);
  for (size_t r = 0; r < c.y.map; ++r) {
    const TapRange ys(c.y, r);
    for (size_t q = 0; q < c.x.map; ++q, y += c.channels) {
      size_t done = 0;
#if defined(__ARM_FEATURE_SIMD32) && !defined(__ARM_FEATURE_MVE)
      if (!std::is_constant_evaluated() && c.y.kernel == 3 && c.x.kernel == 3) {
        const size_t start = q * c.x.stride, step = c.x.dilation * c.channels, line = c.x.image * c.channels;
        // unsigned, so that a corner in front of the image comes out right
        const size_t corner = TapRange::place(c.y, r, 0) * line + (start - c.x.before) * c.channels;
        if (ys.first == 0 && ys.end == 3 && start >= c.x.before && start + 2 * c.x.dilation < c.x.before + c.x.image) {
          done = depthwise_three(rows, writer, c.channels, x + corner, step, c.y.dilation * line, y, nullptr);
        } else {
          done = depthwise_border(rows, writer, c, ys, TapRange(c.x, q), outside, x + corner, y);
        }
      }
#endif
      if (done < c.channels) depthwise_pixel(rows, c, r, q, outside, x, y, done);
    }
  }
}

}  // namespace detail

/// Whether `depthwise_pairs_int8` is made for it: eight channels are half of what Helium takes at once.
constexpr bool depthwise_takes_pairs(const Convolution& c) {
  return c.channels == 8 && c.y.kernel == 3 && c.x.kernel == 3 && c.x.stride == 1 && c.x.dilation == 1;
}

/// Bytes of scratch that `depthwise_int8` needs: a pixel of padding.
constexpr size_t depthwise_int8_scratch(const Convolution& c) { return in_fours(c.channels); }

/// A convolution of every channel by itself. It reads up to three bytes behind x, whatever they are.
[[gnu::noinline]] constexpr void depthwise_int8(const DenseRows& rows, const Convolution& c, std::int8_t outside,
                                                const std::int8_t* x, std::int8_t* y,
                                                [[maybe_unused]] std::int8_t* scratch) {
#if defined(TENON_THUMB_KERNELS) || defined(TENON_HELIUM_KERNELS) || defined(TENON_M0_KERNELS)
  if (!std::is_constant_evaluated() && detail::depthwise_is_by_hand(rows, c, x))
    return detail::depthwise_by_hand(rows, c, outside, x, y, scratch);
#endif
  detail::depthwise_by_pixels(rows, c, outside, x, y);
}

/// As depthwise_int8 where `depthwise_takes_pairs`: by itself, since few networks need its loop.
TENON_INLINE constexpr void depthwise_pairs_int8(const DenseRows& rows, const Convolution& c, std::int8_t outside,
                                                 const std::int8_t* x, std::int8_t* y, std::int8_t* scratch) {
#if defined(TENON_HELIUM_KERNELS)
  if (!std::is_constant_evaluated() && detail::rows_take_pairs(rows))
    return detail::depthwise_pairs_by_hand(rows, c, outside, x, y);
#endif
  depthwise_int8(rows, c, outside, x, y, scratch);
}

}  // namespace tenon::kernels
