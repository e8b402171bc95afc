#pragma once

#include <cstddef>
#include <cstdint>

namespace tenon::edge {

/// The sum of the packed weights of one output, and the sum of their magnitudes. Written with few statements per
/// weight, because compilers limit how many a constant expression may execute.
struct RowSums {
  std::int32_t sum = 0, magnitude = 0;
};

/// Of a row whose first weight is at w, in `groups` groups of four columns (kernels::packed_place).
constexpr RowSums packed_row_sums(const std::int8_t* w, size_t groups) {
  RowSums sums;
  size_t at = 0;
  for (; groups >= 2; groups -= 2, at += 32)
    sums.sum += w[at] + w[at + 1] + w[at + 2] + w[at + 3] + w[at + 16] + w[at + 17] + w[at + 18] + w[at + 19],
        sums.magnitude += (w[at] < 0 ? -w[at] : w[at]) + (w[at + 1] < 0 ? -w[at + 1] : w[at + 1]) +
                          (w[at + 2] < 0 ? -w[at + 2] : w[at + 2]) + (w[at + 3] < 0 ? -w[at + 3] : w[at + 3]) +
                          (w[at + 16] < 0 ? -w[at + 16] : w[at + 16]) + (w[at + 17] < 0 ? -w[at + 17] : w[at + 17]) +
                          (w[at + 18] < 0 ? -w[at + 18] : w[at + 18]) + (w[at + 19] < 0 ? -w[at + 19] : w[at + 19]);
  if (groups > 0)
    sums.sum += w[at] + w[at + 1] + w[at + 2] + w[at + 3],
        sums.magnitude += (w[at] < 0 ? -w[at] : w[at]) + (w[at + 1] < 0 ? -w[at + 1] : w[at + 1]) +
                          (w[at + 2] < 0 ? -w[at + 2] : w[at + 2]) + (w[at + 3] < 0 ? -w[at + 3] : w[at + 3]);
  return sums;
}

/// Of row `row` of the four whose first blocks of four bits are at w (kernels/int8_stored.hpp).
constexpr RowSums four_bit_row_sums(const std::int8_t* w, size_t groups, size_t row) {
  RowSums sums;
  for (size_t at = 4 * row; at < (groups + 1) / 2 * 16; at += 16)
    for (size_t i = at; i < at + 4; ++i) {
      const int low = ((w[i] & 15) ^ 8) - 8, high = w[i] >> 4;
      sums.sum += low + high;
      sums.magnitude += (low < 0 ? -low : low) + (high < 0 ? -high : high);
    }
  return sums;
}

}  // namespace tenon::edge
