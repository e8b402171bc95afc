#pragma once

#include <tenon/layers/options.hpp>

/// Options of the normalising layers: `LayerNorm<epsilon<1e-6>, affine<false>>`.
namespace tenon {

namespace option {

/// The types of `eps<Value>`, `affine<Value>` and `momentum<Value>`.
template <auto Value>
struct Epsilon {
  static constexpr double value = static_cast<double>(Value);
};
template <bool Value>
struct Affine {};
template <auto Value>
struct Momentum {
  static constexpr double share = static_cast<double>(Value);
};

}  // namespace option

/// What is added to the variance, so that a constant row does not divide by zero.
template <auto Value>
inline constexpr option::Epsilon<Value> epsilon{};
/// Whether a learnable weight and bias for each feature follow the normalisation.
template <bool Value>
inline constexpr option::Affine<Value> affine{};
/// How much of a running statistic each training step replaces by the batch's (0.1 if not given).
template <auto Value>
inline constexpr option::Momentum<Value> momentum{};

namespace detail {

template <auto V>
inline constexpr std::uint32_t option_kind<option::Epsilon<V>> = option::epsilon;
template <bool V>
inline constexpr std::uint32_t option_kind<option::Affine<V>> = option::affine;
template <auto V>
inline constexpr std::uint32_t option_kind<option::Momentum<V>> = option::momentum;
template <auto V>
inline constexpr bool option_in_range<option::Epsilon<V>> = option::Epsilon<V>::value >= 0 &&
                                                            option::Epsilon<V>::value < 1e30;
template <auto V>
inline constexpr bool option_in_range<option::Momentum<V>> = option::Momentum<V>::share >= 0 &&
                                                             option::Momentum<V>::share <= 1;

template <class O>
inline constexpr bool turns_affine_off = std::is_same_v<O, option::Affine<false>>;
template <auto... Argument>
inline constexpr bool is_affine = !(turns_affine_off<std::remove_const_t<decltype(Argument)>> || ...);

template <class O>
inline constexpr bool turns_affine_on = std::is_same_v<O, option::Affine<true>>;
template <auto... Argument>
inline constexpr bool asks_for_affine = (turns_affine_on<std::remove_const_t<decltype(Argument)>> || ...);

template <class... O>
constexpr double momentum_in(O... options) {
  double found = 0.1;
  (
      [&]([[maybe_unused]] auto o) {
        if constexpr (requires { o.share; }) found = o.share;
      }(options),
      ...);
  return found;
}

constexpr double epsilon_in(double otherwise) { return otherwise; }
template <class First, class... Rest>
constexpr double epsilon_in(double otherwise, First, Rest... rest) {
  if constexpr (requires { First::value; }) return First::value;
  else return epsilon_in(otherwise, rest...);
}

}  // namespace detail
}  // namespace tenon
