#include <catch2/catch.hpp>

#include <type_traits>

#include <tenon/layers/silu.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

static_assert(std::is_same_v<Swish, SiLU>);
static_assert(parameter_count<Alone<SwishBeta, 7>> == 1);
static_assert(parameter_index<Alone<SwishBeta, 7>, "0.beta"> == 0);

TEST_CASE("SiLU gives what PyTorch gives") { check_activation<SiLU>("silu"); }

TEST_CASE("Swish learns its beta") { check_activation<SwishBeta>("swish_beta"); }

TEST_CASE("Swish begins as SiLU") {
  visit_parameters<Alone<SwishBeta, 3>>([]<class I>(const ParameterEntry&, I) { CHECK(std::is_same_v<I, Ones>); });
}
