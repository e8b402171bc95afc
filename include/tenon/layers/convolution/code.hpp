#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include <tenon/kernels/convolution.hpp>
#include <tenon/kernels/gemm_types.hpp>
#include <tenon/layers/convolution/activation.hpp>
#include <tenon/net/layer.hpp>

/// The code of all convolutions with one activation, whatever their shapes: forward and
/// backward as calls of kernels/convolution.hpp, one sample (forward) or a few (backward) at a time.
namespace tenon::detail {

/// A layer in numbers. A transposed convolution goes from the map to the image.
struct ConvolutionPlan {
  kernels::Convolution c{};
  const kernels::Tap* taps = nullptr;
  bool transposed = false;
  bool bias = true;

  /// Whether it is left to BLAS: windows of one number are a matrix product, which has to be large enough.
  constexpr bool is_product() const { return c.plain() && c.taps() == 1 && c.weights() / c.groups >= 4096; }
  constexpr size_t input_size() const { return transposed ? c.map_size() : c.image_size(); }
  constexpr size_t output_size() const { return transposed ? c.image_size() : c.map_size(); }
  constexpr size_t bias_offset() const { return aligned(c.weights()); }
  constexpr size_t bias_size() const { return transposed ? c.channels : c.features; }

  /// Scratch of one sample, for images that have to be laid out for the kernel.
  constexpr size_t image_space() const { return c.plain() ? 0 : aligned(c.channels * c.channel_size()); }
  constexpr size_t map_space() const { return aligned(c.features * c.feature_size()); }
  constexpr size_t part_space() const { return c.plain() ? 0 : aligned(part() * c.channel_size()); }
  /// What the products of one sample need beside that, forward and on the way back.
  constexpr size_t forward_space() const {
    return transposed ? kernels::convolution_image_scratch(c) : kernels::convolution_map_scratch(c);
  }
  constexpr size_t backward_space() const {
    return transposed ? kernels::convolution_map_scratch(c) : kernels::convolution_image_scratch(c);
  }

  /// How many samples one pass of the weight's gradient takes together: enough to make its sums across lanes cheap, few
  /// enough for the cache. Up to `few` samples may take half as much again of it, which is room for their maps and a
  /// quarter of their images at least.
  constexpr size_t block() const {
    constexpr size_t worthwhile = 1024, few = 5;
    const size_t wanted = (worthwhile + c.run() - 1) / c.run(), sample = image_space() + map_space();
    size_t more = std::min(few, cached * 3 / 2 / sample);
    if (!transposed && !c.plain()) {
      const size_t least = map_space() + aligned((c.channels + 3) / 4 * c.channel_size());
      more = std::min(more, cached / least);
    }
    return std::max<size_t>(1, std::min(wanted, std::max(cached / sample, more)));
  }
  /// How many channels of a block's images are laid out at a time: as many as fit into the cache beside its maps, in
  /// equal parts. The gradient of a transposed convolution's input needs whole images, that of others only the maps.
  constexpr size_t part() const {
    const size_t samples = block();
    if (transposed || samples == 1 || samples * (map_space() + image_space()) <= cached) return c.channels;
    const size_t fitting = (cached - samples * map_space()) / (samples * c.channel_size());
    const size_t parts = (c.channels + fitting - 1) / fitting;
    return (c.channels + parts - 1) / parts;
  }
  static constexpr size_t cached = size_t{1} << 16;

  template <class F>
  constexpr Needs needs() const {
    Needs n{.backward_reads_input = true};
    n.forward.fixed = n.inference.fixed = (transposed ? map_space() : image_space()) + aligned(forward_space());
    // what is laid out for the weight's gradient alone has been read when dx is computed
    const size_t kept = block() * (transposed ? image_space() : map_space());
    const size_t passing = block() * (transposed ? map_space() : part_space());
    n.backward.fixed = kept + std::max(passing, aligned(backward_space()));
    if constexpr (!std::is_same_v<F, NoActivation>) {
      const bool by_mask = std::is_same_v<F, Rectifier> && !transposed;
      n.backward_reads_output = by_mask || Activation<F>::reads_output;
      if (!by_mask) {
        n.saved.sample = Activation<F>::saves_slope ? output_size() : 0;
        n.backward.sample = output_size();
      }
    }
    return n;
  }
};

template <class F>
struct ConvolutionCode {
  static constexpr bool plain = std::is_same_v<F, NoActivation>;
  static constexpr bool rectifies = std::is_same_v<F, Rectifier>;

  template <class Mode, class Ctx, class T>
  static void forward(const ConvolutionPlan& p, Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    const kernels::Convolution& c = p.c;
    const T* const weight = m.parameters.values;
    const T* const bias = p.bias ? m.parameters.values + p.bias_offset() : nullptr;
    T* const laid_out = m.workspace.scratch_fixed;
    T* const work = laid_out + (p.transposed ? p.map_space() : p.image_space());
    for (size_t i = 0; i < x.count; ++i) {
      if (p.transposed) {
        kernels::lay_out_map<T>(c, x[i], nullptr, laid_out, nullptr);
        if (p.is_product()) multiply(p, ctx, true, weight, bias, laid_out, y[i]);
        else kernels::image_of_map<T>(c, p.taps, laid_out, weight, bias, y[i], work);
      } else {
        if (!c.plain()) kernels::lay_out_image<T>(c, c.channels, x[i], laid_out);
        const T* image = c.plain() ? x[i] : laid_out;
        if (p.is_product()) multiply(p, ctx, false, weight, bias, image, y[i]);
        else kernels::map_of_image<T>(c, p.taps, image, weight, bias, rectifies, y[i], work);
      }
      if constexpr (!plain) {
        const bool done = rectifies && !p.transposed;
        if (!done)
          Activation<F>::forward(y[i], p.output_size(),
                                 m.workspace.saved ? m.workspace.saved + i * p.output_size() : nullptr, mode);
        else if (p.is_product()) kernels::rectify(y[i], p.output_size());
      }
    }
  }

