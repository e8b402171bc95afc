#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// An ELU whose slope is continuous for every Alpha: y = x where x > 0, otherwise
/// Alpha * (exp(x / Alpha) - 1). Barron 2017.
///
/// Shapes: any to the same. Gradient: dy where x > 0, otherwise exp(x / Alpha) * dy.
/// PyTorch: nn.CELU(Alpha). ONNX: Celu.
///
///     using Net = Sequential<Dense<784, 128>, CELU<1.3>, Dense<10>>;
template <auto Alpha = 1.0>
struct CELU : Map<select(x > 0, x, detail::number_or_1<Alpha>() * expm1(x / detail::number_or_1<Alpha>()))> {
  using invalid = std::conditional_t<detail::is_number<Alpha> && detail::number_or_1<Alpha>() != 0, void,
                                     takes<a_number_other_than_0>>;
  template <class To>
  static auto onnx(To& to) {
    return to.node("Celu", {to.input()}, {{"alpha", static_cast<double>(Alpha)}});
  }
};

}  // namespace tenon
