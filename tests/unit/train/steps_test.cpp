#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/losses/cross_entropy.hpp>
#include <tenon/losses/multi_margin.hpp>
#include <tenon/metrics/accuracy.hpp>
#include <tenon/metrics/perplexity.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/optim/sgd.hpp>
#include <tenon/train/fit.hpp>
#include <tenon/train/measure.hpp>

#include "support/golden.hpp"

using namespace tenon;
using Catch::Contains;

namespace {

constexpr std::size_t steps = 4;
using Net = Sequential<Input<steps, 2>, Dense<3>, Softmax>;
using Scored = Sequential<Input<steps, 2>, Dense<3>>;

// class 2 where the first number is negative, else whether the second is positive; every fifth step has no label
Dataset<float> sequences(std::size_t count, bool with_gaps = true) {
  Stream stream{1};
  std::vector<float> x(count * steps * 2);
  Labels labels{{}, 3, steps};
  for (float& v : x) v = static_cast<float>(stream.uniform(-1.0, 1.0));
  for (std::size_t k = 0; k < count * steps; ++k)
    labels.values.push_back(with_gaps && k % 5 == 0 ? ignore_index : x[2 * k] < 0 ? 2 : x[2 * k + 1] > 0 ? 1 : 0);
  return {{steps, 2}, std::move(x), std::move(labels)};
}

}  // namespace

TEST_CASE("cross-entropy at every step gives what PyTorch gives") {
  const test::Golden golden{"transformers"};
  const auto check = [&](const std::string& name, const CrossEntropy<from_logits>& loss) {
    INFO(name);
    const auto scores = golden.values(name + ".prediction"), slopes = golden.values(name + ".gradient");
    const auto given = golden.values(name + ".labels");
    const std::vector<std::int32_t> labels(given.begin(), given.end());
    std::vector<double> values(12), gradient(60, 7);
    const double got = evaluate_loss<void>(
        loss, LossArguments<double>{{scores.data(), 12, 5}, 5, {labels, {}}, values, {gradient.data(), 12, 5}});
    CHECK(got == Approx(golden.values(name + ".loss").at(0)).epsilon(1e-12));
    for (std::size_t i = 0; i < 60; ++i) CHECK(gradient[i] == Approx(slopes[i]).margin(1e-15));
    for (std::size_t i = 0; i < 12; ++i) CHECK((values[i] == 0) == (labels[i] == ignore_index));
  };
  check("labels", {});
  check("labels_smooth", {.label_smoothing = 0.1});
  check("labels_weighted", {.class_weight = {0.5, 1, 2, 1.5, 0.25}});
  check("labels_sum", {.reduction = Reduction::sum});
}

TEST_CASE("every step with a label counts as a sample") {
  const auto data = sequences(30);
  Model<Net> model{2};
  std::vector<float> y(30 * steps * 3);
  model.predict(data.features(), y);
  double loss = 0;
  std::size_t right = 0, known = 0;
  for (std::size_t k = 0; k < data.labels().size(); ++k) {
    const std::int32_t label = data.labels()[k];
    if (label == ignore_index) continue;
    const float* const p = y.data() + 3 * k;
    loss -= std::log(static_cast<double>(p[label]));
    right += std::max_element(p, p + 3) - p == label ? 1 : 0;
    ++known;
  }
  REQUIRE(known == 96);
  const auto n = static_cast<double>(known);
  for (const std::size_t batch : {7U, 256U}) {
    const Scores scores = evaluate(model, data, CrossEntropy{}, batch);
    CHECK(scores.loss == Approx(loss / n));
    CHECK(scores.accuracy == Approx(static_cast<double>(right) / n));
  }
  Accuracy accuracy;
  Perplexity perplexity;
  measure(model, data, accuracy, perplexity);
  CHECK(accuracy.value() == Approx(static_cast<double>(right) / n));
  CHECK(perplexity.value() == Approx(std::exp(loss / n)));
}

