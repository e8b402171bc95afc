#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// The logarithm of the logistic function, y = log(sigmoid(x)) = -log(1 + exp(-x)), without
/// overflow for any x.
///
/// Shapes: any to the same. Gradient: sigmoid(-x) * dy. PyTorch: nn.LogSigmoid. ONNX: Log of
/// Sigmoid.
///
///     using Net = Sequential<Dense<784, 128>, ReLU, Dense<1>, LogSigmoid>;
struct LogSigmoid : Map<-softplus(-x)> {};

}  // namespace tenon
