#include <catch2/catch.hpp>

#include <tenon/layers/mish.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("Mish gives what PyTorch gives") { check_activation<Mish>("mish"); }
