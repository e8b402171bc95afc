// Losses of several outputs at once, of whole batches, and of sequences.
#include <tenon/tenon.hpp>

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/dist/thread_ranks.hpp>
#include <tenon/kernels/dispatch.hpp>

#include "support/counting_new.hpp"
#include "support/golden.hpp"
#include "support/gradient_check.hpp"

using namespace tenon;
using Catch::Matchers::Contains;

namespace {

const test::Golden& golden() {
  static const test::Golden file{"losses"};
  return file;
}

void check_close(std::span<const double> got, const std::vector<double>& expected, double tolerance = 1e-12) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    CHECK(got[i] == Approx(expected[i]).epsilon(tolerance).margin(tolerance));
}

/// What a loss of outputs says of a golden case whose outputs have these names; `run` gets outputs, gradients, values.
template <std::size_t N, class F>
void check_outputs(const std::string& name, const std::array<const char*, N>& names, F run) {
  std::array<std::vector<double>, N> numbers, gradient;
  std::array<Rows<const double>, N> rows{};
  std::array<double*, N> to{};
  for (std::size_t k = 0; k < N; ++k) {
    numbers[k] = golden().values(name + "." + names[k]);
    gradient[k].resize(numbers[k].size());
    rows[k] = {numbers[k].data(), 6, 4};
    to[k] = gradient[k].data();
  }
  std::vector<double> values(6);
  const double value = run(OutputArguments<double, N>{rows, to, 4, 6, values, {}});
  CHECK(value == Approx(golden().value(name + ".loss")).epsilon(1e-12));
  for (std::size_t k = 0; k < N; ++k) check_close(gradient[k], golden().values(name + ".d_" + names[k]));
  CHECK(run(OutputArguments<double, N>{rows, {}, 4, 6, values, {}}) == value);
}

struct Sequences {
  std::vector<double> scores, gradient, values;
  std::vector<std::int32_t> labels;
  LossArguments<double> arguments(bool with_gradient = true) {
    return {{scores.data(), labels.size(), 5},
            5,
            {labels, {}},
            values,
            {with_gradient ? gradient.data() : nullptr, labels.size(), 5}};
  }
};
Sequences golden_sequences(const std::string& of_case, const std::string& reduction) {
  Sequences s{golden().values(of_case + reduction + ".scores"), {}, {}, {}};
  for (const double v : golden().values(of_case + ".labels")) s.labels.push_back(static_cast<std::int32_t>(v));
  s.gradient.resize(s.scores.size());
  s.values.resize(s.labels.size());
  return s;
}

/// The gradient of a trainer's parameters against central differences of its loss.
template <class Net, class L>
void check_network(const L& loss, const Batch<double>& batch) {
  Model<Net, double> model{3};
  Trainer trainer{model, loss, SGD{}, batch.count};
  trainer.forward(batch);
  trainer.loss();
  trainer.backward();
  const std::vector<double> gradient(trainer.gradients().begin(), trainer.gradients().end());
  test::GradientComparison comparison;
  test::compare_gradient(
      comparison,
      [&] {
        trainer.forward(batch);
        return trainer.loss();
      },
      model.parameters().span(), std::span<const double>(gradient), "parameters");
  for (const std::string& fault : comparison.faults) FAIL_CHECK(fault);
  CHECK(test::heap_use([&] {
          trainer.zero_grad();
          trainer.forward(batch);
          trainer.loss();
          trainer.backward();
          trainer.step();
        }).news == 0);
}

std::vector<double> drawn(std::size_t count, std::uint64_t seed) {
  Stream stream{seed};
  std::vector<double> x(count);
  for (double& v : x) v = stream.normal<double>();
  return x;
}

constexpr auto centred = square(prediction - batch_mean(prediction) - target);
/// VICReg's variance (Bardes et al. 2022), a number for each feature.
template <auto Code>
constexpr auto spread_of = max(0, 1 - sqrt(batch_variance(Code) + 1e-4));
// In the guide to formulas:
constexpr auto spread = max(0, 1 - sqrt(batch_variance(in<"code">) + 1e-4));
const auto labels_and_spread = on<"digit">(CrossEntropy{}) + 0.5 * FormulaLoss<spread>{};

