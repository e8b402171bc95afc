#pragma once

#include <cstdint>

/// Sigmoid and tanh of 16-bit numbers in whole numbers alone, by the method of gemmlowp (github.com/google/gemmlowp,
/// fixedpoint.h), which LiteRT's integer LSTM uses: e^x for x below 0 by a Taylor polynomial on [-1/4, 0) and factors
/// e^(-1/4), e^(-1/2), e^-1, ..., quotients by three steps of Newton and Raphson. The int16 `raw` with n integer bits
/// stands for raw / 2^(15 - n); results have no integer bits, so they count in 2^-15.
namespace tenon::kernels::fixed_point {

constexpr std::int32_t most = 32767;

constexpr std::int32_t saturated(std::int32_t x) { return x < -most - 1 ? -most - 1 : x > most ? most : x; }

/// a b / 2^15, the nearest whole number with halves away from zero. Only (-1)^2 does not fit.
constexpr std::int32_t product(std::int32_t a, std::int32_t b) {
  if (a == -most - 1 && b == -most - 1) return most;
  const std::int32_t all = a * b;
  return (all + (all >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15);
}

/// x / 2^bits, halves away from zero.
constexpr std::int32_t divided(std::int32_t x, std::int32_t bits) {
  const std::int32_t mask = (std::int32_t{1} << bits) - 1, half = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> bits) + ((x & mask) > half ? 1 : 0);
}

/// x multiplier 2^(exponent - 31), rounded twice: to a whole number before the power of two where that is below 1,
/// halves up, and behind it, halves away from zero. So do LiteRT's own kernels (those that are not XNNPACK's) and
/// TensorFlow Lite Micro's, unless they are built with single rounding.
constexpr std::int32_t scaled_twice(std::int32_t x, std::int32_t multiplier, std::int32_t exponent) {
  const std::int64_t all = (std::int64_t{x} << (exponent > 0 ? exponent : 0)) * multiplier;
  const std::int64_t high = (all + (all >= 0 ? 1 << 30 : 1 - (1 << 30))) / (std::int64_t{1} << 31);
  return divided(static_cast<std::int32_t>(high), exponent < 0 ? -exponent : 0);
}

/// e^x for x from -1/4 to 0, around -1/8.
constexpr std::int32_t exp_near_zero(std::int32_t x) {
  constexpr std::int32_t at_eighth = 28918, third = 10923;  // e^(-1/8) and 1/3
  const std::int32_t d = x + (1 << 12), square = product(d, d), cube = product(square, d);
  const std::int32_t fourth = divided(product(square, square), 2);
  const std::int32_t rest = divided(product(fourth + cube, third) + square, 1);  // d^2/2 + d^3/6 + d^4/24
  return saturated(at_eighth + product(at_eighth, d + rest));
}

/// e^x for x of at most 0 with so many integer bits.
constexpr std::int32_t exp_of_negative(std::int32_t x, std::int32_t integer_bits) {
  constexpr std::int32_t powers[]{25520, 19875, 12055, 4435, 600, 11, 0};  // e^-(2^k), k = -2, -1, ..., 4
  const std::int32_t fraction = 15 - integer_bits, quarter = std::int32_t{1} << (fraction - 2);
  const std::int32_t near = (x & (quarter - 1)) - quarter, rest = near - x;
  std::int32_t y = exp_near_zero(near * (std::int32_t{1} << integer_bits));
  for (std::int32_t k = -2; k <= 4 && k < integer_bits; ++k)
    if (((rest >> (fraction + k)) & 1) != 0) y = product(y, powers[k + 2]);
  if (integer_bits > 5 && x < -(std::int32_t{1} << (20 - integer_bits))) y = 0;  // below e^-32
  return x == 0 ? most : y;
}

/// 1 / d for d = (1 + x) / 2, x from 0 to 1, with two integer bits.
constexpr std::int32_t inverse_of_half_sum(std::int32_t x) {
  const std::int32_t d = (x + most + 1) / 2;
  std::int32_t y = 23130 + product(d, -15420);  // 48/17 - 32/17 d
  for (int step = 0; step < 3; ++step) y += saturated(product(y, (1 << 13) - product(d, y)) * 4);
  return y;
}

/// 1 / (1 + e^-x) of a number with three integer bits.
constexpr std::int32_t sigmoid(std::int32_t x) {
  if (x == 0) return 1 << 14;
  const std::int32_t y = saturated(inverse_of_half_sum(exp_of_negative(x > 0 ? -x : x, 3)) * 2);
  return x > 0 ? y : most - y;
}

/// tanh(x) = (1 - e^-2x) / (1 + e^-2x).
constexpr std::int32_t tanh(std::int32_t x, std::int32_t integer_bits) {
  if (x == 0) return 0;
  const std::int32_t e = exp_of_negative(x < 0 ? x : -x, integer_bits + 1);
  const std::int32_t y = saturated((inverse_of_half_sum(e) - (1 << 13)) * 4);
  return x < 0 ? -y : y;
}

}  // namespace tenon::kernels::fixed_point
