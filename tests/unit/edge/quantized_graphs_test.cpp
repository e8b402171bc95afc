#include <catch2/catch.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/divide.hpp>
#include <tenon/layers/embedding.hpp>
#include <tenon/layers/film.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/global_avg_pool.hpp>
#include <tenon/layers/glu.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/learned_positional_embedding.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/layers/mean_steps.hpp>
#include <tenon/layers/prelu.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/relu6.hpp>
#include <tenon/layers/sinusoidal_positional_encoding.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/model/quantization_report.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/net/concat.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/networks.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "support/folder.hpp"

using namespace tenon;
using tenon::test::contents;

namespace {

/// A model with random numbers of its own for each seed, samples, and the model in int8.
template <class N>
struct Rig {
  static constexpr std::size_t in = input_shape<N>::size, out = output_shape<N>::size, samples = 60;
  static constexpr bool has_tokens = edge::quantized_plan<N>.tokens[0];  // of 300
  Model<N> model;
  Dataset<float> data;
  std::unique_ptr<QuantizedNumbers<N>> numbers;
  std::unique_ptr<edge::QuantizedTables<N>> tables;

  explicit Rig(std::uint64_t seed) : model{seed} {
    Stream random(seed, Purpose::user);
    for (float& p : model.parameters().span())
      if (p == 0 || p == 0.25F) p = random.uniform<float>(-0.5F, 0.5F);
    std::vector<float> values(samples * in);
    for (float& v : values) v = has_tokens ? std::floor(random.uniform<float>(0, 300)) : random.uniform<float>(-1, 2);
    // inputs whose ranges are far from one another
    if constexpr (!has_tokens && requires { input_shape<N>::offsets; })
      for (std::size_t i = 0; i < values.size(); ++i)
        if (i % in >= input_shape<N>::offsets.back()) values[i] *= 20;
    data = {{in}, std::move(values)};
    DataLoader<float> loader{data, 16, 1};
    numbers = quantize(model, loader);
    tables = std::make_unique<edge::QuantizedTables<N>>(edge::make_tables(*numbers));
  }
};

/// The largest difference from the float model in steps of the output that it is in, over some of the samples that
/// calibrated it and three seeds.
template <class N>
float steps_apart() {
  constexpr const auto& plan = edge::quantized_plan<N>;
  float worst = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Rig<N> rig(seed);
    REQUIRE(rig.tables->sums_fit);
    Quantized<N> net{*rig.tables};
    std::vector<float> x(Rig<N>::in), y(Rig<N>::out), got(Rig<N>::out);
    for (std::size_t sample = 0; sample < Rig<N>::samples; ++sample) {
      const auto given = rig.data.sample(sample);
      // what the inputs are in int8
      detail::each_number<plan.inputs>([&]<std::size_t K>(std::integral_constant<std::size_t, K>) {
        const float scale = net.template input_scale<K>();
        const int zero = net.template input_zero<K>();
        const std::size_t at = detail::port_offset<input_shape<N>>(K);
        for (std::size_t i = at; i < at + input_shape_at<N, K>::size; ++i)
          x[i] = plan.tokens[K] ? given[i] : scale * static_cast<float>(edge::to_int8(given[i], scale, zero) - zero);
      });
      rig.model.predict(x, y);
      net(std::span<const float, Rig<N>::in>(x), std::span<float, Rig<N>::out>(got));
      detail::each_number<plan.outputs()>([&]<std::size_t K>(std::integral_constant<std::size_t, K>) {
        const float scale = net.template output_scale<K>();
        const auto zero = static_cast<float>(net.template output_zero<K>());
        const std::size_t at = detail::port_offset<output_shape<N>>(K);
        for (std::size_t i = at; i < at + output_shape_at<N, K>::size; ++i)
          worst = std::max(worst,
                           std::abs(got[i] - std::clamp(y[i], scale * (-128 - zero), scale * (127 - zero))) / scale);
      });
    }
  }
  return worst;
}

using Camera = Graph<In<"image", 2, 5, 4>, In<"table", 3>,
                     Node<"seen", Sequential<Conv2D<3, 3>, ReLU, Flatten, Dense<4>>, "image">,
                     Node<"known", Sequential<Dense<3>, Tanh>, "table">, Node<"both", Concat<>, "seen", "known">,
                     Node<"kind", Sequential<Dense<3>, Softmax>, "both">, Node<"value", Dense<2>, "both">,
                     Out<"kind", "value", "table">>;

/// One rounding is half a step.
constexpr float one_rounding = 0.51F;

}  // namespace

