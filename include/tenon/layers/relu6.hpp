#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// ReLU that ends at 6, y = min(max(x, 0), 6). Krizhevsky 2010; Howard et al. 2017.
///
/// Shapes: any to the same. Gradient: dy where 0 < x < 6, otherwise 0.
/// PyTorch: nn.ReLU6. ONNX: Clip(0, 6).
///
///     using Net = Sequential<Dense<784, 128>, ReLU6, Dense<10>>;
struct ReLU6 : Map<min(max(x, 0), 6)> {};

}  // namespace tenon
