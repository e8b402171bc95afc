#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// The hyperbolic tangent.
///
/// Shapes: any to the same. Gradient: (1 - y * y) * dy. PyTorch: nn.Tanh. ONNX: Tanh.
///
///     using Net = Sequential<Dense<784, 128>, Tanh, Dense<10>>;
struct Tanh : Map<tanh(x)> {};

}  // namespace tenon
