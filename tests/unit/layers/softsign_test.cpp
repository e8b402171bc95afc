#include <catch2/catch.hpp>

#include <tenon/layers/softsign.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("Softsign gives what PyTorch gives") { check_activation<Softsign>("softsign"); }
