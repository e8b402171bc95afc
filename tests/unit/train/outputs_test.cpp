#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <tenon/model/tensor_tools.hpp>
#include <tenon/tenon.hpp>

#include "support/counting_new.hpp"
#include "support/message_of.hpp"

/// Training of networks with several inputs and outputs on data with named columns.

using namespace tenon;
using Catch::Matchers::Contains;
using tenon::test::message_of;

namespace {

constexpr auto quiet = Progress::Mode::quiet;

using Net = Graph<In<"image", 2, 3>, In<"table", 2>,                           //
                  Node<"seen", Sequential<Flatten, Dense<5>, Tanh>, "image">,  //
                  Node<"known", Sequential<Dense<3>, Tanh>, "table">,          //
                  Node<"both", Concat<>, "seen", "known">,                     //
                  Node<"kind", Sequential<Dense<3>, Softmax>, "both">,         //
                  Node<"value", Dense<2>, "both">,                             //
                  Out<"kind", "value">>;

std::vector<double> drawn(std::size_t count, std::uint64_t seed) {
  Stream stream{seed};
  std::vector<double> numbers(count);
  for (double& n : numbers) n = stream.uniform(-1.0, 1.0);
  return numbers;
}
std::vector<std::int32_t> kinds(std::size_t count) {
  std::vector<std::int32_t> labels(count);
  for (std::size_t i = 0; i < count; ++i) labels[i] = static_cast<std::int32_t>(i * 7 % 3);
  return labels;
}
Dataset<double> data(std::size_t count = 10, std::vector<std::int32_t> labels = {}) {
  if (labels.empty()) labels = kinds(count);
  return Dataset<double>{Features<double>{"image", {2, 3}, drawn(6 * count, 1)},
                         Features<double>{"table", {2}, drawn(2 * count, 2)}, Labels{labels, 3}.named("kind"),
                         Targets<double>{drawn(2 * count, 3), 2}.named("value")};
}
const auto loss = on<"kind">(CrossEntropy{}) + 0.5 * on<"value">(MeanSquaredError{});

std::ptrdiff_t most_likely(const double* scores) { return std::max_element(scores, scores + 3) - scores; }

/// Gradients of a trainer's loss against differences, in double.
template <class M, class L>
void check_gradient(M& model, const L& of, const Dataset<double>& samples) {
  Trainer trainer{model, of, SGD{}, samples.size()};
  DataLoader<double> loader{samples, samples.size(), 1, false};
  Batch<double> batch;
  REQUIRE(loader.next(batch));
  trainer.zero_grad();
  trainer.forward(batch);
  trainer.loss();
  trainer.backward();
  trainer.for_each_parameter([&](std::string_view name, std::span<double> values, std::span<double> gradient) {
    const std::vector<double> kept(gradient.begin(), gradient.end());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = values[i];
      const auto at = [&](double v) {
        values[i] = v;
        trainer.zero_grad();  // the same random numbers
        return trainer.forward(batch), trainer.loss();
      };
      const double slope = (at(value + 1e-6) - at(value - 1e-6)) / 2e-6;
      values[i] = value;
      INFO(name << "[" << i << "]");
      CHECK(kept[i] == Approx(slope).margin(1e-7));
    }
  });
}

}  // namespace

TEST_CASE("losses of several outputs add up, and so do their gradients") {
  Model<Net, double> model{3};
  const Dataset<double> samples = data();
  check_gradient(model, loss, samples);

  // by hand
  const auto result = model.predict(xt::adapt(std::vector<double>(samples.features().begin(), samples.features().end()),
                                              std::vector<std::size_t>{10, 8}));
  const auto kind = result.get<"kind">();
  const auto value = result.get<"value">();
  double entropy = 0, square = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    entropy -= std::log(kind(i, samples.label_column("kind")[i])) / 10;
    for (std::size_t j = 0; j < 2; ++j) square += std::pow(value(i, j) - samples.target_column("value")[i][j], 2) / 20;
  }
  CHECK(evaluate(model, samples, loss).loss == Approx(entropy + 0.5 * square).epsilon(1e-12));
  // however the data are cut
  for (const std::size_t batch : std::initializer_list<std::size_t>{1, 3, 4, 7})
    CHECK(evaluate(model, samples, loss, batch).loss == Approx(entropy + 0.5 * square).epsilon(1e-12));
  double right = 0;
  for (std::size_t i = 0; i < 10; ++i) right += most_likely(&kind(i, 0)) == samples.label_column("kind")[i] ? 0.1 : 0;
  CHECK(evaluate(model, samples, loss, 3).accuracy == Approx(right));
}