struct Spread {
  double width = 1;
  Reduction reduction = Reduction::mean;

  static constexpr auto formula = max(0, param<"width"> - sqrt(batch_variance(prediction * target) + 1e-4));
  constexpr std::array<double, 1> options() const { return {width}; }
};

/// Features of two codes that should vary together.
constexpr auto twins = square(1 - batch_mean((in<"a"> - batch_mean(in<"a">)) * (in<"b"> - batch_mean(in<"b">))));
constexpr auto of_label = square(one_hot - prediction + batch_mean(prediction * prediction));

/// Rows of `width` numbers, what they are compared with, and what comes out.
struct Compared {
  std::size_t width = 0;
  std::vector<double> prediction{}, target{}, weights{};
  std::vector<std::int32_t> labels{};
  std::vector<double> values{}, gradient{};

  template <class L>
  double evaluate(const L& loss, bool with_gradient = true) {
    const std::size_t rows = prediction.size() / width;
    values.resize(rows);
    if (with_gradient) gradient.assign(prediction.size(), 99);
    return evaluate_loss<void>(loss, LossArguments<double>{{prediction.data(), rows, width},
                                                           width,
                                                           {labels, {target.data(), rows, width}},
                                                           values,
                                                           {with_gradient ? gradient.data() : nullptr, rows, width},
                                                           weights});
  }
  template <class L>
  void check_gradient(const L& loss) {
    evaluate(loss);
    const std::vector<double> found = gradient;
    test::GradientComparison comparison;
    test::compare_gradient(
        comparison, [&] { return evaluate(loss, false); }, std::span<double>(prediction),
        std::span<const double>(found), "prediction");
    for (const std::string& fault : comparison.faults) FAIL_CHECK(fault);
  }
};

}  // namespace

TEST_CASE("triplet and InfoNCE losses are PyTorch's") {
  for (const Reduction reduction : {Reduction::mean, Reduction::sum}) {
    const std::string how = reduction == Reduction::mean ? "_mean" : "_sum";
    using Triplet = TripletLoss<"a", "b", "c", 0.5>;
    check_outputs<3>("triplet" + how, {"a", "b", "c"}, [&](const OutputArguments<double, 3>& a) {
      return detail::run_output_formula<expr::lift<Triplet::formula>>(a.outputs, a.gradient, a.width, a.count,
                                                                      reduction, a.values, a.weights);
    });
    check_outputs<2>("info_nce" + how, {"a", "b"}, [&](const OutputArguments<double, 2>& a) {
      return InfoNCE<"a", "b">{.temperature = 0.2, .reduction = reduction}.evaluate_outputs(a);
    });
  }
}

TEST_CASE("losses of outputs go through a network, with weights") {
  using Net = Graph<In<"x", 4>, In<"y", 4>, Node<"a", Sequential<Dense<3>, Tanh, Dense<3>>, "x">,
                    Node<"b", Dense<3>, "y">, Node<"c", Dense<3>, "b">, Out<"a", "b", "c">>;
  std::vector<double> x = drawn(8 * 5, 7);
  const std::vector<double> weights{1, 0, 2, 0.5, 1};
  const Batch<double> batch{.features = x, .labels = {}, .targets = {}, .count = 5, .indices = {}, .weights = weights};
  check_network<Net>(TripletLoss<"a", "b", "c", 0.25>{} + 0.5 * InfoNCE<"a", "b">{} +
                         0.5 * InfoNCE<"b", "a">{.temperature = 0.5},
                     batch);
}

