#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// y = x - tanh(x).
///
/// Shapes: any to the same. Gradient: tanh(x)^2 * dy. PyTorch: nn.Tanhshrink. ONNX: Sub of Tanh.
///
///     using Net = Sequential<Dense<784, 128>, Tanhshrink, Dense<10>>;
struct Tanhshrink : Map<x - tanh(x)> {};

}  // namespace tenon
