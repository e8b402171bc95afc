#include <cstddef>
#include <utility>

#include "native_gemm_target.hpp"

namespace tenon::kernels::detail {
namespace portable {
namespace {

// What SSE2 and Neon have, and what a compiler without either splits into scalars.
constexpr std::size_t vector_bytes = 16, register_count = 16;

using Floats = float __attribute__((vector_size(vector_bytes)));
using Doubles = double __attribute__((vector_size(vector_bytes)));

inline Floats load_first(const float* from, std::size_t n) {
  return Floats{n > 0 ? from[0] : 0, n > 1 ? from[1] : 0, n > 2 ? from[2] : 0, n > 3 ? from[3] : 0};
}
inline Doubles load_first(const double* from, std::size_t n) {
  return Doubles{n > 0 ? from[0] : 0, n > 1 ? from[1] : 0};
}
template <class T, class V>
inline void store_first(T* to, V v, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) to[i] = v[i];
}

#include "native_gemm.inc"

}  // namespace
}  // namespace portable

const GemmTarget portable_gemm{"portable", portable::multiply_matrices<float>, portable::multiply_matrices<double>};

}  // namespace tenon::kernels::detail
