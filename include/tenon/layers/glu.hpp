#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// The gated linear unit: with x cut into halves a and b, y = a * sigmoid(b). Dauphin et al. 2016.
///
/// Shapes: (2 n) to (n); (time, 2 n) to (time, n). Gradients: da = sigmoid(b) * dy,
/// db = y * (1 - sigmoid(b)) * dy. PyTorch: nn.GLU(-1). ONNX: Split, Sigmoid, Mul.
///
///     using Net = Sequential<Dense<784, 128>, GLU, Dense<64, 10>>;
struct GLU : Map<chunk<0, 2>(x) * sigmoid(chunk<1, 2>(x))> {};

}  // namespace tenon
