#pragma once

#include <tenon/expr/math/basic.hpp>

namespace tenon::math {

namespace detail {

// Minimax fits of the tail of e^r = 1 + r + r^2 tail(r) over |r| <= 0.347 > ln(2)/2; the error
// relative to e^r - 1 is below 2^-26 (float) and 2^-55 (double).
template <class T>
struct exp_constants;

template <>
struct exp_constants<float> {
  static constexpr float tail[] = {0.5f, 0.16666548f, 0.0416668467f, 0.0083661424f, 0.00138992094f};
  static constexpr float log2_e = 1.44269504f;
  static constexpr float ln2_high = 0x1.62ep-1f;  // so few bits that n * ln2_high is exact
  static constexpr float ln2_low = 0x1.0bfbe8p-15f;
  static constexpr float underflow = -104.0f;  // e^x rounds to zero
  static constexpr float overflow = 89.0f;
  static constexpr float largest = 88.7228317f;  // the last x with a finite e^x
  static constexpr float minus_one = -20.0f;     // e^x - 1 rounds to -1
  static constexpr float tiny = 0x1p-25f;        // e^x - 1 rounds to x
};

template <>
struct exp_constants<double> {
  static constexpr double tail[] = {0.5,
                                    0.166666666666666019,
                                    0.0416666666666196187,
                                    0.00833333333338848702,
                                    0.0013888888920697486,
                                    0.000198412697091360598,
                                    0.0000248015160615385768,
                                    2.75574250400568969e-6,
                                    2.76223594772645808e-7,
                                    2.50460291439816853e-8};
  static constexpr double log2_e = 1.4426950408889634;
  static constexpr double ln2_high = 0x1.62e42fee00000p-1;
  static constexpr double ln2_low = 0x1.a39ef35793c76p-33;
  static constexpr double underflow = -746.0;
  static constexpr double overflow = 710.0;
  static constexpr double largest = 709.78271289338397;
  static constexpr double minus_one = -40.0;
  static constexpr double tiny = 0x1p-54;
};

// x = n ln 2 + r; `fraction` is e^r - 1, `n` wraps around as an unsigned number.
template <class T>
struct exp_parts {
  T fraction;
  bits_of<T> n;
};

// The correction is a part of x too small to be added to it.
template <Real T>
TENON_INLINE constexpr exp_parts<T> split_exp(T x, T correction = T(0)) {
  using constant = exp_constants<T>;
  const T shifted = x * constant::log2_e + rounder<T>;
  const T n = shifted - rounder<T>;
  const T r = ((x - n * constant::ln2_high) - n * constant::ln2_low) + correction;
  return {r + r * r * polynomial(r, constant::tail), to_bits(shifted) - rounder_bits<T>};
}

// e^x for underflow <= x <= overflow. 2^n is applied in two factors, for neither a subnormal result
// nor one next to the largest number has a 2^n that a single factor can hold.
template <Real T>
TENON_INLINE constexpr T exp_clamped(T x, T correction = T(0)) {
  if (std::is_constant_evaluated()) {
    if (x > exp_constants<T>::largest) return infinity<T>;
  }
  const auto [fraction, n] = split_exp(x, correction);
  const bits_of<T> exponent = n + 2 * format<T>::bias;
  const bits_of<T> half = exponent >> 1;
  return (T(1) + fraction) * power_of_two<T>(half) * power_of_two<T>(exponent - half);
}

// e^-|x|: what the functions with two saturated ends are made of, for it cannot overflow.
template <Real T>
TENON_INLINE constexpr T exp_of_minus_abs(T x) {
  return exp_clamped(max(-abs(x), exp_constants<T>::underflow));
}

}  // namespace detail

template <Real T>
TENON_INLINE constexpr T exp(T x) {
  using constant = detail::exp_constants<T>;
  if (std::is_constant_evaluated()) {
    if (x != x) return x;
  }
  return detail::exp_clamped(min(max(x, constant::underflow), constant::overflow));
}

// e^x - 1 without the cancellation near zero. 2^n is halved, so that it exists for the largest
// results too; near zero, where halving would cost a bit of subnormal numbers, the answer is x
// itself.
template <Real T>
TENON_INLINE constexpr T expm1(T x) {
  using constant = detail::exp_constants<T>;
  if (std::is_constant_evaluated()) {
    if (x != x) return x;
    if (x > constant::largest) return detail::infinity<T>;
  }
  const auto [fraction, n] = detail::split_exp(min(max(x, constant::minus_one), constant::overflow));
  const T scale = detail::power_of_two<T>(n + (detail::format<T>::bias - 1));
  return select(abs(x) < constant::tiny, x, T(2) * (scale * fraction + (scale - T(0.5))));
}

// tanh|x| = (1 - e^-2|x|) / (1 + e^-2|x|) = -m / (m + 2) with m = e^-2|x| - 1: accurate down to
// zero, and 1 at infinity.
template <Real T>
TENON_INLINE constexpr T tanh(T x) {
  using constant = detail::exp_constants<T>;
  if (std::is_constant_evaluated()) {
    if (x != x) return x;
  }
  const auto [fraction, n] = detail::split_exp(max(T(-2) * abs(x), constant::minus_one));
  const T scale = detail::power_of_two<T>(n + detail::format<T>::bias);
  const T m = scale * fraction + (scale - T(1));
  return copysign(-m / (m + T(2)), x);
}

// 1 / (1 + e^-x), written for negative x as e^x / (1 + e^x): no overflow, and small results keep
// their accuracy.
template <Real T>
TENON_INLINE constexpr T sigmoid(T x) {
  if (std::is_constant_evaluated()) {
    if (x != x) return x;
  }
  const T e = detail::exp_of_minus_abs(x);
  return select(x < T(0), e, T(1)) / (T(1) + e);
}

}  // namespace tenon::math
