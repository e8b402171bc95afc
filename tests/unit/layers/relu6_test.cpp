#include <catch2/catch.hpp>

#include <tenon/layers/relu6.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("ReLU6 gives what PyTorch gives") { check_activation<ReLU6>("relu6"); }
