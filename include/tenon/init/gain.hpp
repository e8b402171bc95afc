#pragma once

#include <numbers>

/// What a nonlinearity takes from the size of signals, to be given back by an initialiser: PyTorch's calculate_gain.
/// A gain is the square root of 1 / E[f(z)^2] for z ~ N(0, 1), or near it.
namespace tenon::gain {

inline constexpr double linear = 1;
inline constexpr double sigmoid = 1;
inline constexpr double tanh = 5.0 / 3;
inline constexpr double relu = std::numbers::sqrt2;
inline constexpr double selu = 0.75;

}  // namespace tenon::gain
