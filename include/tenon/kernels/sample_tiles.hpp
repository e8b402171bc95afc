#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include <tenon/inline.hpp>
#include <tenon/kernels/convolution.hpp>
#include <tenon/kernels/pooling.hpp>

/// The convolution of one image in tiles: the sums of a few features at a few neighbouring positions stay in registers,
/// so that a weight is loaded once for all positions and a pixel once for all features. On a Cortex-M4, which has 32
/// registers of floats, 4 features at 5 positions take 9 loads for 20 multiplications. Every sum is added up in the
/// order of kernels/sample_images.hpp, channel by channel and tap by tap from the bias on, so both give the same bits.
namespace tenon::kernels {

/// How the map of a convolution is cut. A row ends with a tile that may repeat positions of the one before: that is
/// less code than tiles of every width. So do the features.
struct ConvolutionTiles {
  size_t features = 0, positions = 0;  // of a tile; 0: not in tiles
  size_t taps = 0, stride = 0, dilation = 0;
  size_t low = 0, high = 0;  // columns of zeros that the first tile and the last one of a row see
  bool single = false;       // a row is one tile
  bool one_loop = false;     // one channel, or one row of taps

  /// Columns of the image from a tile's first tap to its last.
  constexpr size_t reach() const { return (positions - 1) * stride + (taps - 1) * dilation + 1; }
};

/// A window of one number sees all pixels as one row.
constexpr Convolution in_one_row(Convolution c) {
  if (c.taps() > 1 || !c.y.plain() || !c.x.plain()) return c;
  c.x.image = c.x.map = c.y.map * c.x.map;
  c.y = {};
  return c;
}

constexpr ConvolutionTiles tiles_of([[maybe_unused]] const Convolution& c) {
#if defined(__SOFTFP__)
  return {};  // a multiplication is a call, which needs the registers itself
#else
  constexpr size_t most_taps = 11;
  const ConvolutionAxis& x = c.x;
  if (x.kernel > most_taps || x.map == 0) return {};
  const auto evenly = [](size_t all, size_t most) {  // as few tiles as can be, and little done twice
    const size_t tiles = (all + most - 1) / most;
    return (all + tiles - 1) / tiles;
  };
  ConvolutionTiles t{.features = evenly(c.group_features(), 4),
                     .taps = x.kernel,
                     .stride = x.stride,
                     .dilation = x.dilation,
                     .low = x.before,
                     .one_loop = c.group_channels() == 1 || c.y.kernel == 1};
  t.positions = evenly(x.map, t.features == 4 ? 5 : t.features == 3 ? 6 : 8);
  const size_t last = (x.map - 1) * x.stride + (x.kernel - 1) * x.dilation, end = x.before + x.image;
  t.high = last >= end ? last + 1 - end : 0;
  // only the first tile may see zeros in front of the image, and only the last one zeros behind it
  const size_t tiles = (x.map + t.positions - 1) / t.positions;
  t.single = tiles == 1;
  const bool near = t.single ||
                    (t.low <= std::min(t.positions, x.map - t.positions) * x.stride &&
                     (tiles * t.positions - t.positions - 1) * x.stride + (x.kernel - 1) * x.dilation < end);
  return near ? t : ConvolutionTiles{};
#endif
}

namespace detail {

template <size_t N, class F>
TENON_INLINE constexpr void each(F f) {
  [&]<size_t... I>(std::index_sequence<I...>) TENON_INLINE_LAMBDA { (f.template operator()<I>(), ...); }
  (std::make_index_sequence<N>{});
}

/// Which taps meet the image, the same for some rows of the map, and how the image and the weights are walked for them:
/// `rows` rows of taps one after the other, through all channels.
struct TileWalk {
  size_t channels = 0, rows = 0;
  size_t line = 0,
         channel = 0;  // from one row of the image to the next one, from the last one to the next channel's
  size_t skipped = 0;  // weights from the last row of taps to the next channel's first
  size_t feature = 0;  // weights of a feature
  size_t map = 0;      // positions of a feature
};

/// One tile: `line` is the first column that is no zero, under the first tap's row.
template <ConvolutionTiles Tiles, size_t Low, size_t High, class Finish, class T>
TENON_INLINE constexpr void convolve_tile(TileWalk walk, const T* line, const T* weight, const T* bias, T* map) {
  constexpr size_t F = Tiles.features, P = Tiles.positions, end = Tiles.reach() - High;
  T sum[F][P];
  const T* taps[F];
  each<F>([&]<size_t f>() TENON_INLINE_LAMBDA {
    const T start = bias ? bias[f] : T(0);
    each<P>([&]<size_t p>() TENON_INLINE_LAMBDA { sum[f][p] = start; });
    taps[f] = weight + f * walk.feature;
  });
  const auto move = [&](size_t pixels, size_t weights) TENON_INLINE_LAMBDA {
    line += pixels;
    each<F>([&]<size_t f>() TENON_INLINE_LAMBDA { taps[f] += weights; });
  };
  for (size_t i = walk.rows > 0 ? walk.channels : 0; i > 0;) {
    for (size_t y = walk.rows;;) {
      each<Tiles.taps>([&]<size_t k>() TENON_INLINE_LAMBDA {
        T factor[F];
        each<F>([&]<size_t f>() TENON_INLINE_LAMBDA { factor[f] = taps[f][k]; });
        each<P>([&]<size_t p>() TENON_INLINE_LAMBDA {
          constexpr size_t at = p * Tiles.stride + k * Tiles.dilation;
          if constexpr (at >= Low && at < end) {
            const T pixel = line[at - Low];
            each<F>([&]<size_t f>() TENON_INLINE_LAMBDA { sum[f][p] += factor[f] * pixel; });
          }
        });
      });
      if (--y == 0) break;
      move(walk.line, Tiles.taps);
    }
    if constexpr (Tiles.one_loop) break;
    else if (--i > 0) move(walk.channel, walk.skipped);
  }
  each<F>([&]<size_t f>() TENON_INLINE_LAMBDA {
    each<P>([&]<size_t p>() TENON_INLINE_LAMBDA { map[f * walk.map + p] = Finish::of(sum[f][p]); });
  });
}

/// `count` rows of the map of F features, from `lines` and `map` on; their lines of the image are `step` apart.
template <ConvolutionTiles Tiles, class Finish, class T>
TENON_NOINLINE constexpr void convolve_rows(const TileWalk& given, size_t count, size_t width, const T* lines,
                                            size_t step, const T* taps, const T* bias, T* map) {
  const TileWalk walk = given;  // not to be loaded again behind every store
  constexpr size_t P = Tiles.positions, low = Tiles.low, high = Tiles.high;
  for (size_t row = 0; row < count; ++row, map += width) {
    const T* const line = lines + row * step;
    if constexpr (Tiles.single) {
      convolve_tile<Tiles, low, high, Finish>(walk, line, taps, bias, map);
    } else {
      size_t p = 0;
      if constexpr (low > 0) {
        convolve_tile<Tiles, low, 0, Finish>(walk, line, taps, bias, map);
        p = P;
      }
      const size_t last = width - P, end = high > 0 ? last : width;
      for (; p < end; p += P) {
        const size_t first = std::min(p, last);
        convolve_tile<Tiles, 0, 0, Finish>(walk, line + (first * Tiles.stride - low), taps, bias, map + first);
      }
      if constexpr (high > 0)
        convolve_tile<Tiles, 0, high, Finish>(walk, line + (last * Tiles.stride - low), taps, bias, map + last);
    }
  }
}

}  // namespace detail

/// map = bias + the windows' sums, each as Finish::of gives it, of a convolution whose tiles these are.
template <ConvolutionTiles Tiles, class Finish, class T>
constexpr void map_of_image_in_tiles(const Convolution& c, const T* image, const T* weight, const T* bias, T* map) {
  const size_t channels = c.group_channels(), group = c.group_features(), size = c.y.image * c.x.image;
  detail::TileWalk walk{.channels = channels, .feature = channels * c.taps(), .map = c.y.map * c.x.map};
  for (size_t row = 0, count = 1; row < c.y.map; row += count) {
    const WindowSpan rows = window_span(c.y, row);
    const bool whole = rows.count == c.y.kernel;
    count = 1;
    while (whole && row + count < c.y.map && window_span(c.y, row + count).count == rows.count) ++count;
    const size_t first_tap = whole || rows.count == 0 ? 0 : (rows.place + c.y.before - row * c.y.stride) / c.y.dilation;
    walk.rows = rows.count;
    walk.line = rows.step * c.x.image;
    walk.channel = size + walk.line - rows.count * walk.line;
    walk.skipped = (c.y.kernel + 1 - rows.count) * Tiles.taps;
    if (c.y.kernel == 1 && whole) {  // the channels' lines are one loop
      walk.channels = 1;
      walk.rows = channels;
      walk.line = size;
    }
    for (size_t o = 0; o < c.features; o += group) {
      const T* const from = image + o / group * channels * size + rows.place * c.x.image;
      for (size_t f = 0; f < group; f += Tiles.features) {
        const size_t feature = o + std::min(f, group - Tiles.features);
        detail::convolve_rows<Tiles, Finish>(walk, count, c.x.map, from, c.y.stride * c.x.image,
                                             weight + feature * walk.feature + first_tap * Tiles.taps,
                                             bias ? bias + feature : nullptr,
                                             map + (feature * c.y.map + row) * c.x.map);
      }
    }
  }
}

}  // namespace tenon::kernels
