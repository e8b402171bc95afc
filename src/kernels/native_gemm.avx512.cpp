#include <immintrin.h>

#include <cstddef>
#include <utility>

#include "native_gemm_target.hpp"

namespace tenon::kernels::detail {
namespace avx512 {
namespace {

#include "vectors_avx512.inc"

#include "native_gemm.inc"

}  // namespace
}  // namespace avx512

const GemmTarget avx512_gemm{"avx512", avx512::multiply_matrices<float>, avx512::multiply_matrices<double>};

}  // namespace tenon::kernels::detail