TEST_CASE("several inputs and outputs in int8 have scales of their own") {
  CHECK(steps_apart<Camera>() < 10);
  // an input that is an output too
  using Through = Graph<In<"a", 3>, In<"b", 4>, Node<"y", Dense<5>, "a">, Out<"b", "y">>;
  CHECK(steps_apart<Through>() < 1.5F);
  // outputs of graphs within graphs
  using Encoder = Graph<In<"x">, Node<"mean", Dense<2>, "x">, Node<"spread", Sequential<Dense<3>, Tanh>, "x">,
                        Out<"mean", "spread">>;
  using Inside = Graph<In<"x", 4>, Node<"code", Encoder>, Node<"y", Dense<2>, "code.spread">,
                       Node<"sum", Add<>, "y", "code.mean">, Out<"sum", "code.mean">>;
  CHECK(steps_apart<Inside>() < 4);
  CHECK(steps_apart<Sequential<Input<4>, Dense<4>, Encoder>>() < 4);
}

TEST_CASE("inputs and outputs in int8 are called by their names") {
  const Rig<Camera> rig(5);
  Quantized<Camera> net{*rig.tables};
  STATIC_REQUIRE(net.input<"image">().size() == 40);
  STATIC_REQUIRE(net.output<"value">().size() == 2);
  CHECK(net.input_scale<"table">() > 5 * net.input_scale<"image">());
  CHECK(net.output_scale<"kind">() == 1.0F / 256);
  CHECK(net.output_zero<"kind">() == -128);
  std::array<float, 40> image{};
  std::array<float, 3> table{};
  std::array<float, 43> row{};
  std::ranges::copy(rig.data.sample(3), row.begin());
  std::copy_n(row.begin(), 40, image.begin());
  std::copy_n(row.begin() + 40, 3, table.begin());
  std::array<float, 8> expected{};
  net(row, expected);
  net.reset();
  const auto result = net(image, table);
  const auto [kind, value, passed] = result;
  for (std::size_t i = 0; i < 3; ++i) CHECK(kind[i] == expected[i]);
  CHECK(result.get<"value">() == value);
  CHECK(net(in<"table">(table), in<"image">(image)).numbers == result.numbers);
  CHECK(value == std::array{expected[3], expected[4]});
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(passed[i] - table[i]) <= net.input_scale<"table">());
  // pixel by pixel
  const int pixel = net.input<"image">()[2 * 7 + 1];
  CHECK(pixel == edge::to_int8(image[20 + 7], net.input_scale<"image">(), net.input_zero<"image">()));
}

TEST_CASE("PReLU in int8 is its float layer but for one rounding") {
  CHECK(steps_apart<Sequential<Input<9>, PReLU<>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<9>, PReLU<PerFeature>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<5, 3>, PReLU<PerFeature>, ReLU6>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<3, 4, 5>, PReLU<PerFeature>>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<3, 4, 5>, PReLU<>, Flatten>>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<2, 6, 5>, Conv2D<4, 3>, PReLU<PerFeature>, Flatten, Dense<3>>>() < 4);
}

TEST_CASE("formulas of several tensors in int8 round once where they meet") {
  using Modulated = Graph<In<"x", 6>, In<"scale", 6>, In<"shift", 6>, Node<"y", FiLM, "x", "scale", "shift">, Out<"y">>;
  CHECK(steps_apart<Modulated>() < one_rounding);
  using Image = Graph<In<"x", 3, 4, 5>, In<"scale", 3>, In<"shift", 3>, Node<"y", FiLM, "x", "scale", "shift">,
                      Node<"z", ReLU>, Out<"z">>;
  CHECK(steps_apart<Image>() < one_rounding);
  using Steps = Graph<In<"x", 4, 5>, In<"scale", 1, 5>, In<"shift", 1>, Node<"y", FiLM, "x", "scale", "shift">,
                      Out<"y">>;
  CHECK(steps_apart<Steps>() < one_rounding);
  using namespace placeholders;
  using Mixed = Graph<In<"a", 2, 3, 4>, In<"b", 2, 3, 4>, In<"c", 2, 3, 4>, Node<"y", Map<in<"c"> + in<"a"> * in<"b">>>,
                      Out<"y">>;
  CHECK(steps_apart<Mixed>() < one_rounding);
  using Bounded = Graph<In<"a", 7>, In<"b", 7>, Node<"y", Map<max(in<"a"> - in<"b">, 0)>>, Out<"y">>;
  CHECK(steps_apart<Bounded>() < one_rounding);
  // random numbers are 0
  using Noisy = Graph<In<"a", 7>, In<"b", 7>, Node<"y", Map<in<"a"> + exp(in<"b"> / 8) * normal_noise>>, Out<"y">>;
  STATIC_REQUIRE(edge::quantized_plan<Noisy>.count == 2);
  CHECK(steps_apart<Noisy>() < 1e-3F);
  // two roundings, of which the function's slope takes part
  using Distance = Graph<In<"a", 7>, In<"b", 7>, Node<"y", Map<square(in<"a"> - in<"b">)>>, Out<"y">>;
  CHECK(steps_apart<Distance>() < 2.1F);
  using Gate = Graph<In<"a", 7>, In<"b", 7>, Node<"y", Map<tanh(in<"a">) * sigmoid(in<"b">)>>, Out<"y">>;
  CHECK(steps_apart<Gate>() < 2.1F);
  using Quotient = Graph<In<"a", 7>, In<"b", 7>, Node<"c", Map<exp(in<"b"> / 20)>>, Node<"y", Divide, "a", "c">,
                         Out<"y">>;
  CHECK(steps_apart<Quotient>() < 8);  // of small numbers, which int8 has few steps for
  CHECK(steps_apart<Sequential<Input<5, 8>, GLU>>() < 2.1F);
}

