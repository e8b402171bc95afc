#include <tenon/kernels/blas_gemm.hpp>

#include <xtensor-blas/xblas.hpp>

namespace tenon {

namespace {

// xt::blas::gemm takes no result with a row stride, which a branch of Concat writes through, so this
// is the call that it makes, one level below.
template <class T>
void product(kernels::Transpose ta, kernels::Transpose tb, std::size_t m, std::size_t n, std::size_t k, T alpha,
             const T* a, std::size_t lda, const T* b, std::size_t ldb, T beta, T* c, std::size_t ldc) {
  if (m == 0 || n == 0) return;
  const auto flag = [](kernels::Transpose t) {
    return t == kernels::Transpose::yes ? cxxblas::Trans : cxxblas::NoTrans;
  };
  const auto size = [](std::size_t s) { return static_cast<xt::blas_index_t>(s); };
  cxxblas::gemm<xt::blas_index_t>(cxxblas::RowMajor, flag(ta), flag(tb), size(m), size(n), size(k), alpha, a, size(lda),
                                  b, size(ldb), beta, c, size(ldc));
}

}  // namespace

void BlasGemm::gemm(kernels::Transpose ta, kernels::Transpose tb, std::size_t m, std::size_t n, std::size_t k,
                    float alpha, const float* a, std::size_t lda, const float* b, std::size_t ldb, float beta, float* c,
                    std::size_t ldc) {
  product(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void BlasGemm::gemm(kernels::Transpose ta, kernels::Transpose tb, std::size_t m, std::size_t n, std::size_t k,
                    double alpha, const double* a, std::size_t lda, const double* b, std::size_t ldb, double beta,
                    double* c, std::size_t ldc) {
  product(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

}  // namespace tenon
