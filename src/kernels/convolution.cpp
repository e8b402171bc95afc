#include <tenon/kernels/convolution.hpp>

#include <algorithm>

#include "convolution_target.hpp"
#include "loops_for_cpu.hpp"

namespace tenon::kernels {

namespace {

template <class T>
const detail::ConvolutionLoops<T>& loops() {
  return loops_for_cpu<detail::ConvolutionTarget<T>>();
}

/// Which of `count` positions lie inside the image, and the first one's place there. Position i is that
/// of number i stride + remainder of the image with its zeros.
struct Inside {
  std::size_t first = 0, end = 0;
  std::size_t place = 0;
};
Inside inside(const ConvolutionAxis& axis, std::size_t remainder, std::size_t count) {
  const std::size_t stride = axis.stride;
  const auto positions_below = [&](std::size_t bound) {
    return bound <= remainder ? 0 : (bound - remainder + stride - 1) / stride;
  };
  Inside i;
  i.first = std::min(positions_below(axis.before), count);
  i.end = std::max(std::min(positions_below(axis.before + axis.image), count), i.first);
  i.place = i.first * stride + remainder - axis.before;
  return i;
}

/// What a phase of a channel holds of the image.
struct Held {
  std::size_t laid_out, image;  // where that begins
  std::size_t rows, width;
  std::size_t pitch, row, step;  // of the phase; of the image, from one of its rows and numbers to the next
  bool whole;                    // no zeros around it

