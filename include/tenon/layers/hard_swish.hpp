#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// Swish with HardSigmoid in the logistic function's place, y = x * min(max(x + 3, 0), 6) / 6.
/// Howard et al. 2019.
///
/// Shapes: any to the same. Gradient: 0 where x <= -3, dy where x >= 3, between them
/// (2 * x + 3) / 6 * dy. PyTorch: nn.Hardswish. ONNX: HardSwish.
///
///     using Net = Sequential<Dense<784, 128>, HardSwish, Dense<10>>;
struct HardSwish : Map<x * min(max(x + 3, 0), 6) / 6> {
  template <class To>
  static auto onnx(To& to) {
    return to.node("HardSwish", {to.input()});
  }
};

}  // namespace tenon
