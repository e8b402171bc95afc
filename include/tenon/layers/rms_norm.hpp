#pragma once

#include <tenon/layers/map.hpp>
#include <tenon/layers/normalization.hpp>

namespace tenon {

namespace detail {

template <auto... Option>
consteval auto rms_norm_formula() {
  constexpr auto normal = x / sqrt(mean(x * x) + epsilon_in(1e-6, Option...));
  if constexpr (is_affine<Option...>) return normal * param<"weight", PerFeature, Ones>;
  else return normal;
}

}  // namespace detail

/// Scales the features of a sample (of a step, in sequences) to a mean square of 1, then each by
/// its weight: y = x / sqrt(mean(x^2) + epsilon) * weight. Zhang and Sennrich 2019.
///
/// Options: `epsilon<1e-6>`, `affine<false>` (no weight).
/// Shapes: any to the same. Parameters: weight (features), ones. Gradients: with n the normalised
/// x, s its divisor and g = weight * dy, dx = (g - n * mean(g * n)) / s, dweight = sum of n * dy.
/// PyTorch: nn.RMSNorm(features). ONNX: RMSNormalization.
///
///     using Net = Sequential<Dense<784, 128>, RMSNorm<>, SiLU, Dense<10>>;
template <auto... Option>
struct RMSNorm : Map<detail::rms_norm_formula<Option...>()> {
  using invalid = detail::options_fault<option::epsilon | option::affine, Option...>;
};

}  // namespace tenon
