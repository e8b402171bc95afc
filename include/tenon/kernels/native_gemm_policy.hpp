#pragma once

#include <tenon/kernels/native_gemm.hpp>

namespace tenon {

/// The second GEMM policy: Tenon's own kernels, ahead of BLAS on the small products of
/// multilayer perceptrons (see bench/RESULTS.md). `Model<Net, float, NativeGemm>`.
struct NativeGemm {
  template <class T>
  static void gemm(kernels::Transpose ta, kernels::Transpose tb, size_t m, size_t n, size_t k, T alpha, const T* a,
                   size_t lda, const T* b, size_t ldb, T beta, T* c, size_t ldc) {
    kernels::native_gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }
};

}  // namespace tenon