  template <class Ctx, class T>
  static void backward(const ConvolutionPlan& p, Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> y,
                       Rows<const T> dy, Rows<T> dx) {
    const kernels::Convolution& c = p.c;
    T* const bias_gradient = p.bias && m.parameters.gradients ? m.parameters.gradients + p.bias_offset() : nullptr;
    if (ctx.overwrite_gradients && bias_gradient) std::fill_n(bias_gradient, p.bias_size(), T(0));

    Rows<const T> dz = dy;
    [[maybe_unused]] const bool by_mask = rectifies && !p.transposed;
    if constexpr (!plain) {
      if (!by_mask) {
        const size_t size = p.output_size();
        for (size_t i = 0; i < dy.count; ++i)
          Activation<F>::backward(dy[i], y ? y[i] : nullptr, m.workspace.saved + i * size,
                                  m.workspace.scratch + i * size, size);
        dz = {m.workspace.scratch, dy.count, size};
      }
    }

    const size_t block = p.block(), part = p.part(), map_space = p.map_space(), part_space = p.part_space();
    // the side that dx is computed from, then the other one, which makes room for the products of dx
    T* const kept = m.workspace.scratch_fixed;
    T* const work = kept + block * (p.transposed ? part_space : map_space);
    T* const maps = p.transposed ? work : kept;
    T* const images = p.transposed ? kept : work;
    const Rows<const T>& map_side = p.transposed ? x : dz;
    const Rows<const T>& image_side = p.transposed ? dz : x;
    const size_t image_stride = c.plain() ? image_side.stride : part_space;
    for (size_t first = 0; first < dy.count; first += block) {
      const size_t count = std::min(block, dy.count - first);
      for (size_t i = 0; i < count; ++i) {
        const T* passed = by_mask ? y[first + i] : nullptr;
        kernels::lay_out_map<T>(c, map_side[first + i], passed, maps + i * map_space,
                                p.transposed ? nullptr : bias_gradient);
        if (p.transposed && bias_gradient) kernels::add_channel_sums<T>(c, dz[first + i], bias_gradient);
      }
      const T* const image = c.plain() ? image_side[first] : images;
      const bool add = !ctx.overwrite_gradients || first > 0;
      const bool read = m.parameters.gradients || p.transposed;
      for (size_t channel = 0; read && channel < c.channels; channel += part) {
        const kernels::ChannelRange channels{channel, std::min(part, c.channels - channel)};
        for (size_t i = 0; i < count && !c.plain(); ++i)
          kernels::lay_out_image<T>(c, channels.count, image_side[first + i] + channel * c.y.image * c.x.image,
                                    images + i * part_space);
        if (m.parameters.gradients && !p.is_product())
          kernels::convolution_weight_gradient<T>(c, p.taps, channels, count, image, image_stride, maps, map_space, add,
                                                  m.parameters.gradients);
      }
      if (m.parameters.gradients && p.is_product())
        for (size_t i = 0; i < count; ++i)
          multiply_gradient(p, ctx, image + i * image_stride, maps + i * map_space, add || i > 0,
                            m.parameters.gradients);
      if (!dx) continue;
      for (size_t i = 0; i < count; ++i) {
        const T* from = p.transposed ? image + i * image_stride : maps + i * map_space;
        if (p.is_product())
          multiply(p, ctx, !p.transposed, m.parameters.values, static_cast<const T*>(nullptr), from, dx[first + i]);
        else if (p.transposed)
          kernels::map_of_image<T>(c, p.taps, from, m.parameters.values, nullptr, false, dx[first + i], work);
        else kernels::image_of_map<T>(c, p.taps, from, m.parameters.values, nullptr, dx[first + i], work);
      }
    }
  }

private:
  /// map = weight * image (+ bias), or image = weight^T * map (+ bias): windows of one number.
  template <class Ctx, class T>
  static void multiply(const ConvolutionPlan& p, Ctx& ctx, bool to_image, const T* weight, const T* bias, const T* from,
                       T* to) {
    using kernels::Transpose;
    const size_t features = p.c.group_features(), channels = p.c.group_channels(), pixels = p.c.y.map * p.c.x.map;
    const size_t rows = to_image ? channels : features, inner = to_image ? features : channels;
    for (size_t group = 0; group < p.c.groups; ++group) {
      if (bias)
        for (size_t r = 0; r < rows; ++r) std::fill_n(to + r * pixels, pixels, *bias++);
      ctx.gemm(to_image ? Transpose::yes : Transpose::no, Transpose::no, rows, pixels, inner, T(1), weight, channels,
               from, pixels, T(bias ? 1 : 0), to, pixels);
      weight += features * channels;
      from += inner * pixels;
      to += rows * pixels;
    }
  }
  template <class Ctx, class T>
  static void multiply_gradient(const ConvolutionPlan& p, Ctx& ctx, const T* image, const T* map, bool add,
                                T* gradient) {
    using kernels::Transpose;
    const size_t features = p.c.group_features(), channels = p.c.group_channels(), pixels = p.c.y.map * p.c.x.map;
    for (size_t group = 0; group < p.c.groups; ++group)
      ctx.gemm(Transpose::no, Transpose::yes, features, channels, pixels, T(1), map + group * features * pixels, pixels,
               image + group * channels * pixels, pixels, T(add ? 1 : 0), gradient + group * features * channels,
               channels);
  }
};

}  // namespace tenon::detail
