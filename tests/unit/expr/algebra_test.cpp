#include <tenon/expr/functions.hpp>
#include <tenon/expr/lower.hpp>

#include "formula_rig.hpp"

using namespace tenon;
using formula_rig::Case;

namespace {

/// Formulas meant to trip the algebra: everything below is simplified, cut, fused and
/// differentiated by rules that never meet in ordinary layers.
template <auto F>
void check(double lowest = -2, double highest = 2, double forward = 1e-12, double backward = 1e-7) {
  for (const std::size_t width : {1u, 5u, 18u})
    formula_rig::check<expr::lift<F>, double>({3, width, 1, lowest, highest, static_cast<unsigned>(width)}, forward,
                                              backward);
}

constexpr auto a = param<"a">;
constexpr auto b = param<"b">;
constexpr auto v = param<"v", PerFeature>;
constexpr auto w = param<"w", PerFeature>;

}  // namespace

TEST_CASE("products and powers") {
  check<x * x * x / (x * x) + x / x>(0.5, 2);
  check<(x + 1) * (x + 1) / (x + 1) - (x + 1)>(0.5, 2);
  check<1 / (1 / x)>(0.5, 2);
  check<pow(x, -2) * x * x * x + pow(x, -3)>(0.5, 2);
  check<pow(x, 2.5) + pow(1.5, x) + pow(x, x)>(0.5, 2);
  check<pow(x, a) * pow(v, x)>(0.5, 2);
  check<pow(pow(x, 2), 0.5) * pow(x, 8) / pow(x, 7)>(0.5, 2);
  check<(-x) * (-x) * (-x) - -x>();
  check<2 * x * 3 - x * 6 + 0 * exp(x) + x * 1 + (x - x)>();
  check<x / (exp(x) * exp(-x)) / (x * x + 1)>();
  check<square(square(square(x) - 1) - x) * (square(x) - 1)>();
}

TEST_CASE("the saved result where it hides") {
  check<tanh(x) * tanh(x)>();
  check<exp(x) * exp(x) * exp(x)>(-1, 1);
  check<exp(x) / (1 + exp(x))>();
  check<x * exp(x) * x>(-1, 1);
  check<sqrt(x) * sqrt(x) * x>(0.5, 2);
  check<1 / (x * x)>(0.5, 2);
  check<x * sigmoid(x) * sigmoid(x)>();
  check<-(x * sigmoid(x))>();
  check<(x * sigmoid(x)) / 3>();
  check<a * x * sigmoid(a * x)>();
  check<x / (x + 1) / (x + 1)>(0.5, 2);
  check<0.5 * x * x>();
  check<x>();
  check<-x>();
  check<a * x + v>();
}

TEST_CASE("branches") {
  check<select(x > 0, x, exp(x) - 1) * select(x > 0, 2, x)>();
  check<select(x > a, select(x > 1.2, x * x, x), select(x < -1, -x, x * x * x))>();
  check<max(max(x, 0.3 * x), min(x * x, 1.5))>();
  check<max(x, a * x) + min(x, v)>();
  check<min(max(x, -1), 1) + clamp(x, -0.5, 0.7) * x>();
  check<select(x > 0, log(select(x > 0, x, 1)), x)>();
  check<abs(x - a) * sign(x) + abs(x * x - 1)>();
  check<select(max(x, 0) > 0.5, x * v, w * x) + select(max(x, 0) > 0.5, v, w)>();
  check<select((x > 0) + (x > 1) == 2, x, 2 * x)>();
  check<(x > 0) * x + (x < 0.5) * x * x>();
  check<max(x, 0) * max(x, 0) * max(-x, x)>();
  check<max(a, v) * x + min(a * a, v)>();
  check<select(x != 0, sin(x) / x, 1)>();
}

TEST_CASE("stops and surrogates") {
  check<x * stop_gradient(x) + stop_gradient(tanh(x)) * tanh(x)>();
  check<straight_through(sign(x), tanh(x)) * x>();
  check<straight_through(x > 0, clamp(x, -1, 1))>();
  check<stop_gradient(a) * x * a>();
  check<x - stop_gradient(mean(x)) * mean(x)>();
}

TEST_CASE("parameters of every rank") {
  check<a * x + b * sum(x)>();
  check<a * v * x + a * a + v * v>();
  check<exp(a) * x + log(b) * x * x + a * b>();
  check<(a + v) / (b + w) * x>();
  check<x*(exp(v) / sum(exp(v)))>();
  check<x * max(v) + v * min(w) * mean(x)>();
  check<x * norm(v) * a + variance(v)>();
  check<sum(v * x) * w + sum(a * x) * v>();
  check<tanh(a * x + v) * sigmoid(b * x + w)>();
  check<a + v>();
  check<a * a + 0 * x>();
  check<sum(x) * a + x * 0.1>();
}

TEST_CASE("reductions of reductions") {
  check<x * sum(x * sum(x * x))>(-1, 1);
  check<x - sum(x * exp(x) / sum(exp(x)))>();
  check<sum(x) * sum(x) / sum(x * x) * x>(0.5, 2);
  check<x * mean(abs(x - mean(x)))>();
  check<exp(x - max(x)) / sum(exp(x - max(x)))>();
  check<(x - mean(x)) / sqrt(variance(x) + 0.1) * sigmoid(x - mean(x))>();
  check<x * variance(x * x - mean(x)) + variance(x)>(-1, 1);
  check<sum(x) + x - x>();
  check<sum(x + a) * sum(x * v) * sum(x - 1) * sum(exp(x)) * x>(-0.5, 0.5);
  check<sum(tanh(x) * feature_index) * x + feature_index * x>();
  check<x / (1 + sqrt(0.1 + sum((x - mean(x)) * (x - mean(x)))))>();
  check<max(x) * min(x) * max(-x) * x>();
  check<select(x > mean(x), x, sum(x))>();
  check<x * sum(max(x, mean(x)))>();
  check<sum(select(x > mean(x), x, 0)) * v>();
  check<one_hot * x - log(sum(exp(x))) * one_hot>();
}

TEST_CASE("two inputs") {
  check<prediction * target - target / (prediction * prediction + 1)>();
  check<(prediction - target) * (prediction - target)>();
  check<max(prediction, target) * sigmoid(target)>();
  check<sum(prediction * target) / (norm(prediction) * norm(target) + 0.1) * target>();
  check<-(target * log(prediction) + (1 - target) * log(1 - prediction))>(0.1, 0.9);
}

TEST_CASE("random masks") {
  check<x * dropout_mask<0.5>>();
  check<max(x + v, 0) * dropout_mask<0.5>>();
  check<tanh(x * dropout_mask<0.5>) * x>();
  check<max(x + v, 0) * dropout_mask<0.5> * a>();
}

/// The reference takes difference quotients of difference quotients.
template <auto F>
void check_second(double lowest = -2, double highest = 2) {
  check<F>(lowest, highest, 1e-8, 1e-4);
}

TEST_CASE("second derivatives") {
  check_second<gradient(x * x * x) - 3 * x * x + x>();
  check_second<gradient(tanh(x)) * x>();
  check_second<gradient(gradient(exp(x) * sin(x)))>();
  check_second<gradient(x * sigmoid(a * x))>();
  check_second<gradient(log(x) * pow(x, 2.5))>(0.5, 2);
  check_second<gradient(select(x > 1, x * x, x * x * x))>(1.1, 2);
}
