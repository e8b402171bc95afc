#pragma once

#include <tenon/expr/math/basic.hpp>

namespace tenon::math {

namespace detail {

// pi/2 as a sum of parts, all but the last so short that n * part is exact for |n| < 2^22: subtracted one by one (Cody
// and Waite), they lose nothing even where x is next to a multiple of pi/2. A float is reduced as a double: its own 24
// bits would be used up at 1e5.
inline constexpr double half_pi[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2e037073p-69};

// Minimax polynomials over |r| <= pi/4 and a little (for n ~ 2x/pi is computed with an error):
// sin(r) = r + r^3 sine(r^2), cos(r) = 1 - r^2/2 + r^4 cosine(r^2), both to 2^-27 (2^-57).
template <class T>
struct circle_constants;

template <>
struct circle_constants<float> {
  static constexpr float sine[] = {-0.166666538f, 0.00833210442f, -0.000195074594f};
  static constexpr float cosine[] = {0.0416666456f, -0.00138872943f, 2.44294188e-5f};
};

template <>
struct circle_constants<double> {
  static constexpr double sine[] = {-0.166666666666666297,  0.00833333333332184067,  -0.000198412698293586444,
                                    2.75573135385965443e-6, -2.50507344064458729e-8, 1.58954343891413705e-10};
  static constexpr double cosine[] = {0.041666666666666595,    -0.00138888888888733246, 0.0000248015872889836241,
                                      -2.75573142100339828e-7, 2.08757042615261641e-9,  -1.13586826328435541e-11};
};

template <class T, size_t N, size_t... I>
TENON_INLINE constexpr T subtract_parts(T x, T n, const T (&parts)[N], std::index_sequence<I...>) {
  ((x = x - n * parts[I]), ...);
  return x;
}

// x - n (parts[0] + parts[1] + ...)
template <class T, size_t N>
TENON_INLINE constexpr T subtract_multiple(T x, T n, const T (&parts)[N]) {
  return subtract_parts(x, n, parts, std::make_index_sequence<N>{});
}

// sin(x + quarters pi/2)
template <Real T>
TENON_INLINE constexpr T sine_of_shifted(T x, bits_of<T> quarters) {
  using constant = circle_constants<T>;
  constexpr double two_over_pi = 0.63661977236758134;
  // Keeps results within [-1, 1] where x is beyond the reduction's reach.
  constexpr T eighth = T(0.795);
  const auto wide = static_cast<double>(x);
  const double shifted = wide * two_over_pi + rounder<double>;
  const double n = shifted - rounder<double>;
  const auto quadrant = static_cast<bits_of<T>>(static_cast<bits_of<T>>(to_bits(shifted)) + quarters);
  const auto exact = static_cast<T>(subtract_multiple(wide, n, half_pi));
  const T r = min(max(exact, -eighth), eighth);
  const T z = r * r;
  const T sine = r + r * (z * polynomial(z, constant::sine));
  const T cosine = T(1) - (T(0.5) * z - z * z * polynomial(z, constant::cosine));
  // Bit 0 of the quadrant exchanges sine and cosine, bit 1 is the sign.
  const T magnitude = select((quadrant & 1) != 0, cosine, sine);
  constexpr int to_sign = std::numeric_limits<bits_of<T>>::digits - 2;
  return std::bit_cast<T>(static_cast<bits_of<T>>(to_bits(magnitude) ^ ((quadrant & 2) << to_sign)));
}

}  // namespace detail

// Accurate for |x| <= 6e6; beyond, the error grows with x and is that of a double x that is rounded, |x| 2^-53: of a
// float nothing is seen of it up to 1e9. From 3e15 on a double's neighbours lie apart by half a radian and more, and
// all that is kept is that results are within [-1, 1]. sin and cos of an infinity are NaN.
template <Real T>
TENON_INLINE constexpr T sin(T x) {
  if (std::is_constant_evaluated()) {
    if (!(abs(x) <= std::numeric_limits<T>::max())) return detail::nan<T>;
  }
  return select(x == T(0), x, detail::sine_of_shifted(x, 0));
}

template <Real T>
TENON_INLINE constexpr T cos(T x) {
  if (std::is_constant_evaluated()) {
    if (!(abs(x) <= std::numeric_limits<T>::max())) return detail::nan<T>;
  }
  return detail::sine_of_shifted(x, 1);
}

}  // namespace tenon::math
