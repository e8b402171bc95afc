#pragma once

#include <cstddef>

#include <tenon/kernels/gemm_types.hpp>

namespace tenon::kernels::detail {

template <class T>
struct GemmArguments {
  Transpose ta, tb;
  std::size_t m, n, k;
  T alpha;
  const T* a;
  std::size_t lda;
  const T* b;
  std::size_t ldb;
  T beta;
  T* c;
  std::size_t ldc;
};

// Every product works in one buffer of this size, aligned to a cache line: results that wait to be
// written, then a block of the right operand in the order the kernels read it.
inline constexpr std::size_t gemm_staging_bytes = 16 << 10;
inline constexpr std::size_t gemm_packed_bytes = 1 << 20;
inline constexpr std::size_t gemm_workspace_bytes = gemm_staging_bytes + gemm_packed_bytes;

// native_gemm.inc compiled for one instruction set.
struct GemmTarget {
  const char* name;
  void (*sgemm)(const GemmArguments<float>&, std::byte* workspace);
  void (*dgemm)(const GemmArguments<double>&, std::byte* workspace);
};

extern const GemmTarget avx512_gemm, avx2_gemm, portable_gemm;

}  // namespace tenon::kernels::detail
