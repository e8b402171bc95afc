#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/kernels/int8_depthwise_pixel.hpp>
#include <tenon/kernels/int8_helium_depthwise.hpp>
#include <tenon/kernels/int8_images.hpp>

/// Walks over the pixels of a convolution of every channel by itself, which the loops of int8_helium_depthwise.hpp
/// compute.
#if defined(TENON_HELIUM_KERNELS)

namespace tenon::kernels::detail {

/// Where a walk over the pixels is. What outlives the calls of loops lies here, since each loop would save registers
/// once more, and stack is what a small machine has least of. For the same reason all that needs registers of its own
/// between two loops is a function of its own.
struct HeliumWalk {
  HeliumDepthwise loop;
  union {
    const std::int8_t* taps[9];  // of a window that leaves the image
    HeliumLines lines;           // of pairs of pixels
  };
  const std::int8_t* image;    // of the first row
  const std::int8_t* padding;  // as long as a pixel
  size_t row;
  std::uintptr_t corner;           // where the window begins, maybe in front of the image
  size_t first, last;              // windows `first` to `last` - 1 of the row lie within the image
  std::uint16_t sixteens, eights;  // groups of channels

  [[gnu::noinline]] void begin(const DenseRows& rows, const Convolution& c) {
    loop.line = c.y.dilation * c.x.image * c.channels;
    loop.step = c.x.stride * c.channels;
    loop.zero = rows.zero;
    loop.low = rows.low;
    loop.high = rows.high;
    const size_t all = c.channels / 8, pairs = weights_are_narrow(rows.weights, 72 * all) ? all / 2 : 0;
    sixteens = static_cast<std::uint16_t>(pairs);
    eights = static_cast<std::uint16_t>(all - 2 * pairs);
    begin_at(rows, 0, pairs > 0 ? pairs : all);
  }
  /// Begins at a channel, which may need another of the loops.
  [[gnu::noinline]] void begin_at(const DenseRows& rows, size_t channel, size_t groups) {
    loop.multiplier = rows.multiplier + channel;
    loop.shift = rows.shift + channel;
    loop.bias = rows.bias + channel;
    loop.weights = rows.weights + 9 * channel;
    loop.count = groups;
  }
  [[gnu::noinline]] void begin_row(const Convolution& c) {
    // unsigned, so that a place in front of the image is one beyond it
    const size_t y = TapRange::place(c.y, row, 0), all = c.x.before + c.x.image, reach = 2 * c.x.dilation;
    const bool leaves = y >= c.y.image || y + 2 * c.y.dilation >= c.y.image || all <= reach;
    first = (c.x.before + c.x.stride - 1) / c.x.stride;
    last = leaves ? 0 : (all - reach - 1) / c.x.stride + 1;
    if (last > c.x.map) last = c.x.map;
    const size_t place = y * c.x.image - c.x.before;
    corner = reinterpret_cast<std::uintptr_t>(image) + place * c.channels;
  }
  [[gnu::noinline]] void find_taps(const Convolution& c, size_t column) {
    const size_t across = c.x.dilation, x = column * c.x.stride - c.x.before, step = across * c.channels;
    const bool left = x < c.x.image, middle = x + across < c.x.image, right = x + 2 * across < c.x.image;
    const auto tap = [&](bool inside, std::uintptr_t at)
                         TENON_INLINE_LAMBDA { return inside ? reinterpret_cast<const std::int8_t*>(at) : padding; };
    std::uintptr_t at = corner;
    size_t y = TapRange::place(c.y, row, 0);
    for (const std::int8_t** to = taps; to != taps + 9; to += 3, at += loop.line, y += c.y.dilation) {
      const bool inside = y < c.y.image;
      to[0] = tap(inside && left, at);
      to[1] = tap(inside && middle, at + step);
      to[2] = tap(inside && right, at + 2 * step);
    }
  }
  /// The lines that windows of eight channels meet from the corner on, as for `depthwise_eight_helium`.
  [[gnu::noinline]] void find_lines(const Convolution& c) {
    std::uintptr_t at = corner;
    size_t y = TapRange::place(c.y, row, 0);
    std::uint32_t steps = 0;
    for (size_t k = 0; k < 3; ++k, at += loop.line, y += c.y.dilation) {
      const bool inside = y < c.y.image;
      lines.from[k] = inside ? reinterpret_cast<const std::int8_t*>(at) : padding;
      steps = steps >> 8 | (inside ? 16U << 16 : 0);
    }
    lines.steps = steps;
  }
  /// Channels that fill no group of eight.
  [[gnu::noinline]] void finish_pixel(const DenseRows& rows, const Convolution& c, size_t column) const {
    depthwise_pixel(rows, c, row, column, *padding, image, loop.y, c.channels / 8 * 8);
  }
};

/// 3x3 taps by the loops by hand.
[[gnu::noinline]] inline void depthwise_by_hand(const DenseRows& rows, const Convolution& c, std::int8_t outside,
                                                const std::int8_t* x, std::int8_t* y, std::int8_t* padding) {
  fill_numbers(padding, c.channels / 8 * 8, outside);
  HeliumWalk walk;
  HeliumDepthwise& loop = walk.loop;
  walk.image = x;
  walk.padding = padding;
  loop.y = y;
  walk.begin(rows, c);
  for (walk.row = 0; walk.row < c.y.map; ++walk.row) {
    walk.begin_row(c);
    for (size_t q = 0, pixels = 1; q < c.x.map; q += pixels) {
      const bool inside = q >= walk.first && q < walk.last;
      if (!inside) walk.find_taps(c, q);
      loop.x = inside ? reinterpret_cast<const std::int8_t*>(walk.corner) : nullptr;
      loop.column = inside ? c.x.dilation * c.channels : reinterpret_cast<std::uintptr_t>(walk.taps);
      pixels = inside && 16U * walk.sixteens == c.channels ? walk.last - q : 1;
      if (walk.sixteens > 0) {
        loop.pixels = pixels;
        inside ? depthwise_wide_helium(loop) : depthwise_wide_border_helium(loop);
      }
      if (walk.eights > 0) {
        const size_t others = 16U * walk.sixteens;
        if (others > 0) {
          loop.x += others;
          loop.y += others;
          walk.begin_at(rows, others, walk.eights);
        }
        inside ? depthwise_helium(loop) : depthwise_border_helium(loop);
        if (others > 0) {
          loop.y -= others;
          walk.begin_at(rows, 0, walk.sixteens);
        }
      }
      if (c.channels % 8 > 0) walk.finish_pixel(rows, c, q);
      loop.y += pixels * c.channels;
      walk.corner += pixels * loop.step;
    }
  }
}

/// Whether the rows of eight channels suit `depthwise_eight_helium`.
[[gnu::noinline]] inline bool rows_take_pairs(const DenseRows& rows) {
  return shifts_are_down(rows.shift, 8) && weights_are_narrow(rows.weights, 72);
}

/// Eight channels, where `depthwise_takes_pairs` and `rows_take_pairs` say so: pairs of pixels, but for those at the
/// sides of the image and what is left over of a row.
[[gnu::noinline]] inline void depthwise_pairs_by_hand(const DenseRows& rows, const Convolution& c, std::int8_t outside,
                                                      const std::int8_t* x, std::int8_t* y) {
  std::int8_t padding[32];  // as long as the windows of two neighbours together
  fill_numbers(padding, sizeof padding, outside);
  HeliumWalk walk;
  HeliumDepthwise& loop = walk.loop;
  walk.image = x;
  walk.padding = padding;
  loop.y = y;
  walk.begin(rows, c);
  loop.x = nullptr;
  loop.column = reinterpret_cast<std::uintptr_t>(walk.taps);
  for (walk.row = 0; walk.row < c.y.map; ++walk.row) {
    walk.begin_row(c);
    // Columns from `before` to `end` - 1 have windows that reach beyond no side.
    const size_t all = c.x.before + c.x.image, last = all > 2 ? all - 2 : 0, end = last < c.x.map ? last : c.x.map;
    for (size_t q = 0, pixels = 1; q < c.x.map; q += pixels) {
      pixels = q >= c.x.before && q < end ? (end - q) / 2 * 2 : 0;
      if (pixels > 0) {
        walk.find_lines(c);
        loop.count = pixels / 2;
        depthwise_eight_helium(loop, walk.lines);
      } else {
        pixels = 1;
        walk.find_taps(c, q);
        loop.count = 1;
        depthwise_border_helium(loop);
      }
      loop.y += 8 * pixels;
      walk.corner += 8 * pixels;
    }
  }
}

}  // namespace tenon::kernels::detail

#endif
