#pragma once

#include <tenon/expr/math/exp.hpp>

namespace tenon::math {

namespace detail {

template <class T>
struct log_constants;

// float: log(1 + f) = f + f^2 tail(f) over |f| <= 1/3, minimax, relative error below 2^-27.
template <>
struct log_constants<float> {
  static constexpr float lowest = 2.0f / 3.0f;
  static constexpr float highest = 4.0f / 3.0f;
  static constexpr float tail[] = {-0.5f,        0.333332151f,  -0.249998063f, 0.200104266f, -0.166801959f,
                                   0.140057325f, -0.121874727f, 0.139846087f,  -0.128801033f};
  static constexpr float subnormal_scale = 0x1p24f;
  static constexpr float subnormal_shift = 24.0f;
};

// double: with s = f / (2 + f), log(1 + f) = 2 atanh(s) = 2 s + s^3 tail(s^2) for 1 + f between
// sqrt(1/2) and sqrt(2), minimax, relative error below 2^-58; for as many digits, a polynomial in f
// would need over twenty terms.
template <>
struct log_constants<double> {
  static constexpr double lowest = 0.70710678118654752;
  static constexpr double highest = 1.4142135623730951;
  static constexpr double tail[] = {0.666666666666673402, 0.399999999994166577, 0.285714287420224256,
                                    0.222221986057835386, 0.181835628089510981, 0.153140859914018018,
                                    0.147956214739434544};
  static constexpr double subnormal_scale = 0x1p54;
  static constexpr double subnormal_shift = 54.0;
};

// log(1 + f) + low for lowest - 1 <= f <= highest - 1.
template <Real T>
TENON_INLINE constexpr T log_near_one(T f, T low) {
  using constant = log_constants<T>;
  if constexpr (std::is_same_v<T, float>) {
    return f + (f * f * polynomial(f, constant::tail) + low);
  } else {
    const T s = f / (T(2) + f);
    const T z = s * s;
    const T half_square = T(0.5) * f * f;
    // 2 s = f - s f = f - f^2/2 + s f^2/2: the leading term f stays exact.
    return f - (half_square - (s * (half_square + z * polynomial(z, constant::tail)) + low));
  }
}

// x = 2^k m with lowest <= m < highest, for normal x > 0.
template <class T>
struct log_parts {
  T m;
  T k;
  bits_of<T> biased_k;
};

template <Real T>
TENON_INLINE constexpr log_parts<T> split_log(T x, T shift) {
  constexpr auto mantissa = format<T>::mantissa;
  constexpr bits_of<T> lowest = std::bit_cast<bits_of<T>>(log_constants<T>::lowest);
  constexpr bits_of<T> low_bits = (bits_of<T>(1) << mantissa) - 1;
  constexpr T whole = static_cast<T>(bits_of<T>(1) << mantissa);
  // Moving the exponent's steps from 1 to `lowest` makes the exponent field k and the mantissa the
  // distance of m from it.
  const bits_of<T> moved = to_bits(x) + (std::bit_cast<bits_of<T>>(T(1)) - lowest);
  const bits_of<T> k = moved >> mantissa;
  // An integer below 2^mantissa put into the mantissa of 2^mantissa: a conversion that every vector
  // unit has.
  const T real_k = std::bit_cast<T>(static_cast<bits_of<T>>(k | to_bits(whole)));
  return {std::bit_cast<T>(static_cast<bits_of<T>>((moved & low_bits) + lowest)),
          real_k - (whole + static_cast<T>(format<T>::bias) + shift), k};
}

// Subnormal numbers are scaled up first.
template <Real T>
TENON_INLINE constexpr log_parts<T> split_log(T x) {
  using constant = log_constants<T>;
  const bool subnormal = x < std::numeric_limits<T>::min();
  return split_log(x * select(subnormal, constant::subnormal_scale, T(1)),
                   select(subnormal, constant::subnormal_shift, T(0)));
}

// k ln 2 + log(1 + f)
template <Real T>
TENON_INLINE constexpr T assemble_log(T k, T f) {
  using constant = exp_constants<T>;
  return k * constant::ln2_high + log_near_one(f, k * constant::ln2_low);
}

template <Real T>
TENON_INLINE constexpr T log_at_the_ends(T x, T inside) {
  const T from_zero = select(x > T(0), inside, select(x == T(0), -infinity<T>, nan<T>));
  return select(x == infinity<T>, x, from_zero);
}

// log(1 + u) for 0 <= u <= 1.
template <Real T>
TENON_INLINE constexpr T log1p_of_fraction(T u) {
  const bool upper = u > log_constants<T>::highest - T(1);
  const T k = select(upper, T(1), T(0));
  return assemble_log(k, select(upper, T(0.5) * u - T(0.5), u));
}

}  // namespace detail

template <Real T>
TENON_INLINE constexpr T log(T x) {
  if (std::is_constant_evaluated()) {
    if (x != x) return x;
  }
  const auto [m, k, biased_k] = detail::split_log(x);
  return detail::log_at_the_ends(x, detail::assemble_log(k, m - T(1)));
}

// log(1 + x) without losing the digits of x that 1 + x rounds away: with 1 + x = 2^k m,
// m - 1 = 2^-k x + (2^-k - 1), where only the last sum may round. Beyond 2^30, log(1 + x) and
// log(x) round alike (and 2^-k would leave the range of numbers); as far as 1 + x is 1, the answer
// is x.
template <Real T>
TENON_INLINE constexpr T log1p(T x) {
  constexpr T large = std::is_same_v<T, float> ? T(0x1p30) : T(0x1p60);
  if (std::is_constant_evaluated()) {
    if (x != x) return x;
    if (x > large || x <= T(-1)) return log(T(1) + x);
  }
  const T u = T(1) + x;
  const auto [m, k, biased_k] = detail::split_log(u, T(0));
  const T scale = detail::power_of_two<T>(2 * detail::format<T>::bias - biased_k);
  const T f = select(x > large, m - T(1), scale * x + (scale - T(1)));
  return select(u == T(1), x, detail::log_at_the_ends(u, detail::assemble_log(k, f)));
}

// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)
template <Real T>
TENON_INLINE constexpr T softplus(T x) {
  if (std::is_constant_evaluated()) {
    if (x != x) return x;
  }
  return max(x, T(0)) + detail::log1p_of_fraction(detail::exp_of_minus_abs(x));
}

}  // namespace tenon::math
