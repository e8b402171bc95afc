#pragma once

#include <tenon/kernels/noise.hpp>
#include <tenon/kernels/resize.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/pooling/pool.hpp>

namespace tenon {

namespace detail {

template <class In, auto Rate>
struct ChannelDropoutUnit {
  using input = In;
  using output = In;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr size_t channels = In::front;
  static constexpr Needs needs{.backward_reads_input = false, .saved = {.sample = aligned(channels)}, .streams = 1};

  template <class To>
  static auto onnx(To& to) {
    return to.input();
  }
  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode) {
    if constexpr (Mode::training) {
      kernels::fill_keep_mask(m.workspace.saved, x.count, channels, static_cast<double>(Rate), ctx.stream(m.ids.stream),
                              ctx.first_sample);
      scale(m, x, y);
    } else {
      copy_rows(x, y, In::size);
    }
  }
  template <class Ctx, class T>
  static void backward(Ctx&, const Memory<T>& m, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    if (dx) scale(m, dy, dx);
  }

private:
  template <class T>
  static void scale(const Memory<T>& m, Rows<const T> from, Rows<T> to) {
    for (size_t i = 0; i < to.count; ++i)
      kernels::scale_channels<T>(channels, In::inner, from[i], m.workspace.saved + i * channels, to[i]);
  }
};

template <size_t Axes, auto Rate>
struct ChannelDropout {
  using invalid = typename Dropout<Rate>::invalid;
  template <class In>
  using problem = std::conditional_t<
      In::rank == Axes + 1, void,
      takes<std::conditional_t<Axes == 2, images_of_channels_height_width, signals_of_channels_length>>>;
  template <class In>
  using at = ChannelDropoutUnit<In, Rate>;
  template <class In, Time Axis>
  static constexpr bool steps = true;
};

}  // namespace detail

/// Sets whole channels of an image to 0, each with probability Rate, and divides the others by
/// 1 - Rate,
///     y[c][i][j] = m_c x[c][i][j] / (1 - Rate),   m_c = 0 with probability Rate, otherwise 1:
/// neighbouring pixels are alike, so that dropping single ones would change little. Tompson et al.
/// 2015. Evaluation passes everything as it is; the channels of a step are a function of the model's
/// seed, the layer and the step.
///
/// Shapes: (C, H, W) to the same. Gradient: dy times the channel's factor. PyTorch: nn.Dropout2d.
/// ONNX: Dropout, which evaluation leaves out.
///
///     using Net = Sequential<Input<1, 28, 28>, Conv2D<16, 3>, ReLU, Dropout2D<0.2>, Flatten, Dense<10>>;
template <auto Rate>
struct Dropout2D : detail::ChannelDropout<2, Rate> {};

/// Dropout2D for signals:
///     y[c][t] = m_c x[c][t] / (1 - Rate),   m_c = 0 with probability Rate, otherwise 1.
///
/// Shapes: (C, L) to the same. Gradient: dy times the channel's factor. PyTorch: nn.Dropout1d. ONNX: Dropout.
///
///     using Net = Sequential<Input<3, 50>, Conv1D<16, 3>, ReLU, Dropout1D<0.2>, Flatten, Dense<10>>;
template <auto Rate>
struct Dropout1D : detail::ChannelDropout<1, Rate> {};

}  // namespace tenon
