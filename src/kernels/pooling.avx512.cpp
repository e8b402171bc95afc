#include <immintrin.h>

#include <cstddef>
#include <utility>

#include "pooling_target.hpp"

namespace tenon::kernels::detail {
namespace avx512 {
namespace {

#include "vectors_avx512.inc"

#include "pooling.inc"

}  // namespace
}  // namespace avx512

const PoolingLoops<float> PoolingTarget<float>::avx512 = avx512::loops<float>;
const PoolingLoops<double> PoolingTarget<double>::avx512 = avx512::loops<double>;

}  // namespace tenon::kernels::detail
