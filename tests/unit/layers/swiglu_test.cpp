#include <catch2/catch.hpp>

#include <type_traits>

#include <tenon/layers/swiglu.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

static_assert(std::is_same_v<output_shape<Alone<SwiGLU, 5, 12>>, Shape<5, 6>>);

TEST_CASE("SwiGLU gives what its formula gives in PyTorch") {
  check_golden_cases<SwiGLU, 12>("activations", "swiglu");
  check_gradients<Alone<SwiGLU, 12>>();
  check_steps<SwiGLU, 12>();
  check_gradients<Alone<SwiGLU, 3, 4>>();
  check_gradients<Sequential<Dense<3, 8>, SwiGLU, Dense<4, 3>>>();
}
