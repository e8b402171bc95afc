// Instructions of float convolutions, one layer each: -DTENON_CASE picks it. Weights given at run time lie in RAM here;
// that changes no count.
#include "platform.hpp"

#include <tenon/edge/frozen.hpp>
#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/net/networks.hpp>

namespace {

using namespace tenon;

#ifndef TENON_CASE
#define TENON_CASE 0
#endif

template <int Case>
struct Layer;
template <>
struct Layer<0> {
  using type = Sequential<Input<16, 16, 16>, Conv2D<16, 3, padding<1>>, ReLU>;  // of ResNet-8
};
template <>
struct Layer<1> {
  using type = Sequential<Input<64, 25, 5>, Conv2D<64, 1>, ReLU>;  // of DS-CNN
};
template <>
struct Layer<2> {
  using type = Sequential<Input<64, 25, 5>, Conv2D<64, 3, padding<1>, groups<64>>, ReLU>;
};
template <>
struct Layer<3> {
  using type = Sequential<Input<3, 32, 32>, Conv2D<8, 3, padding<1>, stride<2>>, ReLU>;
};
template <>
struct Layer<4> {
  using type = Sequential<Input<1, 28, 28>, Conv2D<6, 5>, ReLU>;  // of LeNet
};
template <>
struct Layer<5> {
  using type = Sequential<Input<16, 128>, Conv1D<16, 9, stride<2>>, ReLU>;
};
template <>
struct Layer<6> {
  using type = Sequential<Input<24, 6, 6>, Conv2D<10, 3, padding<same>, dilation<2>>, ReLU>;
};
using Net = Layer<TENON_CASE>::type;

Weights<Net> weights;
Frozen<Net> net{weights};
float pixels[input_shape<Net>::size], maps[output_shape<Net>::size];

}  // namespace

int main() {
  unsigned state = 1;
  const auto draw = [&state] {
    state = state * 1664525 + 1013904223;
    return static_cast<float>(state >> 8) * 0x1p-24F - 0.5F;
  };
  for (float& w : weights.parameters) w = draw();
  for (float& value : pixels) value = draw();
  platform::start_count();
  net(pixels, maps);
  const std::uint32_t instructions = platform::instructions();
  float sum = 0;
  for (const float value : maps) sum += value;
  platform::print("instructions ", instructions);
  platform::print("macs ", static_cast<std::uint32_t>(Frozen<Net>::macs));
  platform::print("weights ", 0);
  platform::print("ram ", sizeof net);
  platform::print("stack ", platform::stack_used());
  platform::print("sum ", static_cast<std::uint32_t>(sum));
}
