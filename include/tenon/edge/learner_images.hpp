#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <tenon/edge/learner_context.hpp>
#include <tenon/kernels/convolution.hpp>
#include <tenon/kernels/pooling.hpp>
#include <tenon/layers/convolution/unit.hpp>
#include <tenon/layers/pooling/average.hpp>
#include <tenon/layers/pooling/max.hpp>

/// Convolutions and pools in training, one sample at a time. A convolution goes tap by tap over whole maps, four
/// features at a time: a number of the image is loaded once for all four, and on the way back one walk gives the
/// weight's gradient and the image's.
namespace tenon::edge {

namespace detail {

/// The positions at which a tap of the window lies inside the image, and where it lies at the first of them.
struct TapRange {
  size_t first = 0, end = 0, place = 0;
};
constexpr TapRange tap_range(const kernels::ConvolutionAxis& a, size_t tap) {
  const size_t offset = tap * a.dilation;
  TapRange r;
  r.first = offset >= a.before ? 0 : (a.before - offset + a.stride - 1) / a.stride;
  r.end = a.image + a.before <= offset ? 0 : std::min(a.map, (a.image + a.before - offset - 1) / a.stride + 1);
  if (r.end <= r.first) return {};
  r.place = r.first * a.stride + offset - a.before;
  return r;
}

/// Calls work(channel, weight's place in the feature, image's place, map's place, columns) for each row that a tap
/// meets.
template <class F>
TENON_INLINE constexpr void each_tap_row(const kernels::Convolution& c, F work) {
  for (size_t i = 0, at = 0; i < c.group_channels(); ++i)
    for (size_t ky = 0; ky < c.y.kernel; ++ky)
      for (size_t kx = 0; kx < c.x.kernel; ++kx, ++at) work(i, at, tap_range(c.y, ky), tap_range(c.x, kx));
}

/// Calls work(0), ... work(N - 1), written out: what it looks up by them stays in registers.
template <size_t N, class F>
TENON_INLINE constexpr void each_of(F work) {
  [&]<size_t... n>(std::index_sequence<n...>) TENON_INLINE_LAMBDA { (work(n), ...); }
  (std::make_index_sequence<N>{});
}

/// map += weight * image for N features side by side, whose maps start as their biases.
template <size_t N, class T>
void map_features(const kernels::Convolution& c, const T* image, const T* weight, T* map) {
  const size_t pixels = c.y.map * c.x.map, each = c.group_channels() * c.taps(), jump = c.x.stride;
  each_tap_row(c, [&](size_t i, size_t at, TapRange rows, TapRange columns) {
    T w[N];
    each_of<N>([&](size_t n) TENON_INLINE_LAMBDA { w[n] = weight[n * each + at]; });
    const T* line = image + (i * c.y.image + rows.place) * c.x.image + columns.place;
    T* to = map + rows.first * c.x.map + columns.first;
    const size_t count = columns.end - columns.first;
    for (size_t r = rows.first; r < rows.end; ++r, line += c.y.stride * c.x.image, to += c.x.map)
      for (size_t j = 0; j < count; ++j) {
        const T value = line[j * jump];
        each_of<N>([&](size_t n) TENON_INLINE_LAMBDA { to[n * pixels + j] += w[n] * value; });
      }
  });
}

/// The gradients of N features' weights (+)= and that of their image +=, from the maps' gradients.
template <size_t N, bool Learns, bool Sends, class T>
void gradients_of_features(const kernels::Convolution& c, const T* image, const T* weight, const T* map, bool add,
                           T* weight_gradient, T* image_gradient) {
  const size_t pixels = c.y.map * c.x.map, each = c.group_channels() * c.taps(), jump = c.x.stride;
  each_tap_row(c, [&](size_t i, size_t at, TapRange rows, TapRange columns) {
    T w[N], sum[N];
    each_of<N>([&](size_t n) TENON_INLINE_LAMBDA {
      w[n] = Sends ? weight[n * each + at] : T(0);
      sum[n] = 0;
    });
    size_t place = (i * c.y.image + rows.place) * c.x.image + columns.place;
    const T* from = map + rows.first * c.x.map + columns.first;
    const size_t count = columns.end - columns.first;
    for (size_t r = rows.first; r < rows.end; ++r, place += c.y.stride * c.x.image, from += c.x.map) {
      const T* const line = Learns ? image + place : nullptr;
      T* const back = Sends ? image_gradient + place : nullptr;
      for (size_t j = 0; j < count; ++j) {
        T g[N];
        each_of<N>([&](size_t n) TENON_INLINE_LAMBDA { g[n] = from[n * pixels + j]; });
        if constexpr (Learns) {
          const T value = line[j * jump];
          each_of<N>([&](size_t n) TENON_INLINE_LAMBDA { sum[n] += g[n] * value; });
        }
        if constexpr (Sends) {
          T total = back[j * jump];
          each_of<N>([&](size_t n) TENON_INLINE_LAMBDA { total += g[n] * w[n]; });
          back[j * jump] = total;
        }
      }
    }
    if constexpr (Learns)
      for (size_t n = 0; n < N; ++n) {
        T& target = weight_gradient[n * each + at];
        target = add ? target + sum[n] : sum[n];
      }
  });
}

/// Calls work(constant N, first feature) for blocks of four features of one group, and for those that are left.
template <class F>
constexpr void each_feature_block(const kernels::Convolution& c, F work) {
  for (size_t group = 0; group < c.groups; ++group) {
    size_t o = group * c.group_features();
    const size_t end = o + c.group_features();
    for (; o + 4 <= end; o += 4) work(std::integral_constant<size_t, 4>{}, o);
    for (; o < end; ++o) work(std::integral_constant<size_t, 1>{}, o);
  }
}

template <class T>
void add_sums(const T* numbers, size_t count, size_t each, bool add, T* sums) {
  for (size_t k = 0; k < count; ++k, numbers += each) {
    T sum = add ? sums[k] : T(0);
    for (size_t j = 0; j < each; ++j) sum += numbers[j];
    sums[k] = sum;
  }
}

}  // namespace detail

template <size_t Axes, bool Transposed, class In, class F, auto... Argument>
struct TrainingKernel<tenon::detail::ConvolutionUnit<Axes, Transposed, In, F, Argument...>> {
private:
  using unit = tenon::detail::ConvolutionUnit<Axes, Transposed, In, F, Argument...>;
  using activation = tenon::detail::Activation<F>;
  static constexpr const kernels::Convolution& c = unit::convolution;
  static constexpr bool plain = std::is_same_v<F, tenon::detail::NoActivation>;
  static constexpr bool by_mask = std::is_same_v<F, tenon::detail::Rectifier> && !Transposed;
  static constexpr size_t pixels = c.y.map * c.x.map, image_pixels = c.y.image * c.x.image, size = unit::output::size;
  static constexpr size_t each = c.group_channels() * c.taps();
  static constexpr bool activation_saves = [] {
    if constexpr (plain) return false;
    else return activation::saves_slope;
  }();

