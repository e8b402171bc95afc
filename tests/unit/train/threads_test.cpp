#include "support/counting_new.hpp"

#include <tenon/tenon.hpp>

#include <atomic>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <catch2/catch.hpp>

using namespace tenon;

namespace {

using Net = Sequential<Dense<64, 32>, ReLU, Dropout<0.4>, Residual<Dense<32>, Tanh>, Dense<10>, Softmax>;
using Normed = Sequential<Dense<64, 16>, BatchNorm1D<>, ReLU, Dense<10>, Softmax>;

/// So many threads for the trainers of this scope.
struct Threads {
  explicit Threads(std::size_t count) { set_num_threads(count); }
  ~Threads() { set_num_threads(1); }
};

template <class Network, class T>
Model<Network, T> trained(std::size_t threads, std::size_t epochs = 2) {
  const Threads scope(threads);
  static const Dataset<T> train = digits().template as<T>().take(150);
  Model<Network, T> model{1};
  fit(model, train,
      Fit{.optimizer = AdamW{.lr = 1e-3},
          .epochs = epochs,
          .batch_size = 48,
          .seed = 3,
          .progress = Progress::Mode::quiet});
  return model;
}

template <class M>
bool same_bits(const M& a, const M& b) {
  const auto x = a.parameters().span(), y = b.parameters().span();
  return std::memcmp(x.data(), y.data(), x.size_bytes()) == 0;
}

}  // namespace

TEST_CASE("any number of threads trains alike, dropout included") {
  const auto one = trained<Net, double>(1);
  for (const std::size_t threads : {2U, 3U, 5U}) {
    const auto many = trained<Net, double>(threads);
    for (std::size_t i = 0; i < one.parameters().size(); ++i)
      REQUIRE(std::abs(one.parameters().data()[i] - many.parameters().data()[i]) < 1e-9);
  }
}

TEST_CASE("the result does not depend on timing") {
  const auto first = trained<Net, float>(3);
  for (int again = 0; again < 3; ++again) CHECK(same_bits(trained<Net, float>(3), first));
}

TEST_CASE("running statistics are the mean of the threads'") {
  const Dataset<double> data = digits().as<double>().take(32);
  const auto statistics = [&](std::size_t threads, std::size_t first, std::size_t count) {
    const Threads scope(threads);
    Model<Normed, double> model{1};
    Trainer trainer{model, CrossEntropy{}, SGD{}, 32, 1};
    trainer.forward({.features = const_cast<Dataset<double>&>(data).features().subspan(first * 64, count * 64),
                     .labels = data.labels().subspan(first, count),
                     .targets = {},
                     .count = count,
                     .first = 0,
                     .indices = {}});
    return std::vector<double>(model.buffers().span().begin(), model.buffers().span().end());
  };
  const auto both = statistics(2, 0, 32), left = statistics(1, 0, 16), right = statistics(1, 16, 16);
  for (std::size_t i = 0; i < both.size(); ++i) CHECK(both[i] == Approx((left[i] + right[i]) / 2).margin(1e-14));
}

TEST_CASE("a step on threads allocates nothing, and a formula gives the memory they need") {
  const Threads scope(2);
  const Dataset<float> data = digits().take(128);
  Model<Net> model{1};
  const auto use = test::heap_use([&] { Trainer trainer(model, CrossEntropy{}, Adam{}, 64, 1); });
  CHECK(use.arena_bytes == Trainer<Model<Net>, CrossEntropy<>, Adam>::bytes(64, 2));

  Trainer trainer(model, CrossEntropy{}, Adam{}, 64, 1);
  DataLoader<float> loader{data, 64, 1};
  Batch<float> batch;
  const auto epoch = [&](std::uint64_t number) {
    loader.start_epoch(number);
    while (loader.next(batch)) {
      trainer.zero_grad();
      trainer.forward(batch);
      trainer.backward();
      trainer.step();
    }
  };
  epoch(0);
  CHECK(test::heap_use([&] { epoch(1); }).news == 0);
}

TEST_CASE("workers do every part once, and hand on what is thrown") {
  Workers workers(4);
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> done[4]{};
    workers.run(static_cast<std::size_t>(round % 4 + 1), [&](std::size_t part) { ++done[part]; });
    for (int part = 0; part < 4; ++part) CHECK(done[part] == (part <= round % 4 ? 1 : 0));
  }
  CHECK_THROWS_AS(workers.run(4,
                              [](std::size_t part) {
                                if (part == 2) throw std::runtime_error("part 2");
                              }),
                  std::runtime_error);
  workers.run(4, [](std::size_t) {});
  CHECK_THROWS_AS(set_num_threads(0), Error);
}