TEST_CASE("a mean over the labels that count is the same however the data are cut") {
  // 32 labels, of which batches of two samples answer 8, 3, 0 and 1
  auto data = [] {
    const auto all = sequences(8, false);
    std::vector<std::int32_t> labels(all.labels().begin(), all.labels().end());
    for (const std::size_t k :
         {9U, 10U, 12U, 13U, 15U, 16U, 17U, 18U, 19U, 20U, 21U, 22U, 23U, 24U, 25U, 27U, 28U, 29U, 30U, 31U})
      labels[k] = ignore_index;
    return Dataset<double>({steps, 2}, std::vector<double>(all.features().begin(), all.features().end()),
                           Labels{std::move(labels), 3, steps});
  }();
  const auto weighted = [](std::vector<double> weights) { return CrossEntropy{.class_weight = std::move(weights)}; };
  for (const auto& loss :
       {weighted({}), weighted({1, 10, 0.1}), weighted({0, 1, 1}), CrossEntropy{.reduction = Reduction::batchmean},
        CrossEntropy{.label_smoothing = 0.1, .class_weight = {1, 10, 0.1}},
        CrossEntropy{.reduction = Reduction::sum}}) {
    const auto trained = [&](std::size_t batch, std::size_t accumulate) {
      Model<Net, double> model{2};
      const Fit how{.loss = loss,
                    .optimizer = SGD{.lr = 0.5},
                    .epochs = 2,
                    .batch_size = batch,
                    .validation = data,
                    .seed = 1,
                    .shuffle = false,
                    .progress = Progress::Mode::quiet,
                    .accumulate = accumulate};
      const History history = fit(model, data, how);
      return std::pair{model, history};
    };
    const auto [model, history] = trained(8, 1);
    const double expected = evaluate(model, data, loss, 8).loss;
    CHECK(expected > 0.1);
    for (const std::size_t batch : {1U, 2U, 4U}) {
      CHECK(evaluate(model, data, loss, batch).loss == Approx(expected).epsilon(1e-12));
      const auto [cut, record] = trained(batch, 8 / batch);
      for (std::size_t i = 0; i < model.parameters().size(); ++i)
        CHECK(cut.parameters().data()[i] == Approx(model.parameters().data()[i]).epsilon(1e-12));
      CHECK(record.epochs[0].training.loss == Approx(history.epochs[0].training.loss).epsilon(1e-12));
      CHECK(record.epochs[0].training.accuracy == history.epochs[0].training.accuracy);
      CHECK(record.epochs[1].validation.loss == Approx(history.epochs[1].validation.loss).epsilon(1e-12));
    }
  }
  Model<Net, double> model{2};
  const Dataset<double> bare({steps, 2}, std::vector<double>(steps * 2),
                             Labels{std::vector<std::int32_t>(steps, ignore_index), 3, steps});
  CHECK_THROWS_WITH(
      evaluate(model, bare, CrossEntropy{}),
      "evaluate: expected at least one label that counts, got 4 that are ignored or of a class of weight 0");
  CHECK_THROWS_WITH(fit(model, bare, Fit{.loss = CrossEntropy{}}),
                    Contains("fit: expected at least one label that counts"));
  const Dataset<double> answered({steps, 2}, std::vector<double>(steps * 2),
                                 Labels{std::vector<std::int32_t>(steps, 1), 3, steps});
  CHECK_THROWS_WITH(fit(model, answered, Fit{.loss = CrossEntropy{}, .validation = bare}),
                    Contains("fit, validation data: expected at least one label that counts"));
}

TEST_CASE("a network learns to answer at every step") {
  const auto data = sequences(400);
  const auto typed_data = typed<Shape<steps, 2>, StepClasses<3, steps>>(data);
  Model<Net> model{1};
  const History history = fit(model, typed_data,
                              Fit{.loss = CrossEntropy{},
                                  .optimizer = Adam{.lr = 0.05},
                                  .epochs = 15,
                                  .batch_size = 20,
                                  .validation_split = 0.2,
                                  .seed = 1});
  CHECK(history.last().training.accuracy > 0.93);
  CHECK(history.last().validation.accuracy > 0.93);
  CHECK(history.last().training.loss < 0.25);
  CHECK_THROWS_WITH((typed<Shape<steps, 2>, Classes<3>>(data)),
                    Contains("expected 3 classes, got 4 labels per sample of 3 classes"));
}

TEST_CASE("labels that do not fit the steps are an Error") {
  Model<Net> model{1};
  const auto data = sequences(8);
  Labels one{std::vector<std::int32_t>(8), 3}, other{std::vector<std::int32_t>(8 * 3), 3, 3};
  const std::vector<float> x(data.features().begin(), data.features().end());
  CHECK_THROWS_WITH(fit(model, Dataset<float>({steps, 2}, x, one), Fit{.loss = CrossEntropy{}}),
                    Contains("the network gives 4 answers a sample, got samples with 1 class labels"));
  CHECK_THROWS_WITH(fit(model, Dataset<float>({steps, 2}, x, other), Fit{.loss = CrossEntropy{}}),
                    Contains("got samples with 3 class labels"));
  CHECK_THROWS_WITH((Dataset<float>({steps, 2}, x, Labels{std::vector<std::int32_t>(9), 3, 4})),
                    Contains("expected 32 labels, 4 per sample, got 9"));
  CHECK_THROWS_WITH((Dataset<float>({steps, 2}, x, Labels{std::vector<std::int32_t>(32, 3), 3, 4})),
                    Contains("label 3 of sample 0 is outside"));
  CHECK_THROWS_WITH(data.stratified_split(0.5, 1), Contains("expected one label per sample, got 4"));
  // a loss that has no use for steps without a label
  Model<Scored> scored{1};
  CHECK_THROWS_WITH(evaluate(scored, data, MultiMargin{}), Contains("got label -100 of sample 0"));
  CHECK(std::isfinite(evaluate(scored, sequences(8, false), MultiMargin{}).loss));
}
