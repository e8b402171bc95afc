#include <tenon/all/losses.hpp>
#include <tenon/model/loss_value.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "support/golden.hpp"

using namespace tenon;

namespace {

constexpr std::size_t samples = 5, width = 7;

template <class T>
using Matrix = xt::xtensor<T, 2>;
using Indices = xt::xtensor<int, 1>;

const test::Golden& golden() {
  static const test::Golden file{"losses"};
  return file;
}

/// The numbers as a T holds them, in the precision U.
template <class T, class U>
Matrix<U> matrix(const std::string& name) {
  const std::vector<double> values = golden().values(name);
  REQUIRE(values.size() == samples * width);
  Matrix<U> result(std::array{samples, width});
  for (std::size_t i = 0; i < values.size(); ++i) result.flat(i) = static_cast<U>(static_cast<T>(values[i]));
  return result;
}

void check(double got, double expected, double tolerance, const std::string& what) {
  INFO(what << ": got " << got << ", expected " << expected);
  CHECK(std::abs(got - expected) <= tolerance * (std::abs(expected) + 0.01));
}

struct Result {
  double value = 0;
  std::vector<double> gradient{}, values{};
};

/// The loss with the case's numbers rounded to T, computed in U.
template <class T, class U, class L>
Result compute(const L& loss, const std::string& name) {
  const Matrix<U> predicted = matrix<T, U>(name + ".prediction");
  const auto with = [&](const auto& expected) {
    const auto [value, gradient] = value_and_gradient(loss, predicted, expected);
    const auto values = loss_values(loss, predicted, expected);
    CHECK(loss_value(loss, predicted, expected) == value);
    return Result{value, {gradient.begin(), gradient.end()}, {values.begin(), values.end()}};
  };
  const std::vector<double> target = golden().values(name + ".target");
  if (target.size() != samples) {
    if constexpr (target_kind_of<L> != TargetKind::labels) return with(matrix<T, U>(name + ".target"));
  } else if constexpr (target_kind_of<L> != TargetKind::values) {
    Indices indices(std::array{samples});
    for (std::size_t i = 0; i < samples; ++i) indices(i) = static_cast<int>(target[i]);
    return with(indices);
  }
  FAIL("the case's target is not of the loss's kind");
  return {};
}

/// A case with reduction none has a loss per element or per sample, each with a gradient from above.
void check_none(const Result& got, const std::string& name) {
  const std::vector<double> losses = golden().values(name + ".loss"), above = golden().values(name + ".d_loss"),
                            gradient = golden().values(name + ".d_prediction");
  const std::size_t terms = losses.size() / samples;
  for (std::size_t i = 0; i < samples; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < terms; ++j) sum += losses[i * terms + j];
    check(got.values[i], sum, 1e-12, "loss of a sample");
    for (std::size_t j = 0; j < width; ++j)
      check(got.gradient[i * width + j] * above[terms == 1 ? i : i * width + j], gradient[i * width + j], 1e-12,
            "gradient");
  }
}

template <class L>
void check_case(L loss, const std::string& name, Reduction reduction, double tolerance) {
  INFO(name);
  loss.reduction = reduction;
  const Result exact = compute<double, double>(loss, name);
  if (reduction == Reduction::none) {
    check_none(exact, name);
  } else {
    check(exact.value, golden().value(name + ".loss"), 1e-12, "double, loss");
    const std::vector<double> gradient = golden().values(name + ".d_prediction");
    for (std::size_t i = 0; i < gradient.size(); ++i)
      check(exact.gradient[i], gradient[i], tolerance, "double, gradient");
  }
  const Result wide = compute<float, double>(loss, name), narrow = compute<float, float>(loss, name);
  check(narrow.value, wide.value, 1e-6, "float, loss");
  for (std::size_t i = 0; i < wide.gradient.size(); ++i)
    check(narrow.gradient[i], wide.gradient[i], 1e-5, "float, gradient");
}

