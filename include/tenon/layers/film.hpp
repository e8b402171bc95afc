#pragma once

#include <cstddef>

#include <tenon/layers/elementwise/unit.hpp>

namespace tenon {

namespace detail {

struct ScaledAndShifted {
  static constexpr const char *onnx = "Mul", *onnx_third = "Add";
  static constexpr bool reads_inputs = true, like_first = true;
  static constexpr size_t macs(size_t) { return 1; }

  template <class T>
  static constexpr T value(const std::array<T, 3>& v) {
    return v[1] * v[0] + v[2];
  }
  template <size_t K, class T>
  static constexpr T slope(const std::array<T, 3>& v) {
    return K == 0 ? v[1] : K == 1 ? v[0] : T(1);
  }
};

}  // namespace detail

/// y = scale x + shift, feature-wise linear modulation (Perez et al. 2018): what one part of a network makes of
/// channels is decided by another part, from a label, a text, the time of a diffusion.
///
/// Shapes: x, scale, shift; those of scale and shift as Multiply's, but none larger than x: (C) for each channel of
/// (C, H, W), (1, F) for each feature of the steps (T, F). The result has x's.
/// Gradients: scale dy, and x dy and dy, summed over what is repeated. PyTorch: torch.addcmul(shift, scale, x). ONNX:
/// Mul, Add.
///
///     Node<"scale", Dense<64>, "condition">, Node<"shift", Dense<64>, "condition">,
///     Node<"modulated", FiLM, "image", "scale", "shift">
struct FiLM : detail::ElementwiseLayer<detail::ScaledAndShifted, 3, 3, three_inputs> {};

}  // namespace tenon
