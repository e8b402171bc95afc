#include <catch2/catch.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <tenon/layers/dropout.hpp>
#include <tenon/layers/gelu.hpp>
#include <tenon/layers/leaky_relu.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/layers/prelu.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/net/networks.hpp>

#include "support/batch_steps.hpp"
#include "support/gradient_check.hpp"
#include "support/network_run.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr auto normalized = (x - running<"running_mean">(batch_mean(x))) /
                            sqrt(running<"running_var", Ones>(batch_variance(x), unbiased) + 1e-5);
using BatchNorm = Map<normalized * param<"weight", PerFeature, Ones> + param<"bias", PerFeature>>;

template <class In, class... L>
struct on_input;
template <std::size_t... D, class... L>
struct on_input<Shape<D...>, L...> {
  using type = Sequential<tenon::Input<D...>, L...>;
};
template <class In, class... L>
using On = typename on_input<In, L...>::type;

/// What a formula may ask of the batch, per feature (per channel of an image), by plain loops.
template <class In>
struct Batch {
  static constexpr bool image = In::rank == 3;
  static constexpr std::size_t features = image ? In::dims[0] : In::dims[In::rank - 1];
  static constexpr std::size_t feature(std::size_t i) { return image ? i / (In::size / features) : i % features; }

  std::vector<double> sum, mean, variance;
  double count;

  explicit Batch(const GuardedRows<double>& x) : sum(features), mean(features), variance(features) {
    count = static_cast<double>(x.count() * (In::size / features));
    const auto each = [&](auto f) {
      for (std::size_t s = 0; s < x.count(); ++s)
        for (std::size_t i = 0; i < In::size; ++i) f(x(s, i), feature(i));
    };
    each([&](double value, std::size_t f) { sum[f] += value; });
    for (std::size_t f = 0; f < features; ++f) mean[f] = sum[f] / count;
    each([&](double value, std::size_t f) { variance[f] += (value - mean[f]) * (value - mean[f]) / count; });
  }
};

/// Training and evaluation of a formula without running statistics against
/// `expected(value, feature, batch)`.
template <class In, auto F, class Expected>
void check_forward(Expected expected) {
  using Net = On<In, Map<F>>;
  for (const std::size_t batch_size : {1u, 2u, 5u}) {
    NetworkRun<Net, double> run{batch_size, 3};
    test::detail::draw(run, GradientOptions{}, batch_size);
    const Batch<In> batch{run.x};
    const auto compare = [&](const char* mode) {
      INFO(mode << ", " << type_name<Net>() << ", batch " << batch_size);
      double worst = 0;
      for (std::size_t s = 0; s < batch_size; ++s)
        for (std::size_t i = 0; i < In::size; ++i) {
          const double off_by = std::abs(run.y(s, i) - expected(run.x(s, i), Batch<In>::feature(i), batch));
          worst = off_by <= worst ? worst : off_by;
        }
      CHECK(worst < 1e-12);
    };
    run.forward(Training{});
    compare("training");
    run.forward(Evaluation{});
    compare("evaluation");
    CHECK(run.faults.empty());
  }
}

template <auto F>
void check_everywhere() {
  check_gradients<On<Shape<1>, Map<F>>>();
  check_gradients<On<Shape<17>, Map<F>>>();
  check_gradients<On<Shape<3, 5>, Map<F>>>();
  check_gradients<On<Shape<2, 3, 5>, Map<F>>>();
}

}  // namespace

TEST_CASE("batch normalisation as PyTorch computes it") {
  check_golden_steps<On<Shape<7>, BatchNorm>, double>("batch_norm_1d", 1e-12);
  check_golden_steps<On<Shape<4, 5, 3>, BatchNorm>, double>("batch_norm_2d", 1e-12);
  check_golden_steps<On<Shape<7>, BatchNorm>, float>("batch_norm_1d", 2e-5);
  check_golden_steps<On<Shape<4, 5, 3>, BatchNorm>, float>("batch_norm_2d", 2e-5);
  // a deviation of 0.1 at a mean of 1000, and columns that hardly differ
  check_golden_steps<On<Shape<7>, BatchNorm>, double>("batch_norm_1d_extreme", 1e-9);
}

