#pragma once

#include <cstddef>

#include <tenon/edge/quantized_plan.hpp>

namespace tenon::edge {

/// What kernels are given of a step, each by itself, or a firmware would hold the whole plan.
template <class Net, size_t M>
inline constexpr kernels::Int8Move move_of = quantized_plan<Net>.moves[M].way;
template <class Net, size_t K>
inline constexpr kernels::Convolution image_of = quantized_plan<Net>.steps[K].image;
template <class Net, size_t K>
inline constexpr kernels::Averaging pool_of = quantized_plan<Net>.steps[K].pool;
template <class Net, size_t K>
inline constexpr kernels::NormRows norm_of = quantized_plan<Net>.steps[K].norm;
template <class Net, size_t K>
inline constexpr kernels::Upsampling stretching_of = quantized_plan<Net>.steps[K].stretching;

}  // namespace tenon::edge
