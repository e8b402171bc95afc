#include <catch2/catch.hpp>

#include <vector>

#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/tanh.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

static_assert(parameter_count<Alone<LayerNorm<>, 5, 8>> == 16);
static_assert(parameter_count<Alone<LayerNorm<bias<false>>, 8>> == 8);
static_assert(parameter_count<Alone<LayerNorm<affine<false>>, 8>> == 0);
static_assert(parameter_index<Alone<LayerNorm<>, 8>, "0.weight"> == 0);
static_assert(parameter_index<Alone<LayerNorm<>, 8>, "0.bias"> == 1);

TEST_CASE("LayerNorm gives what PyTorch gives") {
  // one row has mean 1000: a float of that size is known to 6e-5
  const GoldenOptions options{.forward = 1e-4, .backward = 1e-4, .floor = 0.5};
  const Golden golden{"rows"};
  check_golden<Alone<LayerNorm<>, 7>>(golden, "layer_norm");
  check_golden<Alone<LayerNorm<>, 7>>(golden, "layer_norm_extreme", options);
  check_golden<Alone<LayerNorm<affine<false>>, 7>>(golden, "layer_norm_plain");
  check_golden<Alone<LayerNorm<affine<false>>, 7>>(golden, "layer_norm_plain_extreme", options);
}

TEST_CASE("the gradients of LayerNorm") {
  check_gradients<Alone<LayerNorm<>, 7>>();
  check_gradients<Alone<LayerNorm<>, 3, 4>>();
  check_gradients<Alone<LayerNorm<bias<false>, epsilon<0.1>>, 4>>();
  check_steps<LayerNorm<>, 7>();
  check_gradients<Sequential<Dense<3, 5>, LayerNorm<>, Tanh, Dropout<0.3>>>();
}

TEST_CASE("LayerNorm of a constant sample is its bias") {
  CHECK(results_of<LayerNorm<>>({3, 3, 3, 3}) == std::vector<float>{0.25f, 0.25f, 0.25f, 0.25f});
}

TEST_CASE("epsilon is added to the variance") {
  const auto y = results_of<LayerNorm<affine<false>, epsilon<3>>, double>({-1, 1, -1, 1});
  CHECK(y == std::vector<double>{-0.5, 0.5, -0.5, 0.5});
}
