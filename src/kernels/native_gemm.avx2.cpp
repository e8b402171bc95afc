#include <immintrin.h>

#include <cstddef>
#include <utility>

#include "native_gemm_target.hpp"

namespace tenon::kernels::detail {
namespace avx2 {
namespace {

constexpr std::size_t vector_bytes = 32, register_count = 16;

inline __m256i first_floats(std::size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline __m256i first_doubles(std::size_t n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(static_cast<long long>(n)), _mm256_setr_epi64x(0, 1, 2, 3));
}

inline __m256 load_first(const float* from, std::size_t n) { return _mm256_maskload_ps(from, first_floats(n)); }
inline __m256d load_first(const double* from, std::size_t n) { return _mm256_maskload_pd(from, first_doubles(n)); }
inline void store_first(float* to, __m256 v, std::size_t n) { _mm256_maskstore_ps(to, first_floats(n), v); }
inline void store_first(double* to, __m256d v, std::size_t n) { _mm256_maskstore_pd(to, first_doubles(n), v); }

#include "native_gemm.inc"

}  // namespace
}  // namespace avx2

const GemmTarget avx2_gemm{"avx2", avx2::multiply_matrices<float>, avx2::multiply_matrices<double>};

}  // namespace tenon::kernels::detail