TEST_CASE("a number that is not finite is named, whichever loss of several it is in") {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  const auto made = [](std::vector<double> image, std::vector<double> value) {
    return Dataset<double>{Features<double>{"image", {2, 3}, std::move(image)},
                           Features<double>{"table", {2}, drawn(20, 2)}, Labels{kinds(10), 3}.named("kind"),
                           Targets<double>{std::move(value), 2}.named("value")};
  };
  for (const double bad : {nan, inf, -inf}) {
    CAPTURE(bad);
    std::vector<double> image = drawn(60, 1), value = drawn(20, 3);
    const auto fitted = [](const Dataset<double>& samples) {
      Model<Net, double> model{3};
      return message_of(
          [&] { fit(model, samples, Fit{.loss = loss, .batch_size = 4, .shuffle = false, .progress = quiet}); });
    };
    const Model<Net, double> model{3};
    value[15] = bad;  // of sample 7
    CHECK_THAT(fitted(made(image, value)), Contains("step 2: the target of sample 7 of"));
    CHECK(evaluate(model, made(image, value), loss).non_finite == "the target of sample 7 of the data is not finite");
    value[15] = 0;
    image[33] = bad;  // of sample 5
    CHECK_THAT(fitted(made(image, value)), Contains("step 2") && Contains(": sample 5 of the data"));
    // tanh of an infinity is 1, and so is the loss of it right
    const Scores scores = evaluate(model, made(image, value), loss);
    CHECK(std::isnan(bad) == !std::isfinite(scores.loss));
    CHECK(scores.non_finite == (std::isnan(bad) ? "sample 5 of the data is not finite" : ""));
  }
  // so is the factor of a loss; a negative one is allowed
  Model<Net, double> model{3};
  for (const double factor : {nan, inf})
    CHECK_THAT(message_of([&] {
                 const auto twice = on<"kind">(CrossEntropy{}) + factor * on<"value">(MeanSquaredError{});
                 fit(model, data(), Fit{.loss = twice, .progress = quiet});
               }),
               Contains("weight: expected"));
}

TEST_CASE("labels that are ignored and weights of samples count in each loss alone") {
  Model<Net, double> model{3};
  auto labels = kinds(10);
  labels[0] = labels[4] = labels[5] = ignore_index;
  const Dataset<double> samples = data(10, labels);
  check_gradient(model, loss, samples);
  const double whole = evaluate(model, samples, loss).loss;
  for (const std::size_t batch : std::initializer_list<std::size_t>{1, 3, 4})
    CHECK(evaluate(model, samples, loss, batch).loss == Approx(whole).epsilon(1e-12));
  // accumulated batches would have to weigh two ways
  CHECK_THAT(message_of([&] {
               fit(model, samples,
                   Fit{.loss = loss, .batch_size = 2, .shuffle = false, .progress = quiet, .accumulate = 2});
             }),
             Contains("accumulate"));

  const auto weighed = [](std::vector<double> weights) {
    return Dataset<double>{Features<double>{"image", {2, 3}, drawn(12, 1)}, Features<double>{"table", {2}, drawn(4, 2)},
                           Labels{{1, 2}, 3}.named("kind"), Targets<double>{drawn(4, 3), 2}.named("value"),
                           SampleWeights<double>{weights}};
  };
  check_gradient(model, loss, weighed({0.25, 2}));
  const auto one = weighed({1, 0}), other = weighed({0, 1}), both = weighed({3, 1});
  CHECK(evaluate(model, both, loss).loss ==
        Approx(0.75 * evaluate(model, one, loss).loss + 0.25 * evaluate(model, other, loss).loss).epsilon(1e-12));
}

TEST_CASE("accumulated batches are one large batch") {
  const Dataset<double> samples = data(12);
  const auto trained = [&](std::size_t batch, std::size_t accumulate) {
    Model<Net, double> model{3};
    fit(model, samples,
        Fit{.loss = loss,
            .optimizer = SGD{.lr = 0.1},
            .epochs = 3,
            .batch_size = batch,
            .progress = quiet,
            .accumulate = accumulate});
    return std::vector<double>(model.parameters().data(), model.parameters().data() + model.parameters().size());
  };
  const auto whole = trained(12, 1), parts = trained(4, 3);
  for (std::size_t i = 0; i < whole.size(); ++i) CHECK(parts[i] == Approx(whole[i]).epsilon(1e-10));
}

