#include <tenon/all/losses.hpp>
#include <tenon/losses/batch_weight.hpp>
#include <tenon/model/loss_value.hpp>
#include <tenon/random.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "support/counting_new.hpp"
#include "support/golden.hpp"
#include "support/gradient_check.hpp"

using namespace tenon;
using Catch::Matchers::Contains;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

template <class T>
using Matrix = xt::xtensor<T, 2>;
using Indices = xt::xtensor<int, 1>;

Matrix<double> drawn(std::uint64_t seed, double low, double high) {
  Matrix<double> result(std::array<std::size_t, 2>{4, 6});
  Stream stream{seed};
  for (double& value : result) value = stream.uniform(low, high);
  return result;
}

/// Gradient against central differences, for every reduction that is a number.
template <class L, class Target>
void check_gradient(L loss, double low, double high, const Target& target) {
  for (const Reduction reduction : {Reduction::mean, Reduction::batchmean, Reduction::sum}) {
    loss.reduction = reduction;
    Matrix<double> predicted = drawn(3, low, high);
    const auto [value, gradient] = value_and_gradient(loss, predicted, target);
    test::GradientComparison comparison;
    test::compare_gradient(
        comparison, [&] { return loss_value(loss, predicted, target); },
        std::span<double>(predicted.data(), predicted.size()),
        std::span<const double>(gradient.data(), gradient.size()), "prediction");
    for (const std::string& fault : comparison.faults) FAIL_CHECK(fault);
    CHECK_FALSE(comparison.kink);
    CHECK(std::isfinite(value));
  }
}

template <class A, class B>
void check_close(const A& a, const B& b, double tolerance = 1e-12) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a.flat(i) == Approx(b.flat(i)).epsilon(tolerance).margin(tolerance));
}

/// No NaN and no infinity, in value, values and gradient.
template <class T, class L, class Target>
void check_finite(const L& loss, const Matrix<T>& predicted, const Target& target) {
  const auto [value, gradient] = value_and_gradient(loss, predicted, target);
  CHECK(std::isfinite(value));
  for (const T g : gradient) CHECK(std::isfinite(g));
  for (const T v : loss_values(loss, predicted, target)) CHECK(std::isfinite(v));
}

/// A loss as a user writes one; Tukey's biweight.
struct Tukey {
  double c = 4.685;
  Reduction reduction = Reduction::mean;

  static constexpr auto ratio = min(abs(prediction - target) / param<"c">, 1);
  static constexpr auto formula = param<"c"> * param<"c"> / 6 * (1 - pow(1 - ratio * ratio, 3));
  constexpr std::array<double, 1> options() const { return {c}; }
};
static_assert(Loss<Tukey> && Loss<FormulaLoss<square(prediction - target)>> && !Loss<int>);

}  // namespace

TEST_CASE("gradients of losses are those of differences") {
  const Matrix<double> numbers = drawn(1, -2, 2), probabilities = drawn(2, 0.05, 0.95);
  const Matrix<double> signs = xt::sign(numbers);
  const Matrix<double> shares = probabilities / xt::eval(xt::sum(probabilities, {1}, xt::keep_dims));
  const Indices classes{0, 5, 2, 2};
  const std::vector<double> weight{0.5, 2, 1, 0.25, 3, 1.5};
  check_gradient(MeanSquaredError{}, -2, 2, numbers);
  check_gradient(MeanAbsoluteError{}, -2, 2, numbers);
  check_gradient(Huber{.delta = 0.7}, -2, 2, numbers);
  check_gradient(SmoothL1{.beta = 0.7}, -2, 2, numbers);
  check_gradient(Hinge{}, -2, 2, signs);
  check_gradient(CosineLoss{}, -2, 2, numbers);
  check_gradient(KLDivergence{}, -4, -0.1, probabilities);
  check_gradient(MultiMargin{.margin = 0.5}, -2, 2, classes);
  check_gradient(NegativeLogLikelihood{.class_weight = weight}, -4, -0.1, classes);
  check_gradient(BinaryCrossEntropy<from_logits>{.pos_weight = weight}, -2, 2, probabilities);
  check_gradient(BinaryCrossEntropy<from_logits>{}, -2, 2, probabilities);
  check_gradient(BinaryCrossEntropy<from_probabilities>{.pos_weight = weight}, 0.1, 0.9, probabilities);
  check_gradient(CrossEntropy<from_logits>{.label_smoothing = 0.2, .class_weight = weight}, -2, 2, classes);
  check_gradient(CrossEntropy<from_logits>{.label_smoothing = 0.2, .class_weight = weight}, -2, 2, shares);
  check_gradient(CrossEntropy<from_probabilities>{.label_smoothing = 0.2, .class_weight = weight}, 0.1, 0.9, classes);
  check_gradient(CrossEntropy<from_probabilities>{}, 0.1, 0.9, shares);
  check_gradient(Tukey{.c = 1.5}, -2, 2, numbers);
  check_gradient(FormulaLoss<norm(prediction - target)>{}, -2, 2, numbers);
}

