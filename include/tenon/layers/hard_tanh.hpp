#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// x held between Low and High, a hyperbolic tangent made of three lines: y = min(max(x, Low), High).
///
/// Shapes: any to the same. Gradient: dy where Low < x < High, otherwise 0.
/// PyTorch: nn.Hardtanh(Low, High). ONNX: Clip(Low, High).
///
///     using Net = Sequential<Dense<784, 128>, HardTanh<>, Dense<10>>;
template <auto Low = -1, auto High = 1>
struct HardTanh : Map<min(max(x, detail::number_or_1<Low>()), detail::number_or_1<High>())> {
  using invalid = std::conditional_t<detail::is_number<Low> && detail::is_number<High> &&
                                         (detail::number_or_1<Low>() < detail::number_or_1<High>()),
                                     void, takes<a_lower_and_a_higher_bound>>;
};

}  // namespace tenon
