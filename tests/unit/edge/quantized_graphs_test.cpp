#include <catch2/catch.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/relu.hpp>
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
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

using namespace tenon;

namespace {

/// A model with random numbers of its own for each seed, samples, and the model in int8.
template <class N>
struct Rig {
  static constexpr std::size_t in = input_shape<N>::size, out = output_shape<N>::size, samples = 60;
  Model<N> model;
  Dataset<float> data;
  std::unique_ptr<QuantizedNumbers<N>> numbers;
  std::unique_ptr<edge::QuantizedTables<N>> tables;

  explicit Rig(std::uint64_t seed) : model{seed} {
    Stream random(seed, Purpose::user);
    for (float& p : model.parameters().span())
      if (p == 0 || p == 0.25F) p = random.uniform<float>(-0.5F, 0.5F);
    std::vector<float> values(samples * in);
    for (float& v : values) v = random.uniform<float>(-1, 2);
    // inputs whose ranges are far from one another
    if constexpr (requires { input_shape<N>::offsets; })
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
          x[i] = scale * static_cast<float>(edge::to_int8(given[i], scale, zero) - zero);
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

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

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
  CHECK(value == std::array{expected[3], expected[4]});
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(passed[i] - table[i]) <= net.input_scale<"table">());
  // pixel by pixel
  const int pixel = net.input<"image">()[2 * 7 + 1];
  CHECK(pixel == edge::to_int8(image[20 + 7], net.input_scale<"image">(), net.input_zero<"image">()));
}

TEST_CASE("the report and the header tell of every input and output") {
  const Rig<Camera> rig(5);
  DataLoader<float> loader{rig.data, 16, 1};
  const QuantizationReport report = quantization_report(rig.model, *rig.numbers, loader);
  for (const QuantizationReport::Layer& layer : report.layers) CHECK(layer.sqnr > 25);
  const auto folder = std::filesystem::temp_directory_path() / "tenon_quantized_graphs";
  std::filesystem::create_directories(folder);
  export_quantized_header(rig.model, *rig.numbers, (folder / "camera.hpp").string(),
                          {.network = "Camera", .c_api = true});
  const std::string header = text_of(folder / "camera.hpp"), c_header = text_of(folder / "camera.h");
  const std::size_t inputs = header.find("inline constexpr QuantizedPort inputs[] = {{\"image\", 40, ");
  REQUIRE(inputs != std::string::npos);
  CHECK(header.find("{\"table\", 3, ", inputs) != std::string::npos);
  CHECK(header.find("inline constexpr QuantizedPort outputs[] = {{\"kind\", 3, 0.00390625F, -128}, {\"value\", 2, ",
                    inputs) != std::string::npos);
  CHECK(c_header.find("#define CAMERA_INPUT_TABLE_AT 40\n#define CAMERA_INPUT_TABLE_SIZE 3\n") != std::string::npos);
  CHECK(c_header.find("#define CAMERA_OUTPUT_VALUE_AT 3\n") != std::string::npos);
  std::filesystem::remove_all(folder);
}
