#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/kernels/int8_images.hpp>

/// A pixel of a convolution of every channel by itself, with any taps, and how its weights lie.
namespace tenon::kernels {

/// Where weight (channel, tap) of a depthwise convolution lies in its packed form: four channels side by
/// side, filled up with zeros.
constexpr size_t depthwise_place(size_t channel, size_t tap, size_t taps) {
  return (channel / 4 * taps + tap) * 4 + channel % 4;
}

namespace detail {

/// One pixel, four channels at a time, from channel `first` on.
[[gnu::noinline]] constexpr void depthwise_pixel(const DenseRows& rows, const Convolution& c, size_t row, size_t column,
                                                 std::int8_t outside, const std::int8_t* x, std::int8_t* y,
                                                 size_t first) {
  const PixelWriter writer(rows);
  const TapRange ys(c.y, row), xs(c.x, column);
  const std::int8_t padding[4]{outside, outside, outside, outside};
  const size_t taps = c.x.kernel, inside = xs.end - xs.first;
  const std::int8_t* w = rows.weights + first * c.taps();
  for (size_t channel = first; channel < c.channels; channel += 4) {
    ChannelSums sums(rows.bias + channel);
    for (size_t tap = 0; tap < c.y.kernel; ++tap, w += 4 * taps) {
      if (tap < ys.first || tap >= ys.end || inside == 0) {
        sums.add(w, padding, taps, 0);
        continue;
      }
      const size_t line = TapRange::place(c.y, row, tap) * c.x.image;
      const std::int8_t* pixel = x + (line + TapRange::place(c.x, column, xs.first)) * c.channels + channel;
      sums.add(w, padding, xs.first, 0);
      sums.add(w + 4 * xs.first, pixel, inside, c.x.dilation * c.channels);
      sums.add(w + 4 * xs.end, padding, taps - xs.end, 0);
    }
    writer.write(channel, sums.total(), c.channels - channel < 4 ? c.channels - channel : 4, y + channel);
  }
}

}  // namespace detail

}  // namespace tenon::kernels
