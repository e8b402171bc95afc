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
[[gnu::noinline]] constexpr void table_int16(const std::int16_t* table, size_t size, const std::int16_t* x,
                                             std::int16_t* y) {
  for (size_t i = 0; i < size; ++i) y[i] = static_cast<std::int16_t>(looked_up(table, x[i]));
}

/// Sigmoid and tanh as LiteRT computes them in 16 bits at scales that are no powers of two. A number becomes v, in
/// steps of 1 / 12288. The sigmoid is known in 2^-16 at 255 places of 0 and above, 1/24 apart, with straight lines
/// between and 1 behind the last; tanh(x) = 2 sigmoid(2 x) - 1. A place is moved by half of what its line is off in
/// the middle. Results are in 2^-15.
struct Squash {
  static constexpr size_t places = 256, size = places + 2;

  /// `table` takes `size` numbers: the places less 2^15, a multiplier and a shift that bring x to v.
  static constexpr void fill(std::int16_t* table, float scale) {
    const auto sigmoid = [](double k) { return 65536 / (1 + math::exp(-k / 24)); };
    for (size_t i = 0; i < places; ++i) {
      const double k = static_cast<double>(i), here = sigmoid(k);
      const double whole = here - ((here + sigmoid(k + 1)) / 2 - sigmoid(k + 0.5)) / 2 + 0.5;
      table[i] = static_cast<std::int16_t>(static_cast<std::int32_t>(whole) - 32768);
    }
    table[places - 1] = 32767;
    double multiplier = static_cast<double>(scale) * 12288;
    std::int16_t shift = 0;
    for (; multiplier <= 32767.0 / 2 && shift <= 30; multiplier *= 2) ++shift;
    for (; multiplier > 32767 && shift > -8; multiplier /= 2) --shift;
    table[places] = static_cast<std::int16_t>(multiplier < 32767 ? multiplier : 32767);
    table[places + 1] = shift;
  }

  template <bool Tanh>
  static constexpr std::int16_t of(const std::int16_t* table, std::int32_t x) {
    constexpr int fine = Tanh ? 8 : 9;  // bits between places: tanh has them at half of x
    constexpr std::int32_t one = 1 << (16 + fine), half = one / 2;
    const int shift = table[places + 1];
    std::int32_t v = x * table[places];
    if (shift > 0) v = (v + (1 << (shift - 1))) >> shift;
    else if (shift < 0) v = (v < -(1 << 22) ? -(1 << 22) : v > 1 << 22 ? 1 << 22 : v) * (1 << -shift);
    const std::int32_t far = v < 0 ? -v : v, place = far >> fine;
    std::int32_t s = Tanh ? 0xFFFF << fine : 0x7FFF << (fine + 1);
    if (place < 255)
      s = ((table[place] + 32768) << fine) + (far & ((1 << fine) - 1)) * (table[place + 1] - table[place]);
    if constexpr (Tanh) return static_cast<std::int16_t>((v >= 0 ? s - half + 128 : half - s + 127) >> 8);
    else return static_cast<std::int16_t>(((v >= 0 ? s : one - s - 1) + 512) >> 10);
  }
};
/// y may be x.
template <bool Tanh>
[[gnu::noinline]] constexpr void squash_int16(const std::int16_t* table, size_t size, const std::int16_t* x,
                                              std::int16_t* y) {
  for (size_t i = 0; i < size; ++i) y[i] = Squash::of<Tanh>(table, x[i]);
}

/// The tables of LiteRT's softmax in 16 bits, in 2^-15: e^x for x from -10 to 0, and 1 / (1 + x) for x from 0 to 1,
/// each at 513 places.
struct SoftmaxTables {
  WideTable exponential{}, reciprocal{};

  constexpr SoftmaxTables() {
    fill_wide_table(exponential.data(), [](double q) { return math::exp((q - 32768) * 10 / 65536) * 32768; });
    fill_wide_table(reciprocal.data(), [](double q) { return 32768 / (1 + (q + 32768) / 65536); });
  }
};
inline constexpr SoftmaxTables softmax_tables{};

/// Softmax of `size` numbers in units of 2^-15, as LiteRT computes it, in whole numbers throughout. An x more than 10
/// below the largest counts as e^-10 in LiteRT, so that many such numbers add up to a few per cent; `far_is_zero` makes
/// it 0. `scale` brings distances from the largest number to units of 10 / 65535.
[[gnu::noinline]] constexpr void softmax_int16(const Requantizer& scale, const std::int16_t* x, std::int16_t* y,
                                               size_t size, bool far_is_zero = true) {
  std::int32_t largest = -32768, sum = 0;
  for (size_t i = 0; i < size; ++i) largest = x[i] > largest ? x[i] : largest;
  for (size_t i = 0; i < size; ++i) {
    const std::int32_t distance = scale(x[i] - largest) + 32767;
    const bool far = distance < -32768;
    y[i] = far && far_is_zero
               ? std::int16_t{0}
               : static_cast<std::int16_t>(looked_up(softmax_tables.exponential.data(), far ? -32768 : distance));
    sum += y[i];
  }
  const int empty = std::countl_zero(static_cast<std::uint32_t>(sum)), down = 31 - empty;
  const auto mantissa = static_cast<std::int32_t>(((std::int64_t{sum} << (empty - 1)) + (1 << 13)) >> 14);  // in 2^-16
  const std::int32_t factor = looked_up(softmax_tables.reciprocal.data(),
                                        saturated<16>(mantissa - (1 << 15) - (1 << 16)));
  for (size_t i = 0; i < size; ++i) {
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
[[gnu::noinline]] constexpr void add_int16(const Int16Sum& s, size_t size, const std::int16_t* a, const std::int16_t* b,
                                           std::int16_t* y) {
#if defined(__ARM_FEATURE_DSP)
  // round(v 2^15 m / 2^(33 + s)) = round(v 2^(14 - s) m / 2^32), a multiplication that rounds
  const auto quick = [](const Requantizer& r) { return r.shift >= -2 && r.shift <= 14; };
  if (!std::is_constant_evaluated() && quick(s.first) && quick(s.second) && s.total.shift >= 0 && s.total.shift <= 20) {
    const int up_a = 14 - s.first.shift, up_b = 14 - s.second.shift, down = s.total.shift;
    for (size_t i = 0; i < size; ++i) {
      std::int32_t sum, scaled;
      asm("smmulr %0, %1, %2" : "=r"(sum) : "r"(a[i] * (1 << up_a)), "r"(s.first.multiplier));
      asm("smmlar %0, %1, %2, %3" : "=r"(sum) : "r"(b[i] * (1 << up_b)), "r"(s.second.multiplier), "r"(sum));
      asm("smmla %0, %1, %2, %3" : "=r"(scaled) : "r"(sum), "r"(s.total.multiplier), "r"(1 << down));
      y[i] = s.bounds(scaled >> (down + 1));
    }
    return;
  }
#endif
  for (size_t i = 0; i < size; ++i) y[i] = s.bounds(s.total(s.first(a[i] * (1 << 15)) + s.second(b[i] * (1 << 15))));
}

}  // namespace tenon::kernels
