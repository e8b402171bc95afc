#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

/// Direct convolutions. A convolution joins two sides: an *image* (channels, height, width) and a *map*
/// (features, rows, columns) whose every position looks at a window of the image,
///
///     map[o][r][c] = sum over i, y, x of weight[o][i][y][x] image[i][r stride + y dilation - before][...].
///
/// The three products that training needs are this sum, its transpose (map to image) and the weight's
/// gradient; a transposed convolution uses the same three the other way round.
///
/// None of them copies whole windows. An image is laid out so that moving the window by one position is
/// moving by one number: with zeros around it and, for a stride of s, sorted by row (column) modulo s: rows
/// 0, s, 2 s, ... first, then rows 1, s + 1, ..., each such part a *phase* of its own. Then a tap of the
/// window is a fixed offset, a whole map is one run of vectors (with a few unused numbers at the end of each
/// row), and an image without padding and stride is used where it lies. Where the unused numbers would cost
/// more time than copying the image once for every column of the window, that is done instead (`columns`):
/// each copy has rows as long as the map's, and nothing is unused.
namespace tenon::kernels {

/// One axis of a convolution.
struct ConvolutionAxis {
  size_t image = 1;  // size of the image
  size_t map = 1;    // positions of the window
  size_t kernel = 1;
  size_t stride = 1;
  size_t dilation = 1;
  size_t before = 0;  // zeros in front of the image

  /// After so many taps the window meets the first tap's phase again.
  constexpr size_t period() const { return stride / std::gcd(stride, dilation); }
  constexpr size_t phases() const { return kernel < period() ? kernel : period(); }
  constexpr size_t remainder(size_t phase) const { return phase * dilation % stride; }
  /// How far within its phase a tap lies.
  constexpr size_t step(size_t tap) const { return tap * dilation / stride; }
  constexpr size_t reach() const { return step(kernel - 1); }
  /// Positions of a phase that some window meets.
  constexpr size_t span() const { return map + reach(); }
  constexpr bool plain() const { return stride == 1 && before == 0 && span() == image; }
};

struct Convolution {
  size_t channels = 1;  // of the image
  size_t features = 1;  // of the map
  size_t groups = 1;
  ConvolutionAxis y{}, x{};
  bool columns = false;  // the image once for every column of the window

  constexpr size_t group_channels() const { return channels / groups; }
  constexpr size_t group_features() const { return features / groups; }
  constexpr size_t taps() const { return y.kernel * x.kernel; }
  constexpr size_t weights() const { return features * group_channels() * taps(); }
  constexpr size_t image_size() const { return channels * y.image * x.image; }
  constexpr size_t map_size() const { return features * y.map * x.map; }
  constexpr size_t macs() const { return weights() * y.map * x.map; }

