#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// The logistic function, y = 1 / (1 + exp(-x)).
///
/// Shapes: any to the same. Gradient: y * (1 - y) * dy. In training with binary cross-entropy the
/// two join into one stable formula. PyTorch: nn.Sigmoid. ONNX: Sigmoid.
///
///     using Net = Sequential<Dense<784, 128>, Tanh, Dense<1>, Sigmoid>;
struct Sigmoid : Map<sigmoid(x)> {};

}  // namespace tenon
