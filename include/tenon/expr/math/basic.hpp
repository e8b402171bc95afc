#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include <tenon/inline.hpp>

namespace tenon::math {

template <class T>
concept Real = std::is_same_v<T, float> || std::is_same_v<T, double>;

namespace detail {

template <class T>
struct format;

template <>
struct format<float> {
  using bits = std::uint32_t;
  static constexpr int mantissa = 23;
  static constexpr bits bias = 127;
};

template <>
struct format<double> {
  using bits = std::uint64_t;
  static constexpr int mantissa = 52;
  static constexpr bits bias = 1023;
};

template <class T>
using bits_of = typename format<T>::bits;

template <Real T>
TENON_INLINE constexpr bits_of<T> to_bits(T x) {
  return std::bit_cast<bits_of<T>>(x);
}

// 2^(exponent - bias), for 0 < exponent < 2 bias + 1.
template <Real T>
TENON_INLINE constexpr T power_of_two(bits_of<T> biased_exponent) {
  return std::bit_cast<T>(static_cast<bits_of<T>>(biased_exponent << format<T>::mantissa));
}

// Adding 1.5 * 2^mantissa leaves no room for a fraction: the sum is rounded to the nearest integer
// n, and its low bits are n in two's complement. Right for |n| < 2^(mantissa - 1), and with or
// without a contracted multiplication before it, which changes at most which of two equally near
// integers is taken.
template <class T>
inline constexpr T rounder = T(3) * static_cast<T>(bits_of<T>(1) << (format<T>::mantissa - 1));

template <class T>
inline constexpr bits_of<T> rounder_bits = std::bit_cast<bits_of<T>>(rounder<T>);

template <class T, size_t N, size_t... I>
TENON_INLINE constexpr T horner(T x, const T (&c)[N], std::index_sequence<I...>) {
  T sum = c[N - 1];
  ((sum = sum * x + c[N - 2 - I]), ...);
  return sum;
}

// c[0] + c[1] x + c[2] x^2 + ...
template <class T, size_t N>
TENON_INLINE constexpr T polynomial(T x, const T (&c)[N]) {
  return horner(x, c, std::make_index_sequence<N - 1>{});
}

template <class T>
inline constexpr T infinity = std::numeric_limits<T>::infinity();

template <class T>
inline constexpr T nan = std::numeric_limits<T>::quiet_NaN();

}  // namespace detail

// Both sides are computed, one is taken: a blend, never a branch.
template <class T>
TENON_INLINE constexpr T select(bool condition, T then, T otherwise) {
  return condition ? then : otherwise;
}

template <Real T>
TENON_INLINE constexpr T abs(T x) {
  if constexpr (std::is_same_v<T, float>) {
    return __builtin_fabsf(x);
  } else {
    return __builtin_fabs(x);
  }
}

// |x| with the sign of y.
template <Real T>
TENON_INLINE constexpr T copysign(T x, T y) {
  if constexpr (std::is_same_v<T, float>) {
    return __builtin_copysignf(x, y);
  } else {
    return __builtin_copysign(x, y);
  }
}

// The order of the operands matters for NaN: comparisons with it are false, so a NaN in the first
// argument is returned (relu(NaN) is NaN) and one in the second is dropped. This is also what one
// x86 instruction does.
template <Real T>
TENON_INLINE constexpr T max(T a, T b) {
  return (a < b) ? b : a;
}

template <Real T>
TENON_INLINE constexpr T min(T a, T b) {
  return (b < a) ? b : a;
}

// The same, but NaN where either is.
template <Real T>
TENON_INLINE constexpr T maximum(T a, T b) {
  return (a < b) ? b : select(b == b, a, b);
}

template <Real T>
TENON_INLINE constexpr T minimum(T a, T b) {
  return (b < a) ? b : select(b == b, a, b);
}

// -1, 0, 1; zeros keep their sign, NaN stays NaN.
template <Real T>
TENON_INLINE constexpr T sign(T x) {
  return select(x > T(0), T(1), select(x < T(0), T(-1), x));
}

namespace detail {

// The nearest integer of |x|, ties to even, without the SSE4.1 instruction that a plain x86-64
// build lacks.
template <Real T>
TENON_INLINE constexpr T nearest_magnitude(T x) {
  // From here on all numbers are integers.
  constexpr T whole = static_cast<T>(bits_of<T>(1) << format<T>::mantissa);
  const T a = abs(x);
  return select(a < whole, (a + whole) - whole, a);
}

template <Real T>
TENON_INLINE constexpr bool is_integer(T x) {
  return nearest_magnitude(x) == abs(x);
}

}  // namespace detail

template <Real T>
TENON_INLINE constexpr T trunc(T x) {
  if (std::is_constant_evaluated()) {
    if (x != x) return x;
  }
  const T rounded = detail::nearest_magnitude(x);
  return copysign(rounded - select(rounded > abs(x), T(1), T(0)), x);
}

template <Real T>
TENON_INLINE constexpr T floor(T x) {
  if (std::is_constant_evaluated()) {
    if (x != x) return x;
  }
  const T rounded = copysign(detail::nearest_magnitude(x), x);
  return copysign(rounded - select(rounded > x, T(1), T(0)), x);
}

namespace detail {

// Square root for constant expressions, digit by digit in integers, rounded as the hardware rounds.
// With x = m 4^q, the loop finds the 54 leading bits of sqrt(m); the last one only rounds.
constexpr double constant_sqrt(double x) {
  if (!(x > 0) || x == infinity<double>) return x < 0 ? nan<double> : x;
  constexpr std::uint64_t leading_one = std::uint64_t(1) << 52;
  const bool subnormal = x < std::numeric_limits<double>::min();
  const std::uint64_t bits = to_bits(subnormal ? x * 0x1p54 : x);
  const int exponent = static_cast<int>(bits >> 52) - (subnormal ? 54 : 0) - 1075;
  const int odd = exponent & 1;
  const std::uint64_t m = ((bits & (leading_one - 1)) | leading_one) << odd;
  std::uint64_t root = 0, rest = 0;
  for (int digit = 52; digit > -56; digit -= 2) {
    rest = rest << 2 | (digit >= 0 ? m >> digit & 3 : 0);
    const std::uint64_t trial = root << 2 | 1;
    root = root << 1 | (rest >= trial ? 1u : 0u);
    if (rest >= trial) rest -= trial;
  }
  const int scale = (exponent - odd) / 2 - 26 + 1023;
  return static_cast<double>((root + 1) >> 1) * power_of_two<double>(static_cast<std::uint64_t>(scale));
}

}  // namespace detail

// Needs -fno-math-errno to be an instruction.
template <Real T>
TENON_INLINE constexpr T sqrt(T x) {
  if (std::is_constant_evaluated()) return static_cast<T>(detail::constant_sqrt(static_cast<double>(x)));
  if constexpr (std::is_same_v<T, float>) {
    return __builtin_sqrtf(x);
  } else {
    return __builtin_sqrt(x);
  }
}

}  // namespace tenon::math
