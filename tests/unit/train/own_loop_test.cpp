// A loop written by hand gives what fit gives, to the bit.
#include <tenon/tenon.hpp>

#include <cstring>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

using namespace tenon;

namespace {

template <class M>
bool same_bits(const M& a, const M& b) {
  const auto x = a.parameters().span(), y = b.parameters().span();
  return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size_bytes()) == 0;
}

template <class M, class T, class L, class O>
std::vector<double> train_by_hand(M& model, const Dataset<T>& data, L loss, O optimizer, std::size_t epochs,
                                  std::size_t batch_size, std::uint64_t seed) {
  Trainer trainer{model, loss, optimizer, batch_size, seed};
  DataLoader<T> loader{data, batch_size, seed};
  Batch<T> batch;
  std::vector<double> losses;
  for (std::uint64_t epoch = 0; epoch < epochs; ++epoch) {
    loader.start_epoch(epoch);
    double sum = 0;
    while (loader.next(batch)) {
      trainer.zero_grad();
      trainer.forward(batch);
      sum += trainer.loss() * static_cast<double>(batch.count);
      trainer.backward();
      trainer.step();
    }
    losses.push_back(sum / static_cast<double>(data.size()));
  }
  return losses;
}

template <class T, class O>
void compare_with_fit(O optimizer) {
  using Net = Sequential<Dense<64, 32>, ReLU, Dropout<0.5>, Residual<Dense<32>, Tanh, Dropout<0.2>>, Dense<10>,
                         Softmax>;
  Dataset<T> data = digits().template as<T>().take(200);
  constexpr std::size_t batch_size = 64;  // the last batch has 8 samples
  Model<Net, T> by_hand{3}, fitted{3};
  const auto losses = train_by_hand(by_hand, data, CrossEntropy{}, optimizer, 2, batch_size, 11);
  const History history = fit(fitted, data,
                              Fit{.loss = CrossEntropy{},
                                  .optimizer = optimizer,
                                  .epochs = 2,
                                  .batch_size = batch_size,
                                  .seed = 11,
                                  .progress = Progress::Mode::quiet});
  CHECK(same_bits(by_hand, fitted));
  REQUIRE(history.epochs.size() == 2);
  for (std::size_t e = 0; e < 2; ++e) CHECK(history.epochs[e].training.loss == losses[e]);
  CHECK_FALSE(same_bits(fitted, Model<Net, T>{3}));
}

}  // namespace

TEMPLATE_TEST_CASE("a loop written by hand equals fit, with dropout and a partial last batch", "", float, double) {
  compare_with_fit<TestType>(Adam{.lr = 1e-3});
  compare_with_fit<TestType>(SGD{.lr = 0.05, .momentum = 0.9});
}
