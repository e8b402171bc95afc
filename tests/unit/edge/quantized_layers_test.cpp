#include <catch2/catch.hpp>

#include <tenon/layers/avg_pool1d.hpp>
#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/channel_dropout.hpp>
#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose1d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/elu.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/gelu.hpp>
#include <tenon/layers/global_avg_pool.hpp>
#include <tenon/layers/hard_swish.hpp>
#include <tenon/layers/identity.hpp>
#include <tenon/layers/last.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/log_softmax.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/layers/max_pool1d.hpp>
#include <tenon/layers/max_pool2d.hpp>
#include <tenon/layers/maximum.hpp>
#include <tenon/layers/mean_steps.hpp>
#include <tenon/layers/minimum.hpp>
#include <tenon/layers/multiply.hpp>
#include <tenon/layers/permute.hpp>
#include <tenon/layers/prelu.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/repeat_vector.hpp>
#include <tenon/layers/reshape.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/slice.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/squeeze_excite.hpp>
#include <tenon/layers/subtract.hpp>
#include <tenon/layers/take.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/layers/time_distributed.hpp>
#include <tenon/layers/upsample.hpp>
#include <tenon/layers/where.hpp>
#include <tenon/layers/zero_pad.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/net/concat.hpp>
#include <tenon/net/gate.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/net/repeat.hpp>
#include <tenon/net/split_at.hpp>
#include <tenon/networks/dense_block.hpp>
#include <tenon/networks/store_activations.hpp>
#include <tenon/networks/unet.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

using namespace tenon;

namespace {

/// A model whose weights are those that int8 holds, so that nothing but rounding lies between the two.
template <class N>
struct Rig {
  static constexpr std::size_t in = input_shape<N>::size, out = output_shape<N>::size;
  static constexpr const auto& plan = edge::quantized_plan<N>;
  Model<N> model{6};
  Dataset<float> data;
  std::unique_ptr<QuantizedNumbers<N>> numbers;
  std::unique_ptr<edge::QuantizedTables<N>> tables;

  Rig() {
    Stream random(11, Purpose::user);
    std::vector<float> values(64 * in);
    for (float& v : values) v = random.uniform<float>(-1, 2);
    const auto& dims = input_shape<N>::dims;
    data = {{dims.begin(), dims.end()}, std::move(values)};
    DataLoader<float> loader{data, 16, 1};
    numbers = quantize(model, loader);
    float* const parameters = model.parameters().data();
    const QuantizedNumbers<N>& q = *numbers;
    for (std::size_t k = 0; k < plan.count; ++k) {
      const edge::QuantizedStep& step = plan.steps[k];
      if (!step.multiplies() || step.affine) continue;
      for (std::size_t o = 0; o < step.outputs(); ++o) {
        const std::size_t row = step.row + step.packed_row(o);
        for (std::size_t i = 0; i < step.columns(); ++i)
          parameters[step.weight_source +
                     step.weight_place(o, i)] = q.weight_scale[row] *
                                                q.weights[step.packed_place(o, step.packed_column(i))];
        if (step.pattern.has_bias)
          parameters[step.bias_source + o] = q.scale[step.source] * q.weight_scale[row] *
                                             static_cast<float>(q.bias[row]);
      }
    }
    tables = std::make_unique<edge::QuantizedTables<N>>(edge::make_tables(q));
  }
};

/// The largest difference from the float model in steps of the output, over some of the samples that calibrated it.
template <class N>
float steps_apart() {
  Rig<N> rig;
  REQUIRE(rig.tables->sums_fit);
  Quantized<N> net{*rig.tables};
  constexpr const auto& plan = edge::quantized_plan<N>;
  using Number = edge::Activation<N>;
  std::vector<float> x(Rig<N>::in), y(Rig<N>::out);
  float worst = 0;
  for (std::size_t sample = 0; sample < 30; ++sample) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Number q = edge::to_number<Number>(rig.data.sample(sample)[i], net.input_scale(), net.input_zero());
      net.input()[plan.orders[0].place(i)] = q;
      x[i] = net.input_scale() * static_cast<float>(q - net.input_zero());
    }
    rig.model.predict(x, y);
    net.run();
    for (std::size_t i = 0; i < y.size(); ++i) {
      const float expected = std::clamp(y[i] / net.output_scale() + static_cast<float>(net.output_zero()),
                                        static_cast<float>(std::numeric_limits<Number>::min()),
                                        static_cast<float>(std::numeric_limits<Number>::max()));
      worst = std::max(worst, std::abs(static_cast<float>(net.output()[plan.orders[plan.count].place(i)]) - expected));
    }
  }
  return worst;
}
/// One rounding is half a step.
constexpr float one_rounding = 0.51F;

