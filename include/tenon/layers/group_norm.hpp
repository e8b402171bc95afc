#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/layers/convolution/unit.hpp>
#include <tenon/layers/formula/passes.hpp>
#include <tenon/layers/normalization.hpp>

namespace tenon {

struct a_number_of_groups_of_at_least_1;

namespace detail {

template <auto... Option>
consteval auto normal_formula() {
  return (x - mean(x)) / sqrt(variance(x) + epsilon_in(1e-5, Option...));
}
template <bool Bias>
consteval auto affine_formula() {
  if constexpr (Bias) return x * param<"weight", PerFeature, Ones> + param<"bias", PerFeature, Zeros>;
  else return x * param<"weight", PerFeature, Ones>;
}

/// Groups of channels are rows that are normalised; then every channel has its weight and bias.
template <class In, size_t Groups, bool Affine, auto... Option>
struct group_norm_unit {
  static constexpr bool divides = In::front % Groups == 0;
  using Normal = FormulaUnit<expr::lift<normal_formula<Option...>()>, Shape<Groups, divides ? In::size / Groups : 1>>;
  using Scaled = FormulaUnit<expr::lift<affine_formula<with_bias<Option...>>()>, Shape<In::front, 1, In::inner>>;
  using type = std::conditional_t<!divides, std::type_identity<Reshaping<In, In>>,
                                  std::conditional_t<Affine, std::type_identity<TwoPasses<Normal, Scaled, In>>,
                                                     std::type_identity<SeenAs<Normal, In>>>>::type;
};

}  // namespace detail

/// Brings each of Groups groups of a sample's channels to mean 0 and variance 1, then scales and shifts
/// every channel: y = (x - mean) / sqrt(variance + epsilon) * weight + bias, with mean and variance over
/// the channels of the group and their pixels, whatever the batch. Wu and He 2018.
///
/// Options: `epsilon<1e-5>`, `affine<false>` (neither weight nor bias), `bias<false>`.
/// Shapes: (C, H, W), (C, L) or (C) to the same; Groups divides C. Parameters: weight (C), ones; bias (C),
/// zeros. Gradients: with n the normalised x, s its divisor and g = weight * dy,
/// dx = (g - mean(g) - n * mean(g n)) / s over each group, dweight = sum of n dy, dbias = sum of dy.
/// PyTorch: nn.GroupNorm(Groups, C). ONNX: GroupNormalization.
///
///     using Net = Sequential<Input<1, 28, 28>, Conv2D<16, 3>, GroupNorm<4>, ReLU>;
template <auto Groups, auto... Option>
struct GroupNorm {
private:
  static constexpr size_t groups = Groups > 0 ? static_cast<size_t>(Groups) : 1;

public:
  using invalid = detail::first_fault<detail::options_fault<option::epsilon | option::affine | option::bias, Option...>,
                                      std::conditional_t<(Groups > 0), void, takes<a_number_of_groups_of_at_least_1>>>;
  template <class In>
  using problem = std::conditional_t<In::front % groups == 0, void, takes<channels_in_groups<groups>>>;
  template <class In>
  using at = typename detail::group_norm_unit<In, groups, detail::is_affine<Option...>, Option...>::type;
};

}  // namespace tenon
