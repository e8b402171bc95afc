#include <catch2/catch.hpp>

#include <vector>

#include <tenon/layers/rms_norm.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

static_assert(parameter_count<Alone<RMSNorm<>, 5, 8>> == 8);
static_assert(parameter_count<Alone<RMSNorm<affine<false>>, 8>> == 0);

TEST_CASE("RMSNorm gives what its formula gives in PyTorch") {
  check_golden_cases<RMSNorm<>, 7>("rows", "rms_norm");
  check_gradients<Alone<RMSNorm<>, 7>>();
  check_gradients<Alone<RMSNorm<>, 3, 4>>();
  check_gradients<Alone<RMSNorm<affine<false>, epsilon<0.1>>, 4>>();
  check_steps<RMSNorm<>, 7>();
}

TEST_CASE("RMSNorm of zeros is zero") { CHECK(results_of<RMSNorm<>>({0, 0, 0, 0}) == std::vector<float>{0, 0, 0, 0}); }
