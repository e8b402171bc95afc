#include <catch2/catch.hpp>

#include <cmath>
#include <cstddef>
#include <type_traits>
#include <vector>

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

// A block of several samples has no room for all their images beside their maps.
TEST_CASE("images that are laid out a few channels at a time give the gradients that plain loops give") {
  using Net = Alone<Conv2D<32, 3, padding<1>>, 16, 14, 14>;
  constexpr kernels::ConvolutionAxis axis{.image = 14, .map = 14, .kernel = 3, .before = 1};
  constexpr tenon::detail::ConvolutionPlan plan{
      kernels::arranged({.channels = 16, .features = 32, .y = axis, .x = axis})};
  STATIC_REQUIRE((plan.block() > 1 && plan.part() < 16 && 16 % plan.part() != 0));
  STATIC_REQUIRE(workspace<Net>.needs.backward.fixed <= plan.cached);

  NetworkRun<Net, double> run{7};  // not a multiple of a block
  test::detail::draw(run, {}, 1);
  run.forward(Training{});
  run.backward(true);
  CHECK(run.faults.empty());

  std::vector<double> dx(run.batch * 16 * 196), gradient(32 * 16 * 9 + 32);
  const auto weight = run.parameter(parameter_table<Net>[0]);
  for (std::size_t s = 0; s < run.batch; ++s)
    for (std::size_t o = 0; o < 32; ++o)
      for (std::size_t p = 0; p < 196; ++p) {
        const double dy = run.dy(s, o * 196 + p);
        gradient[32 * 16 * 9 + o] += dy;
        for (std::size_t c = 0; c < 16; ++c)
          for (std::size_t tap = 0; tap < 9; ++tap) {
            const std::size_t row = p / 14 + tap / 3, column = p % 14 + tap % 3, w = (o * 16 + c) * 9 + tap;
            if (row < 1 || row > 14 || column < 1 || column > 14) continue;
            const std::size_t pixel = (c * 14 + row - 1) * 14 + column - 1;
            gradient[w] += dy * run.x(s, pixel);
            dx[s * 16 * 196 + pixel] += dy * weight[w];
          }
      }
  const auto distance = [](const std::vector<double>& a, const std::vector<double>& b) {
    double worst = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
      const double off_by = std::abs(a[i] - b[i]);
      worst = off_by <= worst ? worst : off_by;  // NaN counts
    }
    return worst;
  };
  CHECK(distance(run.parameter_gradients(), gradient) < 1e-9);
  CHECK(distance(run.dx.values(), dx) < 1e-9);
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
