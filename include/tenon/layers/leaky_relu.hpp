#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// y = x where x > 0, otherwise Slope * x. Maas et al. 2013.
///
/// Shapes: any to the same. Gradient: dy where x > 0, otherwise Slope * dy.
/// PyTorch: nn.LeakyReLU(Slope). ONNX: LeakyRelu.
///
///     using Net = Sequential<Dense<784, 128>, LeakyReLU<0.2>, Dense<10>>;
template <auto Slope = 0.01>
struct LeakyReLU : Map<select(x > 0, x, detail::number_or_1<Slope>() * x)> {
  using invalid = std::conditional_t<detail::is_number<Slope>, void, takes<a_number>>;
  template <class To>
  static auto onnx(To& to) {
    return to.node("LeakyRelu", {to.input()}, {{"alpha", static_cast<double>(Slope)}});
  }
};

}  // namespace tenon
