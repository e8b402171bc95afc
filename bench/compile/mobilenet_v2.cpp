// What a user writes to train MobileNetV2 (Sandler et al. 2018) on pictures of 224 x 224, here on four of noise.
#include <tenon/tenon.hpp>

#include <cstdio>
#include <random>
#include <vector>

using namespace tenon;

template <std::size_t C, std::size_t Kernel, auto... Option>
using Convolution = Sequential<Conv2D<C, Kernel, padding<Kernel / 2>, bias<false>, Option...>, BatchNorm2D<>>;
// Wide channel by channel, from few channels to few.
template <std::size_t Wide, std::size_t C, auto... Option>
using Narrowing = Sequential<Convolution<Wide, 3, groups<Wide>, Option...>, ReLU6, Convolution<C, 1>>;
template <std::size_t From, std::size_t C, auto... Option>
using Bottleneck = Sequential<Convolution<6 * From, 1>, ReLU6, Narrowing<6 * From, C, Option...>>;
template <std::size_t Blocks, std::size_t From, std::size_t C, auto... Option>
using Stage = Sequential<Bottleneck<From, C, Option...>, Repeat<Blocks - 1, Residual<Bottleneck<C, C>>>>;
using Net = Sequential<Input<3, 224, 224>, Convolution<32, 3, stride<2>>, ReLU6, Narrowing<32, 16>,
                       Stage<2, 16, 24, stride<2>>, Stage<3, 24, 32, stride<2>>, Stage<4, 32, 64, stride<2>>,
                       Stage<3, 64, 96>, Stage<3, 96, 160, stride<2>>, Bottleneck<160, 320>, Convolution<1280, 1>,
                       ReLU6, GlobalAvgPool, Dropout<0.2>, Dense<1000>, Softmax>;
static_assert(parameter_count<Net> == 3'504'872);  // as torchvision's

int main() {
  std::vector<float> pixels(4 * input_shape<Net>::size);
  std::mt19937 random{1};
  for (float& pixel : pixels) pixel = std::normal_distribution<float>{}(random);
  const Dataset data{{3, 224, 224}, pixels, Labels{{0, 1, 2, 3}, 1000}};
  Model<Net> model{1};
  const auto history = fit(
      model, data,
      Fit{.loss = CrossEntropy{}, .optimizer = SGD{.lr = 0.01, .momentum = 0.9}, .epochs = 1, .batch_size = 2});
  std::vector<float> likely(4 * 1000);
  model.predict(pixels, likely);
  std::printf("loss %.4f, class 0 of the first %.6f\n", history.last().training.loss, static_cast<double>(likely[0]));
}
