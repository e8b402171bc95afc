#pragma once

#include <cstddef>

#include <tenon/kernels/gemm_types.hpp>

namespace tenon {

/// The default GEMM policy: every product goes to xtensor-blas, and so to the BLAS it is linked with.
/// C = alpha op(A) op(B) + beta C, row-major, with row strides; op(A) is m x k, op(B) k x n.
struct BlasGemm {
  static void gemm(kernels::Transpose ta, kernels::Transpose tb, size_t m, size_t n, size_t k, float alpha,
                   const float* a, size_t lda, const float* b, size_t ldb, float beta, float* c, size_t ldc);
  static void gemm(kernels::Transpose ta, kernels::Transpose tb, size_t m, size_t n, size_t k, double alpha,
                   const double* a, size_t lda, const double* b, size_t ldb, double beta, double* c, size_t ldc);
};

}  // namespace tenon
