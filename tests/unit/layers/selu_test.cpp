#include <catch2/catch.hpp>

#include <tenon/layers/selu.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("SELU gives what PyTorch gives") { check_activation<SELU>("selu"); }
