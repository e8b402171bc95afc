#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tenon/kernels/int8_images.hpp>

/// Convolutions of every channel by itself, in int8, exact and the same on every machine.
///
/// Most have 3x3 taps, and most of their pixels a window that lies within the image: for these Armv7E-M and Helium have
/// code of their own, without loops over taps; a window that leaves the image is copied, with padding around it.
namespace tenon::kernels {

/// Where weight (channel, tap) of a depthwise convolution lies in its packed form: four channels side by
/// side, filled up with zeros.
constexpr std::size_t depthwise_place(std::size_t channel, std::size_t tap, std::size_t taps) {
  return (channel / 4 * taps + tap) * 4 + channel % 4;
}

namespace detail {

/// One pixel, four channels at a time, from channel `first` on.
constexpr void depthwise_pixel(const DenseRows& rows, const PixelWriter& writer, const Convolution& c, std::size_t row,
                               const TapRange& ys, std::size_t column, std::int8_t outside, const std::int8_t* x,
                               std::int8_t* y, std::size_t first = 0) {
  const TapRange xs(c.x, column);
  const std::int8_t padding[4]{outside, outside, outside, outside};
  const std::size_t taps = c.x.kernel, inside = xs.end - xs.first;
  const std::int8_t* w = rows.weights + first * c.taps();
  for (std::size_t channel = first; channel < c.channels; channel += 4) {
    ChannelSums sums(rows.bias + channel);
    for (std::size_t tap = 0; tap < c.y.kernel; ++tap, w += 4 * taps) {
      if (tap < ys.first || tap >= ys.end || inside == 0) {
        sums.add(w, padding, taps, 0);
        continue;
      }
      const std::size_t line = TapRange::place(c.y, row, tap) * c.x.image;
      const std::int8_t* pixel = x + (line + TapRange::place(c.x, column, xs.first)) * c.channels + channel;
      sums.add(w, padding, xs.first, 0);
      sums.add(w + 4 * xs.first, pixel, inside, c.x.dilation * c.channels);
      sums.add(w + 4 * xs.end, padding, taps - xs.end, 0);
    }
    writer.write(channel, sums.total(), c.channels - channel < 4 ? c.channels - channel : 4, y + channel);
  }
}

#if defined(__ARM_FEATURE_SIMD32)

/// A window of 3x3 taps that leaves the image: a copy of what few channels meet, with the padding's number where a tap
/// is outside.
struct BorderWindow {
#if defined(__ARM_FEATURE_MVE)
  static constexpr std::size_t width = 8;  // channels at a time
#else
  static constexpr std::size_t width = 4;
#endif
  std::int32_t from[9];
  std::uint8_t to[9];
  std::size_t count = 0;
  alignas(4) std::int8_t copy[9 * width];

