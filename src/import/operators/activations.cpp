#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include <tenon/error.hpp>

#include "../../io/words.hpp"
#include "call.hpp"

/// Functions that networks put between their layers.
namespace tenon::importing {

namespace {

/// `make` reads the attributes and gives the function of one number.
template <class Make>
Definition activation(Make make) {
  return [=](const Call& call) {
    const auto f = make(call.node);
    const Array& x = call.input(0);
    Array y = call.make(x.type, x.dims);
    for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] = f(x.values[i]);
    return std::vector{y};
  };
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

auto gelu(const Node& node) {
  const std::string approximate = node.text("approximate", "none");
  const bool by_tanh = approximate == "tanh";
  if (!by_tanh && approximate != "none")
    throw Error(describe(node) + ": approximate is \"none\" or \"tanh\", got " + detail::quoted_text(approximate));
  return [=](double x) {
    const double inside = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
    return 0.5 * x * (1 + (by_tanh ? std::tanh(inside) : std::erf(x / std::numbers::sqrt2)));
  };
}

/// max(0, min(1, alpha x + beta))
auto hard_sigmoid(double alpha, double beta) {
  return [=](double x) { return std::max(0.0, std::min(1.0, alpha * x + beta)); };
}

auto selu(const Node& node) {
  const double alpha = node.number("alpha", 1.67326319217681884765625),
               gamma = node.number("gamma", 1.05070102214813232421875);
  return [=](double x) { return gamma * (x > 0 ? x : alpha * std::expm1(x)); };
}

auto shrink(const Node& node) {
  const double bias = node.number("bias", 0), edge = node.number("lambd", 0.5);
  return [=](double x) { return x < -edge ? x + bias : x > edge ? x - bias : 0; };
}

/// Activations of one attribute, alpha.
template <class F>
Definition with_alpha(double otherwise, F f) {
  return activation(
      [=](const Node& node) { return [=, alpha = node.number("alpha", otherwise)](double x) { return f(x, alpha); }; });
}

template <class F>
Definition plain(F f) {
  return activation([=](const Node&) { return f; });
}

/// The slope broadcasts to x, never the other way.
std::vector<Array> prelu(const Call& call) {
  const Array &x = call.input(0), &slope = call.input(1);
  call.require(broadcast(call, x.dims, slope.dims) == x.dims, "a slope of {} does not broadcast to {}",
               axes_text(slope.dims), axes_text(x.dims));
  Array y = call.make(x.type, x.dims);
  if (y.values.empty()) return {y};
  auto next = y.values.begin();
  auto value = x.values.begin();
  walk<1>(x.dims, {broadcast_strides(slope.dims, x.dims)}, {0}, [&](const auto& at) {
    const double v = *value++;
    *next++ = v < 0 ? v * element(slope, at[0]) : v;
  });
  return {y};
}

}  // namespace

Table activation_operators() {
  return {
      {"Relu", plain([](double x) { return x < 0 ? 0 : x; })},
      {"Sigmoid", plain(sigmoid)},
      {"Tanh", plain([](double x) { return std::tanh(x); })},
      {"Softplus", plain(softplus)},
      {"Softsign", plain([](double x) { return x / (1 + std::abs(x)); })},
      {"Mish", plain([](double x) { return x * std::tanh(softplus(x)); })},
      {"HardSwish", plain([](double x) { return x * hard_sigmoid(1.0 / 6, 0.5)(x); })},
      {"HardSigmoid",
       activation([](const Node& node) { return hard_sigmoid(node.number("alpha", 0.2), node.number("beta", 0.5)); })},
      {"LeakyRelu", with_alpha(0.01, [](double x, double alpha) { return x < 0 ? alpha * x : x; })},
      {"ThresholdedRelu", with_alpha(1, [](double x, double alpha) { return x > alpha ? x : 0; })},
      {"Elu", with_alpha(1, [](double x, double alpha) { return x < 0 ? alpha * std::expm1(x) : x; })},
      {"Celu", with_alpha(1, [](double x, double alpha) { return x < 0 ? alpha * std::expm1(x / alpha) : x; })},
      {"Swish", with_alpha(1, [](double x, double alpha) { return x * sigmoid(alpha * x); })},
      {"Selu", activation(selu)},
      {"Gelu", activation(gelu)},
      {"Shrink", activation(shrink)},
      {"PRelu", prelu},
  };
}

}  // namespace tenon::importing
