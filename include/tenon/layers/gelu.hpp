#pragma once

#include <numbers>

#include <tenon/layers/map.hpp>

namespace tenon {

namespace detail {

inline constexpr double sqrt_of_two_over_pi = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;

}  // namespace detail

/// x times the chance that a normal number is below x, y = x / 2 * (1 + erf(x / sqrt(2))).
/// Hendrycks and Gimpel 2016.
///
/// Shapes: any to the same. Gradient: (Phi(x) + x * phi(x)) * dy, with the distribution and density
/// of a normal number. PyTorch: nn.GELU. ONNX: Gelu.
///
///     using Net = Sequential<Dense<784, 128>, GELU, Dense<10>>;
struct GELU : Map<0.5 * x*(1 + erf(x / std::numbers::sqrt2))> {};

/// GELU with the distribution approximated, as GPT-2 uses it:
/// y = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))). Written with (1 + tanh(u)) / 2 =
/// sigmoid(2 u), which keeps the digits of small results.
///
/// Shapes: any to the same. Gradient: (s + 2 x s (1 - s) u') dy, with s = sigmoid(2 u). PyTorch: nn.GELU("tanh"). ONNX: Gelu(approximate = "tanh").
///
///     using Net = Sequential<Dense<784, 128>, GELUTanh, Dense<10>>;
struct GELUTanh : Map<x * sigmoid(2 * detail::sqrt_of_two_over_pi * (x + 0.044715 * x * x * x))> {};

}  // namespace tenon