TEST_CASE("cross-entropy from probabilities is that from their logits") {
  const Matrix<double> logits = drawn(4, -3, 3);
  const Matrix<double> odds = xt::exp(logits);
  const Matrix<double> sums = xt::eval(xt::sum(odds, {1}, xt::keep_dims));
  const Matrix<double> softmax = odds / sums;
  const Matrix<double> sigmoid = odds / (1 + odds);
  const Indices classes{0, 5, 2, 2};
  const std::vector<double> weight{0.5, 2, 1, 0.25, 3, 1.5};
  check_close(
      loss_values(CrossEntropy<from_probabilities>{.label_smoothing = 0.1, .class_weight = weight}, softmax, classes),
      loss_values(CrossEntropy<from_logits>{.label_smoothing = 0.1, .class_weight = weight}, logits, classes));
  const Matrix<double> answers = drawn(5, 0, 1);
  check_close(loss_values(BinaryCrossEntropy<from_probabilities>{.pos_weight = weight}, sigmoid, answers),
              loss_values(BinaryCrossEntropy<from_logits>{.pos_weight = weight}, logits, answers));
  const Matrix<double> log_softmax = xt::log(softmax);
  CHECK(loss_value(NegativeLogLikelihood{.class_weight = weight}, log_softmax, classes) ==
        Approx(loss_value(CrossEntropy<from_logits>{.class_weight = weight}, logits, classes)));
}

TEMPLATE_TEST_CASE("extreme predictions give no NaN", "", float, double) {
  using T = TestType;
  const T huge = T(3e4), tiny = T(1e-20);
  const Matrix<T> logits{{huge, -huge, 0}, {-huge, huge, huge}, {0, 0, 0}, {tiny, -tiny, 88}};
  const Matrix<T> probabilities{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 1}};
  const Matrix<T> answers{{0, 1, 0}, {0, 0, 1}, {1, 0, 0}, {T(0.5), 0, T(0.5)}};
  const Indices classes{1, 0, 2, 1};
  const std::vector<double> weight{0.5, 2, 0};
  check_finite(MeanSquaredError{}, logits, answers);
  check_finite(MeanAbsoluteError{}, logits, answers);
  check_finite(Huber{}, logits, answers);
  check_finite(SmoothL1{.beta = 0}, logits, answers);
  check_finite(Hinge{}, logits, Matrix<T>{{-1, 1, -1}, {1, -1, 1}, {1, 1, 1}, {-1, -1, -1}});
  check_finite(KLDivergence{}, logits, answers);
  check_finite(CosineLoss{}, logits, answers);
  check_finite(MultiMargin{}, logits, classes);
  check_finite(CrossEntropy<from_logits>{}, logits, classes);
  check_finite(CrossEntropy<from_logits>{.label_smoothing = 0.1, .class_weight = weight}, logits, classes);
  check_finite(CrossEntropy<from_logits>{}, logits, answers);
  check_finite(CrossEntropy<from_probabilities>{}, probabilities, answers);
  check_finite(CrossEntropy<from_probabilities>{.class_weight = weight}, probabilities, classes);
  check_finite(BinaryCrossEntropy<from_logits>{}, logits, answers);
  check_finite(BinaryCrossEntropy<from_logits>{.pos_weight = weight}, logits, answers);
  check_finite(BinaryCrossEntropy<from_probabilities>{.pos_weight = weight}, probabilities, answers);
}

TEST_CASE("classes that are ruled out, with a logit of minus infinity, do no harm") {
  const Matrix<double> logits{{1, -inf, 2}, {0, 3, -inf}};
  const Matrix<double> without{{1, 2}, {0, 3}};
  const Indices classes{2, 0}, same{1, 0};
  for (const auto& weight : {std::vector<double>{}, std::vector<double>{1, 1, 1}}) {
    const auto [value, gradient] = value_and_gradient(CrossEntropy<from_logits>{.class_weight = weight}, logits,
                                                      classes);
    CHECK(value == Approx(loss_value(CrossEntropy<from_logits>{}, without, same)));
    CHECK(gradient(0, 1) == 0);
    CHECK(gradient(1, 2) == 0);
    CHECK(gradient(0, 0) > 0);
  }
}

