#pragma once

#include <tenon/layers/options.hpp>

/// Options of the normalising layers: `LayerNorm<epsilon<1e-6>, affine<false>>`.
namespace tenon {

namespace option {

template <auto Value>
struct Epsilon {
  static constexpr double value = static_cast<double>(Value);
};
template <bool Value>
struct Affine {};

}  // namespace option

/// What is added to the variance, so that a constant row does not divide by zero.
template <auto Value>
inline constexpr option::Epsilon<Value> epsilon{};
/// Whether a learnable weight and bias for each feature follow the normalisation.
template <bool Value>
inline constexpr option::Affine<Value> affine{};

namespace detail {

template <class O>
inline constexpr bool turns_affine_off = std::is_same_v<O, option::Affine<false>>;
template <auto... Argument>
inline constexpr bool is_affine =
    !(turns_affine_off<std::remove_const_t<decltype(Argument)>> || ...);

constexpr double epsilon_in(double otherwise) { return otherwise; }
template <class First, class... Rest>
constexpr double epsilon_in(double otherwise, First, Rest... rest) {
  if constexpr (requires { First::value; })
    return First::value;
  else
    return epsilon_in(otherwise, rest...);
}

}  // namespace detail
}  // namespace tenon