  Held(const Convolution& c, std::size_t py, std::size_t px) {
    const Inside y = inside(c.y, c.y.remainder(py), c.y.span()), x = inside(c.x, c.x_remainder(px), c.pitch());
    pitch = c.pitch();
    step = c.x.stride;
    row = c.y.stride * c.x.image;
    rows = y.end - y.first;
    width = x.end - x.first;
    laid_out = y.first * pitch + x.first;
    image = y.place * c.x.image + x.place;
    whole = rows * width == c.phase_size();
    if (rows == 0 || width == 0) rows = width = laid_out = image = 0;
  }
  /// From its first number to its last, with what lies between its rows.
  std::size_t run() const { return rows > 0 ? (rows - 1) * pitch + width : 0; }
};

}  // namespace

template <class T>
void lay_out_image(const Convolution& c, std::size_t channels, const T* image, T* laid_out) {
  const detail::ConvolutionLoops<T>& run = loops<T>();
  const std::size_t plane = c.y.image * c.x.image, phases = c.y.phases() * c.x_phases(), size = c.phase_size();
  for (std::size_t phase = 0; phase < phases; ++phase) {
    const Held held(c, phase / c.x_phases(), phase % c.x_phases());
    for (std::size_t channel = 0; channel < channels; ++channel) {
      T* const target = laid_out + (channel * phases + phase) * size;
      if (!held.whole) std::fill_n(target, size, T(0));
      const T* from = image + channel * plane + held.image;
      T* to = target + held.laid_out;
      if (held.step == 1) {
        run.copy({from, held.row, to, held.pitch, held.rows, held.width});
        continue;
      }
      for (std::size_t r = 0; r < held.rows; ++r, from += held.row, to += held.pitch)
        for (std::size_t i = 0; i < held.width; ++i) to[i] = from[i * held.step];
    }
  }
}

template <class T>
void lay_out_map(const Convolution& c, const T* map, const T* rectified, T* laid_out, T* sums) {
  const detail::ConvolutionLoops<T>& run = loops<T>();
  const std::size_t plane = c.y.map * c.x.map, size = c.feature_size(), origin = c.feature_origin();
  for (std::size_t feature = 0; feature < c.features; ++feature, laid_out += size, map += plane) {
    if (size != plane) std::fill_n(laid_out, size, T(0));
    const T sum = run.pass({map, c.x.map, laid_out + origin, c.pitch(), c.y.map, c.x.map}, rectified);
    if (rectified) rectified += plane;
    if (sums) sums[feature] += sum;
  }
}

template <class T>
void map_of_image(const Convolution& c, const Tap* taps, const T* laid_out_image, const T* weight, const T* bias,
                  bool rectify, T* map, T* scratch) {
  const detail::ConvolutionLoops<T>& run = loops<T>();
  const std::size_t columns = c.group_channels() * c.taps(), plane = c.y.map * c.x.map;
  const bool in_place = c.pitch() == c.x.map;
  detail::CorrelationArguments<T> a{};
  a.in_step = c.channel_size();
  a.weight_row = columns;
  a.weight_step = c.taps();
  a.taps = taps;
  a.tap_count = c.taps();
  a.offset = &Tap::image;
  a.outer = c.group_channels();
  a.rectify = rectify;
  a.length = c.run();
  a.out_row = in_place ? plane : a.length;
  const std::size_t rows = c.group_features(), blocks = (rows + run.row_limit - 1) / run.row_limit;
  for (std::size_t group = 0; group < c.groups; ++group)
    for (std::size_t block = 0; block < blocks; ++block) {
      const std::size_t first = rows * block / blocks, count = rows * (block + 1) / blocks - first;
      const std::size_t feature = group * rows + first;
      T* const result = map + feature * plane;
      a.in = laid_out_image + group * c.group_channels() * c.channel_size();
      a.weight = weight + feature * columns;
      a.start = bias ? bias + feature : nullptr;
      a.out = in_place ? result : scratch;
      run.correlate(a, count);
      if (in_place) continue;
      for (std::size_t r = 0; r < count; ++r)
        run.copy({scratch + r * a.out_row, c.pitch(), result + r * plane, c.x.map, c.y.map, c.x.map});
    }
}

template <class T>
void image_of_map(const Convolution& c, const Tap* taps, const T* laid_out_map, const T* weight, const T* bias,
                  T* image, T* scratch) {
  const detail::ConvolutionLoops<T>& run = loops<T>();
  const std::size_t plane = c.y.image * c.x.image, channels = c.group_channels();
  const bool plain = c.plain();
  const Held all(c, 0, 0);
  const bool covered = !c.columns && c.y.phases() * c.x.phases() == 1 && all.rows * all.width == plane;
  detail::CorrelationArguments<T> a{};
  a.in_step = c.feature_size();
  a.weight_row = c.taps();
  a.weight_step = channels * c.taps();
  a.offset = &Tap::map;
  a.outer = c.group_features();
  a.out_row = plain ? plane : c.phase_size();
  const std::size_t blocks = (channels + run.row_limit - 1) / run.row_limit;
  for (std::size_t group = 0; group < c.groups; ++group)
    for (std::size_t block = 0; block < blocks; ++block) {
      const std::size_t first = channels * block / blocks, count = channels * (block + 1) / blocks - first;
      const std::size_t channel = group * channels + first;
      T* const result = image + channel * plane;
      const T* const maps = laid_out_map + group * c.group_features() * c.feature_size();
      a.weight = weight + group * c.group_features() * a.weight_step + first * c.taps();
      a.start = bias && !c.columns ? bias + channel : nullptr;
      a.out = plain ? result : scratch;
      if (!plain && !covered)  // numbers that no window meets, or what the columns' sums are added to
        for (std::size_t r = 0; r < count; ++r) std::fill_n(result + r * plane, plane, bias ? bias[channel + r] : T(0));
      a.taps = taps;
      for (std::size_t py = 0; py < c.y.phases(); ++py)
        for (std::size_t px = 0; px < c.x_phases(); ++px) {
          const std::uint32_t phase = a.taps->phase;
          a.tap_count = 0;
          while (a.taps + a.tap_count != taps + c.taps() && a.taps[a.tap_count].phase == phase) ++a.tap_count;
          // of the zeros around the image nobody asks
          const Held held(c, py, px);
          a.in = maps + held.laid_out;
          a.length = held.run();
          if (a.length > 0) run.correlate(a, count);
          a.taps += a.tap_count;
          if (plain) continue;
          for (std::size_t r = 0; r < count; ++r) {
            const T* from = scratch + r * a.out_row;
            T* to = result + r * plane + held.image;
            if (held.step == 1) {
              const detail::Rectangle<T> rectangle{from, held.pitch, to, held.row, held.rows, held.width};
              if (c.columns) run.add(rectangle);
              else run.copy(rectangle);
              continue;
            }
            for (std::size_t y = 0; y < held.rows; ++y, from += held.pitch, to += held.row)
              for (std::size_t i = 0; i < held.width; ++i)
                to[i * held.step] = from[i] + (c.columns ? to[i * held.step] : T(0));
          }
        }
    }
}

template <class T>
void convolution_weight_gradient(const Convolution& c, const Tap* taps, ChannelRange channels, std::size_t count,
                                 const T* laid_out_image, std::size_t image_stride, const T* laid_out_map,
                                 std::size_t map_stride, bool add, T* gradient) {
  const detail::ConvolutionLoops<T>& run = loops<T>();
  const std::size_t group_channels = c.group_channels(), end = channels.first + channels.count;
  detail::GradientArguments<T> a{};
  a.rows = c.group_features();
  a.taps = c.taps();
  a.row = group_channels * a.taps;
  a.run = c.run();
  a.tap = taps;
  a.count = count;
  a.image_stride = image_stride;
  a.channel_size = c.channel_size();
  a.map_stride = map_stride;
  a.feature_size = c.feature_size();
  a.add = add;
  for (std::size_t channel = channels.first; channel < end; channel += a.channels) {
    const std::size_t group = channel / group_channels;
    a.channels = std::min(end, (group + 1) * group_channels) - channel;
    a.image = laid_out_image + (channel - channels.first) * a.channel_size;
    a.map = laid_out_map + group * a.rows * a.feature_size + c.feature_origin();
    a.gradient = gradient + group * a.rows * a.row + channel % group_channels * a.taps;
    run.gradient(a);
  }
}

template <class T>
void add_channel_sums(const Convolution& c, const T* image, T* sums) {
  const std::size_t plane = c.y.image * c.x.image;
  for (std::size_t channel = 0; channel < c.channels; ++channel, image += plane) {
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t i = 0; i < plane; ++i) sum += image[i];
    sums[channel] += sum;
  }
}

template <class T>
void rectify(T* y, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) y[i] = y[i] < T(0) ? T(0) : y[i];
}

#define TENON_CONVOLUTION(T)                                                                                           \
  template void lay_out_image(const Convolution&, std::size_t, const T*, T*);                                          \
  template void lay_out_map(const Convolution&, const T*, const T*, T*, T*);                                           \
  template void map_of_image(const Convolution&, const Tap*, const T*, const T*, const T*, bool, T*, T*);              \
  template void image_of_map(const Convolution&, const Tap*, const T*, const T*, const T*, T*, T*);                    \
  template void convolution_weight_gradient(const Convolution&, const Tap*, ChannelRange, std::size_t, const T*,       \
                                            std::size_t, const T*, std::size_t, bool, T*);                             \
  template void add_channel_sums(const Convolution&, const T*, T*);                                                    \
  template void rectify(T*, std::size_t);
TENON_CONVOLUTION(float)
TENON_CONVOLUTION(double)
#undef TENON_CONVOLUTION

}  // namespace tenon::kernels
