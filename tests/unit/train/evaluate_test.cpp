#include <tenon/train/evaluate.hpp>

#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/losses/binary_cross_entropy.hpp>
#include <tenon/losses/cross_entropy.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/net/networks.hpp>

using Catch::Matchers::Contains;
using namespace tenon;

namespace {

using Net = Sequential<Dense<4, 6>, ReLU, Dropout<0.5>, Dense<3>, Softmax>;

template <class T = float> std::vector<T> numbers(std::size_t count, std::uint64_t seed) {
  std::vector<T> values(count);
  Stream stream{seed};
  for (T& v : values) v = static_cast<T>(stream.uniform(-1.0, 1.0));
  return values;
}

template <class T = float> Dataset<T> labelled(std::size_t count) {
  Labels labels{{}, 3};
  for (std::size_t i = 0; i < count; ++i) labels.values.push_back(static_cast<std::int32_t>(i % 3));
  return {{4}, numbers<T>(4 * count, 1), std::move(labels)};
}

}  // namespace

TEMPLATE_TEST_CASE("loss and accuracy are those of the predictions", "", float, double) {
  const Model<Net, TestType> model{3};
  const auto data = labelled<TestType>(23);
  std::vector<TestType> y(23 * 3);
  model.predict(data.features(), y);
  double loss = 0;
  int correct = 0;
  for (std::size_t s = 0; s < 23; ++s) {
    const TestType* p = &y[3 * s];
    loss -= std::log(static_cast<double>(p[data.label(s)]));
    correct += std::max_element(p, p + 3) - p == data.label(s) ? 1 : 0;
  }
  const double tolerance = std::is_same_v<TestType, float> ? 1e-6 : 1e-13;
  for (const std::size_t batch_size : {1u, 5u, 23u, 256u}) {
    const Scores scores = evaluate(model, data, CrossEntropy{}, batch_size);
    CHECK(scores.loss == Approx(loss / 23).epsilon(tolerance));
    CHECK(scores.accuracy == correct / 23.0);
    CHECK(evaluate(model, data, CrossEntropy{.reduction = Reduction::sum}, batch_size).loss ==
          Approx(loss).epsilon(tolerance));
  }
  const Model<Sequential<Dense<4, 6>, ReLU, Dense<3>>, TestType> logits{3};
  CHECK(evaluate(logits, data, CrossEntropy<from_logits>{}).accuracy <= 1);
}

TEST_CASE("target numbers have no accuracy") {
  using Line = Sequential<Dense<2, 1>>;
  Model<Line> model{1};
  model.get<"0.weight">().fill(1);
  model.get<"0.bias">().fill(0);
  const Dataset<float> data{{2}, {0, 1, 2, 3, 4, 5}, Targets<float>{{1, 4, 9}, 1}};
  const Scores scores = evaluate(model, data, MeanSquaredError{}, 2);
  CHECK(scores.loss == Approx(1.0 / 3));  // the sums are 1, 5, 9
  CHECK(std::isnan(scores.accuracy));
}

TEST_CASE("one output tells two classes apart, at probability one half") {
  const Dataset<float> data{{1}, {-2, -1, -0.1f, 0.1f, 1, 2}, Labels{{0, 0, 1, 1, 1, 0}, 2}};
  Model<Sequential<Dense<1, 1>, Sigmoid>> probability{1};
  Model<Dense<1, 1>> logit{1};
  probability.get<"0.weight">().fill(3);
  probability.get<"0.bias">().fill(0);
  logit.get<"weight">().fill(3);
  logit.get<"bias">().fill(0);
  const Scores scores = evaluate(probability, data, BinaryCrossEntropy{}, 4);
  CHECK(scores.accuracy == 4 / 6.0);
  CHECK(evaluate(logit, data, BinaryCrossEntropy<from_logits>{}, 4).accuracy == 4 / 6.0);
  CHECK(evaluate(probability, data, BinaryCrossEntropy<from_probabilities>{}, 4).accuracy ==
        4 / 6.0);
  CHECK(evaluate(logit, data, BinaryCrossEntropy<from_logits>{}, 4).loss == Approx(scores.loss));
  const Dataset<float> third{{1}, {1, 2}, Labels{{1, 2}, 3}};
  CHECK_THROWS_WITH(evaluate(probability, third, BinaryCrossEntropy{}),
                    "evaluate: the network tells 2 classes apart, got label 2 of sample 1");
}

TEST_CASE("evaluation refuses what does not fit") {
  const Model<Net> model{1};
  CHECK_THROWS_WITH(evaluate(model, Dataset<float>{}, CrossEntropy{}),
                    Contains("evaluate") && Contains("at least one sample"));
  CHECK_THROWS_WITH(evaluate(model, labelled(4), CrossEntropy{}, 0), Contains("batch_size"));
  const Dataset<float> wide{{5}, numbers(10, 1), Labels{{0, 1}, 3}};
  CHECK_THROWS_WITH(evaluate(model, wide, CrossEntropy{}),
                    Contains("samples of 4 numbers") && Contains("samples of 5"));
  const Dataset<float> classes{{4}, numbers(8, 1), Labels{{0, 5}, 10}};
  CHECK_THROWS_WITH(evaluate(model, classes, CrossEntropy{}),
                    "evaluate: the network tells 3 classes apart, got label 5 of sample 1");
  const Dataset<float> bare{{4}, numbers(8, 1)};
  CHECK_THROWS_AS(evaluate(model, bare, CrossEntropy{}), Error);
  CHECK_THROWS_WITH(evaluate(model, labelled(4), MeanSquaredError{}), Contains("class labels"));
}