/// The same with activations of 16 bits.
template <class... L>
float wide_steps_apart() {
  return steps_apart<StoreActivations<Sequential<L...>, activation_bits<16>>>();
}
/// One rounding, and a multiplier of 16 bits, which is half of 2^-15 of the largest number off at most; with what float
/// itself loses.
constexpr float one_wide_rounding = 1.55F;

}  // namespace

TEST_CASE("int8 moves numbers exactly") {
  CHECK(steps_apart<Sequential<Input<4, 6, 5>, Slice<0, 1, 3>>>() < 1e-3F);
  CHECK(steps_apart<Sequential<Input<4, 6, 5>, Slice<1, 1, 4>>>() < 1e-3F);
  CHECK(steps_apart<Sequential<Input<4, 6, 5>, Slice<2, -3>, Flatten>>() < 1e-3F);
  CHECK(steps_apart<Sequential<Input<4, 6, 5>, Take<0, 3, 0, 0>, Take<1, 5, 2>, Take<-1, 1>>>() < 1e-3F);
  CHECK(steps_apart<Sequential<Input<4, 6, 5>, Permute<2, 0, 1>, ZeroPad2D<1, 2, 0, 3>>>() < 1e-3F);
  CHECK(steps_apart<Sequential<Input<6, 5>, Permute<1, 0>, Last>>() < 1e-3F);
  CHECK(steps_apart<Sequential<Input<6, 5>, ZeroPad1D<2, 1>, Upsample<3>>>() < 1e-3F);
  CHECK(steps_apart<Sequential<Input<2, 3, 2>, Dropout2D<0.5>, Flatten, RepeatVector<3>>>() < 1e-3F);
  CHECK(steps_apart<Sequential<Input<3, 2, 4>, Upsample<2, 3>, Reshape<4, 6, 6>, MaxPool2D<2>>>() < 1e-3F);
  CHECK(steps_apart<Sequential<Input<3, 4, 4>, Concat<Identity, Slice<0, 1>, Permute<0, 2, 1>>>>() < 1e-3F);
  CHECK(steps_apart<Sequential<Input<6, 5>, SplitAt<2, Permute<0, 1>, Slice<0, 1>>>>() < 1e-3F);
}

TEST_CASE("one int8 layer is its float layer but for one rounding") {
  CHECK(steps_apart<Sequential<Input<3, 7, 6>, ZeroPad2D<0, 1, 1, 2>, Conv2D<5, 3, stride<2>>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<3, 9>, Conv1D<5, 3, stride<2>, padding<1>>, ReLU>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<4, 9>, Conv1D<4, 3, padding<same>, groups<4>>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<3, 4, 5>, ConvTranspose2D<6, 3, stride<2>, padding<1>, output_padding<1>>>>() <
        one_rounding);
  CHECK(steps_apart<Sequential<Input<4, 4, 3>, ConvTranspose2D<6, 2, stride<2, 1>, groups<2>>, ReLU>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<3, 5>, ConvTranspose1D<2, 4, stride<3>, dilation<2>>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<6, 5>, MaxPool1D<2>>>() < 1e-3F);
  CHECK(steps_apart<Sequential<Input<6, 5>, AvgPool1D<2>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<6, 5>, MeanSteps>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<3, 2, 4>, Upsample<2, 3, bilinear>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<6, 5>, Dense<7>, ReLU>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<6, 5>, TimeDistributed<Sequential<Dense<7>, ReLU>>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<3, 5, 4>, BatchNorm2D<>, ReLU>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<7>, BatchNorm1D<>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<3, 7>, BatchNorm1D<>>>() < one_rounding);
}

