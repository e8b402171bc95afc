#pragma once

#include <tenon/layers/pooling/average.hpp>

namespace tenon {

/// The mean of each channel, y[c] = 1 / (H W) sum over r, q of x[c][r][q]. Lin et al. 2014.
///
/// Shapes: (C, H, W) or (C, L) to (C). Gradient: dx = dy / (H W) everywhere in the channel.
/// PyTorch: nn.AdaptiveAvgPool2d(1) and nn.Flatten. ONNX: GlobalAveragePool and Flatten.
///
///     using Net = Sequential<Input<1, 28, 28>, Conv2D<16, 3>, ReLU, GlobalAvgPool, Dense<10>>;
struct GlobalAvgPool {
private:
  template <class In>
  static constexpr bool fits = In::rank == 2 || In::rank == 3;
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, Shape<In::front>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::MeanUnit<In, Shape<In::front>, kernels::Averaging{detail::whole_channels<In>}>;
  };

public:
  template <class In>
  using problem = std::conditional_t<fits<In>, void, takes<signals_or_images_with_channels_first>>;
  template <class To>
  static auto onnx(To& to) {
    return to.node("Flatten", {to.node("GlobalAveragePool", {to.input()})});
  }
  template <class In>
  using at = typename bound<In, fits<In>>::type;
};

}  // namespace tenon
