#pragma once

#include <cstddef>

namespace tenon::kernels::detail {

/// Inner loops of pooling for one instruction set and one type: `rows` times `count` windows of two by two
/// side by side; a row of the image is `width` long.
template <class T>
struct PoolingLoops {
  void (*halve)(const T* image, std::size_t width, T* map, std::size_t rows, std::size_t count);
  void (*halve_gradient)(const T* image, std::size_t width, const T* map, const T* map_gradient, T* image_gradient,
                         std::size_t rows, std::size_t count);
};

template <class T>
struct PoolingTarget;
template <>
struct PoolingTarget<float> {
  static const PoolingLoops<float> avx512, avx2, portable;
};
template <>
struct PoolingTarget<double> {
  static const PoolingLoops<double> avx512, avx2, portable;
};

}  // namespace tenon::kernels::detail
