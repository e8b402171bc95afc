#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/kernels/int8_elementwise.hpp>

/// Formulas with slopes per channel, and of three tensors, in int8: whole numbers, one rounding.
namespace tenon::kernels {

/// y = x where x > 0, otherwise slope x. Number i has slope i mod channels. A slope may be negative, and so may its
/// multiplier.
template <class Number>
struct Slopes {
  Requantizer above{};  // of positive numbers
  const std::int32_t* multiplier = nullptr;
  const std::int8_t* shift = nullptr;
  size_t channels = 1;
  std::int32_t x_zero = 0, zero = 0;
  Bounds<Number> bounds{};
};

/// y may be x. `size` is a multiple of the channels.
template <class Number>
[[gnu::noinline]] constexpr void slopes(const Slopes<Number>& s, size_t size, const Number* x, Number* y) {
  for (size_t i = 0; i < size;)
    for (size_t c = 0; c < s.channels; ++c, ++i) {
      const std::int32_t v = x[i] - s.x_zero;
      const Requantizer scale = v > 0 ? s.above : Requantizer{s.multiplier[c], s.shift[c]};
      y[i] = s.bounds(scale(v) + s.zero);
    }
}

/// How a tensor is spread over a larger one, whose number i meets number (i / repeat) mod period of it.
struct Int8Spread {
  size_t period = 1, repeat = 1;
};

/// y = scale x + shift. The product and the summand are brought to one scale with 20 bits to spare, added, and brought
/// to the output's.
struct Int8Modulation {
  Requantizer product{}, summand{}, total{};
  std::int32_t x_zero = 0, scale_zero = 0, shift_zero = 0, zero = 0;
  Int8Bounds bounds{};
  Int8Spread scale{}, shift{};
};

/// y may be x.
[[gnu::noinline]] constexpr void modulate_int8(const Int8Modulation& m, size_t size, const std::int8_t* x,
                                               const std::int8_t* scale, const std::int8_t* shift, std::int8_t* y) {
  size_t scale_at = 0, scale_left = m.scale.repeat, shift_at = 0, shift_left = m.shift.repeat;
  const auto advance = [](const Int8Spread& s, size_t& at, size_t& left) TENON_INLINE_LAMBDA {
    if (--left > 0) return;
    left = s.repeat;
    if (++at == s.period) at = 0;
  };
  for (size_t i = 0; i < size; ++i) {
    const std::int32_t product = (x[i] - m.x_zero) * (scale[scale_at] - m.scale_zero);
    const std::int32_t summand = shift[shift_at] - m.shift_zero;
    const std::int32_t sum = m.product(product * (1 << 12)) + m.summand(summand * (1 << 20));
    y[i] = m.bounds(m.total(sum) + m.zero);
    advance(m.scale, scale_at, scale_left);
    advance(m.shift, shift_at, shift_left);
  }
}

/// Walks over the numbers of a tensor that is spread over a larger one.
struct Int8Walk {
  size_t at = 0, left;

  constexpr explicit Int8Walk(const Int8Spread& s) : left{s.repeat} {}
  TENON_INLINE constexpr void advance(const Int8Spread& s) {
    if (--left > 0) return;
    left = s.repeat;
    if (++at == s.period) at = 0;
  }
};

/// y = a where the condition is not 0, b where it is, each brought to the output's scale.
template <class Number>
struct Choice {
  Requantizer first{}, second{};
  std::int32_t condition_zero = 0, first_zero = 0, second_zero = 0, zero = 0;
  Bounds<Number> bounds{};
  Int8Spread condition_spread{}, first_spread{}, second_spread{};
};

template <class Number>
[[gnu::noinline]] constexpr void choose(const Choice<Number>& p, size_t size, const Number* condition, const Number* a,
                                        const Number* b, Number* y) {
  Int8Walk c(p.condition_spread), first(p.first_spread), second(p.second_spread);
  for (size_t i = 0; i < size; ++i) {
    const std::int32_t value = condition[c.at] != p.condition_zero ? p.first(a[first.at] - p.first_zero)
                                                                   : p.second(b[second.at] - p.second_zero);
    y[i] = p.bounds(value + p.zero);
    c.advance(p.condition_spread);
    first.advance(p.first_spread);
    second.advance(p.second_spread);
  }
}

/// At each of `steps` steps a score for each row r of the table, of which there are `tokens`: y[r] = sum over i of
/// (x[i] - x_zero) (table[r][i] - table_zero), rounded once. The magnitude of a sum is below 2^16 width.
struct Int8Scores {
  const std::int8_t* table = nullptr;
  size_t tokens = 0, width = 0, steps = 0;
  std::int32_t table_zero = 0, x_zero = 0, zero = 0;
  Requantizer scale{};
};
[[gnu::noinline]] constexpr void scores_int8(const Int8Scores& s, const std::int8_t* x, std::int8_t* y) {
  for (size_t t = 0; t < s.steps; ++t, x += s.width)
    for (size_t token = 0; token < s.tokens; ++token) {
      const std::int8_t* const row = s.table + token * s.width;
      std::int32_t sum = 0;
      for (size_t j = 0; j < s.width; ++j) sum += (x[j] - s.x_zero) * (row[j] - s.table_zero);
      *y++ = static_cast<std::int8_t>(saturated(s.scale(sum) + s.zero));
    }
}

/// A row of a table for each of `steps` tokens, which are two bytes each, the lower one first. A token that the table
/// does not have gives zeros.
struct Int8Rows {
  const std::int8_t* table = nullptr;
  size_t tokens = 0, width = 0, steps = 0;
  std::int8_t zero = 0;
};
[[gnu::noinline]] constexpr void rows_int8(const Int8Rows& rows, const std::int8_t* x, std::int8_t* y) {
  for (size_t t = 0; t < rows.steps; ++t, x += 2, y += rows.width) {
    const size_t token = static_cast<std::uint8_t>(x[0]) + 256U * static_cast<std::uint8_t>(x[1]);
    const std::int8_t* row = rows.table + token * rows.width;
    for (size_t j = 0; j < rows.width; ++j) y[j] = token < rows.tokens ? row[j] : rows.zero;
  }
}

/// a / b: the quotient is cut to 22 fractional bits, then rounded once to the output's scale. Division by zero gives
/// the largest number with a's sign. y may be a.
[[gnu::noinline]] constexpr void quotient_int8(const Pair<std::int8_t>& p, const std::int8_t* a, const std::int8_t* b,
                                               std::int8_t* y) {
  detail::each_pair(p, a, b, y, [&](std::int32_t v, std::int32_t w) TENON_INLINE_LAMBDA {
    std::int32_t most = v == 0 ? 0 : 1024;
    if (v < 0) most = -most;
    return w == 0 ? most : p.total(v * (1 << 22) / w);
  });
}

}  // namespace tenon::kernels