TEST_CASE("functions of one number are tables") {
  CHECK(steps_apart<Sequential<Input<9>, Tanh>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<9>, Sigmoid>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<9>, GELU>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<9>, HardSwish>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<9>, ELU<>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<9>, Map<sin(3 * x) + x * x>>>() < one_rounding);
  // LiteRT's scales
  const Rig<Sequential<Dense<9, 4>, Tanh, Dense<3>, Sigmoid>> rig;
  CHECK(rig.numbers->scale[2] == 1.0F / 128);
  CHECK(rig.numbers->zero[2] == 0);
  CHECK(rig.numbers->scale[4] == 1.0F / 256);
  CHECK(rig.numbers->zero[4] == -128);
  // behind another layer: two roundings, of which the function's slope takes part
  CHECK(steps_apart<Sequential<Input<9>, Dense<5>, Tanh>>() < 4);
  CHECK(steps_apart<Sequential<Input<3, 6, 5>, Conv2D<4, 3>, HardSwish, Conv2D<4, 1>, Sigmoid>>() < 4);
  CHECK(steps_apart<Sequential<Input<3, 6, 5>, BatchNorm2D<>, Tanh, GlobalAvgPool>>() < 3);
}

TEST_CASE("two int8 tensors meet as in float but for their roundings") {
  using Pieces = Graph<In<"x", 8, 3>, Node<"a", Slice<0, 0, 4>, "x">, Node<"b", Slice<0, 4>, "x">,
                       Node<"y", Multiply, "a", "b">, Out<"y">>;
  CHECK(steps_apart<Pieces>() < one_rounding);
  using Difference = Graph<In<"x", 8, 3>, Node<"a", Slice<0, 0, 4>, "x">, Node<"b", Slice<0, 4>, "x">,
                           Node<"y", Subtract, "a", "b">, Node<"z", ReLU, "y">, Out<"z">>;
  CHECK(steps_apart<Difference>() < one_rounding);
  using Larger = Graph<In<"x", 8, 3>, Node<"a", Slice<0, 0, 4>, "x">, Node<"b", Slice<0, 4>, "x">,
                       Node<"y", Maximum, "a", "b">, Out<"y">>;
  CHECK(steps_apart<Larger>() < one_rounding);
  using Smaller = Graph<In<"x", 8, 3>, Node<"a", Slice<0, 0, 4>, "x">, Node<"b", Slice<0, 4>, "x">,
                        Node<"y", Minimum, "a", "b">, Out<"y">>;
  CHECK(steps_apart<Smaller>() < one_rounding);
  // one of them per channel, the other an image
  using Scaled = Graph<In<"x", 4, 3, 2>, Node<"a", GlobalAvgPool, "x">, Node<"y", Multiply, "x", "a">, Out<"y">>;
  CHECK(steps_apart<Scaled>() < 2);
  CHECK(steps_apart<Sequential<Input<4, 3, 2>, Gate<GlobalAvgPool, Dense<4>, Sigmoid>>>() < 4);
}

TEST_CASE("int8 takes every composition") {
  CHECK(steps_apart<Sequential<Input<4, 6, 6>, Conv2D<8, 3, padding<1>>, ReLU, SqueezeExcite<2>>>() < 5);
  CHECK(steps_apart<
            Sequential<Input<2, 8, 8>,
                       UNet<Level<Sequential<Conv2D<4, 3, padding<1>>, ReLU>, MaxPool2D<2>, Upsample<2>, Conv2D<4, 1>>,
                            Conv2D<6, 1>>>>() < 12);
  CHECK(steps_apart<
            Sequential<Input<3, 6, 6>, DenseBlock<2, Sequential<BatchNorm2D<>, ReLU, Conv2D<4, 3, padding<1>>>>>>() <
        8);
  CHECK(steps_apart<Sequential<Input<8>, Repeat<3, Sequential<Dense<8>, ReLU>>>>() < 8);
  CHECK(steps_apart<Sequential<Input<3, 6, 6>, Add<Conv2D<4, 1>, Conv2D<4, 3, padding<1>>, Conv2D<4, 1>>>>() < 4);
  CHECK(steps_apart<Sequential<Input<8>, Dense<6>, Softmax, Dense<4>>>() < 6);
  CHECK(steps_apart<Sequential<Input<5, 8>, Dense<6>, Softmax>>() < 6);
  CHECK(steps_apart<Sequential<Input<5, 8>, Dense<6>, LogSoftmax>>() < 3);
}

