#include <tenon/tenon.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace tenon;

namespace {

using Net = Sequential<Dense<64, 16>, ReLU, Dense<10>, Softmax>;

constexpr std::size_t epochs = 3, batch_size = 100;

Dataset<float> data() { return digits().take(300); }

/// The weights after a loop by hand, which calls `before(trainer, epoch, step)` and `after(trainer)` around
/// each step.
template <class O, class Before, class After>
std::vector<float> by_hand(O optimizer, Before before, After after) {
  Model<Net> model{1};
  const auto samples = data();
  Trainer trainer{model, CrossEntropy{}, optimizer, batch_size, 1};
  DataLoader loader{samples, batch_size, 1};
  Batch<float> batch;
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    loader.start_epoch(epoch);
    while (loader.next(batch)) {
      before(trainer, epoch, trainer.steps());
      trainer.zero_grad();
      trainer.forward(batch);
      trainer.loss();
      trainer.backward();
      after(trainer);
      trainer.step();
    }
  }
  return {model.parameters().span().begin(), model.parameters().span().end()};
}

template <class L, class O>
std::pair<std::vector<float>, History> fitted(Fit<L, O> how) {
  Model<Net> model{1};
  how.epochs = epochs;
  how.batch_size = batch_size;
  how.seed = 1;
  how.progress = Progress::Mode::quiet;
  History history = fit(model, data(), how);
  return {{model.parameters().span().begin(), model.parameters().span().end()}, std::move(history)};
}

constexpr auto nothing = [](auto&&...) {};

}  // namespace

TEST_CASE("fit follows a schedule of epochs") {
  const ExponentialLR schedule{0.5};
  const auto [weights,
              history] = fitted(Fit{.loss = CrossEntropy{}, .optimizer = Adam{.lr = 1e-2}, .schedule = schedule});
  CHECK(weights ==
        by_hand(
            Adam{.lr = 1e-2}, [&](auto& t, std::size_t epoch, auto) { t.set_lr(schedule(1e-2, epoch)); }, nothing));
  CHECK(weights != by_hand(Adam{.lr = 1e-2}, nothing, nothing));
  REQUIRE(history.epochs.size() == epochs);
  CHECK(history.epochs[0].lr == 1e-2);
  CHECK(history.epochs[2].lr == Approx(2.5e-3));
}

TEST_CASE("fit follows a schedule of steps, and moves the momentum") {
  const OneCycleLR cycle{.max_lr = 0.2, .total_steps = 9};
  const auto [weights, history] = fitted(
      Fit{.loss = CrossEntropy{}, .optimizer = SGD{.lr = 1, .momentum = 0.5}, .schedule = cycle});
  const auto follow = [&](auto& t, std::size_t, std::uint64_t step) {
    t.set_lr(cycle(1, step));
    t.set_momentum(*cycle.momentum(step));
  };
  CHECK(weights == by_hand(SGD{.lr = 1, .momentum = 0.5}, follow, nothing));
  CHECK(history.last().lr == cycle(1, 8));
  Model<Net> model{1};
  Trainer adam{model, CrossEntropy{}, Adam{}, 1, 1};
  adam.set_momentum(0.8);
  CHECK(adam.optimizer().beta1 == 0.8);
  Trainer plain{model, CrossEntropy{}, Adadelta{}, 1, 1};
  plain.set_momentum(0.8);  // has none
  CHECK(plain.lr() == 1);
}

TEST_CASE("a schedule that is shorter than the run is refused before the first step") {
  Model<Net> model{1};
  const std::vector<float> before(model.parameters().span().begin(), model.parameters().span().end());
  Fit how{.epochs = 3, .batch_size = 100, .progress = Progress::Mode::quiet};
  const auto refusal = [&] {
    try {
      fit(model, data(), how);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  how.schedule = OneCycleLR{.total_steps = 8};
  CHECK(refusal() == "OneCycleLR: the run has 3 epochs of 3 steps, the schedule 8 steps");
  how.accumulate = 2;
  how.schedule = OneCycleLR{.total_steps = 5};
  CHECK(refusal() == "OneCycleLR: the run has 3 epochs of 2 steps, the schedule 5 steps");
  CHECK(std::equal(before.begin(), before.end(), model.parameters().span().begin()));
  how.schedule = OneCycleLR{.total_steps = 6};
  CHECK(refusal().empty());
  CHECK(!std::equal(before.begin(), before.end(), model.parameters().span().begin()));
}

TEST_CASE("what PyTorch's schedules do behind their end, these do") {
  CHECK(CosineAnnealingLR{.T_max = 4}(1, 4) == Approx(0).margin(1e-15));
  CHECK(CosineAnnealingLR{.T_max = 4}(1, 8) == Approx(1));  // rises again
  CHECK(CosineAnnealingWarmRestarts{.T_0 = 4}(1, 4) == 1);
  CHECK(PolynomialLR{.total_iters = 4}(1, 9) == 0);
  CHECK(LinearLR{.end_factor = 0.5, .total_iters = 4}(1, 9) == 0.5);
  CHECK(ConstantLR{.factor = 0.5, .total_iters = 4}(1, 9) == 1);
}

TEST_CASE("fit clips gradients") {
  const SGD sgd{.lr = 0.5};
  const auto [by_norm, a] = fitted(Fit{.loss = CrossEntropy{}, .optimizer = sgd, .clip_grad_norm = 0.1});
  CHECK(by_norm == by_hand(sgd, nothing, [](auto& t) { CHECK(t.clip_grad_norm(0.1) > 0.1); }));
  const auto [by_value, b] = fitted(Fit{.loss = CrossEntropy{}, .optimizer = sgd, .clip_grad_value = 1e-3});
  CHECK(by_value == by_hand(sgd, nothing, [](auto& t) {
          t.clip_grad_value(1e-3);
          t.for_each_parameter([](auto, auto, std::span<const float> gradient) {
            CHECK(std::all_of(gradient.begin(), gradient.end(), [](float g) { return std::abs(g) <= 1e-3F; }));
          });
        }));
  // One step moves the weights by at most lr times the norm.
  Model<Net> model{1};
  const std::vector<float> before(model.parameters().span().begin(), model.parameters().span().end());
  fit(model, data(),
      Fit{.loss = CrossEntropy{},
          .optimizer = sgd,
          .batch_size = 300,
          .clip_grad_norm = 0.1,
          .progress = Progress::Mode::quiet});
  double square = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    square += std::pow(static_cast<double>(model.parameters().data()[i] - before[i]), 2);
  CHECK(std::sqrt(square) == Approx(0.05).epsilon(1e-3));
}
