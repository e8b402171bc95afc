#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/kernels/int8_images.hpp>

/// Numbers of two tensors that meet one by one, and tables of functions.
namespace tenon::kernels {

/// y = table[x], where the table begins with what -128 becomes. y may be x.
[[gnu::noinline]] constexpr void table_int8(const std::int8_t* table, std::size_t size, const std::int8_t* x,
                                            std::int8_t* y) {
  for (std::size_t i = 0; i < size; ++i) y[i] = table[x[i] + 128];
}

/// Two tensors that meet. The second may be smaller: each of its `period` numbers stands for `repeat` neighbours, and
/// after the last of them the first one's turn comes again.
struct Int8Pair {
  Requantizer first{}, second{}, total{};
  std::int32_t first_zero = 0, second_zero = 0, zero = 0;
  Int8Bounds bounds{};
  std::size_t size = 0, period = 0, repeat = 1;
};

namespace detail {

template <class Value>
TENON_INLINE constexpr void each_pair(const Int8Pair& p, const std::int8_t* a, const std::int8_t* b, std::int8_t* y,
                                      Value value) {
  for (std::size_t i = 0; i < p.size;)
    for (std::size_t j = 0; j < p.period; ++j)
      for (std::size_t k = 0; k < p.repeat; ++k, ++i)
        y[i] = p.bounds(value(a[i] - p.first_zero, b[j] - p.second_zero) + p.zero);
}

}  // namespace detail

/// a b, exact but for its one rounding. y may be a.
[[gnu::noinline]] constexpr void product_int8(const Int8Pair& p, const std::int8_t* a, const std::int8_t* b,
                                              std::int8_t* y) {
  detail::each_pair(p, a, b, y, [&](std::int32_t v, std::int32_t w) TENON_INLINE_LAMBDA { return p.total(v * w); });
}
/// a - b by LiteRT's rule, which is that of sums.
[[gnu::noinline]] constexpr void difference_int8(const Int8Pair& p, const std::int8_t* a, const std::int8_t* b,
                                                 std::int8_t* y) {
  detail::each_pair(p, a, b, y, [&](std::int32_t v, std::int32_t w) TENON_INLINE_LAMBDA {
    return p.total(p.first(v * (1 << 20)) - p.second(w * (1 << 20)));
  });
}
/// The larger or the smaller of two, both brought to the output's scale.
template <bool Larger>
[[gnu::noinline]] constexpr void extreme_int8(const Int8Pair& p, const std::int8_t* a, const std::int8_t* b,
                                              std::int8_t* y) {
  detail::each_pair(p, a, b, y, [&](std::int32_t v, std::int32_t w) TENON_INLINE_LAMBDA {
    const std::int32_t first = p.first(v), second = p.second(w);
    return (first > second) == Larger ? first : second;
  });
}

}  // namespace tenon::kernels