  /// The image needs no other layout.
  constexpr bool plain() const { return y.plain() && x.plain() && !columns; }
  constexpr size_t pitch() const { return columns ? x.map : x.span(); }
  constexpr size_t phase_size() const { return y.span() * pitch(); }
  constexpr size_t x_phases() const { return columns ? x.kernel : x.phases(); }
  constexpr size_t x_remainder(size_t phase) const { return columns ? phase * x.dilation : x.remainder(phase); }
  constexpr size_t x_reach() const { return columns ? 0 : x.reach(); }
  constexpr size_t channel_size() const { return y.phases() * x_phases() * phase_size(); }
  /// From the first position of a map to its last one, with the unused numbers in between.
  constexpr size_t run() const { return (y.map - 1) * pitch() + x.map; }
  /// Numbers of a feature with zeros around it: windows of the transpose may leave the map.
  constexpr size_t feature_size() const { return (y.map + 2 * y.reach()) * pitch() + x_reach(); }
  constexpr size_t feature_origin() const { return y.reach() * pitch() + x_reach(); }
};

/// The convolution with the cheaper of its two layouts. The estimate is of one step of training for one sample: three
/// products, counted in vectors of 16 numbers for each weight, and copying rows before and after them. How long a row
/// takes in comparison with a product was measured (AVX-512, images in the second-level cache).
constexpr Convolution arranged(Convolution c) {
  const auto vectors = [](size_t numbers) { return (numbers + 15) / 16; };
  const auto row = [&](size_t numbers, size_t each) { return c.x.stride == 1 ? each * vectors(numbers) : 2 * numbers; };
  const auto cost = [&](bool columns) {
    c.columns = columns;
    size_t all = 3 * c.weights() * vectors(c.run());
    if (!c.plain()) {
      all += 2 * c.channels * c.y.phases() * c.x_phases() * c.y.span() * row(c.pitch(), 10);  // forward and backward
      all += c.channels * c.y.image * row(c.x.image, 18) * (columns ? c.x.kernel : 1);        // the image's gradient
    }
    if (c.pitch() != c.x.map) all += c.features * c.y.map * row(c.x.map, 18);
    return all;
  };
  const size_t with_gaps = cost(false);
  c.columns = c.x.kernel > 1 && cost(true) < with_gaps;
  return c;
}

/// Where a tap of the window finds its numbers.
struct Tap {
  std::uint32_t weight = 0;  // of the kernel's numbers, row by row
  std::uint32_t image = 0;   // from a position's place in a channel
  std::uint32_t map = 0;     // in a feature with its zeros, seen from an image's position
  std::uint32_t phase = 0;
};

/// The taps of a convolution, phase by phase: taps() of them.
constexpr void list_taps(const Convolution& c, Tap* next) {
  const auto narrow = [](size_t value) { return static_cast<std::uint32_t>(value); };
  for (size_t py = 0; py < c.y.phases(); ++py)
    for (size_t px = 0; px < c.x_phases(); ++px)
      for (size_t ky = py; ky < c.y.kernel; ky += c.y.period())
        for (size_t kx = px; kx < c.x.kernel; kx += c.columns ? c.x.kernel : c.x.period()) {
          const size_t phase = py * c.x_phases() + px;
          const size_t fy = c.y.step(ky), fx = c.columns ? 0 : c.x.step(kx);
          *next++ = {narrow(ky * c.x.kernel + kx), narrow(phase * c.phase_size() + fy * c.pitch() + fx),
                     narrow((c.y.reach() - fy) * c.pitch() + c.x_reach() - fx), narrow(phase)};
        }
}
template <size_t Count>
constexpr std::array<Tap, Count> convolution_taps(const Convolution& c) {
  std::array<Tap, Count> taps{};
  list_taps(c, taps.data());
  return taps;
}

/// The most rows of a result that are computed at a time, for which scratch must have room.
inline constexpr size_t convolution_rows = 8;

/// Scratch of `map_of_image` and `image_of_map`, in numbers.
constexpr size_t convolution_map_scratch(const Convolution& c) {
  return c.pitch() == c.x.map ? 0 : convolution_rows * c.run();
}
constexpr size_t convolution_image_scratch(const Convolution& c) {
  return c.plain() ? 0 : convolution_rows * c.phase_size();
}

/// Some channels of one sample's image in the layout of the products, channel_size() numbers each. Where the image is
/// plain there is no need to call it.
template <class T>
void lay_out_image(const Convolution&, size_t channels, const T* image, T* laid_out);

/// One sample's map with zeros around it, features * feature_size() numbers. With `rectified`, the
/// output of a ReLU, only what has passed it. Adds every feature's sum to `sums` unless that is null.
template <class T>
void lay_out_map(const Convolution&, const T* map, const T* rectified, T* laid_out, T* sums);

/// map = weight * image (+ bias), of one sample; `rectify` applies a ReLU.
template <class T>
void map_of_image(const Convolution&, const Tap* taps, const T* laid_out_image, const T* weight, const T* bias,
                  bool rectify, T* map, T* scratch);

/// image = weight^T * map (+ bias), of one sample.
template <class T>
void image_of_map(const Convolution&, const Tap* taps, const T* laid_out_map, const T* weight, const T* bias, T* image,
                  T* scratch);

/// Channels first, first + 1, ... of an image.
struct ChannelRange {
  size_t first = 0, count = 0;
};
/// The gradient of the weights of these channels summed over `count` samples, whose images lie `image_stride` and maps
/// `map_stride` numbers apart; of the images no other channels are there. It is written to `gradient`, that of all
/// weights, or added to it where `add`.
template <class T>
void convolution_weight_gradient(const Convolution&, const Tap* taps, ChannelRange channels, size_t count,
                                 const T* laid_out_image, size_t image_stride, const T* laid_out_map, size_t map_stride,
                                 bool add, T* gradient);

/// sums[channel] += the sum over a channel of one sample's image.
template <class T>
void add_channel_sums(const Convolution&, const T* image, T* sums);

/// y = max(y, 0); a NaN stays one.
template <class T>
void rectify(T* y, size_t size);

}  // namespace tenon::kernels
