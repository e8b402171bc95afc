#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <tenon/layers/relu.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

/// What Dropout makes of a batch of ones: its mask.
template <class Net, class T = float>
std::vector<T> mask(std::size_t batch, std::uint64_t seed = 1, std::uint64_t step = 0, std::size_t first = 0) {
  NetworkRun<Net, T> run{batch};
  run.context.seed = seed;
  run.context.step = step;
  run.context.first_sample = first;
  run.x.assign(std::vector<T>(batch * run.x.length(), T(1)));
  run.forward(Training{});
  CHECK(run.faults.empty());
  return run.y.values();
}

}  // namespace

TEST_CASE("Dropout drops at its rate and keeps the mean") {
  const auto check = [](const std::vector<float>& values, double rate) {
    const double count = static_cast<double>(values.size());
    double zeros = 0, sum = 0;
    for (const float value : values) {
      zeros += value == 0 ? 1 : 0;
      sum += static_cast<double>(value);
      CHECK((value == 0 || std::abs(static_cast<double>(value) * (1 - rate) - 1) < 1e-6));
    }
    const double deviation = std::sqrt(rate * (1 - rate) / count);
    CHECK(std::abs(zeros / count - rate) < 4 * deviation);
    CHECK(std::abs(sum / count - 1) < 4 * deviation / (1 - rate));
  };
  check(mask<Alone<Dropout<0.5>, 100>>(100), 0.5);
  check(mask<Alone<Dropout<0.1>, 100>>(100), 0.1);
  check(mask<Alone<Dropout<0.9>, 100>>(100), 0.9);
}

TEST_CASE("Dropout<0> changes nothing and takes no random numbers") {
  STATIC_REQUIRE(NetworkRun<Alone<Dropout<0>, 7>, float>::needs.streams == 0);
  CHECK(mask<Alone<Dropout<0>, 7>>(3) == std::vector<float>(21, 1.0f));
  check_gradients<Alone<Dropout<0>, 7>>();
  check_gradients<Alone<Dropout<0.0>, 7>>();
}

TEST_CASE("a mask is a function of seed, step, layer and sample") {
  using Net = Alone<Dropout<0.5>, 21>;
  const std::vector<float> whole = mask<Net>(5);
  CHECK(mask<Net>(5) == whole);
  CHECK(mask<Net>(5, 2) != whole);
  CHECK(mask<Net>(5, 1, 1) != whole);

  // however a batch is split, a sample has its mask
  std::vector<float> parts = mask<Net>(2);
  const std::vector<float> rest = mask<Net>(3, 1, 0, 2);
  parts.insert(parts.end(), rest.begin(), rest.end());
  CHECK(parts == whole);

  const std::vector<double> wide = mask<Net, double>(5);
  CHECK(std::vector<float>(wide.begin(), wide.end()) == whole);

  // two layers have two masks: about a quarter of the numbers survive both, four times as large
  const std::vector<float> twice = mask<Sequential<Input<21>, Dropout<0.5>, Dropout<0.5>>>(20);
  const double kept = static_cast<double>(std::count(twice.begin(), twice.end(), 4.0f)) / 420;
  CHECK(std::abs(kept - 0.25) < 0.09);
}

TEST_CASE("a mask does not depend on what Dropout is fused with") {
  const std::vector<float> alone = mask<Alone<Dropout<0.5>, 8>>(4);
  NetworkRun<Sequential<Dense<3, 8>, ReLU, Dropout<0.5>>, float> fused{4};
  fused.x.assign(std::vector<float>(12, 1));
  std::fill_n(fused.parameters.data(), fused.parameters.size(), 0.25f);  // 3 / 4 + 1 / 4 = 1
  fused.forward(Training{});
  CHECK(fused.y.values() == alone);
}

TEST_CASE("evaluation passes everything as it is") {
  NetworkRun<Alone<Dropout<0.5>, 7>, double> run{3, 2};
  std::vector<double> x(21);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.1 * static_cast<double>(i) - 1;
  run.x.assign(x);
  run.forward(Evaluation{});
  CHECK(run.y.values() == x);
}

TEST_CASE("the gradients of Dropout go through its mask") {
  check_gradients<Alone<Dropout<0.5>, 7>>();
  check_gradients<Alone<Dropout<0.5>, 3, 4>>();
  check_gradients<Sequential<Input<6>, Dropout<0.3>, Dropout<0.5>>>();
  check_gradients<Sequential<Input<4>, Dropout<0.3>, Dense<5>, Dropout<0.5>, Dense<5, 3>>>();
  check_gradients<Sequential<Dense<4, 5>, ReLU, Dropout<0.5>, Dense<5, 6>, Dropout<0.2>, ReLU>>();
  check_gradients<Repeat<3, Sequential<Dense<4, 4>, Dropout<0.3>>>>();
}
