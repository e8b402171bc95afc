#include <catch2/catch.hpp>

#include <type_traits>

#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose1d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/gelu.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/tanh.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

// A sum of terms of about 1 is rounded as they are, however small it turns out.
const GoldenOptions sums{.floor = 1};

static_assert(std::is_same_v<output_shape<Alone<Conv2D<6, 5, padding<2>>, 1, 28, 28>>, Shape<6, 28, 28>>);
static_assert(std::is_same_v<output_shape<Alone<Conv2D<16, 5>, 6, 14, 14>>, Shape<16, 10, 10>>);
static_assert(std::is_same_v<output_shape<Alone<Conv2D<16, 3, padding<full>>, 6, 14, 14>>, Shape<16, 16, 16>>);
static_assert(std::is_same_v<output_shape<Alone<Conv2D<4, kernel<1, 7>, padding<0, 3>>, 6, 14, 14>>, Shape<4, 14, 14>>);
static_assert(std::is_same_v<output_shape<Alone<ConvTranspose2D<4, 2, stride<2>>, 8, 7, 7>>, Shape<4, 14, 14>>);
static_assert(std::is_same_v<output_shape<Alone<ConvTranspose1D<4, 4, stride<2>, padding<1>>, 8, 16>>, Shape<4, 32>>);
static_assert(parameter_count<Alone<Conv2D<6, 16, 5>, 6, 14, 14>> == 16 * 150 + 16);
static_assert(parameter_count<Alone<Conv2D<8, 3, groups<8>, bias<false>>, 8, 5, 5>> == 72);

TEST_CASE("Conv2D gives what PyTorch gives") {
  const Golden golden{"convolutions"};
  check_golden<Alone<Conv2D<3, 3>, 2, 5, 6>>(golden, "conv2d", sums);
  check_golden<Alone<Conv2D<2, 3, 3, stride<2>, padding<1>>, 2, 8, 7>>(golden, "conv2d_stride", sums);
  check_golden<Alone<Conv2D<3, dilation<1, 2>, kernel<3, 2>, stride<2, 1>, padding<1, 0>>, 2, 6, 7>>(
      golden, "conv2d_uneven", sums);
  check_golden<Alone<Conv2D<3, 3, dilation<2>, padding<same>>, 2, 5, 7>>(golden, "conv2d_dilated_same", sums);
  check_golden<Alone<Conv2D<2, 4, padding<same>>, 1, 5, 4>>(golden, "conv2d_even_same", sums);
  check_golden<Alone<Conv2D<3, 3, padding<full>>, 2, 4, 5>>(golden, "conv2d_full", sums);
  check_golden<Alone<Conv2D<6, 3, groups<2>, padding<1>>, 4, 5, 5>>(golden, "conv2d_groups", sums);
  check_golden<Alone<Conv2D<6, 3, groups<3>, padding<1>, stride<2>>, 3, 7, 6>>(golden, "conv2d_depthwise", sums);
  check_golden<Alone<Conv2D<4, 1, bias<false>>, 5, 3, 4>>(golden, "conv2d_1x1", sums);
  check_golden<Alone<Conv2D<4, 1, stride<2>>, 3, 5, 4>>(golden, "conv2d_1x1_stride", sums);
  check_golden<Alone<Conv2D<64, 1, padding<valid>>, 64, 1, 2>>(golden, "conv2d_1x1_large", sums);
  check_golden<Alone<Conv2D<3, 2, stride<3>>, 2, 8, 7>>(golden, "conv2d_gaps", sums);
  check_golden<Alone<Conv2D<3, 3, stride<2>, dilation<3>, padding<2>>, 2, 9, 8>>(golden, "conv2d_strided_dilated",
                                                                                 sums);
  check_golden<Alone<Conv2D<9, 5, padding<2>>, 1, 9, 9>>(golden, "conv2d_one_sample", sums);
}

