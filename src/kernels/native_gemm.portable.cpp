#include <cstddef>
#include <utility>

#include "native_gemm_target.hpp"

namespace tenon::kernels::detail {
namespace portable {
namespace {

#include "vectors_portable.inc"

#include "native_gemm.inc"

}  // namespace
}  // namespace portable

const GemmTarget portable_gemm{"portable", portable::multiply_matrices<float>, portable::multiply_matrices<double>};

}  // namespace tenon::kernels::detail
