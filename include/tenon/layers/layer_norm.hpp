#pragma once

#include <tenon/layers/map.hpp>
#include <tenon/layers/normalization.hpp>

namespace tenon {

namespace detail {

template <auto... Option>
consteval auto layer_norm_formula() {
  constexpr auto normal = (x - mean(x)) / sqrt(variance(x) + epsilon_in(1e-5, Option...));
  if constexpr (!is_affine<Option...>) return normal;
  else if constexpr (!with_bias<Option...>) return normal * param<"weight", PerFeature, Ones>;
  else return normal * param<"weight", PerFeature, Ones> + param<"bias", PerFeature, Zeros>;
}

}  // namespace detail

/// Moves the features of a sample (of a step, in sequences) to mean 0 and variance 1, then scales
/// and shifts each: y = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias. Ba et al.
/// 2016.
///
/// Options: `epsilon<1e-5>`, `bias<false>`, `affine<false>` (neither weight nor bias).
/// Shapes: any to the same; an image is normalised as a whole. Parameters: weight (features; of an
/// image C, H, W), ones; bias of the same shape, zeros.
/// Gradients: with n the normalised x, s its divisor and g = weight * dy,
/// dx = (g - mean(g) - n * mean(g * n)) / s, dweight = sum of n * dy, dbias = sum of dy.
/// PyTorch: nn.LayerNorm(features), nn.LayerNorm([C, H, W]). ONNX: LayerNormalization.
///
///     using Net = Sequential<Dense<784, 128>, LayerNorm<>, ReLU, Dense<10>>;
template <auto... Option>
struct LayerNorm : Map<detail::layer_norm_formula<Option...>()> {
  using invalid = detail::options_fault<option::epsilon | option::affine | option::bias, Option...>;
  template <class To>
  static auto onnx(To& to) {
    const auto width = static_cast<size_t>(to.axes().back());
    return to.node("LayerNormalization",
                   {to.input(), to.parameter_or("weight", width, 1), to.parameter_or_none("bias")},
                   {{"axis", to.rank() <= 2 ? -1 : 1}, {"epsilon", detail::epsilon_in(1e-5, Option...)}});
  }
};

}  // namespace tenon
