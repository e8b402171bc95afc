#include <cstddef>
#include <type_traits>
#include <utility>

#include "convolution_target.hpp"

namespace tenon::kernels::detail {
namespace portable {
namespace {

#include "vectors_portable.inc"

#include "convolution.inc"

}  // namespace
}  // namespace portable

const ConvolutionLoops<float> ConvolutionTarget<float>::portable = portable::loops<float>;
const ConvolutionLoops<double> ConvolutionTarget<double>::portable = portable::loops<double>;

}  // namespace tenon::kernels::detail
