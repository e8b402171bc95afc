#pragma once

#include <tenon/expr/math/log.hpp>

namespace tenon::math {

namespace detail {

// An unevaluated sum; |low| is at most half an ulp of high.
struct double_double {
  double high;
  double low;
};

// Needs |a| >= |b| or a == 0.
TENON_INLINE constexpr double_double fast_two_sum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

// Dekker's product with halves cut by a mask: all partial products are exact, so the result is the
// same whether the compiler contracts them or not, and no fma instruction is needed.
TENON_INLINE constexpr double_double two_product(double a, double b) {
  constexpr std::uint64_t upper = ~((std::uint64_t(1) << 27) - 1);
  const double a_high = std::bit_cast<double>(to_bits(a) & upper);
  const double b_high = std::bit_cast<double>(to_bits(b) & upper);
  const double a_low = a - a_high;
  const double b_low = b - b_high;
  const double product = a * b;
  return {product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low};
}

TENON_INLINE constexpr double_double multiply(double_double a, double_double b) {
  const auto [high, low] = two_product(a.high, b.high);
  return {high, low + (a.high * b.low + a.low * b.high)};
}

// log x to about 2^-63 for normal or subnormal x > 0: the exponent y log x may reach 745, and its
// absolute error is the relative error of the power. With s = f / (2 + f),
// log(1 + f) = 2 s + s^3 (2/3 + s^2 tail(s^2)).
TENON_INLINE constexpr double_double log_extended(double x) {
  constexpr double tail[] = {0.40000000000002256,  0.285714285700996384, 0.222222225199014189, 0.181817843700751686,
                             0.153867571418773386, 0.132568234026225057, 0.131962651207978315};
  constexpr double_double two_thirds{0x1.5555555555555p-1, 0x1.5555555555555p-55};
  constexpr double_double ln2{0x1.62e42fefa2p-1, 0x1.9ef35793c7673p-41};

  const auto [m, k, biased_k] = split_log(x);
  const double f = m - 1.0;
  const double d = 2.0 + f;
  const double d_low = f - (d - 2.0);
  const double inverse = 1.0 / d;
  const double quotient = f * inverse;
  const auto [back, back_low] = two_product(quotient, d);
  const double_double s{quotient, (((f - back) - back_low) - quotient * d_low) * inverse};

  const double_double z = multiply(s, s);
  const double q = z.high * polynomial(z.high, tail);
  const auto [w, w_low] = fast_two_sum(two_thirds.high, q);
  const double_double cubic = multiply(multiply(s, z), {w, w_low + two_thirds.low});

  const double_double leading = fast_two_sum(k * ln2.high, 2.0 * s.high);
  const double_double sum = fast_two_sum(leading.high, cubic.high);
  return fast_two_sum(sum.high, sum.low + (leading.low + 2.0 * s.low + (cubic.low + k * ln2.low)));
}

// |x|^y for finite x != 0 and any y.
TENON_INLINE constexpr double positive_power(double a, double y) {
  using constant = exp_constants<double>;
  // Decides over 0, 1 and infinity for every a, and leaves the products finite.
  constexpr double huge = 0x1p70;
  const double exponent = min(max(y, -huge), huge);
  const double_double log_a = log_extended(a);
  const auto [high, low] = two_product(exponent, log_a.high);
  const double clamped = min(max(high, constant::underflow), constant::overflow);
  return exp_clamped(clamped, select(clamped == high, low + exponent * log_a.low, 0.0));
}

// float: the same in double, which has digits to spare; a logarithm to 2^-36 and an exponential to
// 2^-28 are enough.
TENON_INLINE constexpr float positive_power(float a, float y) {
  constexpr double log_tail[] = {0.666666656455330742, 0.400003351851150768, 0.285373090283661868,
                                 0.235821379664635455};
  constexpr double exp_tail[] = {0.499999933992758938, 0.166665199806153574, 0.0416683977732246122,
                                 0.00836879579998565763, 0.00138142947319295334};
  constexpr double huge = 0x1p40;
  constexpr double log2_e = exp_constants<double>::log2_e;
  constexpr double ln2 = 0.69314718055994531;
  const double exponent = min(max(static_cast<double>(y), -huge), huge);
  const auto [m, k, biased_k] = split_log(static_cast<double>(a), 0.0);
  const double f = m - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  const double log_a = k * ln2 + s * (2.0 + z * polynomial(z, log_tail));
  const double e = min(max(exponent * log_a, -110.0), 90.0);
  const double shifted = e * log2_e + rounder<double>;
  const double n = shifted - rounder<double>;
  const double r = e - n * ln2;
  const double power = (1.0 + (r + r * r * polynomial(r, exp_tail))) *
                       power_of_two<double>(to_bits(shifted) - rounder_bits<double> + format<double>::bias);
  if (std::is_constant_evaluated()) {
    if (power >= 0x1.ffffffp127) return infinity<float>;
  }
  return static_cast<float>(power);
}

}  // namespace detail

// x^y with the special cases of libm: x^0 and 1^y are 1 even for NaN; a negative base has powers at
// integers only.
template <Real T>
TENON_INLINE constexpr T pow(T x, T y) {
  const T a = abs(x);
  const bool no_number = (x != x) | (y != y);
  if (std::is_constant_evaluated()) {
    if ((y == T(0)) | (x == T(1))) return T(1);
    if (no_number) return detail::nan<T>;
  }
  const bool integer = detail::is_integer(y);
  const bool odd = integer & !detail::is_integer(T(0.5) * y);
  const T at_zero = select(y < T(0), detail::infinity<T>, T(0));
  const T at_infinity = select(y < T(0), T(0), detail::infinity<T>);
  const T inside = detail::positive_power(a, y);
  const T magnitude = select(a == T(0), at_zero, select(a == detail::infinity<T>, at_infinity, inside));
  const T with_sign = select(odd, copysign(magnitude, x), magnitude);
  const bool undefined = no_number | ((x < T(0)) & !integer & (a != detail::infinity<T>));
  return select((y == T(0)) | (x == T(1)), T(1), select(undefined, detail::nan<T>, with_sign));
}

}  // namespace tenon::math
