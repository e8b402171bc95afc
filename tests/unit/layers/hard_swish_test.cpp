#include <catch2/catch.hpp>

#include <tenon/layers/hard_swish.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("HardSwish gives what PyTorch gives") { check_activation<HardSwish>("hardswish"); }