TEST_CASE("Conv1D gives what PyTorch gives") {
  const Golden golden{"convolutions"};
  check_golden<Alone<Conv1D<3, 3>, 2, 7>>(golden, "conv1d", sums);
  check_golden<Alone<Conv1D<6, 3, stride<2>, padding<3>, dilation<2>, groups<2>, bias<false>>, 4, 11>>(
      golden, "conv1d_options", sums);
}

TEST_CASE("transposed convolutions give what PyTorch gives") {
  const Golden golden{"convolutions"};
  check_golden<Alone<ConvTranspose2D<3, 3>, 2, 4, 3>>(golden, "transpose2d", sums);
  check_golden<Alone<ConvTranspose2D<2, 3, 3, stride<2>, padding<1>, output_padding<1>>, 2, 3, 4>>(
      golden, "transpose2d_stride", sums);
  check_golden<Alone<ConvTranspose2D<3, 2, stride<3>, output_padding<2>>, 2, 3, 2>>(golden, "transpose2d_gaps", sums);
  check_golden<Alone<
      ConvTranspose2D<6, kernel<3, 2>, stride<2, 1>, padding<1, 0>, dilation<1, 2>, groups<2>, bias<false>>, 4, 3, 4>>(
      golden, "transpose2d_uneven", sums);
  check_golden<Alone<ConvTranspose1D<3, 4, stride<2>, padding<1>>, 2, 5>>(golden, "transpose1d", sums);
  check_golden<Alone<ConvTranspose1D<4, 3, stride<3>, dilation<2>, output_padding<1>, groups<2>>, 2, 4>>(
      golden, "transpose1d_options", sums);
}

TEST_CASE("an activation behind a convolution becomes part of it") {
  const Golden golden{"convolutions"};
  using Rectified = Sequential<Input<2, 5, 6>, Conv2D<3, 3, padding<1>>, ReLU>;
  check_golden<Rectified>(golden, "conv2d_relu", sums);
  check_golden<Sequential<Input<2, 5, 6>, Conv2D<3, 3, padding<1>>, Tanh>>(golden, "conv2d_tanh", sums);
  check_golden<Sequential<Input<2, 5, 6>, Conv2D<3, 3>, GELU>>(golden, "conv2d_gelu", sums);
  check_golden<Sequential<Input<2, 3, 4>, ConvTranspose2D<3, 2, stride<2>>, ReLU>>(golden, "transpose2d_relu", sums);
  CHECK(workspace<Rectified>.units == 1);
  CHECK(workspace<Rectified>.needs.saved.sample == 0);
}

TEST_CASE("the gradients of convolutions") {
  check_gradients<Alone<Conv2D<2, 3, padding<1>, stride<2>, groups<2>>, 2, 5, 6>>();
  check_gradients<Sequential<Input<2, 5, 5>, Conv2D<3, 3>, ReLU, Conv2D<2, 2, dilation<2>>, ReLU, Tanh>>();
  check_gradients<Sequential<Input<2, 3, 3>, ConvTranspose2D<2, 3, stride<2>, padding<1>, output_padding<1>>, Tanh>>();
  check_gradients<Alone<ConvTranspose2D<64, 1>, 64, 1, 1>>();
  check_gradients<Sequential<Input<64, 1, 2>, Conv2D<64, 1>, ReLU>>();
}

TEST_CASE("a convolution's parameters start as PyTorch draws them") {
  visit_parameters<Alone<Conv2D<4, 3, groups<2>, init<HeNormal>>, 6, 5, 5>>(
      []<class I>(const ParameterEntry& entry, I) {
        const bool weight = entry.name.ends_with("weight");
        CHECK(entry.fan_in == 27);
        CHECK((weight ? std::is_same_v<I, HeNormal> : std::is_same_v<I, LinearDefault>));
      });
  // PyTorch counts a transposed convolution's by the outputs
  CHECK(parameter_table<Alone<ConvTranspose2D<4, 3>, 6, 5, 5>>[0].fan_in == 36);
}
