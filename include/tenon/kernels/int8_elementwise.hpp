#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/kernels/int8_images.hpp>
#include <tenon/kernels/int8_sums.hpp>

/// Numbers of two tensors that meet one by one, and tables of functions.
namespace tenon::kernels {

/// y = table[x], where the table begins with what -128 becomes. y may be x.
[[gnu::noinline]] constexpr void table_int8(const std::int8_t* table, size_t size, const std::int8_t* x,
                                            std::int8_t* y) {
  for (size_t i = 0; i < size; ++i) y[i] = table[x[i] + 128];
}

/// Two tensors that are combined number by number. The second may be smaller: number i of the first meets number
/// (i / repeat) mod period of the second.
template <class Number>
struct Pair {
  Requantizer first{}, second{}, total{};
  std::int32_t first_zero = 0, second_zero = 0, zero = 0;
  Bounds<Number> bounds{};
  size_t size = 0, period = 0, repeat = 1;
};

namespace detail {

template <class Number, class Value>
TENON_INLINE constexpr void each_pair(const Pair<Number>& p, const Number* a, const Number* b, Number* y, Value value) {
  for (size_t i = 0; i < p.size;)
    for (size_t j = 0; j < p.period; ++j)
      for (size_t k = 0; k < p.repeat; ++k, ++i)
        y[i] = p.bounds(value(a[i] - p.first_zero, b[j] - p.second_zero) + p.zero);
}

}  // namespace detail

/// a b, exact but for its one rounding. y may be a.
template <class Number>
[[gnu::noinline]] constexpr void product(const Pair<Number>& p, const Number* a, const Number* b, Number* y) {
  detail::each_pair(p, a, b, y, [&](std::int32_t v, std::int32_t w) TENON_INLINE_LAMBDA { return p.total(v * w); });
}
/// a - b by LiteRT's rule, which is that of sums.
template <class Number>
[[gnu::noinline]] constexpr void difference(const Pair<Number>& p, const Number* a, const Number* b, Number* y) {
  constexpr std::int32_t spare = 1 << (sizeof(Number) == 1 ? 20 : 15);
  detail::each_pair(p, a, b, y, [&](std::int32_t v, std::int32_t w) TENON_INLINE_LAMBDA {
    return p.total(p.first(v * spare) - p.second(w * spare));
  });
}
/// The larger or the smaller of two, both brought to the output's scale.
template <bool Larger, class Number>
[[gnu::noinline]] constexpr void extreme(const Pair<Number>& p, const Number* a, const Number* b, Number* y) {
  detail::each_pair(p, a, b, y, [&](std::int32_t v, std::int32_t w) TENON_INLINE_LAMBDA {
    const std::int32_t first = p.first(v), second = p.second(w);
    return (first > second) == Larger ? first : second;
  });
}

}  // namespace tenon::kernels
