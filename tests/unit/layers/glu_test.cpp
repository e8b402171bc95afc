#include <catch2/catch.hpp>

#include <type_traits>

#include <tenon/layers/glu.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

static_assert(std::is_same_v<output_shape<Alone<GLU, 12>>, Shape<6>>);
static_assert(std::is_same_v<output_shape<Alone<GLU, 5, 12>>, Shape<5, 6>>);
static_assert(std::is_same_v<GLU::problem<Shape<7>>, takes<features_in_equal_chunks<2>>>);
static_assert(std::is_same_v<GLU::problem<Shape<8>>, void>);
static_assert(std::is_same_v<GLU::problem<Shape<3, 8, 8>>, takes<a_vector_or_a_sequence>>);

TEST_CASE("GLU gives what PyTorch gives") {
  check_golden_cases<GLU, 12>("activations", "glu");
  check_gradients<Alone<GLU, 12>>();
  check_steps<GLU, 12>();
  check_gradients<Alone<GLU, 3, 4>>();
  check_gradients<Sequential<Dense<3, 6>, GLU, Dropout<0.3>>>();
}
