#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tenon/inline.hpp>
#include <tenon/kernels/int8_pairs.hpp>
#include <tenon/kernels/int8_products.hpp>
#include <tenon/kernels/pooling.hpp>

/// Convolutions, pools and sums of int8 images, exact in int32 and the same on every machine.
///
/// An image lies pixel by pixel, (height, width, channels): what a window meets in one of its rows lies
/// together, and so do the channels that a pool treats alike.
namespace tenon::kernels {

namespace detail {

/// Bytes one after the other. On Arm no call of the C library's memcpy, which a small one copies by bytes.
TENON_INLINE constexpr void copy_bytes(const std::int8_t* from, std::size_t count, std::int8_t* to) {
  if (std::is_constant_evaluated()) {
    for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
    return;
  }
#if defined(__arm__)
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

constexpr std::int8_t* fill_bytes(std::int8_t* to, std::size_t count, std::int8_t value) {
  for (; count > 0; --count) *to++ = value;
  return to;
}

/// Which taps of a window lie inside the image.
struct TapRange {
  std::size_t first = 0, end = 0;

  constexpr TapRange(const ConvolutionAxis& a, std::size_t position) : end{a.kernel} {
    const std::size_t start = position * a.stride;
    while (first < end && start + first * a.dilation < a.before) ++first;
    while (end > first && start + (end - 1) * a.dilation >= a.before + a.image) --end;
  }
  /// Where tap `tap` of the window lies.
  static constexpr std::size_t place(const ConvolutionAxis& a, std::size_t position, std::size_t tap) {
    return position * a.stride + tap * a.dilation - a.before;
  }
};

/// What the weights of one position meet, tap by tap, with `outside` around the image.
constexpr void gather_window(const Convolution& c, std::size_t group, std::size_t row, const TapRange& rows, std::size_t column,
                             std::int8_t outside, const std::int8_t* x, std::int8_t* to) {
  const std::size_t own = c.group_channels(), taps = c.x.kernel;
  const TapRange inside(c.x, column);
  const bool together = c.x.dilation == 1 && c.groups == 1;
  std::int8_t* const begin = to;
  to = fill_bytes(to, rows.first * taps * own, outside);
  for (std::size_t tap = rows.first; tap < rows.end; ++tap) {
    to = fill_bytes(to, inside.first * own, outside);
    const std::int8_t* line = x + (TapRange::place(c.y, row, tap) * c.x.image) * c.channels + group * own;
    const std::size_t count = inside.end - inside.first;
    if (count > 0) {
      line += TapRange::place(c.x, column, inside.first) * c.channels;
      const std::size_t pieces = together ? 1 : count, size = together ? count * own : own;
      for (std::size_t i = 0; i < pieces; ++i, line += c.x.dilation * c.channels, to += size) copy_bytes(line, size, to);
    }
    to = fill_bytes(to, (taps - inside.end) * own, outside);
  }
  to = fill_bytes(to, (c.y.kernel - rows.end) * taps * own, outside);
  const std::size_t size = taps * c.y.kernel * own;
  fill_bytes(begin + size, in_fours(size) - size, 0);
}

/// Up to four sums of one pixel as numbers of the next tensor.
TENON_INLINE constexpr void write_pixel(const DenseRows& rows, std::size_t row, const FourSums& sums, std::size_t count, std::int8_t* y) {
  for (std::size_t r = 0; r < count; ++r) {
    std::int32_t value = Requantizer{rows.multiplier[row + r], rows.shift[row + r]}(sums.of[r]) + rows.zero;
    value = value < rows.low ? rows.low : value;
    y[r] = static_cast<std::int8_t>(value > rows.high ? rows.high : value);
  }
}

}  // namespace detail

/// Bytes of scratch that `convolution_int8` needs.
constexpr std::size_t convolution_int8_scratch(const Convolution& c) { return pair_room(in_fours(c.taps() * c.group_channels())); }

/// y = requantise(W * x + b), clamped to [low, high]; two positions of the window at a time, for which
/// each weight is read once. `rows` are those of all groups, each filled up to fours; `outside` is the
/// input's zero point. Scratch is 4-aligned.
[[gnu::noinline]] constexpr void convolution_int8(const DenseRows& rows, const Convolution& c, std::int8_t outside, const std::int8_t* x,
                                                  std::int8_t* y, std::int8_t* scratch) {
  const std::size_t size = rows.in_groups * 4, features = c.group_features();
  DenseRows part = rows;
  for (std::size_t group = 0; group < c.groups; ++group) {
    std::int8_t* last = nullptr;  // an odd position that waits for its neighbour
    const auto both = [&](std::int8_t* first, std::int8_t* second) {
      const std::int8_t* w = part.weights;
      for (std::size_t row = 0; row < part.out_groups * 4; row += 4, w += size * 4) {
        FourSums a{{part.bias[row], part.bias[row + 1], part.bias[row + 2], part.bias[row + 3]}}, b = a;
        add_pair_products(w, scratch, rows.in_groups, a, b);
        const std::size_t count = features - row < 4 ? features - row : 4;
        detail::write_pixel(part, row, a, count, first + row);
        if (second) detail::write_pixel(part, row, b, count, second + row);
      }
    };
    std::size_t place = group * features;
    for (std::size_t r = 0; r < c.y.map; ++r) {
      const detail::TapRange taps(c.y, r);
      for (std::size_t q = 0; q < c.x.map; ++q, place += c.features) {
        std::int8_t* const to = y + place;
        const unsigned which = last ? 1 : 0;
        detail::gather_window(c, group, r, taps, q, outside, x, pair_column(scratch, size, which));
        keep_pair_column(scratch, size, which);
        if (last) both(last, to);
        last = last ? nullptr : to;
      }
    }
    if (last) both(last, nullptr);
    part.weights += size * part.out_groups * 4;
    part.bias += part.out_groups * 4;
    part.multiplier += part.out_groups * 4;
    part.shift += part.out_groups * 4;
  }
}

/// Where weight (channel, tap) of a depthwise convolution lies in its packed form: four channels side by
/// side, filled up with zeros.
constexpr std::size_t depthwise_place(std::size_t channel, std::size_t tap, std::size_t taps) {
  return (channel / 4 * taps + tap) * 4 + channel % 4;
}

/// A convolution of every channel by itself. It reads up to three bytes behind x, whatever they are.
[[gnu::noinline]] constexpr void depthwise_int8(const DenseRows& rows, const Convolution& c, std::int8_t outside, const std::int8_t* x,
                                                std::int8_t* y) {
  const std::size_t taps = c.taps();
  for (std::size_t r = 0; r < c.y.map; ++r) {
    const detail::TapRange ys(c.y, r);
    for (std::size_t q = 0; q < c.x.map; ++q, y += c.channels) {
      const detail::TapRange xs(c.x, q);
      const bool whole = ys.first == 0 && ys.end == c.y.kernel && xs.first == 0 && xs.end == c.x.kernel;
      const std::int8_t* w = rows.weights;
      for (std::size_t channel = 0; channel < c.channels; channel += 4, w += 4 * taps) {
        const std::int32_t* bias = rows.bias + channel;
        ChannelSums sums(bias);
        if (xs.first < xs.end)
          for (std::size_t tap = ys.first; tap < ys.end; ++tap) {
            const std::int8_t* pixel = x + (detail::TapRange::place(c.y, r, tap) * c.x.image + detail::TapRange::place(c.x, q, xs.first)) * c.channels + channel;
            sums.add(w + 4 * (tap * c.x.kernel + xs.first), pixel, xs.end - xs.first, c.x.dilation * c.channels);
          }
        FourSums total = sums.total();
        for (std::size_t tap = 0; !whole && tap < taps; ++tap) {
          const std::size_t ty = tap / c.x.kernel, tx = tap % c.x.kernel;
          if (ty >= ys.first && ty < ys.end && tx >= xs.first && tx < xs.end) continue;
          for (std::size_t i = 0; i < 4; ++i) total.of[i] += w[4 * tap + i] * outside;
        }
        detail::write_pixel(rows, channel, total, c.channels - channel < 4 ? c.channels - channel : 4, y + channel);
      }
    }
  }
}

/// Lower and upper bound of an output.
struct Int8Bounds {
  std::int32_t low = -128, high = 127;

