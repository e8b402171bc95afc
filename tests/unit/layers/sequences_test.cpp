// Sequences in and out: one to many, many to one, many to many, and recurrent layers among others.
#include "support/counting_new.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include <tenon/edge/frozen.hpp>
#include <tenon/kernels/native_gemm_policy.hpp>
#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/layers/last.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/layers/repeat_vector.hpp>
#include <tenon/layers/rnn.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/layers/time_distributed.hpp>
#include <tenon/losses/cross_entropy.hpp>
#include <tenon/model/export.hpp>
#include <tenon/model/model.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/train/trainer.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

using OneToMany = Sequential<Input<3>, RepeatVector<4>, GRU<3>, Dense<2>>;
using Pictures = Sequential<Input<3, 1, 3, 3>, TimeDistributed<Sequential<Conv2D<2, 2>, Tanh, Flatten, Dense<3>>>,
                            LSTM<2>, Last>;
using Normalized = Sequential<Input<3, 2>, TimeDistributed<Sequential<Dense<4>, BatchNorm1D<>, Dropout<0.3>>>>;

static_assert(std::is_same_v<output_shape<OneToMany>, Shape<4, 2>>);
static_assert(std::is_same_v<output_shape<Alone<TimeDistributed<Conv2D<4, 3>>, 7, 1, 8, 8>>, Shape<7, 4, 6, 6>>);
static_assert(std::is_same_v<output_shape<Sequential<Input<7, 5>, Dense<3>, Last>>, Shape<3>>);

}  // namespace

TEST_CASE("the gradients of layers around sequences") {
  check_gradients<OneToMany>();
  check_gradients<Pictures>();
  check_gradients<Normalized>();
  check_gradients<Sequential<Input<3, 2>, Dense<2>, Last>>();
}

TEST_CASE("a layer in TimeDistributed keeps its names and sees steps as samples") {
  std::vector<std::string> names;
  for (const ParameterEntry& entry : parameter_table<Pictures>) names.emplace_back(entry.name);
  CHECK(names == std::vector<std::string>{"0.0.weight", "0.0.bias", "0.3.weight", "0.3.bias", "1.weight_ih_l0",
                                          "1.weight_hh_l0", "1.bias_ih_l0", "1.bias_hh_l0"});

  // the statistics are those of all steps of all samples
  constexpr std::size_t samples = 2, steps = 3;
  NetworkRun<Normalized, double> sequences{samples, 5};
  NetworkRun<Sequential<Input<2>, Dense<4>, BatchNorm1D<>, Dropout<0.3>>, double> vectors{samples * steps};
  Stream random{4};
  std::vector<double> x(samples * steps * 2), parameters(vectors.layout.trainable_size);
  for (std::vector<double>* numbers : {&x, &parameters})
    for (double& number : *numbers) number = random.uniform(-1.0, 1.0);
  const auto pass = [&](auto& run, std::size_t first_sample) {
    std::copy(parameters.begin(), parameters.end(), run.parameters.data());
    run.x.assign(x);
    run.context.first_sample = first_sample;
    run.forward(Training{});
    CHECK(run.faults.empty());
    CHECK(run.context.first_sample == first_sample);
    return run.y.values();
  };
  CHECK(pass(sequences, 5) == pass(vectors, 5 * steps));
}

TEST_CASE("the dropout between layers acts on what the next layer reads, and in training only") {
  // weights of 1 and 0 make the second layer show what it reads: 0, or tanh of twice a number
  NetworkRun<Alone<RNN<4, layers<2>, dropout<0.5>, bias<false>>, 3, 4>, double> run{20};
  Stream random{8};
  std::vector<double> x(20 * 12);
  for (double& number : x) number = random.uniform(0.5, 1.0);
  run.x.assign(x);
  std::fill_n(run.parameters.data(), run.parameters.size(), 0.0);
  for (const ParameterEntry& entry : parameter_table<Alone<RNN<4, layers<2>, dropout<0.5>, bias<false>>, 3, 4>>)
    if (entry.name.find("_ih_") != entry.name.npos)
      for (std::size_t i = 0; i < 4; ++i) run.parameter(entry)[i * 5] = 1;
  run.forward(Training{});
  std::size_t dropped = 0, wrong = 0;
  const auto y = run.y.values();
  for (std::size_t i = 0; i < y.size(); ++i) {
    dropped += y[i] == 0;
    wrong += y[i] != 0 && std::abs(y[i] - std::tanh(2 * std::tanh(x[i]))) > 1e-12;
  }
  CHECK(wrong == 0);
  CHECK(std::abs(static_cast<double>(dropped) - 120) < 40);
  run.forward(Evaluation{});
  const auto evaluated = run.y.values();
  for (std::size_t i = 0; i < evaluated.size(); ++i) CHECK(std::abs(evaluated[i] - std::tanh(std::tanh(x[i]))) < 1e-12);
}

