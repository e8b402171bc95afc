#include <catch2/catch.hpp>

#include <type_traits>

#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/max_pool2d.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/squeeze_excite.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/layers/upsample.hpp>
#include <tenon/net/networks.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <std::size_t C>
using Conv = Sequential<Conv2D<C, 3, padding<1>>, ReLU>;

using Block = Sequential<
    Add<Sequential<Conv2D<4, 3, stride<2>, padding<1>>, ReLU, Conv2D<4, 3, padding<1>>>, Conv2D<4, 1, stride<2>>>,
    ReLU>;
using Grown = DenseBlock<3, Conv<2>>;
using Three = UNet<Level<Conv<3>, MaxPool2D<2>, Upsample<2>, Conv<2>>,
                   Level<Conv<4>, MaxPool2D<2>, Upsample<2>, Conv<4>>, Sequential<Conv2D<5, 3, padding<1>>, Tanh>>;
const GoldenOptions sums{.floor = 1};

static_assert(std::is_same_v<output_shape<Alone<Grown, 3, 5, 4>>, Shape<9, 5, 4>>);
static_assert(std::is_same_v<output_shape<Alone<Three, 1, 8, 12>>, Shape<2, 8, 12>>);
static_assert(parameter_count<Alone<SqueezeExcite<2>, 6, 4, 5>> == 6 * 3 + 3 + 3 * 6 + 6);

}  // namespace

TEST_CASE("blocks give what PyTorch gives") {
  const Golden golden{"compositions"};
  check_golden<Alone<SqueezeExcite<2>, 6, 4, 5>>(golden, "squeeze_excite", sums);
  check_golden<Alone<Block, 2, 6, 7>>(golden, "residual_projection",
                                      {.floor = 1,
                                       .names = {{"0.0.0.0.weight", "0.0.weight"},
                                                 {"0.0.0.0.bias", "0.0.bias"},
                                                 {"0.0.0.2.weight", "0.2.weight"},
                                                 {"0.0.0.2.bias", "0.2.bias"},
                                                 {"0.0.1.weight", "1.weight"},
                                                 {"0.0.1.bias", "1.bias"}}});
  check_golden<Alone<Grown, 3, 5, 4>>(golden, "dense_block", sums);
  check_golden<Alone<Three, 1, 8, 12>>(golden, "u_net", sums);
}

TEST_CASE("blocks have the gradients of their values") {
  check_gradients<Alone<SqueezeExcite<>, 4, 3, 3>>();
  check_gradients<Sequential<Input<2, 5, 5>, Gate<Conv2D<2, 5>, Flatten, Tanh>, SqueezeExcite<2>, Conv2D<2, 3>>>();
  check_gradients<Alone<Sequential<Residual<Conv2D<3, 3, padding<1>>, BatchNorm2D<>, ReLU, SqueezeExcite<3>>,
                                   DenseBlock<2, Sequential<BatchNorm2D<>, Tanh, Conv2D<2, 1>>>>,
                        3, 4, 4>>();
}
