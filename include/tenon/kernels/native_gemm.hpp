#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <tenon/kernels/gemm_types.hpp>

namespace tenon::kernels {

/// C = alpha * op(A) * op(B) + beta * C, every matrix row-major with its own row stride.
///
/// op(A) is m x k, op(B) is k x n, C is m x n and overlaps neither. As in BLAS, beta == 0 never
/// reads C (so C may hold NaN), and alpha == 0 or k == 0 reads neither A nor B.
///
/// The instruction set is chosen at run time. For one shape, one machine and one build the result
/// repeats bit for bit. Nothing is allocated after a thread's first product.
void native_gemm(Transpose ta, Transpose tb, size_t m, size_t n, size_t k, float alpha, const float* a, size_t lda,
                 const float* b, size_t ldb, float beta, float* c, size_t ldc);

void native_gemm(Transpose ta, Transpose tb, size_t m, size_t n, size_t k, double alpha, const double* a, size_t lda,
                 const double* b, size_t ldb, double beta, double* c, size_t ldc);

/// The instruction set `native_gemm` uses: "avx512", "avx2" or "portable".
std::string_view native_gemm_target();

namespace detail {

/// The instruction sets this machine can run, best first.
std::vector<std::string_view> native_gemm_targets();

/// For tests and benches: every later product, on any thread, uses this one.
void use_native_gemm_target(std::string_view name);

}  // namespace detail

}  // namespace tenon::kernels
