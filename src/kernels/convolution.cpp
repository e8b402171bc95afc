#include <tenon/kernels/convolution.hpp>

#include <algorithm>

#include <tenon/kernels/dispatch.hpp>

#include "convolution_target.hpp"

namespace tenon::kernels {

namespace {

template <class T>
const detail::ConvolutionLoops<T>& loops() {
  using Target = detail::ConvolutionTarget<T>;
#ifdef __x86_64__
  const int level = cpu_level();
  if (level == 2) return Target::avx512;
  if (level == 1) return Target::avx2;
#endif
  return Target::portable;
}

/// The positions of a phase whose numbers lie inside the image, and the first one's place there.
struct Inside {
  std::size_t first = 0, end = 0;
  std::size_t place = 0;
};
Inside inside(const ConvolutionAxis& axis, std::size_t phase) {
  const std::size_t remainder = axis.remainder(phase), stride = axis.stride;
  const auto positions_below = [&](std::size_t bound) { return bound <= remainder ? 0 : (bound - remainder + stride - 1) / stride; };
  Inside i;
  i.first = std::min(positions_below(axis.before), axis.span());
  i.end = std::max(std::min(positions_below(axis.before + axis.image), axis.span()), i.first);
  i.place = i.first * stride + remainder - axis.before;
  return i;
}

/// Calls visit(row of the laid out plane, first number in it, row of the image, first column, count) for
/// every row of the image that a phase holds.
template <class Visit>
void each_row(const Convolution& c, std::size_t py, std::size_t px, Visit visit) {
  const Inside y = inside(c.y, py), x = inside(c.x, px);
  for (std::size_t r = y.first; r < y.end; ++r)
    visit(r * c.pitch() + x.first, (y.place + (r - y.first) * c.y.stride) * c.x.image + x.place, x.end - x.first);
}

}  // namespace

template <class T>
void lay_out_image(const Convolution& c, const T* image, T* laid_out) {
  const detail::ConvolutionLoops<T>& run = loops<T>();
  std::fill_n(laid_out, c.channels * c.channel_size(), T(0));
  const std::size_t plane = c.y.image * c.x.image;
  for (std::size_t channel = 0; channel < c.channels; ++channel, image += plane)
    for (std::size_t py = 0; py < c.y.phases(); ++py)
      for (std::size_t px = 0; px < c.x.phases(); ++px, laid_out += c.phase_size())
        each_row(c, py, px, [&](std::size_t to, std::size_t from, std::size_t count) {
          if (c.x.stride == 1) return run.copy(image + from, laid_out + to, count);
          for (std::size_t i = 0; i < count; ++i) laid_out[to + i] = image[from + i * c.x.stride];
        });
}

template <class T>
void lay_out_map(const Convolution& c, const T* map, const T* rectified, T* laid_out, T* sums) {
  const detail::ConvolutionLoops<T>& run = loops<T>();
  std::fill_n(laid_out, c.features * c.feature_size(), T(0));
  const std::size_t width = c.x.map;
  for (std::size_t feature = 0; feature < c.features; ++feature, laid_out += c.feature_size()) {
    T* to = laid_out + c.feature_origin();
    T sum = 0;
    for (std::size_t row = 0; row < c.y.map; ++row, to += c.pitch(), map += width) {
      sum += run.pass(map, rectified, to, width);
      if (rectified) rectified += width;
    }
    if (sums) sums[feature] += sum;
  }
}

template <class T>
void map_of_image(const Convolution& c, const Tap* taps, const T* laid_out_image, const T* weight, const T* bias, bool rectify, T* map,
                  T* scratch) {
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
        for (std::size_t y = 0; y < c.y.map; ++y)
          run.copy(scratch + r * a.out_row + y * c.pitch(), result + r * plane + y * c.x.map, c.x.map);
    }
}