  TENON_INLINE constexpr std::int8_t operator()(std::int32_t value) const {
    value = value < low ? low : value;
    return static_cast<std::int8_t>(value > high ? high : value);
  }
};

/// The largest of each window. Input and output have one scale.
[[gnu::noinline]] constexpr void max_pool_int8(const Pooling& p, Int8Bounds bounds, const std::int8_t* x, std::int8_t* y) {
  for (std::size_t r = 0; r < p.y.map; ++r) {
    const WindowSpan ys = window_span(p.y, r);
    for (std::size_t q = 0; q < p.x.map; ++q, y += p.channels) {
      const WindowSpan xs = window_span(p.x, q);
      for (std::size_t i = 0; i < p.channels; ++i) y[i] = -128;
      for (std::size_t ky = 0; ky < ys.count; ++ky)
        for (std::size_t kx = 0; kx < xs.count; ++kx) {
          const std::int8_t* pixel = x + ((ys.place + ky * ys.step) * p.x.image + xs.place + kx * xs.step) * p.channels;
          larger_bytes(pixel, p.channels, y);
        }
      for (std::size_t i = 0; i < p.channels; ++i) y[i] = bounds(y[i]);
    }
  }
}

/// The mean of each window, rounded to nearest, halves away from zero. Input and output have one scale;
/// zeros outside that count are `outside`.
[[gnu::noinline]] constexpr void average_pool_int8(const Averaging& a, Int8Bounds bounds, std::int8_t outside, const std::int8_t* x,
                                                   std::int8_t* y) {
  const Pooling& p = a.windows;
  const auto span = [&](const ConvolutionAxis& axis, std::size_t position) {
    if (!a.adaptive) return window_span(axis, position);
    const std::size_t first = position * axis.image / axis.map;
    return WindowSpan{first, ((position + 1) * axis.image + axis.map - 1) / axis.map - first, 1};
  };
  for (std::size_t r = 0; r < p.y.map; ++r) {
    const WindowSpan ys = span(p.y, r);
    for (std::size_t q = 0; q < p.x.map; ++q) {
      const WindowSpan xs = span(p.x, q);
      const auto inside = static_cast<std::int32_t>(ys.count * xs.count);
      const auto count = a.adaptive || !a.counts_padding ? inside : static_cast<std::int32_t>(p.y.kernel * p.x.kernel);
      for (std::size_t channel = 0; channel < p.channels; ++channel) {
        std::int32_t sum = (count - inside) * outside;
        for (std::size_t ky = 0; ky < ys.count; ++ky) {
          const std::int8_t* pixel = x + ((ys.place + ky * ys.step) * p.x.image + xs.place) * p.channels + channel;
          for (std::size_t kx = 0; kx < xs.count; ++kx, pixel += xs.step * p.channels) sum += *pixel;
        }
        *y++ = bounds((sum + (sum > 0 ? count / 2 : -(count / 2))) / count);
      }
    }
  }
}

/// The sum of two tensors by LiteRT's rule: both brought to twice the larger of their scales, with 20 bits
/// to spare, added, and brought to the output's.
struct Int8Sum {
  Requantizer first{}, second{}, total{};
  std::int32_t first_zero = 0, second_zero = 0, zero = 0;
  Int8Bounds bounds{};
};
/// y may be one of the two.
[[gnu::noinline]] constexpr void add_int8(const Int8Sum& s, std::size_t size, const std::int8_t* a, const std::int8_t* b, std::int8_t* y) {
  for (std::size_t i = 0; i < size; ++i) {
    const std::int32_t sum = s.first((a[i] - s.first_zero) * (1 << 20)) + s.second((b[i] - s.second_zero) * (1 << 20));
    y[i] = s.bounds(s.total(sum) + s.zero);
  }
}

/// A tensor at another scale.
[[gnu::noinline]] constexpr void rescale_int8(const Requantizer& scale, std::int32_t from_zero, std::int32_t zero, Int8Bounds bounds,
                                              std::size_t size, const std::int8_t* x, std::int8_t* y) {
  for (std::size_t i = 0; i < size; ++i) y[i] = bounds(scale(x[i] - from_zero) + zero);
}

}  // namespace tenon::kernels