  static constexpr size_t image_of(size_t feature) {
    return feature / c.group_features() * c.group_channels() * image_pixels;
  }

  /// Gradients of the features' maps, behind a ReLU those that have passed it.
  template <size_t N, class T>
  static const T* passed(const Memory<T>& m, const T* dy, const T* y, size_t feature) {
    dy += feature * pixels;
    if constexpr (by_mask) {
      y += feature * pixels;
      for (size_t k = 0; k < N * pixels; ++k) m.workspace.scratch_fixed[k] = y[k] > T(0) ? dy[k] : T(0);
      return m.workspace.scratch_fixed;
    } else {
      return dy;
    }
  }

  template <size_t N, class T>
  static void gradients(const T* image, const T* weight, const T* map, bool add, T* weight_gradient,
                        T* image_gradient) {
    if (weight_gradient && image_gradient)
      detail::gradients_of_features<N, true, true>(c, image, weight, map, add, weight_gradient, image_gradient);
    else if (weight_gradient)
      detail::gradients_of_features<N, true, false>(c, image, weight, map, add, weight_gradient, image_gradient);
    else if (image_gradient)
      detail::gradients_of_features<N, false, true>(c, image, weight, map, add, weight_gradient, image_gradient);
  }

public:
  static constexpr size_t saved = !plain && !by_mask && activation_saves ? size : 0;
  static constexpr size_t fixed = by_mask ? aligned(std::min<size_t>(c.features, 4) * pixels) : 0;

  template <class T>
  static void forward(const Memory<T>& m, const T* x, T* y) {
    const T* const bias = unit::plan.bias ? m.parameters.values + unit::plan.bias_offset() : nullptr;
    constexpr size_t rows = Transposed ? c.channels : c.features, row = Transposed ? image_pixels : pixels;
    for (size_t o = 0; o < rows; ++o)
      for (size_t k = 0; k < row; ++k) y[o * row + k] = bias ? bias[o] : T(0);
    detail::each_feature_block(c, [&](auto n, size_t o) {
      constexpr size_t N = n;
      if constexpr (Transposed)
        gradients<N, T>(nullptr, m.parameters.values + o * each, x + o * pixels, true, nullptr, y + image_of(o));
      else detail::map_features<N>(c, x + image_of(o), m.parameters.values + o * each, y + o * pixels);
    });
    if constexpr (by_mask) {
      for (size_t k = 0; k < size; ++k) y[k] = y[k] > T(0) ? y[k] : T(0);
    } else if constexpr (!plain) {
      if (m.workspace.saved) activation::template forward_in_order<true>(y, size, m.workspace.saved);
      else activation::template forward_in_order<false>(y, size, m.workspace.saved);
    }
  }

