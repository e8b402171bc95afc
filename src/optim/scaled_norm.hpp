#pragma once

#include <cmath>
#include <span>

/// Norms whose sums of |x|^type a double may not hold: |x| = 10 and type 400, or 0.1 and 400. They are added up in
/// numbers divided by the largest.
namespace tenon::detail {

inline bool is_scaled_norm(double type) { return type != 1 && type != 2 && !std::isinf(type); }

/// What numbers are divided by whose largest is `largest`.
inline double norm_scale(double largest) { return largest > 0 && std::isfinite(largest) ? largest : 1; }

/// For each block (optim/norm_blocks.hpp) the sum of |x / scale|^type.
template <class T>
void sum_scaled_blocks(std::span<const T> numbers, double type, double scale, double* of_blocks);

extern template void sum_scaled_blocks(std::span<const float>, double, double, double*);
extern template void sum_scaled_blocks(std::span<const double>, double, double, double*);

}  // namespace tenon::detail
