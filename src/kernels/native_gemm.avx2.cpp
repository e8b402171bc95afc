#include <immintrin.h>

#include <cstddef>
#include <utility>

#include "native_gemm_target.hpp"

namespace tenon::kernels::detail {
namespace avx2 {
namespace {

#include "vectors_avx2.inc"

#include "native_gemm.inc"

}  // namespace
}  // namespace avx2

const GemmTarget avx2_gemm{"avx2", avx2::multiply_matrices<float>, avx2::multiply_matrices<double>};

}  // namespace tenon::kernels::detail
