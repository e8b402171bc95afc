#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <type_traits>

// The one header that names xtensor's, whose layout changed in 0.26. xadapt.hpp is a user's to include: what it brings
// would take a program that includes all of Tenon past 2^20 tokens, where g++ 12 allocates another 33 MB for them.
#if __has_include(<xtensor/containers/xtensor.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/core/xnoalias.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xtensor.hpp>
#endif

namespace tenon::detail {

/// Somebody's memory as a tensor.
template <size_t Rank, class T>
auto tensor_view(T* data, const std::array<size_t, Rank>& shape) {
  using Buffer = xt::xbuffer_adaptor<T*, xt::no_ownership, std::allocator<std::remove_const_t<T>>>;
  size_t size = 1;
  for (const size_t d : shape) size *= d;
  return xt::xtensor_adaptor<Buffer, Rank>(Buffer(data, size), shape);
}

}  // namespace tenon::detail