TEST_CASE("a sequence without any step leaves no trace") {
  NetworkRun<Alone<GRU<3, mask<0>, bidirectional, last>, 4, 2>, double> run{2};
  Stream random{9};
  for (std::size_t i = 0; i < run.parameters.size(); ++i) run.parameters.data()[i] = random.uniform(-1.0, 1.0);
  std::vector<double> x(16, 0.0), dy(12);
  for (std::size_t i = 0; i < 8; ++i) x[i] = random.uniform(-1.0, 1.0);
  for (double& number : dy) number = random.uniform(-1.0, 1.0);
  const auto pass = [&] {
    run.x.assign(x);
    run.dy.assign(dy);
    run.forward(Training{});
    run.backward();
    CHECK(run.faults.empty());
    return run.parameter_gradients();
  };
  const auto gradients = pass();
  const auto y = run.y.values(), dx = run.dx.values();
  CHECK(std::all_of(y.begin() + 6, y.end(), [](double number) { return number == 0; }));
  CHECK(std::all_of(dx.begin() + 8, dx.end(), [](double number) { return number == 0; }));
  std::fill(dy.begin() + 6, dy.end(), 5.0);
  CHECK(pass() == gradients);
}

TEST_CASE("a steady training step of recurrent layers takes nothing from the heap") {
  using Net = Sequential<Input<6, 5>, LSTM<8, layers<2>, bidirectional, dropout<0.2>>, GRU<7, last>, Dense<3>, Softmax>;
  constexpr std::size_t batch_size = 4;
  Model<Net, float, NativeGemm> model{1};
  Trainer trainer{model, CrossEntropy{}, Adam{.lr = 1e-2}, batch_size, 1};
  Batch<float> batch;
  std::vector<float> x(batch_size * 30);
  Stream random{2};
  for (float& number : x) number = random.uniform<float>(-1.F, 1.F);
  const Dataset<float> data{{6, 5}, x, Labels{{0, 1, 2, 1}, 3}};
  DataLoader<float> loader{data, batch_size, 1};
  double loss = 0;
  const auto steps = [&](std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t epoch = first; epoch < first + count; ++epoch) {
      loader.start_epoch(epoch);
      while (loader.next(batch)) {
        trainer.zero_grad();
        trainer.forward(batch);
        loss = trainer.loss();
        trainer.backward();
        trainer.step();
      }
    }
  };
  steps(0, 1);
  const double before = loss;
  const HeapUse used = heap_use([&] { steps(1, 60); });
  CHECK(used.news == 0);
  CHECK(used.mallocs == 0);
  CHECK(loss < 0.5 * before);
}

TEST_CASE("a recurrent network of constant weights gives what the model gives") {
  using Net = Sequential<Input<5, 3>, LSTM<4, bidirectional>, TimeDistributed<Dense<6>>, GRU<5, layers<2>>, Last,
                         Dense<2>>;
  Model<Net> model{3};
  const auto weights = frozen_weights(model);
  Frozen<Net> frozen{*weights};
  std::vector<float> x(15), expected(2), got(2);
  Stream random{6};
  for (int sample = 0; sample < 5; ++sample) {
    for (float& number : x) number = random.uniform<float>(-1.F, 1.F);
    model.predict(std::span<const float>(x), expected);
    frozen(std::span<const float, 15>(x), std::span<float, 2>(got));
    for (std::size_t i = 0; i < 2; ++i) CHECK(std::abs(got[i] - expected[i]) < 1e-5F);
  }
  static_assert(Frozen<Net>::macs == 5 * 2 * 16 * (3 + 4) + 5 * 8 * 6 + 5 * 15 * (6 + 5) + 5 * 15 * (5 + 5) + 5 * 2);
}
