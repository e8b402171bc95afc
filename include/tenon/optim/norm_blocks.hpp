#pragma once

#include <cstddef>
#include <span>

/// Norms of an arena, summed up in blocks of it, and then block after block: so parts of it can be summed up in
/// different places, and the bits are the same. A part begins where a block does.
namespace tenon::detail {

inline constexpr size_t norm_block = 256;
constexpr size_t norm_blocks(size_t count) { return (count + norm_block - 1) / norm_block; }

/// For each block the sum of |x|^type, or, where that is infinite, the largest |x|; in double.
template <class T>
void sum_norm_blocks(std::span<const T> numbers, double type, double* of_blocks);
/// The norm of all, from those.
double norm_of_blocks(std::span<const double> of_blocks, double type);

/// What clip_grad_norm (optim/clip.hpp) refuses, and what it does once it knows the norm.
void expect_norm(double max_norm, double norm_type);
template <class T>
void scale_to_norm(std::span<T> gradients, double norm, double max_norm);

extern template void sum_norm_blocks(std::span<const float>, double, double*);
extern template void sum_norm_blocks(std::span<const double>, double, double*);
extern template void scale_to_norm(std::span<float>, double, double);
extern template void scale_to_norm(std::span<double>, double, double);

}  // namespace tenon::detail
