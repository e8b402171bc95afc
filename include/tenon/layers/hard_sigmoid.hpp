#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// A logistic function made of three lines, y = min(max(x + 3, 0), 6) / 6.
///
/// Shapes: any to the same. Gradient: dy / 6 where -3 < x < 3, otherwise 0.
/// PyTorch: nn.Hardsigmoid. ONNX: HardSigmoid(1/6, 0.5).
///
///     using Net = Sequential<Dense<784, 128>, ReLU, Dense<10>, HardSigmoid>;
struct HardSigmoid : Map<min(max(x + 3, 0), 6) / 6> {
  template <class To>
  static auto onnx(To& to) {
    return to.node("HardSigmoid", {to.input()}, {{"alpha", 1.0 / 6}, {"beta", 0.5}});
  }
};

}  // namespace tenon