  template <class T>
  static void backward(const Memory<T>& m, bool add, const T* x, const T* y, const T* dy, T* dx) {
    if constexpr (!plain && !by_mask) {
      activation::template backward<T, true>(dy, y, m.workspace.saved, m.workspace.scratch, size);
      dy = m.workspace.scratch;
    }
    T* const bias = unit::plan.bias && m.parameters.gradients ? m.parameters.gradients + unit::plan.bias_offset()
                                                              : nullptr;
    if (Transposed && bias) detail::add_sums(dy, c.channels, image_pixels, add, bias);
    if (dx) std::fill_n(dx, In::size, T(0));
    detail::each_feature_block(c, [&](auto n, size_t o) {
      constexpr size_t N = n;
      const T* const weight = m.parameters.values + o * each;
      T* const learned = m.parameters.gradients ? m.parameters.gradients + o * each : nullptr;
      if constexpr (Transposed) {
        gradients<N, T>(dy + image_of(o), weight, x + o * pixels, add, learned, nullptr);
        if (dx) detail::map_features<N>(c, dy + image_of(o), weight, dx + o * pixels);
      } else {
        const T* const map = passed<N>(m, dy, y, o);
        if (bias) detail::add_sums(map, N, pixels, add, bias + o);
        gradients<N, T>(x + image_of(o), weight, map, add, learned, dx ? dx + image_of(o) : nullptr);
      }
    });
  }
};

template <class In, class Out, kernels::Pooling P>
struct TrainingKernel<tenon::detail::LargestUnit<In, Out, P>> {
  static constexpr size_t fixed = 0, saved = 0;

  template <class T>
  static void forward(const Memory<T>&, const T* x, T* y) {
    kernels::max_pool_plainly(P, x, y);
  }
  template <class T>
  static void backward(const Memory<T>&, bool, const T* x, const T*, const T* dy, T* dx) {
    if (!dx) return;
    std::fill_n(dx, In::size, T(0));
    kernels::each_window(P, false, x, [&](const T* channel, kernels::WindowSpan rows, kernels::WindowSpan columns) {
      size_t best = rows.place * P.x.image + columns.place;
      for (size_t r = 0; r < rows.count; ++r)
        for (size_t q = 0; q < columns.count; ++q) {
          const size_t at = (rows.place + r * rows.step) * P.x.image + columns.place + q * columns.step;
          if (channel[at] > channel[best] || (channel[at] != channel[at] && channel[best] == channel[best])) best = at;
        }
      dx[static_cast<size_t>(channel - x) + best] += *dy++;
    });
  }
};
template <class In, class Out, class Arguments, auto... Argument>
struct TrainingKernel<tenon::detail::MaxPoolUnit<In, Out, Arguments, Argument...>>
    : TrainingKernel<tenon::detail::LargestUnit<In, Out, Arguments::template pooling<In>>> {};

template <class In, class Out, kernels::Averaging P>
struct TrainingKernel<tenon::detail::MeanUnit<In, Out, P>> {
  static constexpr size_t fixed = 0, saved = 0;

  template <class T>
  static void forward(const Memory<T>&, const T* x, T* y) {
    kernels::average_pool_plainly(P, x, y);
  }
  template <class T>
  static void backward(const Memory<T>& m, bool, const T*, const T*, const T* dy, T* dx) {
    if (!dx) return;
    if (!m.written.dx) std::fill_n(dx, In::size, T(0));
    const kernels::Pooling& w = P.windows;
    kernels::each_window(w, P.adaptive, static_cast<const T*>(dx),
                         [&](const T* channel, kernels::WindowSpan rows, kernels::WindowSpan columns) {
                           const size_t numbers = P.counts_padding && !P.adaptive ? w.y.kernel * w.x.kernel
                                                                                  : rows.count * columns.count;
                           const T share = *dy++ / static_cast<T>(numbers);
                           T* const to = dx + (channel - dx);
                           for (size_t r = 0; r < rows.count; ++r)
                             for (size_t q = 0; q < columns.count; ++q)
                               to[(rows.place + r * rows.step) * w.x.image + columns.place + q * columns.step] += share;
                         });
  }
};
template <class In, class Out, class Arguments, auto... Argument>
struct TrainingKernel<tenon::detail::AvgPoolUnit<In, Out, Arguments, Argument...>>
    : TrainingKernel<tenon::detail::MeanUnit<In, Out,
                                             kernels::Averaging{Arguments::template pooling<In>, false,
                                                                tenon::detail::counts_padding<Argument...>}>> {};

}  // namespace tenon::edge
