#pragma once

#include <cstddef>

#include <tenon/layers/elementwise/unit.hpp>

namespace tenon {

namespace detail {

struct ProductOf {
  static constexpr const char* onnx = "Mul";
  static constexpr bool reads_inputs = true, like_first = false;
  static constexpr size_t macs(size_t inputs) { return inputs - 1; }

  template <class T, size_t N>
  static constexpr T value(const std::array<T, N>& v) {
    T product = v[0];
    for (size_t k = 1; k < N; ++k) product *= v[k];
    return product;
  }
  template <size_t K, class T, size_t N>
  static constexpr T slope(const std::array<T, N>& v) {
    T product = 1;
    for (size_t k = 0; k < N; ++k)
      if (k != K) product *= v[k];
    return product;
  }
};

}  // namespace detail

/// y = a b ..., number by number, of two or more inputs.
///
/// Shapes: all inputs the same; or with as many axes, of which some are 1 and are repeated as by PyTorch, (C, 1, 1),
/// or (1, H, W), with (C, H, W); or one number (1) with anything; or a vector (C), which counts for (C, 1, 1). What
/// varies along two axes has to do so along those between them too. The result has the larger of each axis.
/// Gradient: dy times the product of the others, summed over what is repeated. PyTorch: torch.mul. Keras: Multiply.
/// ONNX: Mul.
///
///     Node<"gated", Multiply, "features", "gate">
struct Multiply : detail::ElementwiseLayer<detail::ProductOf, 2, 32, two_or_more_inputs> {};

}  // namespace tenon
