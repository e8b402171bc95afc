#include <tenon/tenon.hpp>

#include <catch2/catch.hpp>

#include <vector>

using namespace tenon;

namespace {

using Body = Sequential<Dense<6, 8>, Tanh, Dense<5>>;

Dataset<float> classes() {
  Stream stream{1};
  std::vector<float> features(20 * 6);
  for (float& value : features) value = static_cast<float>(stream.uniform(-1.0, 1.0));
  std::vector<std::int32_t> labels(20);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i * 7 % 5);
  return {{6}, features, Labels{labels, 5}};
}

/// Losses and gradients of three steps, all numbers in a row.
template <class Net, class L>
std::vector<double> train(const L& loss) {
  const Dataset<float> data = classes();
  Model<Net> model{3};
  Trainer trainer{model, loss, SGD{.lr = 0.1}, 20};
  DataLoader loader{data, 20, 1};
  Batch<float> batch;
  std::vector<double> seen;
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
    loader.start_epoch(epoch);
    loader.next(batch);
    trainer.zero_grad();
    trainer.forward(batch);
    seen.push_back(trainer.loss());
    trainer.backward();
    trainer.for_each_parameter([&](auto, auto, std::span<const float> gradient) {
      seen.insert(seen.end(), gradient.begin(), gradient.end());
    });
    trainer.step();
  }
  return seen;
}

template <class Net, class L>
Scores score(const L& loss) {
  return evaluate(Model<Net>{3}, classes(), loss);
}

void check_close(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == Approx(b[i]).epsilon(1e-4).margin(1e-6));
}

}  // namespace

TEST_CASE("a loss that joins the last layer is the same loss on the logits") {
  const auto logits = train<Body>(CrossEntropy<from_logits>{});
  CHECK(train<Sequential<Body, Softmax>>(CrossEntropy{}) == logits);
  CHECK(train<Sequential<Body, LogSoftmax>>(CrossEntropy{}) == logits);
  CHECK(train<Sequential<Body, Softmax>>(CrossEntropy<from_probabilities>{}) == logits);
  check_close(train<Sequential<Body, LogSoftmax>>(NegativeLogLikelihood{}), logits);

  const auto binary = train<Body>(BinaryCrossEntropy<from_logits>{});
  CHECK(train<Sequential<Body, Sigmoid>>(BinaryCrossEntropy{}) == binary);
  CHECK(train<Sequential<Body, Sigmoid>>(BinaryCrossEntropy<from_probabilities>{}) == binary);
}

TEST_CASE("a loss that joins nothing gets probabilities, and gives about the same") {
  using Probabilities = Map<exp(x - stop_gradient(max(x))) / sum(exp(x - stop_gradient(max(x))))>;
  check_close(train<Sequential<Body, Probabilities>>(CrossEntropy<from_probabilities>{}),
              train<Body>(CrossEntropy<from_logits>{}));
  using Probability = Map<1 / (1 + exp(-x))>;
  check_close(train<Sequential<Body, Probability>>(BinaryCrossEntropy<from_probabilities>{}),
              train<Body>(BinaryCrossEntropy<from_logits>{}));
}

TEST_CASE("evaluation takes the loss as training does") {
  const Scores logits = score<Body>(CrossEntropy<from_logits>{});
  CHECK(score<Sequential<Body, Softmax>>(CrossEntropy{}).loss == logits.loss);
  CHECK(score<Sequential<Body, Softmax>>(CrossEntropy{}).accuracy == logits.accuracy);
  CHECK(score<Sequential<Body, Softmax>>(CrossEntropy{.reduction = Reduction::sum}).loss == Approx(20 * logits.loss));
  CHECK(score<Sequential<Body, Softmax>>(CrossEntropy{.reduction = Reduction::none}).loss == Approx(20 * logits.loss));
  CHECK(score<Sequential<Body, Softmax>>(CrossEntropy{.reduction = Reduction::batchmean}).loss == Approx(logits.loss));
}

TEST_CASE("one output tells two classes apart") {
  const Dataset<float> line{{1}, {-2, -1, 1, 2}, Labels{{0, 0, 1, 1}, 2}};
  Model<Sequential<Dense<1, 1>, Sigmoid>> model{1};
  fit(model, line, Fit{.loss = BinaryCrossEntropy{}, .optimizer = SGD{.lr = 1}, .epochs = 20, .batch_size = 4});
  CHECK(evaluate(model, line, BinaryCrossEntropy{}).accuracy == 1);
  CHECK(evaluate(model, line, BinaryCrossEntropy{}).loss < 0.2);
}

TEST_CASE("a network trains with a loss of one's own") {
  struct LogCosh : FormulaLoss<softplus(2 * (prediction - target)) - (prediction - target)> {};
  Dataset<float> line{{1}, {-1, 0, 1, 2}, Targets<float>{{-1, 1, 3, 5}, 1}};
  Model<Dense<1, 1>> model{1};
  fit(model, line, Fit{.loss = LogCosh{}, .optimizer = SGD{.lr = 0.3}, .epochs = 200, .batch_size = 4});
  CHECK(model.get<"weight">()(0, 0) == Approx(2).margin(0.01));
  CHECK(model.get<"bias">()(0) == Approx(1).margin(0.01));
}