TEST_CASE("a sample without direction has no cosine and no gradient") {
  const Matrix<double> predicted{{0, 0, 0}}, expected{{1, 2, 2}};
  const auto [value, gradient] = value_and_gradient(CosineLoss{}, predicted, expected);
  CHECK(value == 1);
  for (const double g : gradient) CHECK(std::isfinite(g));
  CHECK(loss_value(CosineLoss{}, expected, predicted) == 1);
}

TEST_CASE("SmoothL1 with beta 0 is the absolute error") {
  const Matrix<double> a = drawn(1, -1, 1), b = drawn(2, -1, 1);
  const auto [value, gradient] = value_and_gradient(SmoothL1{.beta = 0}, a, b);
  const auto [error, slope] = value_and_gradient(MeanAbsoluteError{}, a, b);
  CHECK(value == Approx(error));
  check_close(gradient, slope);
}

TEST_CASE("reductions divide the same sum") {
  const Matrix<double> a = drawn(1, -1, 1), b = drawn(2, -1, 1);
  const auto with = [&](Reduction reduction) {
    return value_and_gradient(MeanSquaredError{.reduction = reduction}, a, b);
  };
  const double sum = xt::sum(xt::square(a - b))();
  const Matrix<double> slope = 2 * (a - b);
  CHECK(with(Reduction::sum).value == Approx(sum));
  CHECK(with(Reduction::none).value == Approx(sum));
  CHECK(with(Reduction::batchmean).value == Approx(sum / 4));
  CHECK(with(Reduction::mean).value == Approx(sum / 24));
  check_close(with(Reduction::none).gradient, slope);
  check_close(with(Reduction::mean).gradient, Matrix<double>(slope / 24));
  check_close(loss_values(MeanSquaredError{}, a, b), xt::xtensor<double, 1>(xt::sum(xt::square(a - b), {1})));
}

TEST_CASE("a mean over class indices is weighted by the classes") {
  const Matrix<double> logits = drawn(1, -1, 1);
  const Indices classes{0, 5, 2, 2};
  const std::vector<double> weight{0.5, 2, 1, 0.25, 3, 1.5};
  CrossEntropy<from_logits> loss{.class_weight = weight, .reduction = Reduction::sum};
  const double sum = loss_value(loss, logits, classes);
  loss.reduction = Reduction::mean;
  CHECK(loss_value(loss, logits, classes) == Approx(sum / (0.5 + 1.5 + 1 + 1)));
  loss.reduction = Reduction::batchmean;
  CHECK(loss_value(loss, logits, classes) == Approx(sum / 4));
}

TEMPLATE_TEST_CASE("a batch whose labels do not count teaches nothing", "", float, double) {
  const std::vector<TestType> scores{-1, -2, -3, -1, -0.5F, -2};
  std::vector<TestType> values(2, 7), gradient(6, 7);
  const auto check = [&](const auto& loss, std::vector<std::int32_t> labels) {
    const LossArguments<TestType> arguments{{scores.data(), 2, 3}, 3, {labels, {}}, values, {gradient.data(), 2, 3}};
    CHECK(evaluate_loss<void>(loss, arguments) == 0);
    CHECK(values == std::vector<TestType>(2, 0));
    CHECK(gradient == std::vector<TestType>(6, 0));
    CHECK(batch_weight(loss, labels, 2) == 0);
  };
  const std::vector<double> weight{0, 1, 2};
  const std::vector<std::int32_t> ignored{ignore_index, ignore_index};
  for (const double smoothing : {0.0, 0.1}) {
    check(CrossEntropy<from_logits>{.label_smoothing = smoothing, .class_weight = weight}, {0, 0});
    check(CrossEntropy<from_logits>{.label_smoothing = smoothing, .class_weight = weight}, {0, ignore_index});
    check(CrossEntropy<from_probabilities>{.label_smoothing = smoothing, .class_weight = weight}, {0, 0});
    check(CrossEntropy<from_logits>{.label_smoothing = smoothing}, ignored);
  }
  check(NegativeLogLikelihood{.class_weight = weight}, {0, 0});
  check(NegativeLogLikelihood{}, ignored);
  CHECK(batch_weight(CrossEntropy{.class_weight = weight}, std::vector<std::int32_t>{2, ignore_index, 1, 2}, 4) == 5);
  CHECK(batch_weight(CrossEntropy{}, std::vector<std::int32_t>{2, ignore_index, 1, 2}, 4) == 3);
  CHECK(batch_weight(CrossEntropy{.reduction = Reduction::batchmean}, std::vector<std::int32_t>{2, ignore_index}, 2) ==
        2);
  CHECK(batch_weight(CrossEntropy{.reduction = Reduction::sum}, std::vector<std::int32_t>{2, ignore_index}, 2) == 1);
  CHECK(batch_weight(MeanSquaredError{}, {}, 4) == 4);
}