/// Every reduction that the file has of a loss; `make` gets the name of the case, for its weights.
template <class Make>
void check_loss(const std::string& name, Make make, double tolerance = 1e-12) {
  int found = 0;
  const auto run = [&](const std::string& suffix, Reduction reduction) {
    const std::string of_case = name + suffix;
    if (!golden().has(of_case + ".loss")) return;
    check_case(make(of_case), of_case, reduction, tolerance);
    ++found;
  };
  run("_mean", Reduction::mean);
  run("_extreme_mean", Reduction::mean);
  run("_batchmean", Reduction::batchmean);
  run("_sum", Reduction::sum);
  run("_none", Reduction::none);
  CHECK(found > 0);
}

std::vector<double> weights(const std::string& name) { return golden().values(name + ".weight"); }

}  // namespace

TEST_CASE("losses of numbers are PyTorch's") {
  check_loss("mse", [](auto&) { return MeanSquaredError{}; });
  check_loss("l1", [](auto&) { return MeanAbsoluteError{}; });
  check_loss("huber_1", [](auto&) { return Huber{}; });
  check_loss("huber_0p5", [](auto&) { return Huber{.delta = 0.5}; });
  check_loss("smooth_l1_1", [](auto&) { return SmoothL1{}; });
  check_loss("smooth_l1_0p3", [](auto&) { return SmoothL1{.beta = 0.3}; });
  check_loss("hinge", [](auto&) { return Hinge{}; });
  check_loss("cosine", [](auto&) { return CosineLoss{}; });
  check_loss("kl_div", [](auto&) { return KLDivergence{}; });
  check_loss("kl_div_one_hot", [](auto&) { return KLDivergence{}; });
}

TEST_CASE("binary cross-entropy is PyTorch's, from logits and from probabilities") {
  check_loss("bce", [](auto&) { return BinaryCrossEntropy<from_probabilities>{}; });
  // PyTorch's 1e-12, below which no denominator falls, is a float
  check_loss(
      "bce_certain", [](auto&) { return BinaryCrossEntropy<from_probabilities>{}; }, 1e-8);
  check_loss("bce_with_logits", [](auto&) { return BinaryCrossEntropy<from_logits>{}; });
  check_loss("bce_with_logits_pos_weight", [](const std::string& name) {
    return BinaryCrossEntropy<from_logits>{.pos_weight = golden().values(name + ".pos_weight")};
  });
}

TEST_CASE("losses of masks, rare classes and pairs are their formulas") {
  check_loss("focal", [](auto&) { return FocalLoss<from_logits>{}; });
  check_loss("focal_alike", [](auto&) { return FocalLoss<from_logits>{.alpha = -1, .gamma = 0.5}; });
  check_loss("dice", [](auto&) { return DiceLoss<from_probabilities>{}; });
  check_loss("contrastive", [](auto&) { return ContrastiveLoss{.margin = 1.5}; });
}

TEST_CASE("cross-entropy is PyTorch's, on indices and distributions, weighted and smoothed") {
  using Loss = CrossEntropy<from_logits>;
  check_loss("cross_entropy", [](auto&) { return Loss{}; });
  check_loss("cross_entropy_weighted", [](auto& name) { return Loss{.class_weight = weights(name)}; });
  check_loss("cross_entropy_smoothed_0p1", [](auto&) { return Loss{.label_smoothing = 0.1}; });
  check_loss("cross_entropy_weighted_smoothed_0p1",
             [](auto& name) { return Loss{.label_smoothing = 0.1, .class_weight = weights(name)}; });
  check_loss("cross_entropy_soft", [](auto&) { return Loss{}; });
  check_loss("cross_entropy_soft_weighted", [](auto& name) { return Loss{.class_weight = weights(name)}; });
  check_loss("cross_entropy_soft_smoothed_0p1", [](auto&) { return Loss{.label_smoothing = 0.1}; });
}

TEST_CASE("losses of class indices are PyTorch's") {
  check_loss("nll", [](auto&) { return NegativeLogLikelihood{}; });
  check_loss("nll_weighted", [](auto& name) { return NegativeLogLikelihood{.class_weight = weights(name)}; });
  check_loss("multi_margin", [](auto&) { return MultiMargin{}; });
}