TEST_CASE("formulas over the batch are PyTorch's") {
  const int level = GENERATE(0, 1, 2);
  if (kernels::limit_cpu_level(level) != level) return;
  for (const auto& [reduction, how] : {std::pair{Reduction::mean, "_mean"}, std::pair{Reduction::sum, "_sum"},
                                       std::pair{Reduction::batchmean, "_batchmean"}}) {
    const std::string name = std::string("batch_centred") + how;
    Compared c{4, golden().values(name + ".prediction"), golden().values(name + ".target")};
    const double value = c.evaluate(FormulaLoss<centred>{.reduction = reduction});
    CHECK(value == Approx(golden().value(name + ".loss")).epsilon(1e-12));
    CHECK(c.evaluate(FormulaLoss<centred>{.reduction = reduction}, false) == value);
    check_close(c.gradient, golden().values(name + ".d_prediction"));

    check_outputs<1>(std::string("batch_spread") + how, {"a"}, [&](const OutputArguments<double, 1>& a) {
      return detail::run_output_formula<expr::lift<spread_of<0.7 * in<"a">>>>(a.outputs, a.gradient, a.width, a.count,
                                                                              reduction, a.values, a.weights);
    });
    check_outputs<2>(std::string("batch_twins") + how, {"a", "b"}, [&](const OutputArguments<double, 2>& a) {
      return detail::run_output_formula<expr::lift<twins>>(a.outputs, a.gradient, a.width, a.count, reduction, a.values,
                                                           a.weights);
    });
  }
  kernels::limit_cpu_level(2);
}

TEST_CASE("formulas over the batch go through a network, with weights") {
  using Net = Graph<In<"x", 4>, In<"y", 4>, Node<"a", Sequential<Dense<3>, Tanh, Dense<3>>, "x">,
                    Node<"b", Dense<3>, "y">, Node<"c", Dense<4>, "b">, Out<"a", "b", "c">>;
  std::vector<double> x = drawn(8 * 5, 9), target = drawn(4 * 5, 10);
  const std::vector<double> weights{1, 0, 2, 0.5, 1};
  const std::vector<ColumnInfo> columns{{"x", ColumnKind::features, {4}, 0, 4},
                                        {"y", ColumnKind::features, {4}, 4, 4},
                                        {"c", ColumnKind::targets, {4}, 0, 4}};
  check_network<Net>(FormulaLoss<spread_of<in<"a">>>{} + 0.5 * FormulaLoss<twins>{.reduction = Reduction::sum} +
                         on<"c">(FormulaLoss<centred>{}),
                     Batch<double>{.features = x,
                                   .labels = {},
                                   .targets = target,
                                   .count = 5,
                                   .indices = {},
                                   .weights = weights,
                                   .columns = columns});
}

TEST_CASE("a formula over the batch weighs rows") {
  Compared c{3, drawn(18, 1), drawn(18, 2), {1, 0, 2, 0.5, 1, 3}};
  c.check_gradient(FormulaLoss<centred>{});
  c.check_gradient(FormulaLoss<spread_of<prediction> * square(target)>{.reduction = Reduction::batchmean});
  c.check_gradient(Spread{.width = 2});

  // all rows of a sample have its weight
  Compared steps{3, drawn(18, 3), {}, {2, 0, 0.5}, {0, 1, 2, 2, 1, 0}};
  steps.check_gradient(FormulaLoss<of_label>{});
  const double value = steps.evaluate(FormulaLoss<of_label>{});
  Compared rows = steps;
  rows.weights = {2, 2, 0, 0, 0.5, 0.5};
  CHECK(rows.evaluate(FormulaLoss<of_label>{}) == value);
  CHECK(rows.gradient == steps.gradient);
  CHECK(rows.values == steps.values);

  // a row that counts for nothing may have any loss, and yet the others see it
  constexpr FormulaLoss<square(batch_mean(prediction) - target) - log(prediction)> infinite{};
  Compared some{2, {0, 1, 2, 3, 4, 5}, {1, 2, 3, 4, 5, 6}, {0, 1, 3}};
  some.evaluate(infinite);
  CHECK(some.values[0] == 0);
  const double slope = 2 * (1 * (2. - 3) + 3 * (2. - 5)) / (3 * 8);  // of the mean of the first feature
  check_close(some.gradient,
              {slope, slope, slope - 1 / (2. * 8), slope - 1 / (3. * 8), slope - 3 / (4. * 8), slope - 3 / (5. * 8)});
  some.weights = {0, 0, 0};
  for (const Reduction reduction : {Reduction::mean, Reduction::sum}) {
    auto loss = infinite;
    loss.reduction = reduction;
    CHECK(some.evaluate(loss) == 0);
    CHECK(some.gradient == std::vector<double>(6, 0));
  }
}