TEST_CASE("binary cross-entropy takes class indices too") {
  const Matrix<double> one{{1.5}, {-0.5}, {0.25}};
  const Indices yes{1, 0, 1};
  CHECK(loss_value(BinaryCrossEntropy<from_logits>{}, one, yes) ==
        loss_value(BinaryCrossEntropy<from_logits>{}, one, Matrix<double>{{1}, {0}, {1}}));
  const Matrix<double> many{{1.5, 2, 0}, {-0.5, 1, 1}};
  const Indices which{2, 0};
  CHECK(loss_value(BinaryCrossEntropy<from_logits>{}, many, which) ==
        loss_value(BinaryCrossEntropy<from_logits>{}, many, Matrix<double>{{0, 0, 1}, {1, 0, 0}}));
}

TEST_CASE("one weight of a yes will do for all outputs") {
  const Matrix<double> many{{1.5, 2, 0}, {-0.5, 1, 1}}, answers{{0, 1, 1}, {1, 0, 1}};
  CHECK(loss_value(BinaryCrossEntropy<from_logits>{.pos_weight = {3}}, many, answers) ==
        loss_value(BinaryCrossEntropy<from_logits>{.pos_weight = {3, 3, 3}}, many, answers));
}

TEST_CASE("losses take any xtensor expression") {
  const Matrix<float> a{{1, 2}, {3, 4}}, b{{2, 2}, {3, 2}};
  CHECK(loss_value(MeanSquaredError{}, a + 1.0F, b + 1.0F) == 1.25);
  CHECK(loss_value(MeanSquaredError{}, xt::transpose(a), xt::transpose(b)) == 1.25);
  const xt::xtensor<float, 1> sample{1, 2, 4}, answer{1, 2, 2};
  CHECK(value_and_gradient(MeanSquaredError{.reduction = Reduction::sum}, sample, answer).gradient(2) == 4);
  const xt::xtensor<double, 3> images = xt::ones<double>({2, 2, 2});
  CHECK(loss_values(MeanAbsoluteError{}, images, xt::zeros<double>({2, 2, 2}))(1) == 4);
}

TEST_CASE("what does not fit is one clear error") {
  const Matrix<double> logits = drawn(1, -1, 1);
  const Indices classes{0, 5, 2, 2};
  const Matrix<double> answers = drawn(2, 0, 1);
  using Loss = CrossEntropy<from_logits>;
  CHECK_THROWS_WITH(loss_value(Loss{.class_weight = {1, 2}}, logits, classes),
                    "CrossEntropy: class_weight: expected 6 numbers, one for each output, got 2");
  CHECK_THROWS_WITH(loss_value(NegativeLogLikelihood{.class_weight = {1, 2}}, logits, classes),
                    Contains("NegativeLogLikelihood: class_weight: expected 6 numbers"));
  CHECK_THROWS_WITH(loss_value(BinaryCrossEntropy<from_logits>{.pos_weight = {1, 2}}, logits, answers),
                    Contains("BinaryCrossEntropy: pos_weight: expected 6 numbers"));
  CHECK_THROWS_WITH(loss_value(Loss{.label_smoothing = 1.5}, logits, classes),
                    "CrossEntropy: label_smoothing: expected 0 to 1, got 1.5");
  CHECK_THROWS_WITH(loss_value(Huber{.delta = 0}, logits, logits), "Huber: delta: expected more than 0, got 0");
  CHECK_THROWS_WITH(loss_value(SmoothL1{.beta = -1}, logits, logits), "SmoothL1: beta: expected at least 0, got -1");
  CHECK_THROWS_WITH(loss_value(Loss{}, logits, Indices{0, 6, 2, 2}), "loss: expected class indices from 0 to 5, got 6");
  CHECK_THROWS_WITH(loss_value(Loss{}, logits, Indices{0, -1, 2, 2}), Contains("got -1"));
  CHECK_THROWS_WITH(loss_value(Loss{}, logits, Indices{0, 1}),
                    Contains("expected 4 class indices, one for each sample, got 2"));
  CHECK_THROWS_WITH(loss_value(MeanSquaredError{}, logits, Matrix<double>{{1, 2}}),
                    "loss: expected a target of shape (4, 6), as the prediction has, got (1, 2)");
}

