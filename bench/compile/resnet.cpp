// What a user writes to train ResNet-20, here on samples of its shape from a CSV file.
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

template <std::size_t C, auto... Option>
using Convolution = Sequential<Conv2D<C, 3, padding<1>, bias<false>, Option...>, BatchNorm2D<>>;
template <std::size_t C>
using Block = Sequential<Residual<Convolution<C>, ReLU, Convolution<C>>, ReLU>;
template <std::size_t C>
using Smaller = Sequential<Add<Sequential<Convolution<C, stride<2>>, ReLU, Convolution<C>>,
                               Sequential<Conv2D<C, 1, stride<2>, bias<false>>, BatchNorm2D<>>>,
                           ReLU>;
using Net = Sequential<Input<3, 32, 32>, Convolution<16>, ReLU, Repeat<3, Block<16>>, Smaller<32>, Repeat<2, Block<32>>,
                       Smaller<64>, Repeat<2, Block<64>>, GlobalAvgPool, Dense<10>, Softmax>;

int main() {
  auto data = read_csv("images.csv");
  data.reshape({3, 32, 32});
  const auto [train, test] = data.stratified_split(0.8, 1);
  Model<Net> model{1};
  const auto history = fit(model, train,
                           Fit{.loss = CrossEntropy{},
                               .optimizer = SGD{.lr = 0.1, .momentum = 0.9},
                               .epochs = 5,
                               .batch_size = 128,
                               .validation = test});
  std::printf("%.4f\n", history.last().validation.accuracy);
}
