#pragma once

#include <numbers>

#include <tenon/expr/math/basic.hpp>

/// Factors by which initialisers make up for a nonlinearity f that shrinks signals:
///     gain = sqrt(1 / E[f(z)^2]),   z ~ N(0, 1),
/// or the rounded value that PyTorch's calculate_gain has.
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
