#include <tenon/data/scaler.hpp>

#include <cmath>
#include <cstdio>

#include <catch2/catch.hpp>

#include <tenon/data/digits.hpp>
#include <tenon/edge/frozen.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/input.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/standardize.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/sequential.hpp>

#include "support/gradient_check.hpp"

using Catch::Matchers::Contains;
using namespace tenon;

namespace {

/// Two features, of which the second is 100 times the first and one outlier; and a third that is the same everywhere.
Dataset<double> table() {
  return {{3}, {1, 100, 7, 2, 200, 7, 3, 300, 7, 4, 400, 7, 10, 5000, 7}, Targets<double>{{10, 20, 30, 40, 150}, 1}};
}

template <fixed_string To, fixed_string From, class A, class B>
void hand_over(const A& from, B& to) {
  const auto values = from.template get<From>();
  auto place = to.template get<To>();
  std::copy(values.begin(), values.end(), place.begin());
}

using Net = Sequential<Input<3>, Standardize, Dense<4>, ReLU, Dense<1>, Unstandardize>;

}  // namespace

TEST_CASE("scales are those of scikit-learn's scalers") {
  const auto of = [](Scaling how) { return measure_scales<double>(table().feature_column(0), 5, {3}, 3, how, "test"); };
  // StandardScaler().fit(x): mean_, scale_
  const Scales standard = of(Scaling::standard);
  CHECK(standard.center[0] == Approx(4));
  CHECK(standard.center[1] == Approx(1200));
  CHECK(standard.scale[0] == Approx(3.1622776601683795));
  CHECK(standard.scale[1] == Approx(1902.6297590440448));
  CHECK(standard.scale[2] == 1);
  // MinMaxScaler: data_min_, data_range_
  const Scales range = of(Scaling::min_max);
  CHECK(range.center == std::vector<double>{1, 100, 7});
  CHECK(range.scale == std::vector<double>{9, 4900, 1});
  // RobustScaler: center_, scale_
  const Scales robust = of(Scaling::robust);
  CHECK(robust.center == std::vector<double>{3, 300, 7});
  CHECK(robust.scale == std::vector<double>{2, 200, 1});
}

TEST_CASE("images have a scale for each channel, and one feature may be all") {
  const Dataset<double> images{{2, 1, 2}, {1, 3, 10, 30, 5, 7, 50, 70}};
  const auto of = [&](std::size_t features) {
    return measure_scales<double>(images.feature_column(0), 2, {2, 1, 2}, features, Scaling::min_max, "test").center;
  };
  CHECK(of(2) == std::vector<double>{1, 10});
  CHECK(of(1) == std::vector<double>{1});
  CHECK_THROWS_WITH(of(3), "test: expected 3 features, got samples of 2x1x2");
}

TEST_CASE("a network takes plain samples and answers in the user's unit") {
  Model<Net, double> model{1};
  const auto data = table();
  standardize(model, data);
  unstandardize(model, data, {.how = Scaling::min_max});
  CHECK(model.get<"0.center">()(1) == Approx(1200));
  CHECK(model.get<"4.unit">()(0) == 140);
  CHECK(model.get<"4.offset">()(0) == 10);
  CHECK(Model<Net>::parameter_count == 4 * 3 + 4 + 4 + 1);  // none of the scales learns

  // the same network without its scales, given what they make of a sample
  using Inner = Sequential<Input<3>, Dense<4>, ReLU, Dense<1>>;
  Model<Inner, double> inner{2};
  hand_over<"0.weight", "1.weight">(model, inner);
  hand_over<"0.bias", "1.bias">(model, inner);
  hand_over<"2.weight", "3.weight">(model, inner);
  hand_over<"2.bias", "3.bias">(model, inner);
  const xt::xtensor<double, 1> plain{2, 200, 7},
      scaled{(2 - 4) / 3.1622776601683795, (200 - 1200) / 1902.6297590440448, 0};
  CHECK(model(plain)(0) == Approx(inner(scaled)(0) * 140 + 10));

  const std::string path = "scaled.safetensors";
  model.save(path);
  Model<Net, double> other{5};
  other.load(path);
  std::remove(path.c_str());
  CHECK(other(plain)(0) == model(plain)(0));
}

TEST_CASE("gradients go through scales") { test::check_gradients<Net>(); }

TEST_CASE("a target scaler brings answers back") {
  const auto data = table();
  const TargetScaler scaler{data, Scaling::robust};
  const auto scaled = scaler.scaled(data);
  CHECK(scaled.target(0)[0] == Approx(-1));
  CHECK(scaled.target(4)[0] == Approx(6));
  CHECK(scaled.sample(1)[1] == 200);
  CHECK(scaler.in_units(std::vector<double>{-1, 6}) == std::vector<double>{10, 150});
  CHECK(scaler.in_units(xt::xtensor<float, 2>{{0}, {1}})(1, 0) == 50);
}

TEST_CASE("networks and data that have no scale are refused") {
  Model<Sequential<Dense<3, 1>>> plain;
  CHECK_THROWS_WITH(standardize(plain, table()), "standardize: expected a network with a layer Standardize, got none");
  Model<Sequential<Input<3>, Standardize, Standardize>> twice;
  CHECK_THROWS_WITH(standardize(twice, table()),
                    Contains("expected the name of the layer") && Contains("0.center and 1.center"));
  CHECK_NOTHROW(standardize(twice, table(), {.layer = "1"}));
  CHECK(twice.get<"0.center">()(0) == 0);
  Model<Net> model;
  CHECK_THROWS_WITH(standardize(model, Dataset<float>{{2}, {1, 2}}), Contains("expected 3 features, got samples of 2"));
  CHECK_THROWS_WITH(standardize(model, Dataset<float>{{3}, {1, INFINITY, 2}}),
                    Contains("expected finite numbers, got inf in sample 0"));
  CHECK_THROWS_AS(TargetScaler{digits().take(3)}, Error);
  const auto of = [](double a, double b) { return Dataset<double>{{1}, {0, 0}, Targets<double>{{a, b}, 1}}; };
  CHECK_THROWS_WITH((TargetScaler{of(-1.5e308, 1.5e308), Scaling::min_max}),
                    Contains("expected numbers whose differences are finite"));
  // numbers that differ by less than can be divided count as equal
  CHECK(TargetScaler{of(0, 1e-310), Scaling::min_max}.scales().scale[0] == 1);
}