TEST_CASE("reductions over the batch, per feature, per step's feature and per channel") {
  const auto everywhere = []<auto F>(auto expected) {
    check_forward<Shape<1>, F>(expected);
    check_forward<Shape<7>, F>(expected);
    check_forward<Shape<3, 5>, F>(expected);
    check_forward<Shape<2, 3, 5>, F>(expected);
    check_forward<Shape<3, 1, 1>, F>(expected);
  };
  everywhere.operator()<batch_sum(x)>([](double, std::size_t f, const auto& b) { return b.sum[f]; });
  everywhere.operator()<x - batch_mean(x)>([](double v, std::size_t f, const auto& b) { return v - b.mean[f]; });
  everywhere.operator()<(x - batch_mean(x)) / sqrt(batch_variance(x) + 0.5)>(
      [](double v, std::size_t f, const auto& b) { return (v - b.mean[f]) / std::sqrt(b.variance[f] + 0.5); });
  everywhere.operator()<x * unbiased + batch_sum(2 - (feature_index - feature_index))>(
      [](double v, std::size_t, const auto& b) { return v * b.count / std::max(b.count - 1, 1.0) + 2 * b.count; });
}

TEST_CASE("gradients of batch formulas") {
  check_everywhere<x - batch_mean(x)>();
  check_everywhere<batch_mean(x * x)>();
  check_everywhere<(x - batch_mean(x)) / sqrt(batch_variance(x) + 0.1)>();
  check_everywhere<normalized * param<"weight", PerFeature> + param<"bias", PerFeature>>();
  check_everywhere<x * exp(0.1 * batch_sum(tanh(x) * param<"inner", PerFeature>)) + param<"outer", PerFeature>>();
}

TEST_CASE("parameters of batch formulas that vary in other ways than the result") {
  check_everywhere<param<"scale">*(x - batch_mean(x)) + param<"shift">>();
  check_everywhere<x * param<"a", PerFeature> + batch_mean(x) * param<"a", PerFeature> +
                   param<"b"> * batch_mean(x * param<"b">)>();
  check_everywhere<x + batch_sum(param<"w", PerFeature>) + batch_sum(param<"s"> * param<"s"> + (x - x))>();
  check_everywhere<x * sigmoid(param<"s"> * param<"w", PerFeature>) /
                   (1 + batch_variance(x) * exp(param<"w", PerFeature>))>();
}

TEST_CASE("formulas over the batch in three turns") {
  constexpr auto centred = x - batch_mean(x);
  constexpr auto spread = sqrt(batch_mean(centred * centred) + 0.5);
  check_everywhere<centred / spread - batch_mean(abs(centred / spread) * param<"w">)>();
}

TEST_CASE("an activation joins a batch formula, dropout and a costly one do not") {
  static_assert(workspace<On<Shape<4>, BatchNorm, ReLU>>.units == 1);
  static_assert(workspace<On<Shape<4>, BatchNorm, LeakyReLU<0.1>, Dropout<0.5>>>.units == 2);
  static_assert(workspace<On<Shape<4>, BatchNorm, GELU>>.units == 2);
  check_gradients<On<Shape<5>, BatchNorm, ReLU>>();
  check_gradients<On<Shape<2, 3, 3>, BatchNorm, ReLU>>();
  check_gradients<On<Shape<2, 3, 3>, BatchNorm, LeakyReLU<0.1>, BatchNorm, GELU, Dropout<0.25>>>();
  check_gradients<On<Shape<6>, Map<dropout_mask<0.5>*(x - batch_mean(x))>>>();
}

