#pragma once

#include <cstddef>

#include <tenon/layers/elementwise/unit.hpp>

namespace tenon {

namespace detail {

struct QuotientOf {
  static constexpr const char* onnx = "Div";
  static constexpr bool reads_inputs = true, like_first = false;
  static constexpr size_t macs(size_t) { return 1; }

  template <class T>
  static constexpr T value(const std::array<T, 2>& v) {
    return v[0] / v[1];
  }
  template <size_t K, class T>
  static constexpr T slope(const std::array<T, 2>& v) {
    return K == 0 ? 1 / v[1] : -v[0] / (v[1] * v[1]);
  }
};

}  // namespace detail

/// y = a / b, number by number; what is divided by 0 is infinite, as in PyTorch.
///
/// Shapes: as Multiply's. Gradient: dy / b and -dy a / b^2, summed over what is repeated. PyTorch: torch.div. ONNX:
/// Div.
///
///     Node<"shares", Divide, "counts", "total">
struct Divide : detail::ElementwiseLayer<detail::QuotientOf, 2, 2, two_inputs> {};

}  // namespace tenon
