#pragma once

#include <numbers>

#include <tenon/expr/math/basic.hpp>

/// What a nonlinearity takes from the size of signals, to be given back by an initialiser: PyTorch's calculate_gain.
/// A gain is the square root of 1 / E[f(z)^2] for z ~ N(0, 1), or near it.
namespace tenon::gain {

/// PyTorch: init.calculate_gain.
inline constexpr double linear = 1;
inline constexpr double sigmoid = 1;
inline constexpr double tanh = 5.0 / 3;
inline constexpr double relu = std::numbers::sqrt2;
inline constexpr double selu = 0.75;
/// sqrt(2 / (1 + Slope^2)): KaimingNormal<Fan::in, gain::leaky_relu<0.2>>.
template <auto Slope = 0.01>
inline constexpr double leaky_relu = math::sqrt(2 / (1 + static_cast<double>(Slope) * static_cast<double>(Slope)));

}  // namespace tenon::gain
