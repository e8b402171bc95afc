// What a user writes to train ResNet-50 (He et al. 2015) on pictures of 224 x 224, here on four of noise.
#include <tenon/tenon.hpp>

#include <cstdio>
#include <random>
#include <vector>

using namespace tenon;

template <std::size_t C, std::size_t Kernel, auto... Option>
using Convolution = Sequential<Conv2D<C, Kernel, padding<Kernel / 2>, bias<false>, Option...>, BatchNorm2D<>>;
template <std::size_t C, auto... Option>
using Bottleneck = Sequential<Convolution<C, 1>, ReLU, Convolution<C, 3, Option...>, ReLU, Convolution<4 * C, 1>>;
template <std::size_t C>
using Block = Sequential<Residual<Bottleneck<C>>, ReLU>;
template <std::size_t C, auto... Option>
using FirstBlock = Sequential<Add<Bottleneck<C, Option...>, Convolution<4 * C, 1, Option...>>, ReLU>;
template <std::size_t Blocks, std::size_t C, auto... Option>
using Stage = Sequential<FirstBlock<C, Option...>, Repeat<Blocks - 1, Block<C>>>;
using Net = Sequential<Input<3, 224, 224>, Convolution<64, 7, stride<2>>, ReLU, MaxPool2D<3, stride<2>, padding<1>>,
                       Stage<3, 64>, Stage<4, 128, stride<2>>, Stage<6, 256, stride<2>>, Stage<3, 512, stride<2>>,
                       GlobalAvgPool, Dense<1000>, Softmax>;
static_assert(parameter_count<Net> == 25'557'032);  // as torchvision's

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