TEST_CASE("the names of a batch formula, and what is learned of it") {
  using Net = On<Shape<4, 3, 3>, ReLU, BatchNorm, ReLU>;
  const auto& table = parameter_table<Net>;
  REQUIRE(table.size() == 4);
  CHECK(table[0].name == "1.weight");
  CHECK(table[1].name == "1.bias");
  CHECK(table[2].name == "1.running_mean");
  CHECK(table[3].name == "1.running_var");
  for (const ParameterEntry& entry : table) {
    CHECK(entry.size == 4);
    CHECK(entry.trainable == (entry.name == "1.weight" || entry.name == "1.bias"));
  }
  static_assert(parameter_count<Net> == 8);
}

TEST_CASE("evaluation uses the running statistics and leaves them alone") {
  using Net = On<Shape<2>, BatchNorm>;
  NetworkRun<Net, double> run{1};
  const double weight[] = {2, -1}, bias[] = {0.5, 0}, mean[] = {1, -2}, variance[] = {4, 0.25};
  const auto& table = parameter_table<Net>;
  for (std::size_t i = 0; i < 2; ++i) {
    run.parameter(table[0])[i] = weight[i];
    run.parameter(table[1])[i] = bias[i];
    run.buffers.data()[table[2].offset + i] = mean[i];
    run.buffers.data()[table[3].offset + i] = variance[i];
  }
  run.x.assign(std::vector<double>{3, -1});
  run.forward(Evaluation{});
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(run.y(0, i) ==
          Approx((run.x(0, i) - mean[i]) / std::sqrt(variance[i] + 1e-5) * weight[i] + bias[i]).epsilon(1e-14));
    CHECK(statistic(run, table[2])[i] == mean[i]);
    CHECK(statistic(run, table[3])[i] == variance[i]);
  }
}

TEST_CASE("one value in a batch has no variance: statistics move towards it and 0") {
  using Net = On<Shape<1>, Map<(x - running<"m">(batch_mean(x), 1, 0.25)) /
                               sqrt(running<"v", Ones>(batch_variance(x), unbiased, 0.25) + 1)>>;
  NetworkRun<Net, double> run{1};
  run.x.assign(std::vector<double>{8});
  run.forward(Training{});
  CHECK(run.y(0, 0) == 0);
  CHECK(statistic(run, parameter_table<Net>[0])[0] == 2);
  CHECK(statistic(run, parameter_table<Net>[1])[0] == 0.75);
}

TEST_CASE("parameters per channel of an image, without the batch") {
  using Net = On<Shape<3, 2, 5>, PReLU<PerFeature>>;
  static_assert(parameter_table<Net>[0].size == 3);
  NetworkRun<Net, double> run{2, 1};
  test::detail::draw(run, GradientOptions{}, 7);
  run.forward(Training{});
  for (std::size_t s = 0; s < 2; ++s)
    for (std::size_t i = 0; i < 30; ++i) {
      const double value = run.x(s, i), slope = run.parameter(parameter_table<Net>[0])[i / 10];
      CHECK(run.y(s, i) == (value > 0 ? value : slope * value));
    }
  check_gradients<Net>();
  check_gradients<On<Shape<2, 1, 1>, PReLU<PerFeature>>>();
  check_gradients<On<Shape<2, 3, 3>, Map<x * param<"w", PerFeature> + param<"b", PerFeature>>, ReLU>>();
  check_gradients<On<Shape<5, 1, 3>, Map<tanh(x * param<"w", PerFeature> * param<"scale">) * param<"v", PerFeature> +
                                         sin(x + param<"b", PerFeature>) * param<"u", PerFeature>>>>();
  // over a whole image as one row, a parameter per feature is one per pixel
  static_assert(parameter_table<On<Shape<3, 2, 5>, Map<(x - mean(x)) * param<"w", PerFeature>>>>[0].size == 30);
  check_gradients<On<Shape<2, 2, 2>, Map<(x - mean(x)) * param<"w", PerFeature>>>>();
}
