#include <immintrin.h>

#include <cstddef>
#include <type_traits>
#include <utility>

#include "convolution_target.hpp"

namespace tenon::kernels::detail {
namespace avx2 {
namespace {

#include "vectors_avx2.inc"

#include "convolution.inc"

}  // namespace
}  // namespace avx2

const ConvolutionLoops<float> ConvolutionTarget<float>::avx2 = avx2::loops<float>;
const ConvolutionLoops<double> ConvolutionTarget<double>::avx2 = avx2::loops<double>;

}  // namespace tenon::kernels::detail