TEST_CASE("logarithms of probabilities in int8 are those of the formula") {
  Stream random(3, Purpose::user);
  double worst = 0;
  for (const float scale : {0.001F, 0.02F, 0.07F, 0.3F, 2.0F, 40.0F})
    for (const std::size_t size : {1U, 2U, 10U, 300U, 5000U}) {
      std::vector<float> table(256);
      edge::fill_exponentials(table, scale);
      std::vector<std::int8_t> logits(size), logs(size);
      for (std::int8_t& v : logits) v = static_cast<std::int8_t>(random.uniform<float>(-128, 127));
      edge::log_softmax_int8(logits.data(), logs.data(), size, table,
                             edge::requantizer(256 * 16 * static_cast<double>(scale)));
      double sum = 0;
      const int largest = *std::max_element(logits.begin(), logits.end());
      for (const int v : logits) sum += std::exp(static_cast<double>(scale) * (v - largest));
      for (std::size_t i = 0; i < size; ++i) {
        const double exact = 127 + 16 * (static_cast<double>(scale) * (logits[i] - largest) - std::log(sum));
        worst = std::max(worst, std::abs(logs[i] - std::max(exact, -128.0)));
      }
    }
  CHECK(worst < 0.51);
  CHECK(worst > 0.4);
}

TEST_CASE("more than 64 steps are planned") {
  using Deep = Sequential<Input<4>, Repeat<40, Residual<Dense<4>, ReLU>>>;
  STATIC_REQUIRE(edge::quantized_plan<Deep>.fits);
  STATIC_REQUIRE(edge::quantized_plan<Deep>.count == 80);
  STATIC_REQUIRE(edge::quantized_plan<Deep>.arena == 8);
}

TEST_CASE("with activations of 16 bits layers are their float layers but for roundings") {
  CHECK(wide_steps_apart<Input<3, 4, 5>, Permute<1, 2, 0>, ZeroPad2D<1, 2, 0, 3>, Slice<1, 1, 4>, Upsample<2>,
                         MaxPool2D<2>, Concat<Identity, Slice<0, 1>>, Reshape<7, 18>, Last>() < 0.01F);
  CHECK(wide_steps_apart<Input<3, 7, 6>, ZeroPad2D<0, 1, 1, 2>, Conv2D<5, 3, stride<2>>>() < one_wide_rounding);
  CHECK(wide_steps_apart<Input<6, 9>, Conv1D<6, 3, padding<same>, dilation<2>, groups<6>>, ReLU>() < one_wide_rounding);
  CHECK(wide_steps_apart<Input<4, 4, 3>, ConvTranspose2D<6, 2, stride<2, 1>, groups<2>>, ReLU>() < one_wide_rounding);
  CHECK(wide_steps_apart<Input<6, 5>, TimeDistributed<Sequential<Dense<7>, ReLU>>>() < one_wide_rounding);
  CHECK(wide_steps_apart<Input<700>, Dense<3>>() < 2);  // more columns than 32 bits hold the sums of; float rounds them
  CHECK(wide_steps_apart<Input<6, 5>, AvgPool1D<2>>() < one_rounding);
  CHECK(wide_steps_apart<Input<3, 2, 4>, Upsample<2, 3, bilinear>>() < one_rounding);
  CHECK(wide_steps_apart<Input<3, 5, 4>, BatchNorm2D<>, ReLU>() < one_wide_rounding);
  CHECK(wide_steps_apart<Input<3, 5, 4>, PReLU<PerFeature>>() < one_rounding);
  using Met = Graph<In<"x", 8, 3>, Node<"a", Slice<0, 0, 4>, "x">, Node<"b", Slice<0, 4>, "x">,
                    Node<"product", Multiply, "a", "b">, Node<"difference", Subtract, "a", "product">,
                    Node<"larger", Maximum, "difference", "b">, Node<"smaller", Minimum, "larger", "a">,
                    Node<"chosen", Where, "smaller", "product", "a">, Node<"y", Add<>, "smaller", "chosen">, Out<"y">>;
  CHECK(wide_steps_apart<Met>() < 4);
  CHECK(wide_steps_apart<Input<4, 6, 6>, Conv2D<8, 3, padding<1>>, HardSwish, SqueezeExcite<2>, GlobalAvgPool>() < 8);
  // a network with a name, and one sum too many
  using Fine = Named<"fine", StoreActivations<Sequential<Input<4>, Dense<3>, Softmax>, activation_bits<16>>>;
  STATIC_REQUIRE(Quantized<Fine>::ram_bytes == 2 * 8);
  STATIC_REQUIRE(Quantized<StoreActivations<Sequential<Input<4>, Dense<3>>, activation_bits<8>>>::ram_bytes == 8);
}