namespace {

/// What becomes of a target of two numbers.
enum class Fate { right, refused };
constexpr Fate right = Fate::right, refused = Fate::refused;

/// Every loss that compares with numbers, and what it makes of targets of each kind: {-1, 1}, {2, -1}, {NaN, 1},
/// {0.5, 0.5}, {1, 1} and {1, 0}. `formula` is its value for the prediction (0.3, 0.6) by hand.
struct TargetRow {
  const char* header;
  std::function<double(const Matrix<double>&)> loss, formula;
  std::array<Fate, 6> fates;
};
template <class L>
auto of_pair(const L& loss) {
  return [loss](const Matrix<double>& t) { return loss_value(loss, Matrix<double>{{0.3, 0.6}}, t); };
}
constexpr double p = 0.3, q = 0.6;
double log_sigmoid(double z) { return -std::log1p(std::exp(-z)); }
double binary(double t, double log_yes, double log_no) { return -(t * log_yes + (1 - t) * log_no); }
double log_softmax(double z) { return z - std::log(std::exp(p) + std::exp(q)); }
double focal(double t, double z) {
  const double s = t == 1 ? z : -z;
  return (t == 1 ? 0.25 : 0.75) * std::pow(1 - std::exp(log_sigmoid(s)), 2) * -log_sigmoid(s);
}
double pair_loss(double t, double d) { return t * d * d + (1 - t) * std::pow(std::max(0.0, 1 - d), 2); }
double divergence(double t, double log_p) { return (t > 0 ? t * std::log(t) : 0) - t * log_p; }

const std::vector<TargetRow> target_table{
    {"mean_squared_error",
     of_pair(MeanSquaredError{}),
     [](const auto& t) { return (std::pow(p - t(0, 0), 2) + std::pow(q - t(0, 1), 2)) / 2; },
     {right, right, right, right, right, right}},
    {"mean_absolute_error",
     of_pair(MeanAbsoluteError{}),
     [](const auto& t) { return (std::abs(p - t(0, 0)) + std::abs(q - t(0, 1))) / 2; },
     {right, right, right, right, right, right}},
    {"huber",
     of_pair(Huber{.delta = 9}),
     [](const auto& t) { return (std::pow(p - t(0, 0), 2) + std::pow(q - t(0, 1), 2)) / 4; },
     {right, right, right, right, right, right}},
    {"smooth_l1",
     of_pair(SmoothL1{.beta = 0}),
     [](const auto& t) { return (std::abs(p - t(0, 0)) + std::abs(q - t(0, 1))) / 2; },
     {right, right, right, right, right, right}},
    {"cosine_loss",
     of_pair(CosineLoss{}),
     [](const auto& t) { return 1 - (p * t(0, 0) + q * t(0, 1)) / (std::hypot(p, q) * std::hypot(t(0, 0), t(0, 1))); },
     {right, right, right, right, right, right}},
    {"binary_cross_entropy",
     of_pair(BinaryCrossEntropy<from_logits>{}),
     [](const auto& t) {
       return (binary(t(0, 0), log_sigmoid(p), log_sigmoid(-p)) + binary(t(0, 1), log_sigmoid(q), log_sigmoid(-q))) / 2;
     },
     {refused, refused, refused, right, right, right}},
    {"binary_cross_entropy",
     of_pair(BinaryCrossEntropy<from_probabilities>{}),
     [](const auto& t) {
       return (binary(t(0, 0), std::log(p), std::log(1 - p)) + binary(t(0, 1), std::log(q), std::log(1 - q))) / 2;
     },
     {refused, refused, refused, right, right, right}},
    {"focal",
     of_pair(FocalLoss<from_logits>{}),
     [](const auto& t) { return (focal(t(0, 0), p) + focal(t(0, 1), q)) / 2; },
     {refused, refused, refused, refused, right, right}},
    {"dice",
     of_pair(DiceLoss<from_probabilities>{}),
     [](const auto& t) { return 1 - (2 * (p * t(0, 0) + q * t(0, 1)) + 1) / (p + q + t(0, 0) + t(0, 1) + 1); },
     {refused, refused, refused, right, right, right}},
    {"hinge",
     of_pair(Hinge{}),
     [](const auto& t) { return (std::max(0.0, 1 - p * t(0, 0)) + std::max(0.0, 1 - q * t(0, 1))) / 2; },
     {right, refused, refused, refused, right, refused}},
    {"contrastive",
     of_pair(ContrastiveLoss{}),
     [](const auto& t) { return (pair_loss(t(0, 0), p) + pair_loss(t(0, 1), q)) / 2; },
     {refused, refused, refused, right, right, right}},
    {"kl_divergence",
     of_pair(KLDivergence{}),
     [](const auto& t) { return (divergence(t(0, 0), p) + divergence(t(0, 1), q)) / 2; },
     {refused, refused, refused, right, right, right}},
    {"cross_entropy",
     of_pair(CrossEntropy<from_logits>{}),
     [](const auto& t) { return -(t(0, 0) * log_softmax(p) + t(0, 1) * log_softmax(q)); },
     {refused, refused, refused, right, refused, right}},
    {"cross_entropy",
     of_pair(CrossEntropy<from_probabilities>{}),
     [](const auto& t) { return -(t(0, 0) * std::log(p) + t(0, 1) * std::log(q)); },
     {refused, refused, refused, right, refused, right}},
};

}  // namespace

