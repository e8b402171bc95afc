#pragma once

#include <tenon/layers/pooling/average.hpp>

namespace tenon {

namespace detail {

template <class In, class Out>
using GlobalMeanUnit = MeanUnit<In, Out, kernels::Averaging{whole_channels<In>}>;

}  // namespace detail

/// The mean of each channel, y[c] = 1 / (H W) sum over r, q of x[c][r][q]. Lin et al. 2014.
///
/// Shapes: (C, H, W) or (C, L) to (C). Gradient: dx = dy / (H W) everywhere in the channel.
/// PyTorch: nn.AdaptiveAvgPool2d(1) and nn.Flatten. ONNX: GlobalAveragePool and Flatten.
///
///     using Net = Sequential<Input<1, 28, 28>, Conv2D<16, 3>, ReLU, GlobalAvgPool, Dense<10>>;
struct GlobalAvgPool : detail::GlobalPool<detail::GlobalMeanUnit, "GlobalAveragePool"> {};

}  // namespace tenon