TEST_CASE("what cannot have activations of 16 bits is named") {
  using Deep = StoreActivations<Sequential<Input<4, 8>, Residual<Dense<8>, LayerNorm<>>, Dense<2>>,
                                activation_bits<16>>;
  STATIC_REQUIRE(std::is_same_v<refusal<in_int8, Deep>, cannot_run<layer<path<0, 1>, LayerNorm<>>, in_16_bits>>);
  using Small = StoreActivations<Sequential<Dense<4, 8, weight_bits<4>>>, activation_bits<16>>;
  STATIC_REQUIRE(
      std::is_same_v<refusal<in_int8, Small>, cannot_run<layer<path<0>, Dense<4, 8, weight_bits<4>>>, in_16_bits>>);
  // of several inputs
  using Joint = StoreActivations<
      Graph<In<"a", 4>, In<"b", 4>, Node<"sum", Add<>, "a", "b">, Node<"norm", LayerNorm<>>, Out<"norm">>,
      activation_bits<16>>;
  STATIC_REQUIRE(
      std::is_same_v<refusal<in_int8, Joint>, cannot_run<layer<path<fixed_string{"norm"}>, LayerNorm<>>, in_16_bits>>);
  STATIC_REQUIRE(input_index<Joint, "b"> == 1);
  // a part alone
  using Part = StoreActivations<Dense<4>, activation_bits<16>>;
  STATIC_REQUIRE(
      std::is_same_v<refusal<in_int8, Sequential<Dense<4, 8>, Part>>, cannot_run<layer<path<1>, Part>, in_int8>>);
}

TEST_CASE("functions of 16 bits are within two steps, and what straight lines leave out") {
  // Lines between places h apart are off by h^2 |f''| / 8 at most, and by h / 4 of what the slope changes by in a
  // corner.
  const auto check = [](auto f, double range, double largest, double curvature, double corner = 0) {
    const double in = range / 32767, out = largest / 32767, h = 128 * in;
    kernels::WideTable table{};
    kernels::fill_wide_table(table.data(), [&](double q) { return f(q * in) / out; });
    double worst = 0;
    for (int q = -32768; q <= 32767; ++q)
      worst = std::max(worst, std::abs(kernels::looked_up(table.data(), q) - std::min(f(q * in) / out, 32767.0)));
    CHECK(worst <= 2 + (h * h * curvature / 8 + h * corner / 4) / out);
    CHECK(worst >= 0.4);
  };
  check([](double v) { return 1 / (1 + std::exp(-v)); }, 8, 1, 0.0963);
  check([](double v) { return std::tanh(v); }, 4, 1, 0.77);
  check([](double v) { return v / 2 * std::erfc(-v / std::sqrt(2)); }, 6, 6, 0.8);
  check([](double v) { return v * std::clamp(v / 6 + 0.5, 0.0, 1.0); }, 10, 10, 1.0 / 3, 0.5);
  check([](double v) { return v > 0 ? v : 0.25 * v; }, 3, 3, 0);  // a corner at 0 is a place
}

