#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

namespace detail {

/// The constants for which inputs of N(0, 1) give outputs of mean 0 and variance 1.
inline constexpr double selu_alpha = 1.6732632423543772848170429916717;
inline constexpr double selu_scale = 1.0507009873554804934193349852946;

}  // namespace detail

/// The self-normalising ELU: y = scale * x where x > 0, otherwise scale * alpha * (exp(x) - 1),
/// with alpha = 1.6733 and scale = 1.0507. Klambauer et al. 2017.
///
/// Shapes: any to the same. Gradient: scale * dy where x > 0, otherwise scale * alpha * exp(x) *
/// dy. PyTorch: nn.SELU. ONNX: Selu.
///
///     using Net = Sequential<Dense<784, 128>, SELU, Dense<10>>;
struct SELU : Map<detail::selu_scale * select(x > 0, x, detail::selu_alpha* expm1(x))> {
  template <class To>
  static auto onnx(To& to) {
    return to.node("Selu", {to.input()}, {{"alpha", detail::selu_alpha}, {"gamma", detail::selu_scale}});
  }
};

}  // namespace tenon
