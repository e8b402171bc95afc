#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <tenon/tenon.hpp>

/// Networks of all compositions that were no graphs once, and what they are given. Commit 501ea91 is the last one from
/// before; this header compiles there too (tests/golden/make_before_graphs.cpp).
namespace tenon::test::before_graphs {

template <std::size_t C>
using Conv = Sequential<Conv2D<C, 3, padding<1>>, ReLU>;
using Images = Sequential<
    Input<2, 4, 4>, Conv2D<3, 3, padding<1>>, BatchNorm2D<>, Residual<Conv<3>, Conv2D<3, 3, padding<1>>>,
    SqueezeExcite<2>, DenseBlock<2, Conv<2>>, Gate<GlobalAvgPool, Dense<7>, Sigmoid>,
    UNet<Level<Conv<3>, MaxPool2D<2>, Upsample<2>, Conv<2>>, Conv<4>>, MaxUnpool<MaxPool2D<2>, Conv2D<2, 1>>, Flatten,
    Concat<Dense<3>, Sequential<Dense<3>, Tanh>>, Add<Dense<4>, Sequential<Dense<2>, Dense<4>>>,
    Repeat<2, Residual<Dense<4>, Tanh>>, Named<"head", Dense<3>>, Softmax>;
using Sequences = Sequential<Input<6, 4>, TimeDistributed<Dense<4>>, SplitAt<2, Dense<4>, Sequential<Dense<4>, Tanh>>,
                             Residual<LayerNorm<>, MultiheadAttention<2>>, Residual<CrossAttention<2, 2>>, LSTM<3>,
                             Last, Dense<2>>;

/// What the model predicts for three samples.
template <class Net>
std::vector<float> predict(const Model<Net>& model) {
  std::vector<float> x(3 * input_shape<Net>::size), y(3 * output_shape<Net>::size);
  Stream random(5);
  for (float& v : x) v = random.normal<float>();
  model.predict(std::span<const float>(x), std::span<float>(y));
  return y;
}

}  // namespace tenon::test::before_graphs
