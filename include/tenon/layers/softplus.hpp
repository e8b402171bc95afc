#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// A smooth ReLU, y = log(1 + exp(x)), without overflow for any x. Dugas et al. 2001.
///
/// Shapes: any to the same. Gradient: sigmoid(x) * dy. PyTorch: nn.Softplus, which returns x itself
/// above 20. ONNX: Softplus.
///
///     using Net = Sequential<Dense<784, 128>, Softplus, Dense<10>>;
struct Softplus : Map<softplus(x)> {};

}  // namespace tenon
