#pragma once

#include <tenon/layers/pooling/max.hpp>

namespace tenon {

/// The largest number of each channel, y[c] = max over r, q of x[c][r][q].
///
/// Shapes: (C, H, W) or (C, L) to (C). Gradient: dy goes to the first number of the channel that is the largest.
/// PyTorch: nn.AdaptiveMaxPool2d(1) and nn.Flatten. ONNX: GlobalMaxPool and Flatten.
///
///     using Net = Sequential<Input<1, 28, 28>, Conv2D<16, 3>, ReLU, GlobalMaxPool, Dense<10>>;
struct GlobalMaxPool {
private:
  template <class In>
  static constexpr bool fits = In::rank == 2 || In::rank == 3;
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, Shape<In::front>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::LargestUnit<In, Shape<In::front>, detail::whole_channels<In>>;
  };

public:
  template <class In>
  using problem = std::conditional_t<fits<In>, void, takes<signals_or_images_with_channels_first>>;
  template <class To>
  static auto onnx(To& to) {
    return to.node("Flatten", {to.node("GlobalMaxPool", {to.input()})});
  }
  template <class In>
  using at = typename bound<In, fits<In>>::type;
};

}  // namespace tenon