template <class T>
void image_of_map(const Convolution& c, const Tap* taps, const T* laid_out_map, const T* weight, const T* bias, T* image, T* scratch) {
  const detail::ConvolutionLoops<T>& run = loops<T>();
  const std::size_t plane = c.y.image * c.x.image, channels = c.group_channels();
  const bool plain = c.plain();
  detail::CorrelationArguments<T> a{};
  a.in_step = c.feature_size();
  a.weight_row = c.taps();
  a.weight_step = channels * c.taps();
  a.offset = &Tap::map;
  a.outer = c.group_features();
  a.length = c.phase_size();
  a.out_row = plain ? plane : a.length;
  const std::size_t blocks = (channels + run.row_limit - 1) / run.row_limit;
  for (std::size_t group = 0; group < c.groups; ++group)
    for (std::size_t block = 0; block < blocks; ++block) {
      const std::size_t first = channels * block / blocks, count = channels * (block + 1) / blocks - first;
      const std::size_t channel = group * channels + first;
      T* const result = image + channel * plane;
      a.in = laid_out_map + group * c.group_features() * c.feature_size();
      a.weight = weight + group * c.group_features() * a.weight_step + first * c.taps();
      a.start = bias ? bias + channel : nullptr;
      a.out = plain ? result : scratch;
      if (!plain)  // numbers that no window meets
        for (std::size_t r = 0; r < count; ++r) std::fill_n(result + r * plane, plane, bias ? bias[channel + r] : T(0));
      a.taps = taps;
      for (std::size_t py = 0; py < c.y.phases(); ++py)
        for (std::size_t px = 0; px < c.x.phases(); ++px) {
          const std::uint32_t phase = a.taps->phase;
          a.tap_count = 0;
          while (a.taps + a.tap_count != taps + c.taps() && a.taps[a.tap_count].phase == phase) ++a.tap_count;
          run.correlate(a, count);
          a.taps += a.tap_count;
          if (plain) continue;
          for (std::size_t r = 0; r < count; ++r)
            each_row(c, py, px, [&](std::size_t from, std::size_t to, std::size_t n) {
              const T* source = scratch + r * a.out_row + from;
              T* target = result + r * plane + to;
              if (c.x.stride == 1) return run.copy(source, target, n);
              for (std::size_t i = 0; i < n; ++i) target[i * c.x.stride] = source[i];
            });
        }
    }
}

template <class T>
void convolution_weight_gradient(const Convolution& c, const Tap* taps, std::size_t count, const T* laid_out_image,
                                 std::size_t image_stride, const T* laid_out_map, std::size_t map_stride, bool add, T* gradient) {
  const detail::ConvolutionLoops<T>& run = loops<T>();
  detail::GradientArguments<T> a{};
  a.rows = c.group_features();
  a.channels = c.group_channels();
  a.taps = c.taps();
  a.run = c.run();
  a.tap = taps;
  a.count = count;
  a.image_stride = image_stride;
  a.channel_size = c.channel_size();
  a.map_stride = map_stride;
  a.feature_size = c.feature_size();
  a.add = add;
  for (std::size_t group = 0; group < c.groups; ++group) {
    a.image = laid_out_image + group * a.channels * a.channel_size;
    a.map = laid_out_map + group * a.rows * a.feature_size + c.feature_origin();
    a.gradient = gradient + group * a.rows * a.channels * a.taps;
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

#define TENON_CONVOLUTION(T)                                                                                                        \
  template void lay_out_image(const Convolution&, const T*, T*);                                                                    \
  template void lay_out_map(const Convolution&, const T*, const T*, T*, T*);                                                        \
  template void map_of_image(const Convolution&, const Tap*, const T*, const T*, const T*, bool, T*, T*);                           \
  template void image_of_map(const Convolution&, const Tap*, const T*, const T*, const T*, T*, T*);                                 \
  template void convolution_weight_gradient(const Convolution&, const Tap*, std::size_t, const T*, std::size_t, const T*, std::size_t, \
                                            bool, T*);                                                                              \
  template void add_channel_sums(const Convolution&, const T*, T*);                                                                 \
  template void rectify(T*, std::size_t);
TENON_CONVOLUTION(float)
TENON_CONVOLUTION(double)
#undef TENON_CONVOLUTION

}  // namespace tenon::kernels
