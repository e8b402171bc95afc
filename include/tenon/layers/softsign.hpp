#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// y = x / (1 + |x|). Bergstra et al. 2009.
///
/// Shapes: any to the same. Gradient: dy / (1 + |x|)^2. PyTorch: nn.Softsign. ONNX: Softsign.
///
///     using Net = Sequential<Dense<784, 128>, Softsign, Dense<10>>;
struct Softsign : Map<x / (1 + abs(x))> {
  template <class To>
  static auto onnx(To& to) {
    return to.node("Softsign", {to.input()});
  }
};

}  // namespace tenon