TEST_CASE("a batch of one row is compared with itself") {
  Compared c{2, {0.5, -1}, {2, 3}};
  CHECK(c.evaluate(FormulaLoss<centred>{}) == 6.5);
  CHECK(c.gradient == std::vector<double>{0, 0});
  CHECK(c.evaluate(FormulaLoss<spread_of<prediction>>{}) == Approx(0.99));
  CHECK(c.gradient == std::vector<double>{0, 0});
  CHECK(test::heap_use([&] { c.evaluate(FormulaLoss<spread_of<prediction>>{}); }).news == 0);
}

TEST_CASE("a formula over the batch is added to a loss of labels") {
  using Net = Graph<In<"x", 64>, Node<"code", Dense<8>, "x">, Node<"digit", Sequential<Dense<10>, Softmax>, "code">,
                    Out<"digit", "code">>;
  const Dataset<float> some = digits().take(320);
  const Dataset<float> data{Features{"x", {64}, std::vector<float>(some.features().begin(), some.features().end())},
                            Labels{{some.labels().begin(), some.labels().end()}, 10}.named("digit")};
  const auto train = [&](const auto& loss) {
    Model<Net> model{1};
    fit(model, data,
        Fit{.loss = loss,
            .optimizer = Adam{.lr = 0.01},
            .epochs = 20,
            .batch_size = 64,
            .progress = Progress::Mode::quiet});
    const double apart = evaluate(model, data, FormulaLoss<spread>{}, 320).loss;
    return std::pair{evaluate(model, data, on<"digit">(CrossEntropy{})).accuracy, apart};
  };
  // what draws codes together is held off
  const auto near = FormulaLoss<square(in<"code">)>{};
  const auto [accuracy, apart] = train(labels_and_spread + 2 * FormulaLoss<spread>{} + near);
  const auto [accuracy_alone, apart_alone] = train(on<"digit">(CrossEntropy{}) + near);
  CHECK(accuracy > 0.9);
  CHECK(accuracy_alone > 0.9);
  CHECK(apart < 0.5 * apart_alone);
}

TEST_CASE("a loss that compares samples is of whole batches") {
  using Net = Graph<In<"x", 64>, Node<"a", Dense<3>, "x">, Node<"b", Dense<3>, "x">, Out<"a", "b">>;
  auto joint = FormulaLoss<sum(square(in<"a">))>{} + FormulaLoss<twins>{};
  InfoNCE<"a", "b"> pairs{};
  static_assert(detail::compares_samples<decltype(joint)> && detail::compares_samples<decltype(0.5 * pairs)>);
  static_assert(detail::compares_samples<FormulaLoss<centred>> && !detail::compares_samples<MeanSquaredError>);
  static_assert(!detail::compares_samples<TripletLoss<"a", "b", "c">> && !detail::compares_samples<CTCLoss<6>>);

  const Dataset<float> data = digits().take(40);
  const auto train = [&](const auto& loss, std::size_t shards, std::size_t batch_size = 40) {
    Model<Net> model{1};
    return fit(model, data,
               Fit{.loss = loss,
                   .optimizer = SGD{.lr = 0.01},
                   .epochs = 2,
                   .batch_size = batch_size,
                   .progress = Progress::Mode::quiet,
                   .shards = shards})
        .last()
        .training.loss;
  };
  const std::string refused = ", which compares the samples of a batch, and 2 shards";
  const std::string expected = "training in shards: expected a loss of each sample alone, or one shard, got ";
  CHECK_THROWS_WITH(train(pairs, 8), expected + "InfoNCE" + refused);
  CHECK_THROWS_WITH(train(joint, 8), expected + "FormulaLoss" + refused);
  CHECK_THROWS_WITH(train(0.5 * pairs + FormulaLoss<twins>{}, 2), expected + "InfoNCE" + refused);
  const auto check = [&](const auto& loss) {
    const double alone = train(loss, 0);
    CHECK(train(loss, 1) == Approx(alone));
    CHECK(train(loss, 8, 20) == Approx(train(loss, 0, 20)));  // no batch is cut
    std::array<double, 2> on_ranks{};
    run_ranks(2, [&](Communicator& ranks) { on_ranks[ranks.rank()] = train(loss, 0); }, {.shards = 1});
    CHECK(on_ranks[0] == Approx(alone));
    CHECK(on_ranks[1] == on_ranks[0]);
    CHECK_THROWS_WITH(run_ranks(2, [&](Communicator&) { train(loss, 0); }), Contains(refused));
  };
  check(pairs);
  check(joint);
}