TEST_CASE("a target that a loss does not take is refused, and any other computed") {
  const double nan = std::nan("");
  const std::array<Matrix<double>, 6> targets{Matrix<double>{{-1, 1}},    {{2, -1}}, {{nan, 1}},
                                              Matrix<double>{{0.5, 0.5}}, {{1, 1}},  {{1, 0}}};
  for (const TargetRow& row : target_table)
    for (std::size_t k = 0; k < targets.size(); ++k) {
      CAPTURE(row.header, k);
      if (row.fates[k] == Fate::refused) {
        CHECK_THROWS_AS(row.loss(targets[k]), Error);
      } else {
        const double got = row.loss(targets[k]), by_hand = row.formula(targets[k]);
        CHECK((std::isnan(by_hand) ? std::isnan(got) : got == Approx(by_hand)));
      }
    }
  // those of class indices refuse what is no class, but for the index that says "no answer" where they know it
  const Matrix<double> scores{{0.3, 0.6}};
  const auto of_label = [&](const auto& loss, int index) { return loss_value(loss, scores, Indices{index}); };
  const auto check_labels = [&](const auto& loss, bool ignores) {
    for (const int wrong : {-1, 2, 77}) CHECK_THROWS_WITH(of_label(loss, wrong), Contains("from 0 to 1, got"));
    if (ignores) CHECK(of_label(loss, ignore_index) == 0);
    else CHECK_THROWS_WITH(of_label(loss, ignore_index), Contains("from 0 to 1, got -100"));
    CHECK(std::isfinite(of_label(loss, 1)));
  };
  check_labels(CrossEntropy<from_logits>{}, true);
  check_labels(CrossEntropy<from_probabilities>{}, true);
  check_labels(NegativeLogLikelihood{}, true);
  check_labels(MultiMargin{}, false);
  check_labels(BinaryCrossEntropy<from_logits>{}, false);
  check_labels(BinaryCrossEntropy<from_probabilities>{}, false);

  // every loss of the library is in the table, or compares with class indices or with nothing
  std::set<std::string> known{"multi_margin", "negative_log_likelihood", "ctc", "info_nce"};
  for (const TargetRow& row : target_table) known.insert(row.header);
  namespace fs = std::filesystem;
  const fs::path tests = fs::canonical(test::Golden::folder()).parent_path();
  std::size_t losses = 0;
  for (const auto& entry : fs::directory_iterator(tests.parent_path() / "include/tenon/losses")) {
    std::ifstream file(entry.path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    if (text.find("\n  Reduction reduction = Reduction::mean;") == text.npos) continue;
    const std::string name = entry.path().stem().string();
    if (name == "loss" || name == "joint") continue;  // formulas of users, sums
    CHECK(known.count(name) == 1);
    ++losses;
  }
  CHECK(losses == known.size());

  CHECK_THROWS_WITH(loss_value(FocalLoss<from_logits>{}, scores, Matrix<double>{{1, 2}}),
                    "FocalLoss: expected targets of 0 or 1, got 2 as number 1 of sample 0 of the batch");
  CHECK_THROWS_WITH(loss_value(DiceLoss<from_probabilities>{}, scores, Matrix<double>{{1, 2}}),
                    "DiceLoss: expected targets from 0 to 1, got 2 as number 1 of sample 0 of the batch");
  CHECK_THROWS_WITH(loss_value(CrossEntropy<from_logits>{}, scores, Matrix<double>{{1, 1}}),
                    Contains("expected a distribution, numbers with a sum of 1, got a sum of 2 in sample 0"));
  // the one number that is wrong is found wherever it stands in a long row
  const Matrix<double> many({1, 37}, 0.0);
  for (std::size_t at = 0; at < 37; ++at)
    for (const double wrong : {-0.5, 1.5, std::nan("")}) {
      Matrix<double> answers = many;
      answers(0, at) = wrong;
      const std::string place = " as number " + std::to_string(at) + " of sample 0 of the batch";
      CHECK_THROWS_WITH(loss_value(DiceLoss<from_probabilities>{}, many, answers), Contains(place));
      CHECK_THROWS_WITH(loss_value(FocalLoss<from_logits>{}, many, answers), Contains(place));
    }
  // rounding is none
  CHECK(std::isfinite(loss_value(BinaryCrossEntropy<from_logits>{}, scores, Matrix<double>{{1.00001, -0.00001}})));
}

TEST_CASE("weights cost memory once") {
  const std::size_t samples = 3, classes = 200;
  std::vector<float> logits(samples * classes, 0.5F), gradient(logits.size()), values(samples);
  const std::vector<std::int32_t> labels{0, 7, 199};
  const CrossEntropy<from_logits> loss{.label_smoothing = 0.1, .class_weight = std::vector<double>(classes, 2.0)};
  const BinaryCrossEntropy<from_logits> binary{.pos_weight = std::vector<double>(classes, 2.0)};
  const LossArguments<float> arguments{
      {logits.data(), samples, classes}, classes, {labels, {}}, values, {gradient.data(), samples, classes}};
  const auto both = [&] { return evaluate_loss<void>(loss, arguments) + evaluate_loss<void>(binary, arguments); };
  const double first = both();
  double again = 0;
  CHECK(test::heap_use([&] { again = both(); }).mallocs == 0);
  CHECK(first == again);
}

namespace {

/// Value, values and gradient of a loss of 3 samples of `each` rows of 2 numbers.
struct Weighed {
  double value = 0;
  std::vector<double> values, gradient;
};
template <class L>
Weighed weigh(const L& loss, std::vector<double> prediction, const std::vector<std::int32_t>& labels,
              const std::vector<double>& target, const std::vector<double>& weights) {
  const std::size_t rows = prediction.size() / 2;
  Weighed w{0, std::vector<double>(rows), std::vector<double>(2 * rows)};
  LossArguments<double> a{{prediction.data(), rows, 2}, 2,      {labels, {target.data(), rows, 2}}, w.values,
                          {w.gradient.data(), rows, 2}, weights};
  if (labels.empty()) a.target.labels = {};
  w.value = evaluate_loss<void>(loss, a);
  return w;
}

struct Unweighing {
  Reduction reduction = Reduction::mean;
  static constexpr TargetKind target_kind = TargetKind::values;
  template <class Last, class T>
  double evaluate(const LossArguments<T>&) const {
    return 1;
  }
};

}  // namespace

TEST_CASE("sample weights weigh losses of numbers") {
  // by hand: errors 1, 2 | 3, 0 | 1, 1, squares' sums 5, 9, 2
  const std::vector<double> y{1, 2, 3, 0, 2, 2}, t{0, 0, 0, 0, 1, 1}, weights{1, 0.5, 2};
  const auto mean = weigh(MeanSquaredError{}, y, {}, t, weights);
  CHECK(mean.value == Approx((5 + 4.5 + 4) / (3.5 * 2)));
  CHECK(mean.values == std::vector<double>{5, 4.5, 4});
  CHECK(mean.gradient[0] == Approx(2 * 1 / 7.0));
  CHECK(mean.gradient[2] == Approx(2 * 3 * 0.5 / 7));
  CHECK(mean.gradient[5] == Approx(2 * 2 / 7.0));
  CHECK(weigh(MeanSquaredError{.reduction = Reduction::batchmean}, y, {}, t, weights).value == Approx(13.5 / 3.5));
  const auto sum = weigh(MeanSquaredError{.reduction = Reduction::sum}, y, {}, t, weights);
  CHECK(sum.value == Approx(13.5));
  CHECK(sum.gradient[2] == Approx(3));
  // ones change nothing; a sample twice as heavy is one that is there twice; one of weight 0 is not there
  CHECK(weigh(MeanSquaredError{}, y, {}, t, {1, 1, 1}).gradient == weigh(MeanSquaredError{}, y, {}, t, {}).gradient);
  const auto twice = weigh(MeanSquaredError{}, y, {}, t, {2, 1, 0});
  const auto there = weigh(MeanSquaredError{}, {1, 2, 1, 2, 3, 0}, {}, {0, 0, 0, 0, 0, 0}, {});
  CHECK(twice.value == Approx(there.value));
  CHECK(twice.gradient[0] == Approx(2 * there.gradient[0]));
  CHECK(twice.gradient[4] == 0);
  // whatever its numbers are
  const auto broken = weigh(MeanSquaredError{}, {1, 2, 3, 0, inf, std::nan("")}, {}, t, {2, 1, 0});
  CHECK(broken.value == Approx(there.value));
  CHECK(broken.gradient[5] == 0);
  const auto none = weigh(Huber{}, y, {}, t, {0, 0, 0});
  CHECK(none.value == 0);
  CHECK(none.gradient == std::vector<double>(6, 0));
  const std::vector<double> halves{0.5, 0.5, 0.5, 0.5, 0.5, 0.5};
  CHECK(weigh(BinaryCrossEntropy<from_probabilities>{}, halves, {}, t, weights).value == Approx(std::log(2)));

  CHECK_THROWS_WITH(weigh(MeanSquaredError{}, y, {}, t, {1, 1}),
                    "loss: expected a weight for each sample, got 2 for 3 answers");
  CHECK_THROWS_WITH(weigh(Unweighing{}, y, {}, t, weights), Contains("expected a loss that weighs samples"));
  CHECK(weigh(Unweighing{}, y, {}, t, {}).value == 1);
}

TEST_CASE("a target of a sample that weighs nothing may be anything, in each of its rows") {
  const std::vector<double> y{0.3, 0.6, 0.3, 0.6, 0.3, 0.6};
  CHECK(weigh(BinaryCrossEntropy<from_logits>{}, y, {}, {0, 1, 7, std::nan(""), 1, 1}, {1, 0, 2}).value ==
        Approx(weigh(BinaryCrossEntropy<from_logits>{}, y, {}, {0, 1, 0, 0, 1, 1}, {1, 0, 2}).value));
  CHECK_THROWS_WITH(weigh(BinaryCrossEntropy<from_logits>{}, y, {}, {0, 1, 7, 0, 1, 1}, {1, 1, 2}),
                    Contains("got 7 as number 0 of sample 1"));
  // two samples of two rows each: the second of sample 0 is no distribution
  const std::vector<double> z(8, 0.5), rows{1, 0, 1, 1, 0, 1, 0, 1};
  CHECK(std::isfinite(weigh(CrossEntropy<from_logits>{}, z, {}, rows, {0, 1}).value));
  CHECK_THROWS_WITH(weigh(CrossEntropy<from_logits>{}, z, {}, rows, {1, 0}), Contains("a sum of 2 in sample 0"));
}

TEST_CASE("sample weights weigh losses of classes, beside class weights and ignored labels") {
  // two samples of two steps each; logits of log p
  const double a = std::log(0.25), b = std::log(0.75);
  const std::vector<double> z{a, b, b, a, a, b, a, b}, weights{3, 0.5};
  const std::vector<std::int32_t> labels{0, 0, ignore_index, 1};  // -log p: -a, -b, none, -b
  const auto check = [&](const auto& loss) {
    const auto w = weigh(loss, z, labels, std::vector<double>(8), weights);
    CHECK(w.value == Approx((-3 * a - 3 * b - 0.5 * b) / 6.5));
    CHECK(w.values[3] == Approx(-0.5 * b));
    CHECK(w.values[2] == 0);
    CHECK(w.gradient[4] == 0);
    CHECK(batch_weight(loss, labels, 4, std::span<const double>(weights)) == 6.5);
    return w;
  };
  const auto w = check(CrossEntropy<from_logits>{});
  CHECK(w.gradient[0] == Approx(3 * (0.25 - 1) / 6.5));
  CHECK(w.gradient[6] == Approx(0.5 * 0.25 / 6.5));
  CHECK(check(NegativeLogLikelihood{}).gradient[0] == Approx(-3 / 6.5));

  const CrossEntropy<from_logits> classes{.class_weight = {1, 4}};
  const auto heavy = weigh(classes, z, labels, std::vector<double>(8), weights);
  CHECK(heavy.value == Approx((-3 * a - 3 * b - 0.5 * 4 * b) / (3 + 3 + 0.5 * 4)));
  CHECK(batch_weight(classes, labels, 4, std::span<const double>(weights)) == 8);
  CHECK(batch_weight(MeanSquaredError{}, {}, 4, std::span<const double>(weights)) == 7);
  CHECK(batch_weight(CrossEntropy{.reduction = Reduction::batchmean}, labels, 4, std::span<const double>(weights)) ==
        7);
  CHECK(batch_weight(CrossEntropy{.reduction = Reduction::sum}, labels, 4, std::span<const double>(weights)) == 1);
  // distributions, and a batch in which nothing counts
  const auto mixed = weigh(CrossEntropy<from_logits>{}, z, {}, {1, 0, 0, 1, 0, 1, 1, 0}, weights);
  CHECK(mixed.value == Approx((-3 * a - 3 * a - 0.5 * b - 0.5 * a) / 7));
  CHECK(
      weigh(CrossEntropy<from_logits>{}, z, {0, 1, ignore_index, ignore_index}, std::vector<double>(8), {0, 1}).value ==
      0);
  // one hinge of classes, where the formula reads the label
  const auto margin = weigh(MultiMargin{}, {2, 0, 0, 2}, {0, 0}, std::vector<double>(4), {1, 3});
  CHECK(margin.value == Approx(3 * 1.5 / 4));
}
