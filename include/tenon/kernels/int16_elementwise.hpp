#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/expr/math/exp.hpp>
#include <tenon/kernels/int16_products.hpp>
#include <tenon/kernels/int8_elementwise.hpp>

/// Numbers of 16 bits that meet one by one, and functions by tables with straight lines between their places. All zero
/// points are 0.
namespace tenon::kernels {

/// A function of an int16 as LiteRT keeps it: what becomes of every 128th number, from -32768 to 32768. Numbers between
/// lie on straight lines.
using WideTable = std::array<std::int16_t, 513>;

TENON_INLINE constexpr std::int32_t looked_up(const std::int16_t* table, std::int32_t x) {
  const std::int16_t* const at = table + (256 + (x >> 7));
  return at[0] + (((at[1] - at[0]) * (x & 127) + 64) >> 7);
}

/// Fills the table from f, where f(q) is the exact result for the input number q, in units of the output's scale. In
/// the middle between two entries a straight line is off by some error e; entries are moved by e / 2, which leaves at
/// most e / 2 both there and at the entries.
template <class F>
constexpr void fill_wide_table(std::int16_t* table, F f) {
  const auto whole = [](double v) {  // halves away from zero, NaN to zero
    if (!(v > -1e6)) return v != v ? 0.0 : -1e6;
    if (v > 1e6) return 1e6;
    return static_cast<double>(static_cast<std::int32_t>(v < 0 ? v - 0.5 : v + 0.5));
  };
  const auto kept = [](double v) { return static_cast<std::int16_t>(v < -32768 ? -32768 : v > 32767 ? 32767 : v); };
  for (int i = 0; i < 512; ++i) {
    const double q = 128.0 * i - 32768, here = whole(f(q));
    const double off = whole((f(q + 128) + here) / 2) - whole(f(q + 64));
    table[i] = kept(here - whole(off / 2));
  }
  table[512] = kept(whole(f(32768)));
}

/// y may be x.
[[gnu::noinline]] constexpr void table_int16(const std::int16_t* table, std::size_t size, const std::int16_t* x,
                                             std::int16_t* y) {
  for (std::size_t i = 0; i < size; ++i) y[i] = static_cast<std::int16_t>(looked_up(table, x[i]));
}

/// The tables of LiteRT's softmax in 16 bits: e^x for x from -10 to 0, and 1 / (1 + x) for x from 0 to 1.
struct SoftmaxTables {
  WideTable exponential{}, reciprocal{};

  constexpr SoftmaxTables() {
    constexpr double all = 65535;
    fill_wide_table(exponential.data(), [](double q) { return math::exp((q - 32767) * 10 / all) * all / 2; });
    fill_wide_table(reciprocal.data(), [](double q) { return all / 2 / (1 + (q + 32768) / all); });
  }
};
inline constexpr SoftmaxTables softmax_tables{};

/// Softmax of `size` numbers in units of 2^-15, as LiteRT computes it, in whole numbers throughout. One difference: an
/// x more than 10 below the largest gives 0, where LiteRT takes e^-10, so that many such numbers would add up to a few
/// per cent. `scale` brings distances from the largest number to units of 10 / 65535.
[[gnu::noinline]] constexpr void softmax_int16(const Requantizer& scale, const std::int16_t* x, std::int16_t* y,
                                               std::size_t size) {
  std::int32_t largest = -32768, sum = 0;
  for (std::size_t i = 0; i < size; ++i) largest = x[i] > largest ? x[i] : largest;
  for (std::size_t i = 0; i < size; ++i) {
    const std::int32_t distance = scale(x[i] - largest) + 32767;
    y[i] = distance < -32768 ? std::int16_t{0}
                             : static_cast<std::int16_t>(looked_up(softmax_tables.exponential.data(), distance));
    sum += y[i];
  }
  const int empty = std::countl_zero(static_cast<std::uint32_t>(sum)), down = 31 - empty;
  const auto mantissa = static_cast<std::int32_t>(((std::int64_t{sum} << (empty - 1)) + (1 << 13)) >> 14);  // in 2^-16
  const std::int32_t factor = looked_up(softmax_tables.reciprocal.data(),
                                        saturated<16>(mantissa - (1 << 15) - (1 << 16)));
  for (std::size_t i = 0; i < size; ++i) {
    const std::int32_t share = (y[i] * factor + (1 << (down - 1))) >> down;
    y[i] = static_cast<std::int16_t>(share > 32767 ? 32767 : share);
  }
}

/// The sum of two tensors by LiteRT's rule for int16: as in int8 (Int8Sum), with 15 bits to spare. y may be one of the
/// two.
struct Int16Sum {
  Requantizer first{}, second{}, total{};
  Bounds<std::int16_t> bounds{};
};
[[gnu::noinline]] constexpr void add_int16(const Int16Sum& s, std::size_t size, const std::int16_t* a,
                                           const std::int16_t* b, std::int16_t* y) {
#if defined(__ARM_FEATURE_DSP)
  // round(v 2^15 m / 2^(33 + s)) = round(v 2^(14 - s) m / 2^32), a multiplication that rounds
  const auto quick = [](const Requantizer& r) { return r.shift >= -2 && r.shift <= 14; };
  if (!std::is_constant_evaluated() && quick(s.first) && quick(s.second) && s.total.shift >= 0 && s.total.shift <= 20) {
    const int up_a = 14 - s.first.shift, up_b = 14 - s.second.shift, down = s.total.shift;
    for (std::size_t i = 0; i < size; ++i) {
      std::int32_t sum, scaled;
      asm("smmulr %0, %1, %2" : "=r"(sum) : "r"(a[i] * (1 << up_a)), "r"(s.first.multiplier));
      asm("smmlar %0, %1, %2, %3" : "=r"(sum) : "r"(b[i] * (1 << up_b)), "r"(s.second.multiplier), "r"(sum));
      asm("smmla %0, %1, %2, %3" : "=r"(scaled) : "r"(sum), "r"(s.total.multiplier), "r"(1 << down));
      y[i] = s.bounds(scaled >> (down + 1));
    }
    return;
  }
#endif
  for (std::size_t i = 0; i < size; ++i)
    y[i] = s.bounds(s.total(s.first(a[i] * (1 << 15)) + s.second(b[i] * (1 << 15))));
}

}  // namespace tenon::kernels
