#include <cstddef>
#include <utility>

#include "pooling_target.hpp"

namespace tenon::kernels::detail {
namespace portable {
namespace {

#include "vectors_portable.inc"

#include "pooling.inc"

}  // namespace
}  // namespace portable

const PoolingLoops<float> PoolingTarget<float>::portable = portable::loops<float>;
const PoolingLoops<double> PoolingTarget<double>::portable = portable::loops<double>;

}  // namespace tenon::kernels::detail
