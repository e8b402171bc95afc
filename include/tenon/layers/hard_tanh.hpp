#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// x held between Low and High, a hyperbolic tangent made of three lines.
///
/// Shapes: any to the same. Gradient: dy where Low < x < High, otherwise 0.
/// PyTorch: nn.Hardtanh(Low, High). ONNX: Clip(Low, High).
///
///     using Net = Sequential<Dense<784, 128>, HardTanh<>, Dense<10>>;
template <auto Low = -1, auto High = 1>
struct HardTanh : Map<min(max(x, Low), High)> {};

}  // namespace tenon
