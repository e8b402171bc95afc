// Instructions of one layer in int8, its start included; -DTENON_CASE picks it. A sum has elements in place of
// multiplications. The weights are seeded: they do not change what is counted.
#include "counted_run.hpp"
#include "seeded_numbers.hpp"

#include <tenon/edge/quantized.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/identity.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/zero_pad.hpp>
#include <tenon/net/networks.hpp>

namespace {

using namespace tenon;

#ifndef TENON_CASE
#define TENON_CASE 0
#endif

/// 3x3 depthwise, of square images but for those of DS-CNN.
template <std::size_t Channels, std::size_t Rows, std::size_t Columns = Rows>
using Depthwise = Sequential<Input<Channels, Rows, Columns>, Conv2D<Channels, 3, padding<1>, groups<Channels>>, ReLU>;

template <int Case>
struct Layer;
template <>
struct Layer<0> {
  using type = Depthwise<8, 48>;  // of MobileNetV1, as are the next three
};
template <>
struct Layer<1> {
  using type = Depthwise<32, 24>;
};
template <>
struct Layer<2> {
  using type = Depthwise<64, 12>;
};
template <>
struct Layer<3> {
  using type = Depthwise<128, 6>;
};
template <>
struct Layer<4> {
  using type = Depthwise<64, 25, 5>;
};
template <>
struct Layer<5> {
  using type = Sequential<Input<16, 32, 16>, Residual<Identity>>;  // a sum of 8192 numbers
};
template <>
struct Layer<6> {  // the first of DS-CNN
  using type = Sequential<Input<1, 49, 10>, ZeroPad2D<1, 1, 4, 5>, Conv2D<64, kernel<10, 4>, stride<2>>, ReLU>;
};
template <>
struct Layer<7> {
  using type = Sequential<Input<3, 32, 32>, Conv2D<16, 3, padding<1>>, ReLU>;  // of ResNet-8
};
template <>
struct Layer<8> {  // of MobileNetV1
  using type = Sequential<Input<3, 96, 96>, ZeroPad2D<0, 1, 0, 1>, Conv2D<8, 3, stride<2>>, ReLU>;
};
using Net = Layer<TENON_CASE>::type;

constexpr QuantizedNumbers<Net> numbers = bench::seeded_numbers<Net>();
Quantized<Net, numbers> net;

}  // namespace

int main() {
  constexpr std::size_t macs = Quantized<Net>::macs;
  bench::counted_run(net, macs > 0 ? macs : output_shape<Net>::size);
}
