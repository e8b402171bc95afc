#include <catch2/catch.hpp>

#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/gelu.hpp>
#include <tenon/layers/group_norm.hpp>
#include <tenon/layers/instance_norm.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/rms_norm.hpp>
#include <tenon/layers/time_distributed.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/net/networks.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

using namespace tenon;

namespace {

/// The largest difference from the float model in steps of the output, over the samples that calibrated it. Factors and
/// summands are random and of both signs.
template <class N>
float steps_apart(float low = -1, float high = 2) {
  constexpr std::size_t in = input_shape<N>::size, out = output_shape<N>::size;
  constexpr const auto& plan = edge::quantized_plan<N>;
  Model<N> model{6};
  Stream random(11, Purpose::user);
  for (std::size_t i = 0; i < model.parameters().size(); ++i)
    if (float& p = model.parameters().data()[i]; p == 1 || p == 0) p = random.uniform<float>(-1.5F, 1.5F);
  std::vector<float> values(64 * in);
  for (float& v : values) v = random.uniform<float>(low, high);
  const auto& dims = input_shape<N>::dims;
  const Dataset<float> data({dims.begin(), dims.end()}, std::move(values));
  DataLoader<float> loader{data, 16, 1};
  const auto tables = std::make_unique<edge::QuantizedTables<N>>(edge::make_tables(*quantize(model, loader)));
  REQUIRE(tables->sums_fit);
  Quantized<N> net{*tables};
  std::vector<float> x(in), y(out);
  float worst = 0;
  for (std::size_t sample = 0; sample < 30; ++sample) {
    for (std::size_t i = 0; i < in; ++i) {
      const std::int8_t q = edge::to_int8(data.sample(sample)[i], net.input_scale(), net.input_zero());
      net.input()[plan.orders[0].place(i)] = q;
      x[i] = net.input_scale() * static_cast<float>(q - net.input_zero());
    }
    model.predict(x, y);
    net.run();
    for (std::size_t i = 0; i < out; ++i) {
      const float expected = std::clamp(y[i] / net.output_scale() + static_cast<float>(net.output_zero()), -128.0F,
                                        127.0F);
      worst = std::max(worst, std::abs(static_cast<float>(net.output()[plan.orders[plan.count].place(i)]) - expected));
    }
  }
  return worst;
}
/// One rounding is half a step.
constexpr float one_rounding = 0.51F;

}  // namespace

TEST_CASE("a normalisation in int8 is its float layer but for one rounding") {
  CHECK(steps_apart<Sequential<Input<24>, LayerNorm<>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<5, 16>, LayerNorm<>, ReLU>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<5, 16>, RMSNorm<>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<5, 16>, LayerNorm<affine<false>>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<3, 4, 5>, LayerNorm<>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<6, 4, 5>, GroupNorm<2>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<6, 4, 5>, GroupNorm<6>, ReLU>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<6, 9>, GroupNorm<3, bias<false>>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<8>, GroupNorm<2>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<1, 4, 5>, GroupNorm<1>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<6, 4, 5>, GroupNorm<3, affine<false>>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<6, 4, 5>, InstanceNorm<>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<6, 9>, InstanceNorm<affine<true>>>>() < one_rounding);
}

TEST_CASE("epsilon counts in int8 where numbers are small, and large numbers are no trouble") {
  CHECK(steps_apart<Sequential<Input<24>, LayerNorm<>>>(-1e-3F, 1e-3F) < one_rounding);
  CHECK(steps_apart<Sequential<Input<24>, RMSNorm<epsilon<1.0>>>>(-0.3F, 0.2F) < one_rounding);
  CHECK(steps_apart<Sequential<Input<24>, LayerNorm<>>>(-1e-9F, 1e-9F) < one_rounding);
  CHECK(steps_apart<Sequential<Input<24>, LayerNorm<>>>(-1e9F, 2e9F) < one_rounding);
  CHECK(steps_apart<Sequential<Input<3000>, LayerNorm<>>>(3, 4) < one_rounding);
}

TEST_CASE("normalisations go with other layers in int8") {
  CHECK(steps_apart<Sequential<Input<24>, Dense<16>, LayerNorm<>, GELU, Dense<4>>>() < 8);
  CHECK(steps_apart<Sequential<Input<5, 12>, Residual<LayerNorm<>, Dense<12>>, RMSNorm<>>>() < 8);
  CHECK(steps_apart<Sequential<Input<3, 6, 6>, Conv2D<8, 3>, GroupNorm<2>, ReLU, Conv2D<4, 1>>>() < 8);
  CHECK(steps_apart<Sequential<Input<3, 9>, Conv1D<4, 3>, LayerNorm<>>>() < 8);
}
