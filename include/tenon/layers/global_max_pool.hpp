#pragma once

#include <tenon/layers/pooling/max.hpp>

namespace tenon {

namespace detail {

template <class In, class Out>
using GlobalLargestUnit = LargestUnit<In, Out, whole_channels<In>>;

}  // namespace detail

/// The largest number of each channel, y[c] = max over r, q of x[c][r][q].
///
/// Shapes: (C, H, W) or (C, L) to (C). Gradient: dy goes to the first number of the channel that is the largest.
/// PyTorch: nn.AdaptiveMaxPool2d(1) and nn.Flatten. ONNX: GlobalMaxPool and Flatten.
///
///     using Net = Sequential<Input<1, 28, 28>, Conv2D<16, 3>, ReLU, GlobalMaxPool, Dense<10>>;
struct GlobalMaxPool : detail::GlobalPool<detail::GlobalLargestUnit, "GlobalMaxPool"> {};

}  // namespace tenon
