// Losses of several outputs at once, of whole batches, and of sequences.
#include <tenon/tenon.hpp>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

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
