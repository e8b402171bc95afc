#include <catch2/catch.hpp>

#include <type_traits>

#include <tenon/layers/prelu.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

static_assert(parameter_count<Alone<PReLU<>, 7>> == 1);
static_assert(parameter_count<Alone<PReLU<PerFeature>, 7>> == 7);
static_assert(parameter_count<Alone<PReLU<PerFeature>, 3, 8, 8>> == 3);
static_assert(parameter_index<Alone<PReLU<>, 7>, "0.weight"> == 0);

TEST_CASE("PReLU gives what PyTorch gives") {
  const GoldenOptions options{.names = {{"0.weight", "alpha"}}};
  check_activation<PReLU<>>("prelu", options);
  check_activation<PReLU<PerFeature>>("prelu_per_feature", options);
}

TEST_CASE("PReLU starts at a slope of a quarter") {
  visit_parameters<Sequential<Input<3>, PReLU<PerFeature>, PReLU<>>>(
      []<class I>(const ParameterEntry&, I) { CHECK(std::is_same_v<I, Constant<0.25>>); });
  visit_parameters<Alone<PReLU<Constant<0.1>>, 3>>(
      []<class I>(const ParameterEntry&, I) { CHECK(std::is_same_v<I, Constant<0.1>>); });
}

TEST_CASE("PReLU learns a slope for each channel of an image") {
  check_gradients<Alone<PReLU<PerFeature>, 3, 2, 2>>();
  check_gradients<Alone<PReLU<>, 3, 2, 2>>();
}