TEST_CASE("sigmoid of 16 bits is within two steps of 2^-15, tanh within three") {
  for (const float scale : {1e-5F, 3e-4F, 0.01F, 3.0F}) {
    std::array<std::int16_t, kernels::Squash::size> table{};
    kernels::Squash::fill(table.data(), scale);
    double sigmoid = 0, tanh = 0;
    for (int q = -32768; q <= 32767; ++q) {
      const double x = static_cast<double>(scale) * q;
      const auto off = [](int y, double exact) { return std::abs(y - std::min(exact * 32768, 32767.0)); };
      sigmoid = std::max(sigmoid, off(kernels::Squash::of<false>(table.data(), q), 1 / (1 + std::exp(-x))));
      tanh = std::max(tanh, off(kernels::Squash::of<true>(table.data(), q), std::tanh(x)));
    }
    CHECK(sigmoid < 2);
    CHECK(tanh < 3);
  }
  // what LiteRT gives at the scale 0.0003
  std::array<std::int16_t, kernels::Squash::size> table{};
  kernels::Squash::fill(table.data(), 0.0003F);
  const auto row = [&](auto of) {
    std::array<int, 8> y{};
    for (std::size_t i = 0; i < y.size(); ++i)
      y[i] = of(table.data(), std::array{-32768, -18875, -7000, -1, 0, 3333, 12345, 32767}[i]);
    return y;
  };
  CHECK(row(kernels::Squash::of<false>) == std::array{2, 113, 3575, 16381, 16384, 23954, 31980, 32766});
  CHECK(row(kernels::Squash::of<true>) == std::array{-32767, -32767, -31800, -11, 0, 24954, 32729, 32767});
}

TEST_CASE("softmax of 16 bits is within four steps of 2^-15") {
  Stream random(5, Purpose::user);
  for (const std::size_t size : {1U, 2U, 10U, 300U})
    for (const double scale : {1e-5, 2e-4, 3e-3}) {
      std::vector<std::int16_t> scores(size), y(size);
      for (std::int16_t& v : scores) v = static_cast<std::int16_t>(random.next() >> 16 & 0xFFFF);
      double total = 0;
      const int largest = *std::max_element(scores.begin(), scores.end());
      for (const int v : scores) total += std::exp(scale * (v - largest));
      kernels::softmax_int16(edge::requantizer(scale * 6553.5), scores.data(), y.data(), size);
      double worst = 0;
      for (std::size_t i = 0; i < size; ++i)
        worst = std::max(worst,
                         std::abs(y[i] - std::min(std::exp(scale * (scores[i] - largest)) / total * 32768, 32767.0)));
      CHECK(worst < 4);
    }
}

namespace {

// The last weights are those of a depthwise layer, whose windows leave the image on every side.
using Tiny = StoreActivations<Sequential<Input<2, 4, 3>, Conv2D<5, 3, padding<1>>, ReLU, MaxPool2D<2, stride<1>>,
                                         Conv2D<5, 3, padding<1>, groups<5>>, Tanh>,
                              activation_bits<16>>;
constexpr QuantizedNumbers<Tiny> tiny_numbers = [] {
  QuantizedNumbers<Tiny> q;
  constexpr const auto& plan = edge::quantized_plan<Tiny>;
  int value = 0;
  for (std::int8_t& w : q.weights) w = static_cast<std::int8_t>((value += 89) % 255 - 127);
  for (float& s : q.weight_scale) s = 0.004F;
  for (std::size_t k = 0; k <= plan.count; ++k) q.scale[k] = 0x1p-14F;
  q.scale[plan.count] = static_cast<float>(plan.steps[plan.count - 1].fixed_scale);
  return q;
}();
constexpr auto run_tiny() {
  Quantized<Tiny, tiny_numbers> net;
  std::array<std::int16_t, output_shape<Tiny>::size> y{};
  int value = 0;
  for (std::int16_t& number : net.input()) number = static_cast<std::int16_t>((value += 7919) % 65536 - 32768);
  net.run();
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = net.output()[i];
  return y;
}

}  // namespace

TEST_CASE("the compiler runs a network of 16 bits too") {
  constexpr auto in_compiler = run_tiny();
  const auto now = run_tiny();
  CHECK(in_compiler == now);
  CHECK(std::any_of(now.begin(), now.end(), [](int v) { return v != 0 && v > -32767 && v < 32767; }));
}
