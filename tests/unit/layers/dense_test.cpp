#include <catch2/catch.hpp>

#include <type_traits>

#include <tenon/layers/gelu.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/softmax.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

static_assert(std::is_same_v<output_shape<Dense<784, 128>>, Shape<128>>);
static_assert(std::is_same_v<output_shape<Alone<Dense<10>, 28, 28>>, Shape<28, 10>>);
static_assert(parameter_count<Dense<784, 128>> == 784 * 128 + 128);
static_assert(parameter_count<Dense<784, 128, bias<false>>> == 784 * 128);
static_assert(parameter_count<Alone<Dense<10>, 28, 28>> == 28 * 10 + 10);

TEST_CASE("Dense gives what PyTorch gives") {
  const Golden golden{"layers"};
  check_golden<Sequential<Dense<7, 4>>>(golden, "dense");
  check_golden<Alone<Dense<4, bias<false>>, 7>>(golden, "dense_no_bias");
}

TEST_CASE("a fused activation gives what PyTorch gives") {
  const Golden golden{"layers"};
  check_golden<Sequential<Dense<7, 4>, ReLU>>(golden, "dense_relu");
  check_golden<Sequential<Dense<7, 4>, GELU>>(golden, "dense_gelu", {.floor = 0.1});
  check_golden<Sequential<Dense<7, 4>, Sigmoid>>(golden, "dense_sigmoid");
  CHECK(NetworkRun<Sequential<Dense<7, 4>, GELU>, float>::layout.units == 1);
}

TEST_CASE("the gradients of Dense") {
  check_gradients<Sequential<Dense<5, 3>>>();
  check_gradients<Sequential<Dense<5, 3, bias<false>>>>();
  check_gradients<Dense<1, 1>>();
  check_gradients<Sequential<Dense<5, 4>, Dense<4, 3>, Dense<3, 2>>>();
}

TEST_CASE("Dense on sequences") {
  check_gradients<Alone<Dense<3>, 4, 5>>();
  check_gradients<Alone<Dense<3, bias<false>>, 4, 5>>();
  check_gradients<Sequential<Input<3, 4>, Dense<4, 5>, GELU, Dropout<0.3>, Dense<2>>>();
  check_steps<Dense<3>, 5>();
}

TEST_CASE("the gradients of Dense with what is fused to it") {
  check_gradients<Sequential<Dense<5, 4>, GELU, Dropout<0.3>>>();
  check_gradients<Sequential<Dense<5, 4>, ReLU, Dropout<0.3>, Dense<4, 3>, Softmax>>();
  check_gradients<Sequential<Dense<5, 4, bias<false>>, Sigmoid, Dropout<0.3>>>();
  check_gradients<Sequential<Dense<5, 4>, Dropout<0.3>, GELU>>();
  check_gradients<Sequential<Dense<5, 4>, ReLU, GELU, Sigmoid>>();
}

TEST_CASE("a weight may start as He et al. draw it") {
  visit_parameters<Dense<4, 3, init<HeNormal>>>([]<class I>(const ParameterEntry& entry, I) {
    if (entry.name.ends_with("weight")) CHECK(std::is_same_v<I, HeNormal>);
    else CHECK(std::is_same_v<I, LinearDefault>);
  });
}
