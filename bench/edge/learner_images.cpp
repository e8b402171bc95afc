// Instructions of one whole step of training, one sample forward and backward and an update of every weight: ResNet-8
// on 3x32x32 images, and with TENON_DS_CNN the DS-CNN of keyword spotting on 1x49x10. Statistics are fixed.
#include "platform.hpp"

#include <tenon/edge/frozen.hpp>
#include <tenon/edge/learner.hpp>
#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/global_avg_pool.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/net/networks.hpp>

namespace {

using namespace tenon;

#ifdef TENON_DS_CNN
using Depthwise = Sequential<Conv2D<64, 3, padding<1>, groups<64>, bias<false>>, BatchNorm2D<>, ReLU>;
using Pointwise = Sequential<Conv2D<64, 1, bias<false>>, BatchNorm2D<>, ReLU>;
using Net = Sequential<Input<1, 49, 10>, Conv2D<64, kernel<10, 4>, stride<2>, padding<4, 1>, bias<false>>,
                       BatchNorm2D<>, ReLU, Depthwise, Pointwise, Depthwise, Pointwise, Depthwise, Pointwise, Depthwise,
                       Pointwise, GlobalAvgPool, Dense<12>, Softmax>;
#else
template <int C, int S>
using Main = Sequential<Conv2D<C, 3, stride<S>, padding<1>, bias<false>>, BatchNorm2D<>, ReLU,
                        Conv2D<C, 3, padding<1>, bias<false>>, BatchNorm2D<>>;
using Net = Sequential<Input<3, 32, 32>, Conv2D<16, 3, padding<1>, bias<false>>, BatchNorm2D<>, ReLU,
                       Residual<Main<16, 1>>, ReLU, Add<Main<32, 2>, Conv2D<32, 1, stride<2>>>, ReLU,
                       Add<Main<64, 2>, Conv2D<64, 1, stride<2>>>, ReLU, GlobalAvgPool, Dense<10>, Softmax>;
#endif

constexpr Weights<Net> make_weights() {
  Weights<Net> weights;
  unsigned state = 1;
  for (float& w : weights.parameters) {
    state = state * 1664525 + 1013904223;
    w = (static_cast<float>(state >> 8) * 0x1p-24F - 0.5F) * 0.1F;
  }
  for (float& b : weights.buffers) b = 1.0F;
  return weights;
}
const Weights<Net> weights = make_weights();

edge::Learner<Net, CrossEntropy<>, PlainSGD> net;
float pixels[decltype(net)::input::size];

}  // namespace

int main() {
  net.start(weights, PlainSGD{.lr = 1e-3});
  for (std::size_t i = 0; i < std::size(pixels); ++i) pixels[i] = static_cast<float>(i % 17) * 0.0625F;
  platform::start_count();
  const float loss = net.learn(pixels, 3);
  const std::uint32_t instructions = platform::instructions();
  platform::print("instructions ", instructions);
  platform::print("macs ", static_cast<std::uint32_t>(Frozen<Net>::macs * 3));
  platform::print("weights ", sizeof(Weights<Net>));
  platform::print("ram ", sizeof net);
  platform::print("stack ", platform::stack_used());
  platform::print("sum ", static_cast<std::uint32_t>(loss * 1000));
  return 0;
}
