#include <catch2/catch.hpp>

#include <tenon/layers/hard_sigmoid.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("HardSigmoid gives what PyTorch gives") { check_activation<HardSigmoid>("hardsigmoid"); }