TEST_CASE("tokens become rows of int8") {
  using Table = Sequential<Input<6>, Embedding<300, 5>>;
  CHECK(steps_apart<Table>() < one_rounding);
  CHECK(steps_apart<Sequential<Input<6>, Embedding<300, 5>, LearnedPositionalEmbedding<>>>() < 2);
  CHECK(steps_apart<Sequential<Input<6>, Embedding<300, 8>, SinusoidalPositionalEncoding<>>>() < 2);
  CHECK(steps_apart<Sequential<Input<6, 8>, SinusoidalPositionalEncoding<>, ReLU>>() < 1.2F);
  CHECK(steps_apart<Sequential<Input<6>, Embedding<300, 8>, LearnedPositionalEmbedding<>, LayerNorm<>, Dense<8>, ReLU,
                               MeanSteps, Dense<3>>>() < 8);
  // two tables read the same tokens
  using Both = Graph<In<"x", 6>, Node<"a", Embedding<300, 4>, "x">, Node<"b", Embedding<300, 4>, "x">,
                     Node<"y", Add<>, "a", "b">, Out<"y">>;
  CHECK(steps_apart<Both>() < 2);
  // numbers that a layer reads are no tokens
  using Torn = Graph<In<"x", 6>, Node<"a", Embedding<300, 4>, "x">, Node<"b", Dense<3>, "x">, Out<"a", "b">>;
  STATIC_REQUIRE_FALSE(edge::quantized_plan<Torn>.fits);

  const Rig<Table> rig(4);
  Quantized<Table> net{*rig.tables};
  std::array<float, 6> x{1, 299, 0, 300, -1, 2.5F};
  std::array<float, 30> y{}, z{};
  net(x, y);
  const std::array<std::uint16_t, 6> ids{1, 299, 0, 300, 65535, 400};
  net.set_tokens(ids);
  net.run();
  for (std::size_t i = 0; i < z.size(); ++i)
    z[i] = net.output_scale() * static_cast<float>(net.output()[i] - net.output_zero());
  CHECK(y == z);
  CHECK(std::all_of(y.begin() + 15, y.end(), [](float v) { return v == 0; }));
  CHECK(std::abs(y[7] - rig.model.get<"0.weight">()(299, 2)) <= net.output_scale());
}

TEST_CASE("the report and the header name every input and output") {
  const Rig<Camera> rig(5);
  DataLoader<float> loader{rig.data, 16, 1};
  const QuantizationReport report = quantization_report(rig.model, *rig.numbers, loader);
  for (const QuantizationReport::Layer& layer : report.layers) CHECK(layer.sqnr > 25);
  const auto folder = std::filesystem::temp_directory_path() / "tenon_quantized_graphs";
  std::filesystem::create_directories(folder);
  export_quantized_header(rig.model, *rig.numbers, (folder / "camera.hpp").string(),
                          {.network = "Camera", .c_api = true});
  CHECK_THROWS_WITH(export_quantized_header(rig.model, *rig.numbers, (folder / "other.hpp").string(),
                                            {.network = "Camera", .sample = {1}}),
                    "export_quantized_header: expected a sample of 43 numbers, got 1");
  CHECK_THROWS_WITH(
      export_quantized_header(rig.model, *rig.numbers, (folder / "7.hpp").string(), {.network = "Camera"}),
      Catch::Matchers::StartsWith("export_quantized_header: expected a file whose name"));
  const std::string header = contents(folder / "camera.hpp"), c_header = contents(folder / "camera.h");
  const std::size_t inputs = header.find("inline constexpr QuantizedPort inputs[] = {{\"image\", 40, ");
  REQUIRE(inputs != std::string::npos);
  CHECK(header.find("{\"table\", 3, ", inputs) != std::string::npos);
  CHECK(header.find("inline constexpr QuantizedPort outputs[] = {{\"kind\", 3, 0.00390625F, -128}, {\"value\", 2, ",
                    inputs) != std::string::npos);
  CHECK(c_header.find("#define CAMERA_INPUT_TABLE_AT 40\n#define CAMERA_INPUT_TABLE_SIZE 3\n") != std::string::npos);
  CHECK(c_header.find("#define CAMERA_OUTPUT_VALUE_AT 3\n") != std::string::npos);
  std::filesystem::remove_all(folder);
}
