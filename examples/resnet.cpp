// ResNet-20 for images of 32 x 32 (He et al. 2016), with projections where the shape changes, on the digits that come
// with Tenon, enlarged.
// prints: test accuracy: (0\.[89]|1\.)
#include <tenon/tenon.hpp>

#include <cstdio>
#include <vector>

using namespace tenon;

template <std::size_t C, auto... Option>
using Convolution = Sequential<Conv2D<C, 3, padding<1>, bias<false>, Option...>, BatchNorm2D<>>;
template <std::size_t C>
using Block = Sequential<Residual<Convolution<C>, ReLU, Convolution<C>>, ReLU>;
template <std::size_t C>
using Smaller = Sequential<Add<Sequential<Convolution<C, stride<2>>, ReLU, Convolution<C>>,
                               Sequential<Conv2D<C, 1, stride<2>, bias<false>>, BatchNorm2D<>>>,
                           ReLU>;
using ResNet20 = Sequential<Input<3, 32, 32>, Convolution<16>, ReLU, Repeat<3, Block<16>>, Smaller<32>,
                            Repeat<2, Block<32>>, Smaller<64>, Repeat<2, Block<64>>, GlobalAvgPool, Dense<10>, Softmax>;
static_assert(parameter_count<ResNet20> == 272'474);

/// Three equal channels, every pixel four times as wide and high.
Dataset<float> enlarged(const Dataset<float>& digits) {
  std::vector<float> pixels;
  for (std::size_t i = 0; i < digits.size(); ++i)
    for (std::size_t channel = 0; channel < 3; ++channel)
      for (std::size_t at = 0; at < 1024; ++at) pixels.push_back(digits.sample(i)[at / 128 * 8 + at % 32 / 4]);
  return {{3, 32, 32}, pixels, Labels{{digits.labels().begin(), digits.labels().end()}, 10}};
}

int main() {
  const auto [train, test] = digits().take(1000).stratified_split(0.7, 1);
  Model<ResNet20> model{1};
  summary(model);
  const Dataset<float> images = enlarged(train);
  fit(model, images,
      Fit{.optimizer = SGD{.lr = 0.1, .momentum = 0.9, .weight_decay = 1e-4},
          .epochs = 4,
          .batch_size = 32,
          .schedule = CosineAnnealingLR{.T_max = 4}});
  std::printf("test accuracy: %.4f\n", evaluate(model, enlarged(test), CrossEntropy{}).accuracy);
}
