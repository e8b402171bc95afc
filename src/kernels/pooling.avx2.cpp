#include <immintrin.h>

#include <cstddef>
#include <utility>

#include "pooling_target.hpp"

namespace tenon::kernels::detail {
namespace avx2 {
namespace {

#include "vectors_avx2.inc"

#include "pooling.inc"

}  // namespace
}  // namespace avx2

const PoolingLoops<float> PoolingTarget<float>::avx2 = avx2::loops<float>;
const PoolingLoops<double> PoolingTarget<double>::avx2 = avx2::loops<double>;

}  // namespace tenon::kernels::detail
