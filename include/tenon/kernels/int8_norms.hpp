#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/kernels/int8_products.hpp>

/// Rows of int8 numbers brought to variance 1, in whole numbers.
namespace tenon::kernels {

/// Where the numbers of each normalised row lie, and which factor each is multiplied with. Row g has `pieces` pieces of
/// `run` neighbours; piece p begins at g start + p stride, and its number j has the factor with the index
/// g factor_row + p factor_piece + j factor.
struct NormRows {
  size_t count = 1, run = 1, pieces = 1, start = 0, stride = 0;
  size_t factor_row = 0, factor_piece = 0, factor = 0;
  bool centred = true;  // less the mean first

  constexpr size_t width() const { return run * pieces; }
};

/// What the compiler knows of such a row, of n numbers of the scale s. With d = q - zero and S the sum of all d, the
/// number c = n d - S and V = n (sum of d^2) - S^2 are whole, and (x - mean) / sqrt(variance + epsilon) = c / sqrt(V +
/// n^2 epsilon / s^2): `epsilon` is that summand, times 2^shift as V is.
struct NormScale {
  std::int64_t epsilon = 1;
  std::int8_t shift = 0;
  std::int8_t fraction = 0;  // bits behind the point of a normalised number
};

/// The rows' numbers as y = (u multiplier / 2^shift + bias) / 2^16 + zero, where u is the normalised number with
/// `fraction` bits. `multiplier` may be negative.
struct NormFactors {
  const std::int32_t* multiplier = nullptr;
  const std::int32_t* bias = nullptr;
  const std::int8_t* shift = nullptr;
  std::int32_t zero = 0, low = -128, high = 127;
};

/// floor(2^62 / floor(sqrt(w) 2^(16 - half))): 1 / sqrt(w) as `of` / 2^(46 + half), its relative error below 2^-29.
struct InverseRoot {
  std::int64_t of = 0;
  int half = 0;

  constexpr explicit InverseRoot(std::uint64_t w) {
    // w = m 4^half with m of 31 or 32 bits; the root of m 2^32 has 32 bits
    for (; w >= std::uint64_t{1} << 32; w >>= 2) ++half;
    for (; w < std::uint64_t{1} << 30; w <<= 2) --half;
    std::uint64_t rest = w << 32, root = 0;
    for (std::uint64_t bit = std::uint64_t{1} << 62; bit > 0; bit >>= 2) {
      const bool fits = rest >= root + bit;
      if (fits) rest -= root + bit;
      root = (root >> 1) + (fits ? bit : 0);
    }
    of = static_cast<std::int64_t>((std::uint64_t{1} << 62) / root);
  }
};

namespace detail {

constexpr std::int64_t rounded_shift(std::int64_t value, int bits) {
  return bits <= 0 ? value : ((value >> (bits - 1)) + 1) >> 1;
}

}  // namespace detail

/// Rows of at most 2^22 numbers. y may be x.
[[gnu::noinline]] constexpr void normalize_int8(const NormRows& rows, const NormScale& scale, const NormFactors& to,
                                                std::int32_t x_zero, const std::int8_t* x, std::int8_t* y) {
  const auto n = static_cast<std::int32_t>(rows.width());
  for (size_t g = 0; g < rows.count; ++g) {
    std::int32_t sum = 0;
    std::int64_t squares = 0;
    for (size_t p = 0; p < rows.pieces; ++p) {
      const std::int8_t* from = x + g * rows.start + p * rows.stride;
      for (size_t j = 0; j < rows.run; ++j) {
        const std::int32_t d = from[j] - x_zero;
        sum += d;
        squares += d * d;
      }
    }
    if (!rows.centred) sum = 0;
    const std::int64_t variance = n * squares - std::int64_t{sum} * sum;
    // of equal numbers nothing but the bias is left
    const auto whole = static_cast<std::uint64_t>(
        (scale.shift < 0 ? variance >> -scale.shift : variance << scale.shift) + scale.epsilon);
    const InverseRoot root(variance == 0 ? 1 : whole);
    const int bits = 46 + root.half - scale.shift / 2 - scale.fraction;
    for (size_t p = 0; p < rows.pieces; ++p) {
      const size_t first = g * rows.start + p * rows.stride;
      for (size_t j = 0; j < rows.run; ++j) {
        const std::int32_t c = n * (x[first + j] - x_zero) - sum;
        const std::int64_t u = variance == 0 ? 0 : detail::rounded_shift(c * root.of, bits > 62 ? 62 : bits);
        const size_t f = g * rows.factor_row + p * rows.factor_piece + j * rows.factor;
        const std::int64_t real = detail::rounded_shift(u * to.multiplier[f], to.shift[f]) + to.bias[f];
        std::int64_t q = detail::rounded_shift(real, 16) + to.zero;
        q = q < to.low ? to.low : q;
        y[first + j] = static_cast<std::int8_t>(q > to.high ? to.high : q);
      }
    }
  }
}

}  // namespace tenon::kernels
