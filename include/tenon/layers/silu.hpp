#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// y = x * sigmoid(x). Elfwing et al. 2017; found again as Swish by Ramachandran et al. 2017.
///
/// Shapes: any to the same. Gradient: s * (1 + x * (1 - s)) * dy, with s = sigmoid(x).
/// PyTorch: nn.SiLU. ONNX: Mul of Sigmoid.
///
///     using Net = Sequential<Dense<784, 128>, SiLU, Dense<10>>;
struct SiLU : Map<x * sigmoid(x)> {};

/// SiLU under its other name: y = x * sigmoid(x), any shape to the same, with SiLU's gradient.
/// Keras: activations.swish.
///
///     using Net = Sequential<Dense<784, 128>, Swish, Dense<10>>;
using Swish = SiLU;

/// Swish that learns how sharply it bends: y = x * sigmoid(beta * x), with beta = 1 to begin with.
/// Ramachandran et al. 2017.
///
/// Shapes: any to the same. Parameters: beta (1).
/// Gradients: with s = sigmoid(beta * x), dx = (s + beta * y * (1 - s)) * dy and dbeta = sum of
/// x * y * (1 - s) * dy. PyTorch has none. ONNX: Mul of Sigmoid.
///
///     using Net = Sequential<Dense<784, 128>, SwishBeta, Dense<10>>;
struct SwishBeta : Map<x * sigmoid(param<"beta", Ones>* x)> {};

}  // namespace tenon
