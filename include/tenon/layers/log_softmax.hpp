#pragma once

#include <tenon/layers/map.hpp>
#include <tenon/net/doubts.hpp>

namespace tenon {

/// The logarithm of Softmax, y = x - log(sum(exp(x))), over the features of a sample (of a step, in
/// sequences).
///
/// Shapes: any to the same. Gradient: dy - exp(y) * sum(dy). PyTorch: nn.LogSoftmax(-1).
/// ONNX: LogSoftmax.
///
///     using Net = Sequential<Dense<784, 128>, ReLU, Dense<10>, LogSoftmax>;
struct LogSoftmax : Map<x - stop_gradient(max(x)) - log(sum(exp(x - stop_gradient(max(x)))))> {
  template <class To>
  static auto onnx(To& to) {
    return to.over_rows("LogSoftmax");
  }
};

template <>
inline constexpr bool detail::is_softmax<LogSoftmax> = true;

}  // namespace tenon
