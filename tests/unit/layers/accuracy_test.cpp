// Float against double, for the same numbers, over everything a float network is likely to meet.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <tenon/all/layers.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr std::size_t features = 32;

/// Both signs, evenly from -30 to 30 and evenly in the exponent down to 1e-6, each row a mixture.
std::vector<float> inputs() {
  std::vector<float> x;
  for (int i = -1500; i <= 1500; ++i) x.push_back(static_cast<float>(i) * 0.02F + 0.0037F);
  for (int i = 0; i < 300; ++i)
    for (const float sign : {-1.0F, 1.0F}) x.push_back(sign * 1e-6F * std::exp(static_cast<float>(i) * 0.046F));
  x.resize(x.size() / features * features);
  Stream stream{5};
  shuffle(x, stream);
  return x;
}

struct Worst {
  double error = 0;  // in units of what is allowed
  float at = 0;      // the input it belongs to
};

Worst worst_of(const std::vector<float>& got, const std::vector<double>& exact, const std::vector<float>& x,
               double relative, double floor) {
  Worst worst;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double smallest = std::numeric_limits<float>::min();
    const double allowed = relative * std::max({std::abs(exact[i]), floor, smallest});
    const double error = std::abs(static_cast<double>(got[i]) - exact[i]) / allowed;
    if (!(error <= worst.error)) worst = {error, x[i]};
  }
  return worst;
}

/// 1e-6 of the result forward, 1e-5 backward. Where a formula subtracts what is nearly equal (1 + erf
/// far to the left, x - mean(x)), no float can do better than an ulp of what it subtracts, and where
/// it takes the exponential of a large sum, the sum's rounding shows: `floor` is what smaller results
/// are measured against. Backward reuses the result, as in 1 - y * y, and has such a floor always.
template <class L>
void check(double floor = 0) {
  const std::vector<float> x = inputs();
  const std::size_t batch = x.size() / features;
  NetworkRun<Alone<L, features>, float> narrow{batch};
  NetworkRun<Alone<L, features>, double> wide{batch};
  const auto run = [&]<class T>(NetworkRun<Alone<L, features>, T>& r) {
    r.x.assign(std::vector<T>(x.begin(), x.end()));
    Stream stream{6};
    std::vector<T> dy(x.size());
    for (T& v : dy) v = static_cast<T>(stream.uniform(-1.0F, 1.0F));
    r.dy.assign(dy);
    for (T& p : std::span(r.parameters.data(), r.parameters.size())) p = T(0.75);
    r.forward(Training{});
    r.backward();
    CHECK(r.faults.empty());
  };
  run(narrow);
  run(wide);
  const Worst forward = worst_of(narrow.y.values(), wide.y.values(), x, 1e-6, floor);
  const Worst backward = worst_of(narrow.dx.values(), wide.dx.values(), x, 1e-5, 0.03);
  INFO(type_name<L>() << ": forward " << forward.error << " at " << forward.at << ", backward " << backward.error
                      << " at " << backward.at);
  CHECK(forward.error <= 1);
  CHECK(backward.error <= 1);
}

}  // namespace

TEST_CASE("element-wise layers in float") {
  check<ReLU>();
  check<LeakyReLU<>>();
  check<PReLU<>>();
  check<ELU<>>();
  check<SELU>();
  check<CELU<>>();
  check<Sigmoid>();
  check<LogSigmoid>();
  check<HardSigmoid>();
  check<Tanh>();
  check<HardTanh<>>();
  check<Tanhshrink>(1);
  check<Softplus>();
  check<Softsign>();
  check<GELU>(1);
  check<GELUTanh>(1e-3);
  check<SiLU>();
  check<SwishBeta>(1e-5);
  check<Mish>();
  check<HardSwish>();
  check<ReLU6>();
}

TEST_CASE("row layers in float") {
  check<Softmax>(1e-6);
  check<LogSoftmax>(1);
  check<LayerNorm<>>(1);
  check<RMSNorm<>>();
  check<L2Normalize<>>();
}
