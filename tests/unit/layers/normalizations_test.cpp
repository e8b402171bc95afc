#include <catch2/catch.hpp>

#include <type_traits>

#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/group_norm.hpp>
#include <tenon/layers/instance_norm.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/tanh.hpp>

#include "support/batch_steps.hpp"
#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

// What follows a normalisation joins its pass.
static_assert(workspace<Sequential<Input<4, 3, 3>, Conv2D<4, 1>, BatchNorm2D<>, ReLU>>.units == 2);
static_assert(workspace<Sequential<Input<4, 3>, BatchNorm1D<>, ReLU>>.units == 1);
static_assert(workspace<Sequential<Input<4, 3, 3>, GroupNorm<2>, Tanh>>.units == 1);
static_assert(parameter_count<Alone<BatchNorm2D<affine<false>>, 4, 3, 3>> == 0);
static_assert(parameter_table<Alone<LayerNorm<>, 4, 3, 2>>[0].rank == 3);

TEST_CASE("normalisations give what PyTorch gives") {
  const Golden golden{"normalizations"};
  const GoldenOptions options{.forward = 1e-5, .backward = 1e-5, .floor = 0.5};
  check_golden<Alone<GroupNorm<2>, 4, 3, 5>>(golden, "group_norm", options);
  check_golden<Sequential<Input<6, 5>, GroupNorm<3, epsilon<1e-3>>, ReLU>>(golden, "group_norm_relu", options);
  check_golden<Alone<GroupNorm<2, affine<false>>, 4, 3, 2>>(golden, "group_norm_plain", options);
  check_golden<Alone<InstanceNorm<>, 3, 4, 5>>(golden, "instance_norm", options);
  check_golden<Alone<InstanceNorm<affine<true>, epsilon<1e-4>>, 3, 7>>(golden, "instance_norm_affine", options);
  check_golden<Alone<LayerNorm<>, 2, 3, 4>>(golden, "layer_norm", options);
}

TEST_CASE("batch normalisation follows PyTorch's steps") {
  check_golden_steps<Alone<BatchNorm1D<>, 7>, double>("batch_norm_1d", 1e-12);
  check_golden_steps<Alone<BatchNorm2D<>, 4, 5, 3>, double>("batch_norm_2d", 1e-12);
  using Signals = Alone<BatchNorm1D<momentum<0.3>, epsilon<1e-3>>, 4, 5>;
  check_golden_steps<Signals, double>("signals", 1e-12, "normalizations");
  check_golden_steps<Alone<BatchNorm2D<>, 2, 3, 4>, double>("one_sample", 1e-12, "normalizations");
}

TEST_CASE("the gradients of normalisations") {
  check_gradients<Sequential<Input<2, 3, 3>, Conv2D<4, 2>, GroupNorm<2>, Tanh>>();
  check_gradients<Sequential<Input<4, 3>, BatchNorm1D<>, ReLU>>();
  check_gradients<Alone<GroupNorm<2, bias<false>>, 6>>();
}
