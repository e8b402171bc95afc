#include "support/counting_new.hpp"
#include "support/message_of.hpp"

#include <tenon/losses/info_nce.hpp>
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

/// A layer that counts the samples it is trained on: each part of a batch only its own.
struct Counted {
  template <class In>
  struct at {
    using input = In;
    using output = In;
    static constexpr std::array<ParameterSpec, 1> parameters{ParameterSpec{"running_count", {1}, 1, false}};
    using initializers = Initializers<Zeros>;
    static constexpr Needs needs{};
    template <class Mode, class Ctx, class T>
    static void forward(Ctx&, Memory<T> memory, Rows<const T> x, Rows<T> y, Mode) {
      if constexpr (Mode::training) memory.parameters.buffers[0] += static_cast<T>(x.count);
      for (std::size_t i = 0; i < x.count; ++i) std::copy_n(x[i], In::size, y[i]);
    }
    template <class Ctx, class T>
    static void backward(Ctx&, Memory<T>, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
      for (std::size_t i = 0; i < dx.count; ++i) std::copy_n(dy[i], In::size, dx[i]);
    }
  };
};

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

double largest_difference(std::span<const double> a, std::span<const double> b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace

TEST_CASE("any number of threads trains alike, dropout included") {
  const auto one = trained<Net, double>(1);
  for (const std::size_t threads : {2U, 3U, 5U}) {
    const auto many = trained<Net, double>(threads);
    CHECK(largest_difference(one.parameters().span(), many.parameters().span()) < 1e-9);
  }
}

TEST_CASE("the result does not depend on timing") {
  const auto first = trained<Net, float>(3);
  for (int again = 0; again < 3; ++again) CHECK(same_bits(trained<Net, float>(3), first));
}

TEST_CASE("batch normalisation sees the whole batch on any number of threads") {
  const auto one = trained<Normed, double>(1);
  for (const std::size_t threads : {2U, 3U, 5U}) {
    const auto many = trained<Normed, double>(threads);
    CHECK(largest_difference(one.parameters().span(), many.parameters().span()) < 1e-9);
    CHECK(largest_difference(one.buffers().span(), many.buffers().span()) < 1e-9);
    CHECK(same_bits(trained<Normed, double>(threads), many));
  }
}

TEST_CASE("so does a formula of the batch, and a loss that compares its samples") {
  using Centred = Graph<In<"x", 64>, Node<"h", Dense<8>>, Node<"c", Map<x - batch_mean(x)>>, Node<"a", Dense<4>, "c">,
                        Node<"b", Dense<4>, "c">, Out<"a", "b">>;
  const auto gradients = [](std::size_t threads) {
    const Threads scope(threads);
    const Dataset<double> data = digits().as<double>().take(48);
    Model<Centred, double> model{1};
    Trainer trainer{model, InfoNCE<"a", "b">{}, SGD{}, 48, 1};
    DataLoader<double> loader{data, 48, 1};
    Batch<double> batch;
    loader.next(batch);
    trainer.forward(batch);
    trainer.backward();
    return std::vector<double>(trainer.gradients().begin(), trainer.gradients().end());
  };
  const auto one = gradients(1);
  for (const std::size_t threads : {2U, 3U}) CHECK(largest_difference(one, gradients(threads)) < 1e-12);
}

TEST_CASE("a layer with running statistics of its own samples is refused on threads") {
  using Apart = Sequential<Dense<64, 4>, Counted>;
  Model<Apart> model{1};
  const Threads scope(2);
  CHECK(test::message_of([&] { Trainer trainer(model, MeanSquaredError{}, SGD{}, 64, 1); }) ==
        "training on threads or in shards: expected layers whose running statistics are those of the whole batch, got "
        "Counted");
}

TEMPLATE_TEST_CASE("a step on threads allocates nothing, and a formula gives the memory they need", "", Net, Normed) {
  const Threads scope(2);
  const Dataset<float> data = digits().take(128);
  Model<TestType> model{1};
  const auto use = test::heap_use([&] { Trainer trainer(model, CrossEntropy{}, Adam{}, 64, 1); });
  CHECK(use.arena_bytes == Trainer<Model<TestType>, CrossEntropy<>, Adam>::bytes(64, 2));

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
