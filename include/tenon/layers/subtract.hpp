#pragma once

#include <cstddef>

#include <tenon/layers/elementwise/unit.hpp>

namespace tenon {

namespace detail {

struct DifferenceOf {
  static constexpr const char* onnx = "Sub";
  static constexpr bool reads_inputs = false, like_first = false;
  static constexpr size_t macs(size_t) { return 0; }

  template <class T>
  static constexpr T value(const std::array<T, 2>& v) {
    return v[0] - v[1];
  }
  template <size_t K, class T>
  static constexpr T slope(const std::array<T, 2>&) {
    return K == 0 ? T(1) : T(-1);
  }
};

}  // namespace detail

/// y = a - b, number by number.
///
/// Shapes: as Multiply's. Gradient: dy and -dy, summed over what is repeated. PyTorch: torch.sub. Keras: Subtract.
/// ONNX: Sub.
///
///     Node<"error", Subtract, "picture", "prediction">
struct Subtract : detail::ElementwiseLayer<detail::DifferenceOf, 2, 2, two_inputs> {};

}  // namespace tenon
