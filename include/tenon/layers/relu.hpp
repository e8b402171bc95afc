#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// The rectifier, y = max(x, 0). Nair and Hinton 2010.
///
/// Shapes: any to the same. Gradient: dy where x > 0, otherwise 0 (at 0 too). NaN passes through.
/// PyTorch: nn.ReLU. ONNX: Relu.
///
///     using Net = Sequential<Dense<784, 128>, ReLU, Dense<10>>;
struct ReLU : Map<max(x, 0)> {};

}  // namespace tenon
