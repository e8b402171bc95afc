#pragma once

#include <tenon/layers/map.hpp>
#include <tenon/net/doubts.hpp>

namespace tenon {

/// Probabilities, y = exp(x) / sum(exp(x)), over the features of a sample (of a step, in
/// sequences). The largest x is subtracted first, which changes nothing but the range.
///
/// Shapes: any to the same. Gradient: y * (dy - sum(y * dy)). In training with cross-entropy the
/// two join into one stable formula. PyTorch: nn.Softmax(-1). ONNX: Softmax.
///
///     using Net = Sequential<Dense<784, 128>, ReLU, Dense<10>, Softmax>;
struct Softmax : Map<exp(x - stop_gradient(max(x))) / sum(exp(x - stop_gradient(max(x))))> {
  template <class To>
  static auto onnx(To& to) {
    return to.over_rows("Softmax");
  }
};

template <>
inline constexpr bool detail::is_softmax<Softmax> = true;

}  // namespace tenon