TEST_CASE("a formula is a loss of several outputs") {
  using Vae = Graph<In<"x", 6>, Node<"mean", Dense<2>, "x">, Node<"log_variance", Dense<2>, "x">,
                    Node<"code", Map<in<"mean"> + exp(in<"log_variance"> / 2) * normal_noise>>,
                    Node<"decoder", Sequential<Dense<6>, Sigmoid>>, Out<"decoder", "mean", "log_variance">>;
  constexpr auto kl = -0.5 * sum(1 + in<"log_variance"> - square(in<"mean">) - exp(in<"log_variance">));
  std::vector<double> pixels = drawn(24, 5);
  for (double& p : pixels) p = 0.5 + 0.5 * p;
  const Dataset<double> samples{{6}, pixels};
  Model<Vae, double> model{2};
  const auto objective = on<"decoder", "features">(BinaryCrossEntropy{.reduction = Reduction::batchmean}) +
                         0.7 * FormulaLoss<kl>{};
  check_gradient(model, objective, samples);
  const auto result = model(xt::xtensor<double, 2>(xt::adapt(pixels, std::array<std::size_t, 2>{4, 6})));
  double expected = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 6; ++j) {
      const double p = result.get<"decoder">()(i, j), t = pixels[i * 6 + j];
      expected -= (t * std::log(p) + (1 - t) * std::log(1 - p)) / 4;
    }
    for (std::size_t j = 0; j < 2; ++j) {
      const double m = result.get<"mean">()(i, j), v = result.get<"log_variance">()(i, j);
      expected += 0.7 * -0.5 * (1 + v - m * m - std::exp(v)) / 4;
    }
  }
  CHECK(evaluate(model, samples, objective).loss == Approx(expected).epsilon(1e-10));
}

TEST_CASE("columns that do not go with the network are one Error before training starts") {
  Model<Net, double> model{1};
  const std::vector<double> before(model.parameters().data(), model.parameters().data() + model.parameters().size());
  const auto message = [&](const Dataset<double>& samples) {
    return message_of([&] { fit(model, samples, Fit{.loss = loss, .progress = quiet}); });
  };
  const Features<double> image{"image", {2, 3}, drawn(12, 1)}, table{"table", {2}, drawn(4, 2)};
  const auto kind = Labels{{0, 1}, 3}.named("kind");
  const auto value = Targets<double>{drawn(4, 3), 2}.named("value");
  CHECK_THAT(message(Dataset<double>{table, image, kind, value}),
             Contains("image (2x3), table (2), in this order") && Contains("table"));
  CHECK_THAT(message(Dataset<double>{image, table, kind}), Contains("a column \"value\"") && Contains("kind"));
  CHECK_THAT(message(Dataset<double>{image, table, kind, Targets<double>{drawn(6, 3), 3}.named("value")}),
             Contains("\"value\" has 2 numbers"));
  CHECK_THAT(message(Dataset<double>{image, table, Labels{{0, 3}, 4}.named("kind"), value}),
             Contains("tells 3 classes apart, got label 3 of sample 1"));
  CHECK_THAT(message(Dataset<double>{image, table, Targets<double>{drawn(6, 3), 3}.named("kind"),
                                     Labels{{0, 1}, 2}.named("value")}),
             Contains("\"value\""));
  CHECK(std::vector<double>(model.parameters().data(), model.parameters().data() + model.parameters().size()) ==
        before);
}

TEST_CASE("one loss of a network with several inputs, and its metrics, need no names") {
  using Single = Graph<In<"a", 3>, In<"b", 2>, Node<"both", Concat<>, "a", "b">,
                       Node<"y", Sequential<Dense<4>, Tanh, Dense<3>, Softmax>>, Out<"y">>;
  const Dataset<double> samples{Features<double>{"a", {3}, drawn(30, 1)}, Features<double>{"b", {2}, drawn(20, 2)},
                                Labels{kinds(10), 3}};
  Model<Single, double> model{1};
  const auto history = fit(model, samples,
                           Fit{.loss = CrossEntropy{},
                               .optimizer = Adam{.lr = 0.05},
                               .epochs = 100,
                               .validation = samples,
                               .progress = quiet,
                               .metrics = metrics(Perplexity{})});
  CHECK(history.last().training.loss < history.epochs[0].training.loss);
  CHECK(history.last().training.accuracy >= 0.9);
  REQUIRE(history.last().metrics.size() == 1);
  CHECK(history.last().metrics[0].value == Approx(std::exp(history.last().validation.loss)));
  const Dataset<double> numbers{Features<double>{"a", {3}, drawn(30, 1)}, Features<double>{"b", {2}, drawn(20, 2)},
                                Targets<double>{drawn(30, 3), 3}};
  CHECK_THAT(message_of([&] {
               fit(model, numbers,
                   Fit{.loss = MeanSquaredError{},
                       .validation = numbers,
                       .progress = quiet,
                       .metrics = metrics(Perplexity{})});
             }),
             Contains("Fit: metrics, validation data"));
}

TEST_CASE("a step on several columns allocates nothing, and threads give the same masks") {
  const Dataset<double> samples = data(64);
  Model<Net, double> model{1};
  Trainer trainer{model, loss, Adam{}, 16};
  DataLoader<double> loader{samples, 16, 1};
  Batch<double> batch;
  loader.next(batch);
  const auto step = [&] {
    trainer.zero_grad();
    trainer.forward(batch);
    trainer.loss();
    trainer.backward();
    trainer.step();
  };
  step();
  const test::HeapUse used = test::heap_use(step);
  CHECK(used.news == 0);
  CHECK(used.mallocs == 0);
}
