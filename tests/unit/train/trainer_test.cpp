#include <tenon/train/trainer.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/losses/cross_entropy.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/optim/sgd.hpp>

using Catch::Matchers::Contains;
using namespace tenon;

namespace {

using Net = Sequential<Dense<4, 16>, ReLU, Dropout<0.5>, Dense<16>, Tanh, Dropout<0.5>, Dense<3>, Softmax>;

/// `count` samples of four numbers, in three classes.
template <class T>
struct Samples {
  std::vector<T> x;
  std::vector<std::int32_t> labels;

  explicit Samples(std::size_t count) : x(4 * count), labels(count) {
    Stream stream{5};
    for (T& v : x) v = static_cast<T>(stream.uniform(-1.0, 1.0));
    for (auto& label : labels) label = static_cast<std::int32_t>(stream.below(3));
  }
  Batch<T> batch(std::size_t first, std::size_t count) {
    return {.features = std::span(x).subspan(4 * first, 4 * count),
            .labels = std::span(labels).subspan(first, count),
            .targets = {},
            .count = count,
            .first = first,
            .indices = {}};
  }
};

template <class Trainer>
auto gradients_of(Trainer& trainer) {
  std::map<std::string, std::vector<typename Trainer::scalar>> all;
  trainer.for_each_parameter([&](std::string_view name, auto values, auto gradient) {
    CHECK(values.size() == gradient.size());
    all[std::string(name)].assign(gradient.begin(), gradient.end());
  });
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("two batches in one step are one large batch, dropout included", "", float, double) {
  constexpr std::size_t count = 12;
  Samples<TestType> samples{count};
  Model<Net, TestType> model{1};
  const CrossEntropy loss{.reduction = Reduction::sum};
  Trainer once{model, loss, SGD{}, count, 7}, pieces{model, loss, SGD{}, count, 7};

  once.zero_grad();
  once.forward(samples.batch(0, count));
  const double whole = once.loss();
  once.backward();

  pieces.zero_grad();
  double parts = 0;
  for (const auto& [first, size] : {std::pair<std::size_t, std::size_t>{0, 5}, {5, 7}}) {
    pieces.forward(samples.batch(first, size));
    parts += pieces.loss();
    pieces.backward();
  }
  const double tolerance = std::is_same_v<TestType, float> ? 2e-6 : 1e-14;
  CHECK(parts == Approx(whole).epsilon(tolerance));
  const auto expected = gradients_of(once), got = gradients_of(pieces);
  for (const auto& [name, gradient] : expected) {
    INFO(name);
    for (std::size_t i = 0; i < gradient.size(); ++i)
      CHECK(std::abs(got.at(name)[i] - gradient[i]) <= tolerance * (1 + std::abs(gradient[i])));
  }
}

TEST_CASE("zero_grad starts anew, and so does a step without backward") {
  Samples<double> samples{6};
  Model<Net, double> model{1};
  Trainer trainer{model, CrossEntropy{}, SGD{.lr = 1}, 6, 7};
  for (const auto& [name, gradient] : gradients_of(trainer))
    CHECK(gradient == std::vector<double>(gradient.size(), 0.0));
  const auto pass = [&] {
    trainer.forward(samples.batch(0, 6));
    trainer.loss();
    trainer.backward();
  };
  pass();
  const auto once = gradients_of(trainer);
  trainer.zero_grad();
  pass();
  CHECK(gradients_of(trainer) == once);

  trainer.zero_grad();
  const Arena<double> before = model.parameters();
  trainer.step();
  CHECK(std::equal(before.span().begin(), before.span().end(), model.parameters().span().begin()));
  CHECK(trainer.steps() == 1);
  for (const auto& [name, gradient] : gradients_of(trainer))
    CHECK(gradient == std::vector<double>(gradient.size(), 0.0));
}

TEST_CASE("gradients can be changed between backward and step") {
  Samples<double> samples{6};
  Model<Net, double> model{1};
  const Model<Net, double> before = model;
  Trainer trainer{model, CrossEntropy{}, SGD{.lr = 1}, 6, 7};
  trainer.forward(samples.batch(0, 6));
  trainer.backward();  // computes the loss itself
  trainer.for_each_parameter([](std::string_view name, std::span<double>, std::span<double> gradient) {
    for (double& g : gradient) g = name == "6.bias" ? 0.5 : 0.0;
  });
  trainer.step();
  CHECK(model.get<"0.weight">()(3, 1) == before.get<"0.weight">()(3, 1));
  for (std::size_t i = 0; i < 3; ++i) CHECK(model.get<"6.bias">()(i) == before.get<"6.bias">()(i) - 0.5);
}

TEST_CASE("backward without loss gives the same gradients") {
  Samples<double> samples{6};
  Model<Net, double> model{1};
  Trainer with{model, CrossEntropy{}, SGD{}, 6, 7}, without{model, CrossEntropy{}, SGD{}, 6, 7};
  for (const std::size_t first : {0u, 3u}) {
    with.forward(samples.batch(first, 3));
    with.loss();
    with.backward();
    without.forward(samples.batch(first, 3));
    without.backward();
  }
  CHECK(gradients_of(with) == gradients_of(without));
}

TEST_CASE("masks differ from layer to layer, step to step, sample to sample and seed to seed") {
  using Layer = Sequential<Input<64>, Dropout<0.5>>;
  const auto mask = [](std::uint64_t seed, std::uint64_t steps) {
    Model<Layer> model{1};
    Trainer trainer{model, MeanSquaredError{}, SGD{}, 2, seed};
    std::vector<float> ones(128, 1.0f), targets(128, 0.0f);
    const Batch<float> batch{.features = ones, .labels = {}, .targets = targets, .count = 2, .first = 0, .indices = {}};
    for (std::uint64_t s = 0; s < steps; ++s) trainer.step();
    const auto y = trainer.forward(batch);
    return std::pair{std::vector<float>(y[0], y[0] + 64), std::vector<float>(y[1], y[1] + 64)};
  };
  const auto [first, second] = mask(1, 0);
  for (const float v : first) CHECK((v == 0.0f || v == 2.0f));
  CHECK(first != second);
  CHECK(mask(1, 0) == std::pair{first, second});
  CHECK(mask(1, 1).first != first);
  CHECK(mask(2, 0).first != first);

  // Were the masks of two layers the same, one half of all numbers would remain, and not a quarter.
  using Two = Sequential<Input<4000>, Dropout<0.5>, Tanh, Dropout<0.5>>;
  Model<Two> model{1};
  Trainer trainer{model, MeanSquaredError{}, SGD{}, 1, 3};
  std::vector<float> ones(4000, 1.0f), targets(4000, 0.0f);
  const auto y = trainer.forward(
      {.features = ones, .labels = {}, .targets = targets, .count = 1, .first = 0, .indices = {}});
  const auto left = std::count_if(y[0], y[0] + 4000, [](float v) { return v != 0; });
  CHECK(left > 1000 - 150);
  CHECK(left < 1000 + 150);
}

TEST_CASE("a batch that does not fit is refused before anything is computed") {
  Samples<float> samples{6};
  Model<Net> model{1};
  Trainer trainer{model, CrossEntropy{}, SGD{}, 4};
  CHECK_THROWS_WITH(trainer.loss(), Contains("forward before loss"));
  CHECK_THROWS_WITH(trainer.backward(), Contains("forward before loss"));
  CHECK_THROWS_WITH(trainer.forward(samples.batch(0, 5)), "training: expected batches of at most 4 samples, got 5");
  CHECK_THROWS_WITH(trainer.forward(samples.batch(0, 0)), Contains("at least one sample"));

  auto narrow = samples.batch(0, 4);
  narrow.features = narrow.features.first(12);
  CHECK_THROWS_WITH(trainer.forward(narrow), Contains("samples of 4 numbers") && Contains("samples of 3"));

  auto unlabelled = samples.batch(0, 4);
  unlabelled.labels = {};
  CHECK_THROWS_WITH(trainer.forward(unlabelled), Contains("3 numbers a sample"));

  samples.labels[2] = 3;
  CHECK_THROWS_WITH(trainer.forward(samples.batch(0, 4)),
                    "training: the network tells 3 classes apart, got label 3 of sample 2");
  samples.labels[2] = -1;
  CHECK_THROWS_AS(trainer.forward(samples.batch(0, 4)), Error);
  samples.labels[2] = 2;
  CHECK_NOTHROW(trainer.forward(samples.batch(0, 4)));

  Trainer squares{model, MeanSquaredError{}, SGD{}, 4};
  CHECK_THROWS_WITH(squares.forward(samples.batch(0, 4)), Contains("class labels"));
}

TEST_CASE("the first number that is not finite is found") {
  Samples<float> samples{6};
  Model<Net> model{1};
  Trainer trainer{model, CrossEntropy{}, SGD{}, 6};
  trainer.forward(samples.batch(0, 6));
  CHECK(trainer.find_non_finite() == "the outputs of all layers are finite");
  CHECK(trainer.non_finite_parameter().empty());

  SECTION("in the input") {
    samples.x[4 * 2 + 1] = std::numeric_limits<float>::quiet_NaN();
    trainer.forward(samples.batch(0, 6));
    CHECK_FALSE(std::isfinite(trainer.loss()));
    CHECK(trainer.find_non_finite() == "sample 2 of the data is not finite");
    const std::vector<std::size_t> indices{9, 8, 7, 6, 5, 4};
    auto batch = samples.batch(0, 6);
    batch.indices = indices;
    trainer.forward(batch);
    CHECK(trainer.find_non_finite() == "sample 7 of the data is not finite");
  }
  SECTION("in a weight") {
    model.get<"3.weight">()(2, 2) = std::numeric_limits<float>::quiet_NaN();
    trainer.forward(samples.batch(0, 6));
    CHECK_FALSE(std::isfinite(trainer.loss()));
    CHECK(trainer.find_non_finite() ==
          "it first appears in the output of layer 3, Dense<16>, and 3.weight is not finite either");
    CHECK(trainer.non_finite_parameter() == "3.weight");
  }
  SECTION("by overflow") {
    model.get<"3.bias">().fill(50);
    model.get<"6.weight">().fill(3e38f);
    trainer.forward(samples.batch(0, 6));
    CHECK(trainer.find_non_finite() == "it first appears in the output of layer 6, Dense<3>");
  }
}

TEST_CASE("gradients are scaled by finite numbers, and clipped by the norm that is asked for") {
  Model<Net> model{1};
  Trainer trainer{model, CrossEntropy{}, SGD{.lr = 0.1}, 6};
  Samples<float> samples(6);
  trainer.zero_grad();
  trainer.forward(samples.batch(0, 6));
  trainer.backward();
  const double largest = trainer.clip_grad_norm(1e30, std::numeric_limits<double>::infinity());
  trainer.scale_gradients(10 / largest);
  CHECK(trainer.clip_grad_norm(1e30, 400) == Approx(10).epsilon(0.02));  // 10^400 is more than a double holds
  trainer.scale_gradients(1e-3);
  CHECK(trainer.clip_grad_norm(1e-3, 400) == Approx(0.01).epsilon(0.02));
  CHECK(trainer.clip_grad_norm(1, std::numeric_limits<double>::infinity()) == Approx(1e-3).epsilon(0.02));
  CHECK_THROWS_WITH(trainer.scale_gradients(std::nan("")), "scale_gradients: expected a finite factor, got nan");
}
