#include <tenon/train/evaluate.hpp>

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/data/augment.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/losses/binary_cross_entropy.hpp>
#include <tenon/losses/cross_entropy.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/metrics/regression.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/optim/sgd.hpp>
#include <tenon/train/fit.hpp>
#include <tenon/train/measure.hpp>

using Catch::Matchers::Contains;
using namespace tenon;

namespace {

using Net = Sequential<Dense<4, 6>, ReLU, Dropout<0.5>, Dense<3>, Softmax>;

template <class T = float>
std::vector<T> numbers(std::size_t count, std::uint64_t seed) {
  std::vector<T> values(count);
  Stream stream{seed};
  for (T& v : values) v = static_cast<T>(stream.uniform(-1.0, 1.0));
  return values;
}

template <class T = float>
Dataset<T> labelled(std::size_t count) {
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
  CHECK(evaluate(probability, data, BinaryCrossEntropy<from_probabilities>{}, 4).accuracy == 4 / 6.0);
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

TEST_CASE("sample weights count in evaluation and training") {
  const std::vector<double> x{0, 1, 2, 3, 4}, y{1, 1, 0, 5, 2}, weights{1, 0, 2, 0.5, 3};
  // a sample of weight w is w samples: the same in whole numbers, times 2
  std::vector<double> many_x, many_y;
  for (std::size_t i = 0; i < 5; ++i)
    for (int k = 0; k < static_cast<int>(2 * weights[i]); ++k) many_x.push_back(x[i]), many_y.push_back(y[i]);
  const Dataset<double> weighed{Features{"x", {1}, x}, Targets{y, 1}.named("y"), SampleWeights{weights}};
  const Dataset<double> repeated{{1}, many_x, Targets{many_y, 1}};
  const Model<Dense<1, 1>, double> start{3};
  const Scores expected = evaluate(start, repeated, MeanSquaredError{});
  for (const std::size_t batch : {1U, 2U, 3U, 5U})
    CHECK(evaluate(start, weighed, MeanSquaredError{}, batch).loss == Approx(expected.loss));

  const auto trained = [&](const Dataset<double>& data, std::size_t batch, std::size_t accumulate) {
    Model<Dense<1, 1>, double> model{3};
    const History history = fit(model, data,
                                Fit{.loss = MeanSquaredError{},
                                    .optimizer = SGD{.lr = 0.01},
                                    .epochs = 2,
                                    .batch_size = batch,
                                    .progress = Progress::Mode::quiet,
                                    .accumulate = accumulate});
    return std::array{double(model.get<"weight">()(0, 0)), double(model.get<"bias">()(0)),
                      history.last().training.loss};
  };
  const auto whole = trained(repeated, many_x.size(), 1);
  for (const auto& [batch, accumulate] : {std::pair<std::size_t, std::size_t>{5, 1}, {2, 3}, {1, 5}}) {
    const auto got = trained(weighed, batch, accumulate);
    for (std::size_t k = 0; k < 3; ++k) CHECK(got[k] == Approx(whole[k]));
  }
  const Dataset<double> nothing{Features{"x", {1}, x}, Targets{y, 1}, SampleWeights{std::vector<double>(5)}};
  CHECK_THROWS_WITH(evaluate(start, nothing, MeanSquaredError{}),
                    "evaluate: expected at least one sample that counts, got 5 of weight 0");
}

TEST_CASE("columns with the axes of another order are refused, flat ones are any shape") {
  using Pair = Graph<In<"image", 1, 2, 3>, In<"table", 2>, Node<"seen", Flatten, "image">,
                     Node<"both", Concat<>, "seen", "table">, Node<"y", Dense<1>>, Out<"y">>;
  const Model<Pair> model{1};
  const std::vector<float> image{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, table{1, 2, 3, 4}, y{1, 2};
  const auto with = [&](std::vector<std::size_t> axes, std::string name) {
    const Dataset<float> data{Features{"image", axes, image}, Features{name, {2}, table}, Targets{y, 1}.named("y")};
    return evaluate(model, data, MeanSquaredError{}).loss;
  };
  const double expected = with({1, 2, 3}, "table");
  CHECK(with({2, 3}, "table") == expected);
  CHECK(with({6}, "table") == expected);
  CHECK_THROWS_WITH(
      with({3, 2}, "table"),
      "evaluate: the network takes image (1x2x3), table (2), in this order, got image (features 3x2), table "
      "(features 2), y (targets 1) (Dataset::select chooses and orders columns)");
  CHECK_THROWS_WITH(with({1, 2, 3}, "tables"), Contains("takes image (1x2x3), table (2), in this order, got image") &&
                                                   Contains("tables (features 2)"));
}

TEST_CASE("without labels and targets a network reproduces its input") {
  // numbers on a line through four dimensions: one number in the middle is enough
  std::vector<float> x;
  for (int i = 0; i < 40; ++i)
    for (const float along : {1.F, -0.5F, 0.25F, 2.F}) x.push_back(along * static_cast<float>(i - 20) / 20);
  const Dataset<float> data{{4}, x};
  const Dataset<float> answered{{4}, x, Targets<float>{x, 4}};
  using Auto = Sequential<Dense<4, 1>, Dense<4>>;
  const auto trained = [](const Dataset<float>& samples) {
    Model<Auto> model{1};
    const History history = fit(model, samples,
                                Fit{.loss = MeanSquaredError{},
                                    .optimizer = Adam{.lr = 0.02},
                                    .epochs = 60,
                                    .batch_size = 8,
                                    .validation_split = 0.2,
                                    .progress = Progress::Mode::quiet});
    MAE error;
    measure(model, samples, error);
    return std::array<double, 4>{history.last().training.loss, history.last().validation.loss,
                                 evaluate(model, samples, MeanSquaredError{}).loss, error.value()};
  };
  const auto itself = trained(data);
  CHECK(itself == trained(answered));
  CHECK(itself[2] < 0.01);

  // what an augmentation gives is what is to be reproduced, in training and evaluation
  const Model<Auto> fixed{1};
  Dataset<float> normal{{1, 2, 2}, x};
  normal.augment(&Augment<Normalize<0, 2>>::on<Shape<1, 2, 2>>(), 1);
  std::vector<float> half = x;
  for (float& v : half) v /= 2;
  CHECK(evaluate(fixed, normal, MeanSquaredError{}).loss ==
        Approx(evaluate(fixed, Dataset<float>{{4}, half, Targets<float>{half, 4}}, MeanSquaredError{}).loss));

  CHECK(evaluate(fixed, typed<Shape<4>, NoAnswers>(data), MeanSquaredError{}).loss ==
        evaluate(fixed, data, MeanSquaredError{}).loss);

  Model<Sequential<Dense<4, 3>>> narrow{1};
  CHECK_THROWS_WITH(evaluate(narrow, data, MeanSquaredError{}),
                    "evaluate: the loss compares the network's 3 numbers a sample with as many targets, got 0, and "
                    "samples of 4 numbers to be reproduced");
  Model<Sequential<Dense<4, 4>, Softmax>> classes{1};
  CHECK_THROWS_WITH(evaluate(classes, data, CrossEntropy{}), Contains("got 0"));
}

TEST_CASE("a network of one input and one output refuses several columns") {
  const Dataset<float> data{Features<float>{"a", {2}, {1, 2, 3, 4}}, Features<float>{"b", {2}, {1, 2, 3, 4}},
                            Targets<float>{{1, 2}, 1}};
  Model<Sequential<Dense<4, 1>>> model{1};
  CHECK_THROWS_WITH(evaluate(model, data, MeanSquaredError{}),
                    Contains("one input and one output") && Contains("a (features 2), b (features 2)"));
  Model<Sequential<Dense<2, 1>>> one{1};
  CHECK(evaluate(one, data.select({"b", "targets"}), MeanSquaredError{}).loss > 0);
}
