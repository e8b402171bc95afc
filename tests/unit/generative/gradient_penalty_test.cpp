// Penalties on a gradient by the input, whose own gradients are second derivatives.
#include <tenon/model/jacobian.hpp>
#include <tenon/tenon.hpp>
#include <tenon/train/gradient_penalty.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/counting_new.hpp"
#include "support/gradient_check.hpp"

using namespace tenon;

namespace {

std::vector<double> drawn(std::size_t count, std::uint64_t seed) {
  Stream stream{seed};
  std::vector<double> x(count);
  for (double& v : x) v = stream.normal<double>();
  return x;
}

/// The penalty itself, by first derivatives alone.
template <class M, class F>
double penalty(const M& model, const std::vector<double>& x, std::size_t numbers, F of) {
  constexpr std::size_t size = M::input::size;
  double sum = 0;
  for (std::size_t i = 0; i < x.size() / size; ++i) {
    const auto J = jacobian(model, std::span(x).subspan(i * size, size));
    double square = 0;
    for (std::size_t j = 0; j < numbers; ++j) square += J(0, j) * J(0, j);
    sum += of(std::sqrt(square));
  }
  return sum / static_cast<double>(x.size() / size);
}

template <class Net>
void check(std::size_t samples, std::size_t numbers = input_shape<Net>::size) {
  Model<Net, double> model{3};
  for (double& v : model.parameters().span()) v += 0.05;  // biases are not 0
  const std::vector<double> x = drawn(samples * input_shape<Net>::size, 5);
  GradientPenalty smooth{model, samples, numbers};
  Trainer trainer{model, MeanSquaredError{}, SGD{}, samples};
  for (const bool squared : {false, true}) {
    trainer.zero_grad();
    const double value = squared ? smooth.add_squared(trainer, x, 3) : smooth.add(trainer, x, 3, 0.5);
    const auto again = [&] {
      return 3 * penalty(model, x, numbers, [&](double g) { return squared ? g * g : (g - 0.5) * (g - 0.5); });
    };
    CHECK(value == Approx(again()).epsilon(1e-12));
    const std::vector<double> gradient(trainer.gradients().begin(), trainer.gradients().end());
    test::GradientComparison comparison;
    test::compare_gradient(comparison, again, model.parameters().span(), std::span<const double>(gradient),
                           "parameters");
    for (const std::string& fault : comparison.faults) FAIL_CHECK(fault);
  }
}

template <class L, std::size_t Index, class Net>
constexpr bool
    refuses = std::is_same_v<refusal<along_a_direction, Net>, cannot_run<layer<path<Index>, L>, along_a_direction>>;

}  // namespace

TEST_CASE("the gradient of a gradient's penalty is that of differences") {
  check<Sequential<Dense<6, 5>, Tanh, Dense<4>, SiLU, Dense<1>>>(3);
  check<Sequential<Dense<6, 8>, LeakyReLU<0.2>, Dense<8>, ReLU, Dense<1>>>(4);
  check<Sequential<Dense<6, 5>, Softplus, Dense<1>, Sigmoid>>(3, 4);
  check<Sequential<Input<1, 6, 6>, Conv2D<4, 3, stride<2>, padding<1>>, ELU<>, AvgPool2D<3>, Flatten, Dense<1>>>(3);
}

TEST_CASE("a direction goes through the network exactly") {
  using Net = Sequential<Input<2, 5>, Conv1D<3, 3>, GELU, Flatten, Dense<4>, Tanh>;
  const Model<Net, double> model{1};
  const Model<Tangent<Net>, double> slope{1};
  CHECK(std::ranges::equal(model.parameters().span(), slope.parameters().span()));
  const std::vector<double> x = drawn(10, 1), v = drawn(10, 2);
  const auto J = jacobian(model, std::span<const double>(x));
  std::vector<double> rows(x), got(4);
  rows.insert(rows.end(), v.begin(), v.end());
  slope.predict(rows, got);
  for (std::size_t i = 0; i < 4; ++i) {
    double expected = 0;
    for (std::size_t j = 0; j < 10; ++j) expected += J(i, j) * v[j];
    CHECK(got[i] == Approx(expected).epsilon(1e-11));
  }
}

TEST_CASE("layers without a rule are refused by name") {
  CHECK(refuses<LayerNorm<>, 1, Sequential<Dense<4, 3>, LayerNorm<>, Dense<1>>>);
  CHECK(refuses<Dropout<0.5>, 2, Sequential<Dense<4, 3>, ReLU, Dropout<0.5>, Dense<1>>>);
  CHECK(refuses<MaxPool2D<2>, 0, Sequential<Input<1, 4, 4>, MaxPool2D<2>, Flatten, Dense<1>>>);
  CHECK(runs_as<along_a_direction, Sequential<Dense<4, 3>, Sigmoid, Dense<1>>>);
  using D = Sequential<Dense<4, 3>, Tanh, Dense<1>>;
  Model<D> model;
  CHECK_THROWS_WITH(GradientPenalty(model, 2, 5), "GradientPenalty: expected 1 to 4 numbers of the input, got 5");
}

TEST_CASE("a steady step of a penalty takes nothing from the heap") {
  using D = Sequential<Dense<4, 3>, LeakyReLU<0.2>, Dense<1>>;
  Model<D> model{1};
  GradientPenalty smooth{model, 8};
  Trainer trainer{model, MeanSquaredError{}, Adam{}, 8};
  const std::vector<float> x(32, 0.5F);
  const auto step = [&] {
    trainer.zero_grad();
    smooth.add(trainer, x, 10);
    trainer.step();
  };
  step();
  CHECK(test::heap_use(step).news == 0);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(smooth.add(trainer, x, nan), "GradientPenalty: weight: expected a finite number, got nan");
  CHECK_THROWS_WITH(smooth.add(trainer, x, 10, -1), "GradientPenalty: norm: expected at least 0, got -1");
}