TEST_CASE("a CTC loss is PyTorch's") {
  for (const bool mean : {true, false}) {
    const std::string how = mean ? "_mean" : "_sum";
    const auto check = [&](const std::string& name, CTCLoss<6, from_logits> loss) {
      INFO(name << how);
      Sequences s = golden_sequences(name, how);
      loss.reduction = mean ? Reduction::mean : Reduction::sum;
      const double value = loss.evaluate<void>(s.arguments());
      CHECK(value == Approx(golden().value(name + how + ".loss")).epsilon(1e-12));
      check_close(s.gradient, golden().values(name + how + ".d_scores"), 1e-10);
      CHECK(loss.evaluate<void>(s.arguments(false)) == value);
    };
    check("ctc", {});
    check("ctc_blank_4", {.blank = 4});
    check("ctc_impossible", {.zero_infinity = true});
  }
  Sequences s = golden_sequences("ctc_impossible", "_sum");
  const auto arguments = s.arguments();
  CHECK(test::heap_use([&] { CTCLoss<6, from_logits>{}.evaluate<void>(arguments); }).news == 0);
  CHECK(std::isinf(CTCLoss<6, from_logits>{}.evaluate<void>(s.arguments())));
  s.labels[6] = 0;
  CHECK_THROWS_WITH((CTCLoss<6, from_logits>{}.evaluate<void>(s.arguments())),
                    "CTCLoss: blank: expected labels from 0 to 4 other than 0, got 0 in sample 1 of the batch");
  CHECK_THROWS_WITH((CTCLoss<6, from_logits>{.blank = 5}.evaluate<void>(s.arguments())),
                    "CTCLoss: blank: expected 0 to 4, got 5");
  CHECK_THROWS_WITH((CTCLoss<7, from_logits>{}.evaluate<void>(s.arguments())),
                    "CTCLoss: expected samples of 7 steps, got 30 steps");
}

TEST_CASE("a CTC loss trains a network, whose last layer it takes in") {
  using Net = Sequential<Input<6, 3>, Dense<8>, Tanh, Dense<4>, Softmax>;
  std::vector<float> x, weights;
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < 32; ++i) {  // the step whose input is 1 says what follows: one of three, at any time
    const std::size_t place = i % 6, which = i % 3;
    for (std::size_t t = 0; t < 6; ++t) {
      for (std::size_t f = 0; f < 3; ++f) x.push_back(t == place && f == which ? 1.F : 0.F);
      labels.push_back(t == 0 ? static_cast<std::int32_t>(which) + 1 : ignore_index);
    }
  }
  const Dataset<float> data{Features{"x", {6, 3}, x}, Labels{labels, 4, 6}};
  Model<Net> model{1};
  const History history = fit(model, data,
                              Fit{.loss = CTCLoss<6>{},
                                  .optimizer = Lamb{.lr = 0.05},
                                  .epochs = 30,
                                  .batch_size = 8,
                                  .seed = 1,
                                  .progress = Progress::Mode::quiet});
  CHECK(history.last().training.loss < 0.1 * history.epochs.front().training.loss);
  CHECK(std::isnan(history.last().training.accuracy));
  CHECK(evaluate(model, data, CTCLoss<6>{}, 5).loss ==
        Approx(evaluate(model, data, CTCLoss<6>{}, 32).loss).epsilon(1e-5));
}
