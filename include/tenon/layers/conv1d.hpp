#pragma once

#include <tenon/layers/convolution/unit.hpp>

namespace tenon {

template <auto... Argument>
struct StreamedConv1D;

namespace detail {

/// Whether a convolution can be run step by step: with stride 1 and without padding, an output needs no later input.
template <auto... Argument>
inline constexpr bool streams = [] {
  constexpr Window w = ConvolutionArguments<1, false, Argument...>::window;
  return w.stride[1] == 1 && w.padded(1, 1) == 1;
}();

}  // namespace detail

/// A convolution of signals, y[o][t] = b[o] + sum over i, u of W[o][i][u] x[i][t s + u d - p]: Conv2D
/// along one axis, with the same options.
///
/// Shapes: (in, L) to (out, floor((L + 2 p - d (k - 1) - 1) / s) + 1). Parameters: weight
/// (out, in / groups, k), bias (out). Gradients as Conv2D's. PyTorch: nn.Conv1d. ONNX: Conv.
///
///     using Net = Sequential<Input<1, 64>, Conv1D<8, 3, dilation<2>>, Tanh, Conv1D<1, 1>>;
template <auto... Argument>
struct Conv1D : detail::ConvolutionLayer<1, false, Argument...> {
  static constexpr bool takes_signals = true;
  template <class In, Time Axis>
  static constexpr bool steps = (Axis == Time::last) && detail::streams<Argument...>;
  template <size_t>
  using stepping = StreamedConv1D<Argument...>;
};

}  // namespace tenon
