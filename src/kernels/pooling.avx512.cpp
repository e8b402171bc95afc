#include <immintrin.h>

#include <cstddef>
#include <utility>

#include "pooling_target.hpp"

namespace tenon::kernels::detail {
namespace avx512 {
namespace {

constexpr std::size_t vector_bytes = 64;

inline __mmask16 first(std::size_t n) { return static_cast<__mmask16>((1u << n) - 1); }

inline __m512 load_first(const float* from, std::size_t n) { return _mm512_maskz_loadu_ps(first(n), from); }
inline __m512d load_first(const double* from, std::size_t n) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>(first(n)), from);
}
inline void store_first(float* to, __m512 v, std::size_t n) { _mm512_mask_storeu_ps(to, first(n), v); }
inline void store_first(double* to, __m512d v, std::size_t n) {
  _mm512_mask_storeu_pd(to, static_cast<__mmask8>(first(n)), v);
}

#include "pooling.inc"

}  // namespace
}  // namespace avx512

const PoolingLoops<float> PoolingTarget<float>::avx512 = avx512::loops<float>;
const PoolingLoops<double> PoolingTarget<double>::avx512 = avx512::loops<double>;

}  // namespace tenon::kernels::detail