  BorderWindow(const Convolution& c, const TapRange& ys, const TapRange& xs, std::int8_t outside) {
    for (std::int8_t& x : copy) x = outside;
    for (std::size_t y = ys.first; y < ys.end; ++y)
      for (std::size_t x = xs.first; x < xs.end; ++x) {
        const std::size_t place = (y * c.y.dilation * c.x.image + x * c.x.dilation) * c.channels;
        from[count] = static_cast<std::int32_t>(place);
        to[count++] = static_cast<std::uint8_t>((3 * y + x) * width);
      }
  }
  /// `corner` is where the window begins, which may be in front of the image.
  TENON_INLINE const std::int8_t* take(const std::int8_t* corner) {
    for (std::size_t i = 0; i < count; ++i) {
      std::uint32_t words[width / 4];
      std::memcpy(words, corner + from[i], width);
      std::memcpy(__builtin_assume_aligned(copy + to[i], 4), words, width);
    }
    return copy;
  }
};

#endif

#if defined(__ARM_FEATURE_MVE)

/// One pixel of 3x3 taps, eight channels at a time; returns how many channels are done. Products are
/// made of the even and of the odd channels, so all that belongs to a row is loaded by twos as well. Rounding: a shift
/// that rounds, vrshr, is (v + 1) >> 1.
[[gnu::noinline]] inline std::size_t depthwise_three(const DenseRows& rows, const PixelWriter& writer,
                                                     std::size_t channels, const std::int8_t* x, std::size_t step,
                                                     std::size_t line, std::int8_t* y, BorderWindow* border) {
  const uint32x4_t twos = vmulq_n_u32(vidupq_n_u32(0, 1), 2);
  // Bytes 0 to 3 of a tap are four channels, the next four lie 36 bytes on.
  const uint16x8_t index = vidupq_n_u16(0, 1);
  const uint16x8_t places = vaddq_u16(index, vmulq_n_u16(vshrq_n_u16(index, 2), 32));
  std::size_t channel = 0;
  for (; channel + 8 <= channels; channel += 8, x += 8) {
    std::uint32_t shifts[2];
    std::memcpy(shifts, rows.shift + channel, 8);
    if (((shifts[0] | shifts[1]) & 0x80808080U) != 0) return channel;
    const std::int8_t* w = rows.weights + channel * 9;
    const int32x4x2_t start = vld2q_s32(rows.bias + channel);
    int32x4_t even = start.val[0], odd = start.val[1];
    const auto tap = [&](int number, const std::int8_t* pixel) TENON_INLINE_LAMBDA {
      const int16x8_t weight = vldrbq_gather_offset_s16(w + 4 * number, places), value = vldrbq_s16(pixel);
      even = vaddq_s32(even, vmullbq_int_s16(weight, value));
      odd = vaddq_s32(odd, vmulltq_int_s16(weight, value));
    };
    const std::int8_t* pixel = border ? border->take(x) : x;
    for (int k = 0; k < 9; k += 3, pixel += line) {
      tap(k, pixel);
      tap(k + 1, pixel + step);
      tap(k + 2, pixel + 2 * step);
    }
    const int32x4x2_t by = vld2q_s32(rows.multiplier + channel);
    const auto write = [&](std::size_t which, int32x4_t sum, int32x4_t multiplier) TENON_INLINE_LAMBDA {
      const int32x4_t down = vnegq_s32(vldrbq_gather_offset_s32(rows.shift + channel + which, twos));
      int32x4_t value = vrshrq_n_s32(vshlq_s32(vmulhq_s32(sum, multiplier), down), 1);
      value = vaddq_n_s32(value, writer.zero);
      value = vmaxq_s32(value, vdupq_n_s32(writer.low));
      value = vminq_s32(value, vdupq_n_s32(writer.high));
      vstrbq_scatter_offset_s32(y + channel + which, twos, value);
    };
    write(0, even, by.val[0]);
    write(1, odd, by.val[1]);
  }
  return channel;
}

#elif defined(__ARM_FEATURE_SIMD32)

/// One pixel of 3x3 taps, four channels at a time; returns how many channels are done. The last
/// rounding takes the zero point along: ((h >> s) + 1 >> 1) + z = (h + ((1 + 2 z) << s)) >> (s + 1), one multiplication
/// that adds; it fits for shifts s of 0 to 20.
[[gnu::noinline]] inline std::size_t depthwise_three(const DenseRows& rows, const PixelWriter& writer,
                                                     std::size_t channels, const std::int8_t* x, std::size_t step,
                                                     std::size_t line, std::int8_t* y, BorderWindow* border) {
  const std::int8_t* w = rows.weights;
  const std::int32_t half = 1 + 2 * writer.zero;
  std::size_t channel = 0;
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
    const auto write = [&](std::size_t which, std::int32_t sum) TENON_INLINE_LAMBDA {
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

#endif

#if defined(__ARM_FEATURE_SIMD32)
[[gnu::noinline]] inline std::size_t depthwise_border(const DenseRows& rows, const PixelWriter& writer,
                                                      const Convolution& c, const TapRange& ys, const TapRange& xs,
                                                      std::int8_t outside, const std::int8_t* corner, std::int8_t* y) {
  constexpr std::size_t width = BorderWindow::width;
  BorderWindow border(c, ys, xs, outside);
  return depthwise_three(rows, writer, c.channels, corner, width, 3 * width, y, &border);
}
#endif

#if defined(TENON_THUMB_KERNELS)

/// The nine taps of a window that leaves the image; `padding` is as long as a pixel.
[[gnu::noinline]] inline void depthwise_taps(const TapRange& ys, const TapRange& xs, std::int32_t step,
                                             std::int32_t line, const std::int8_t* padding, const std::int8_t* corner,
                                             const std::int8_t** taps) {
  for (std::size_t k = 0; k < 3; ++k, corner += line)
    for (std::size_t i = 0; i < 3; ++i) {
      const bool inside = k >= ys.first && k < ys.end && i >= xs.first && i < xs.end;
      *taps++ = inside ? corner + static_cast<std::int32_t>(i) * step : padding;
    }
}

/// 3x3 taps by the loops by hand, but for channels that fill no group of four.
[[gnu::noinline]] inline void depthwise_by_hand(const DenseRows& rows, const PixelWriter& writer, const Convolution& c,
                                                std::int8_t outside, const std::int8_t* x, std::int8_t* y,
                                                std::int8_t* padding) {
  const std::size_t fours = c.channels / 4 * 4;
  const auto step = static_cast<std::int32_t>(c.x.dilation * c.channels);
  const auto line = static_cast<std::int32_t>(c.y.dilation * c.x.image * c.channels);
  fill_bytes(padding, fours, outside);
  const std::int8_t* taps[9];
  ThumbDepthwise state{};
  state.half = 1 + 2 * rows.zero;
  state.weights = rows.weights;
  state.line = line;
  for (std::size_t r = 0; r < c.y.map; ++r) {
    const TapRange ys(c.y, r);
    const bool within = ys.first == 0 && ys.end == 3;
    // unsigned, so that a corner in front of the image comes out right
    std::size_t corner = TapRange::place(c.y, r, 0) * c.x.image * c.channels - c.x.before * c.channels, start = 0;
    for (std::size_t q = 0; q < c.x.map; ++q, y += c.channels) {
      state.multiplier = rows.multiplier;
      state.shift = rows.shift;
      state.bias = rows.bias;
      state.y = y;
      state.y_end = y + fours;
      if (within && start >= c.x.before && start + 2 * c.x.dilation < c.x.before + c.x.image) {
        state.x = x + corner;
        state.x_step = 4 - 2 * line;
        state.column = step;
        depthwise_thumb(state);
      } else {
        depthwise_taps(ys, TapRange(c.x, q), step, line, padding, x + corner, taps);
        state.x = nullptr;
        state.x_step = 4;
        state.column = static_cast<std::int32_t>(reinterpret_cast<std::uintptr_t>(taps));
        depthwise_border_thumb(state);
      }
      if (fours < c.channels) depthwise_pixel(rows, writer, c, r, ys, q, outside, x, y, fours);
      start += c.x.stride;
      corner += c.x.stride * c.channels;
    }
  }
}

#endif

}  // namespace detail

/// Bytes of scratch that `depthwise_int8` needs: a pixel of padding.
constexpr std::size_t depthwise_int8_scratch(const Convolution& c) { return in_fours(c.channels); }

/// A convolution of every channel by itself. It reads up to three bytes behind x, whatever they are.
[[gnu::noinline]] constexpr void depthwise_int8(const DenseRows& rows, const Convolution& c, std::int8_t outside,
                                                const std::int8_t* x, std::int8_t* y,
                                                [[maybe_unused]] std::int8_t* scratch) {
  const detail::PixelWriter writer(rows);
#if defined(TENON_THUMB_KERNELS)
  if (!std::is_constant_evaluated() && c.y.kernel == 3 && c.x.kernel == 3 && writer.whole && c.channels >= 4 &&
      detail::shifts_are_quick(rows.shift, c.channels / 4 * 4))
    return detail::depthwise_by_hand(rows, writer, c, outside, x, y, scratch);
#endif
  for (std::size_t r = 0; r < c.y.map; ++r) {
    const detail::TapRange ys(c.y, r);
    for (std::size_t q = 0; q < c.x.map; ++q, y += c.channels) {
      std::size_t done = 0;
#if defined(__ARM_FEATURE_SIMD32)
      if (!std::is_constant_evaluated() && c.y.kernel == 3 && c.x.kernel == 3) {
        const std::size_t start = q * c.x.stride, step = c.x.dilation * c.channels, line = c.x.image * c.channels;
        // unsigned, so that a corner in front of the image comes out right
        const std::size_t corner = detail::TapRange::place(c.y, r, 0) * line + (start - c.x.before) * c.channels;
        if (ys.first == 0 && ys.end == 3 && start >= c.x.before && start + 2 * c.x.dilation < c.x.before + c.x.image) {
          done = detail::depthwise_three(rows, writer, c.channels, x + corner, step, c.y.dilation * line, y, nullptr);
        } else {
          done = detail::depthwise_border(rows, writer, c, ys, detail::TapRange(c.x, q), outside, x + corner, y);
        }
      }
#endif
      if (done < c.channels) detail::depthwise_pixel(rows, writer, c, r, ys, q, outside, x, y, done);
    }
  }
}

}  // namespace tenon::kernels
