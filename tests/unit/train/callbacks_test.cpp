#include <atomic>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "unit/train/callbacks/rig.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using namespace tenon;
using namespace tenon::test;

static_assert(std::is_same_v<decltype(callbacks()), Callbacks<>>);

TEST_CASE("callbacks are called in their order, where they are") {
  Model<Net> model{1};
  Calls calls;
  std::string order;
  fit(model, data().train,
      Fit{.epochs = 2,
          .batch_size = 64,
          .progress = quiet,
          .callbacks = callbacks(calls, OnStepEnd{[&](auto&) { order += 'a'; }}, OnStepEnd{[&](auto& run) {
                                   order += 'b';
                                   if (run.step() == 5) run.stop();
                                 }})});
  CHECK(calls.list == std::vector<std::string>{"training begins at step 0", "epoch 1 begins", "gradients", "step 1",
                                               "gradients", "step 2", "gradients", "step 3", "epoch ends",
                                               "epoch 2 begins", "gradients", "step 4", "gradients", "step 5",
                                               "training is stopped"});
  CHECK(order == "ababababab");
}

TEST_CASE("gradients can be changed before each step") {
  Model<Net> model{1};
  const Model<Net> before{1};
  fit(model, data().train, Fit{.epochs = 1, .progress = quiet, .callbacks = callbacks(OnGradients{[](auto& run) {
                                                                 for (float& g : run.trainer().gradients()) g = 0;
                                                               }})});
  CHECK(same_bits(model, before));
}

TEST_CASE("the first number that is not finite is named, and where it came from") {
  // the root of 0 is 0, and its slope is infinite
  using Root = Sequential<Dense<2, 3>, Tanh, Dense<1>, Map<sqrt(x * x)>>;
  Model<Root> model{1};
  model.get<"2.weight">().fill(0);
  model.get<"2.bias">().fill(0);
  const Dataset<float> points({2}, {1, 2, 3, 4}, Targets<float>{{1, 1}, 1});
  const Fit how{.loss = MeanSquaredError{}, .optimizer = SGD{.lr = 0.1}, .epochs = 2, .progress = quiet};
  CHECK(message_of([&] { fit(model, points, how); }) ==
        "fit: expected finite gradients, got a NaN or an infinity in that of 2.bias at epoch 1, step 1, where the loss "
        "is 1.000000");
  CHECK(model.get<"2.bias">()(0) == 0);
  Model<Root> large{1};
  const Dataset<float> far({2}, {1, 2, 3, 4}, Targets<float>{{1e4F, 1e4F}, 1});
  CHECK(message_of([&] {
          fit(large, far, Fit{.loss = MeanSquaredError{}, .optimizer = SGD{.lr = 1e38}, .progress = quiet});
        }) == "fit: expected finite parameters, got a NaN or an infinity in 0.weight at epoch 1, step 1, with a "
              "learning rate of 1e+38");

  Model<Root> spoilt{1};
  spoilt.get<"2.weight">()(0, 1) = std::numeric_limits<float>::infinity();
  const Scores scores = evaluate(spoilt, points, MeanSquaredError{});
  CHECK_FALSE(std::isfinite(scores.loss));
  CHECK(scores.non_finite == "it first appears in the output of layer 2, Dense<1>, and 2.weight is not finite either");
  CHECK(evaluate(large = Model<Root>{1}, points, MeanSquaredError{}).non_finite.empty());
}

TEST_CASE("batch normalisation needs more than one value") {
  using Normed = Sequential<Dense<64, 6>, BatchNorm1D<>, Dense<10>, Softmax>;
  Model<Normed> model{1};
  CHECK_THAT(message_of([&] { fit(model, data().train.take(17), Fit{.batch_size = 16, .progress = quiet}); }),
             StartsWith("batch normalisation: expected more than one value per channel in training, got one"));
  CHECK_NOTHROW(evaluate(model, data().train.take(1), CrossEntropy{}));
}

TEST_CASE("the rate is reduced on a plateau") {
  Model<Net> model{1};
  ReduceLROnPlateau plateau{
      .factor = 0.5, .patience = 1, .threshold = 1e9, .threshold_mode = ReduceLROnPlateau::Threshold::abs};
  const History history = fit(model, data().train,
                              Fit{.optimizer = SGD{.lr = 0.1},
                                  .epochs = 6,
                                  .validation = data().test,
                                  .progress = quiet,
                                  .callbacks = callbacks(plateau)});
  std::vector<double> rates;
  for (const EpochRecord& r : history.epochs) rates.push_back(r.lr);
  CHECK(rates == std::vector{0.1, 0.1, 0.1, 0.05, 0.05, 0.025});
  CHECK_THAT(message_of([&] { fit(model, data().train, settings(1, plateau)); }), Contains("without a schedule"));
}

TEST_CASE("accumulated batches are one large batch") {
  using Plain = Sequential<Dense<64, 24>, Tanh, Dense<10>, Softmax>;
  Model<Plain, double> large{1}, small{1};
  const auto train = digits().as<double>().take(150);
  const auto how = [](std::size_t batch, std::size_t accumulate) {
    return Fit{.optimizer = SGD{.lr = 0.1, .momentum = 0.9},
               .epochs = 3,
               .batch_size = batch,
               .seed = 2,
               .progress = quiet,
               .accumulate = accumulate};
  };
  const History a = fit(large, train, how(40, 1)), b = fit(small, train, how(10, 4));  // the last group is 30
  CHECK(a.last().training.loss == Approx(b.last().training.loss).epsilon(1e-12));
  for (std::size_t i = 0; i < large.parameters().size(); ++i)
    CHECK(std::abs(large.parameters().data()[i] - small.parameters().data()[i]) < 1e-12);
  CHECK_THAT(message_of([&] { fit(large, train, how(10, 0)); }), Contains("accumulate"));
}

namespace {

/// An augmentation that fails on its 40th image.
struct Fails {
  using invalid = void;
  static inline std::atomic<int> seen{0};
  template <class T>
  static void change(const augment::ImageSize&, T*, Stream&) {
    if (++seen == 40) throw std::runtime_error("no 40");
  }
};

}  // namespace

TEST_CASE("what an augmentation throws reaches the caller, from threads too") {
  using Images = Sequential<Input<1, 8, 8>, Flatten, Dense<10>, Softmax>;
  for (const std::size_t workers : {0U, 1U, 3U}) {
    Fails::seen = 0;
    const auto images = augmented<Augment<Fails>>(typed<Shape<1, 8, 8>, Classes<10>>(data().train), workers);
    Model<Images> model{1};
    const auto how = Fit{.epochs = 1, .batch_size = 16, .progress = quiet};
    CHECK_THROWS_WITH(fit(model, images, how), "no 40");
    CHECK(fit(model, images, how).epochs.size() == 1);

    Fails::seen = 0;  // a loader goes on where it was
    DataLoader<float> loader(images, 16, 1);
    Batch<float> batch;
    std::size_t samples = 0, thrown = 0;
    for (bool more = true; more;) {
      try {
        if ((more = loader.next(batch))) samples += batch.count;
      } catch (const std::runtime_error&) {
        ++thrown;
      }
    }
    CHECK(thrown == 1);
    CHECK(samples == 150);
  }
}
