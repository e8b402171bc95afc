#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// y = x * tanh(softplus(x)). Misra 2019.
///
/// Shapes: any to the same. Gradient: (t + x * (1 - t * t) * sigmoid(x)) * dy, with
/// t = tanh(softplus(x)). PyTorch: nn.Mish. ONNX: Mish.
///
///     using Net = Sequential<Dense<784, 128>, Mish, Dense<10>>;
struct Mish : Map<x * tanh(softplus(x))> {};

}  // namespace tenon
