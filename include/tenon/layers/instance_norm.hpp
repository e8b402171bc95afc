#pragma once

#include <tenon/layers/group_norm.hpp>
#include <tenon/layers/pooling/pool.hpp>

namespace tenon {

/// Brings every channel of a sample to mean 0 and variance 1: y = (x - mean) / sqrt(variance + epsilon)
/// over the channel's pixels. Ulyanov et al. 2016.
///
/// Options: `epsilon<1e-5>`, `affine<true>` (a weight and a bias for every channel follow; PyTorch's
/// default is without). Shapes: (C, H, W) or (C, L) to the same. Parameters, if affine: weight (C), ones;
/// bias (C), zeros. Gradients as GroupNorm's with C groups. PyTorch: nn.InstanceNorm2d, nn.InstanceNorm1d.
/// ONNX: InstanceNormalization.
///
///     using Net = Sequential<Input<3, 32, 32>, Conv2D<16, 3>, InstanceNorm<>, ReLU>;
template <auto... Option>
struct InstanceNorm {
  using invalid = detail::options_fault<option::epsilon | option::affine | option::bias, Option...>;
  template <class In>
  using problem = std::conditional_t<In::rank == 2 || In::rank == 3, void,
                                     takes<signals_or_images_with_channels_first>>;
  template <class In>
  using at = typename detail::group_norm_unit<In, In::front, detail::asks_for_affine<Option...>, Option...>::type;
};

}  // namespace tenon
