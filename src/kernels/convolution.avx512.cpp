#include <immintrin.h>

#include <cstddef>
#include <type_traits>
#include <utility>

#include "convolution_target.hpp"

namespace tenon::kernels::detail {
namespace avx512 {
namespace {

#include "vectors_avx512.inc"

#include "convolution.inc"

}  // namespace
}  // namespace avx512

const ConvolutionLoops<float> ConvolutionTarget<float>::avx512 = avx512::loops<float>;
const ConvolutionLoops<double> ConvolutionTarget<double>::avx512 = avx512::loops<double>;

}  // namespace tenon::kernels::detail
