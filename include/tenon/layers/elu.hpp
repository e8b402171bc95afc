#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// The exponential linear unit: y = x where x > 0, otherwise Alpha * (exp(x) - 1).
/// Clevert et al. 2015.
///
/// Shapes: any to the same. Gradient: dy where x > 0, otherwise Alpha * exp(x) * dy.
/// PyTorch: nn.ELU(Alpha). ONNX: Elu.
///
///     using Net = Sequential<Dense<784, 128>, ELU<>, Dense<10>>;
template <auto Alpha = 1.0>
struct ELU : Map<select(x > 0, x, detail::number_or_1<Alpha>() * expm1(x))> {
  using invalid = std::conditional_t<detail::is_number<Alpha>, void, takes<a_number>>;
  template <class To>
  static auto onnx(To& to) {
    return to.node("Elu", {to.input()}, {{"alpha", static_cast<double>(Alpha)}});
  }
};

}  // namespace tenon
