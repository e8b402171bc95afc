// Networks in int8 as ONNX files.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/model/export_onnx_int8.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/tenon.hpp>

#include "import/onnx.hpp"
#include "support/exported_int8.hpp"
#include "support/golden.hpp"
#include "support/network_inputs.hpp"
#include "unit/zoo/round_trip.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

std::string path_of(const std::string& name) {
  const std::string kept = zoo::kept_folder();
  const std::filesystem::path folder = kept.empty() ? std::filesystem::temp_directory_path() / "tenon_export_onnx_int8"
                                                    : std::filesystem::path(kept);
  std::filesystem::create_directories(folder);
  return (folder / (name + ".onnx")).string();
}

/// Of a network that is calibrated with random samples. `tokens`: inputs are below.
template <class Net>
std::string round_trip(const std::string& name, std::size_t tokens = 0) {
  constexpr std::size_t samples = 40;
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<float> around_one(0.5F, 1.5F);
  Model<Net> model{3};
  for (const ParameterEntry& entry : parameter_table<Net>)
    for (float& v : model.values(entry)) v = entry.running ? around_one(random) : v + 0.1F * normal(random);
  std::vector<float> x(samples * input_shape<Net>::size);
  for (float& v : x) v = tokens > 0 ? static_cast<float>(random() % tokens) : normal(random);
  const Dataset<float> data({input_shape<Net>::size}, x);
  DataLoader<float> loader{data, samples, 1};
  const auto numbers = quantize(model, loader);
  const std::vector<float> y = outputs_in_int8(*numbers, x);
  return zoo::round_trip(exported_int8(*numbers, path_of(name), x, y));
}

}  // namespace

TEST_CASE("dense networks in int8 come back with their integers and scales") {
  CHECK(round_trip<Vector<Dense<8>, ReLU, Named<"head", Dense<3>>, Softmax>>("qdq_mlp") == "yes");
  CHECK(round_trip<Vector<Dense<8>, Tanh, Dense<5, bias<false>>, Sigmoid, Dense<2>>>("qdq_tables") == "yes");
  // four bits and one scale are no part of a file, so what comes back is kept in bytes
  CHECK(round_trip<Vector<Dense<4, per_tensor<true>>, ReLU6, Dense<4, weight_bits<4>>>>("qdq_stored") ==
        "yes, other steps");
  CHECK(round_trip<Vector<Residual<Dense<6>, ReLU>, Add<Dense<3>, Sequential<Dense<4>, ReLU, Dense<3>>>>>("qdq_sum") ==
        "yes");
  CHECK(round_trip<Vector<Concat<Dense<2>, Sequential<Dense<3>, ReLU>>, Dense<2>>>("qdq_concat") == "yes");
  CHECK(round_trip<Steps<Dense<4>, ReLU, Flatten, Dense<3>>>("qdq_steps") == "yes");
}

TEST_CASE("convolutional networks in int8 come back with their integers and scales") {
  CHECK(round_trip<Image<Conv2D<4, 3, padding<1>>, ReLU, MaxPool2D<2>, Flatten, Dense<3>>>("qdq_cnn") == "yes");
  CHECK(
      round_trip<Image<Conv2D<4, 3, bias<false>>, Tanh, AvgPool2D<2>, Conv2D<6, 1>, GlobalAvgPool, Dense<3>, Softmax>>(
          "qdq_cnn_tables") == "yes");
  CHECK(round_trip<Image<ZeroPad2D<0, 1, 0, 1>, Conv2D<4, 3, stride<2>>, ReLU6, Conv2D<4, 3, groups<4>>, ReLU6>>(
            "qdq_same") == "yes");
  CHECK(round_trip<Signal<Conv1D<6, 3, dilation<2>>, ReLU, MaxPool1D<2>, Conv1D<4, 2, groups<2>>>>("qdq_signal") ==
        "yes");
  CHECK(round_trip<Image<Residual<Conv2D<4, 3, padding<1>>, ReLU>, Concat<Conv2D<2, 1>, Conv2D<2, 3, padding<1>>>>>(
            "qdq_residual") == "yes");
  CHECK(round_trip<Image<ConvTranspose2D<2, 3, stride<2>>, ReLU>>("qdq_transposed") == "yes");
}

TEST_CASE("a BatchNorm that was not folded comes back as one, with what stands behind it") {
  CHECK(round_trip<Vector<Dense<6, bias<false>>, BatchNorm1D<>, ReLU, Dense<2>>>("qdq_norm") == "yes");
  CHECK(round_trip<Image<Conv2D<4, 3, bias<false>>, BatchNorm2D<>, MaxPool2D<2>>>("qdq_norm_images") == "yes");
  CHECK(round_trip<Signal<BatchNorm1D<>, Tanh, Conv1D<3, 2>, BatchNorm1D<>, ReLU6>>("qdq_norm_signals") == "yes");
}

TEST_CASE("what the importer has no integers for is written all the same") {
  using Catch::Matchers::StartsWith;
  const std::string refused = "yes, no import: ";
  CHECK_THAT((round_trip<Vector<Standardize, Dense<4>, Tanh, Dense<2>, Unstandardize>>("qdq_units")),
             StartsWith(refused));
  CHECK_THAT(
      (round_trip<Vector<Dense<5>, PReLU<>, Dense<4>, HardSwish, Dense<4>, Map<x * sigmoid(x) + 1>>>("qdq_formulas")),
      StartsWith(refused));
  CHECK_THAT((round_trip<Vector<ReLU, Dense<3>, LogSoftmax>>("qdq_log_softmax")), StartsWith(refused));
  CHECK(round_trip<Vector<GLU, Dense<4>>>("qdq_glu") == "yes, other steps");
  using Frames = TimeDistributed<Sequential<Flatten, Dense<5>, ReLU>>;
  CHECK_THAT((round_trip<Sequential<Input<3, 2, 6>, Frames, Flatten, Dense<4>>>("qdq_time_distributed")),
             StartsWith(refused));
  CHECK_THAT((round_trip<Steps<Slice<1, 4>, Take<0, 2, 0>, Last, RepeatVector<2>, Dense<3>>>("qdq_pieces")),
             StartsWith(refused));
  using Words = Embedding<9, 4>;
  CHECK_THAT(
      (round_trip<Sequential<Input<5>, Words, LearnedPositionalEmbedding<>, Dense<4>, ReLU, Tied<Words>, Softmax>>(
          "qdq_tied", 9)),
      StartsWith(refused));
}

TEST_CASE("compositions in int8 are written through their parts") {
  CHECK(round_trip<Image<Gate<GlobalAvgPool, Dense<4>, Sigmoid>, SqueezeExcite<2>>>("qdq_gate") == "yes");
  CHECK(round_trip<Vector<Repeat<3, Sequential<Dense<6>, Tanh>>>>("qdq_repeat") == "yes");
  CHECK(round_trip<freeze<Vector<Named<"body", Sequential<Dense<5>, ReLU>>, Dense<2>>, "body">>("qdq_frozen") == "yes");
  CHECK(round_trip<Steps<SplitAt<2, Dense<3>, Sequential<Dense<4>, ReLU, Dense<3>>>, MeanSteps>>("qdq_split") ==
        "yes, other steps");
  CHECK(round_trip<Image<Upsample<2>, Conv2D<2, 3>, Permute<1, 2, 0>, Flatten, Dense<3>>>("qdq_moves") ==
        "yes, other steps");
}

TEST_CASE("normalisations and attention in int8 are operators of floats, and come back") {
  CHECK(round_trip<Steps<LayerNorm<>, Dense<6>, RMSNorm<>, ReLU>>("qdq_rows") == "yes");
  CHECK(
      round_trip<Image<GroupNorm<2>, ReLU, Conv2D<4, 3>, InstanceNorm<affine<true>>, Flatten, LayerNorm<bias<false>>>>(
          "qdq_groups") == "yes");
  CHECK(round_trip<Image<LayerNorm<>, Conv2D<4, 3>, LayerNorm<>, ReLU>>("qdq_whole_images") == "yes");
  CHECK(round_trip<Signal<GroupNorm<2>, Tanh, Conv1D<4, 3>, InstanceNorm<affine<true>>>>("qdq_group_signals") == "yes");
  // what has no factors comes back with ones
  CHECK(round_trip<Image<Conv2D<4, 3>, InstanceNorm<>, GroupNorm<2, affine<false>>>>("qdq_without_factors") ==
        "yes, other steps");
  CHECK(round_trip<Steps<Residual<LayerNorm<>, MultiheadAttention<2, causal>>>>("qdq_attention") == "yes");
  CHECK(round_trip<Steps<MultiheadAttention<3>, Dense<3>>>("qdq_heads") == "yes");
  CHECK_THAT((round_trip<Steps<MultiheadAttention<1, rope<>>, Dense<3>>>("qdq_rope")),
             Catch::Matchers::StartsWith("yes, no import: "));
}

TEST_CASE("networks in int8 of several inputs and outputs come back") {
  using Two = tenon::Graph<In<"image", 2, 6, 6>, In<"table", 5>,
                           Node<"seen", Sequential<Conv2D<3, 3>, ReLU, Flatten, Dense<4>>, "image">,
                           Node<"known", Sequential<Dense<4>, ReLU>, "table">, Node<"sum", Add<>, "seen", "known">,
                           Node<"digit", Sequential<Dense<3>, Softmax>, "sum">, Node<"value", Dense<1>, "sum">,
                           Out<"digit", "value", "known">>;
  CHECK(round_trip<Two>("qdq_two") == "yes");
  using Memory = tenon::Graph<In<"target", 3, 4>, In<"memory", 5, 4>,
                              Node<"seen", CrossAttention<2>, "target", "memory">, Node<"y", LayerNorm<>, "seen">,
                              Out<"y", "seen">>;
  CHECK(round_trip<Memory>("qdq_cross") == "yes");
}

TEST_CASE("graphs in int8 are written with the names of their inputs, nodes and outputs") {
  using Net = tenon::Graph<In<"image", 2, 6, 6>, In<"table", 5>,
                           Node<"seen", Sequential<Conv2D<3, 3>, ReLU, Flatten, Dense<4>>, "image">,
                           Node<"known", Sequential<Dense<4>, ReLU>, "table">, Node<"again", Shared<"known">, "table">,
                           Node<"sum", Add<>, "seen", "known", "again">, Node<"both", Concat<>, "sum", "known">,
                           Node<"mixed", Map<in<"sum"> * sigmoid(in<"known">) + normal_noise>>,
                           Node<"larger", Maximum, "mixed", "seen">, Node<"kept", Where, "known", "larger", "seen">,
                           Node<"parts", Split<0, 2>, "kept">, Node<"digit", Sequential<Dense<3>, Softmax>, "both">,
                           Node<"value", Dense<1>, "parts.1">, Out<"digit", "value", "mixed">>;
  CHECK_THAT(round_trip<Net>("qdq_graph"), Catch::Matchers::StartsWith("yes, no import: "));
  const importing::Graph graph = importing::read_onnx(path_of("qdq_graph"));
  CHECK(graph.inputs[1].name == "table");
  CHECK(graph.outputs[2].name == "mixed");
  const auto occurs = [&](std::string_view name) {
    return std::ranges::count(graph.nodes, name, &importing::Node::name) == 1;
  };
  for (const std::string_view name :
       {"seen.0/Conv", "known.0/Gemm", "sum/Add", "sum/Add_1", "both/Concat", "kept/Where"})
    CHECK(occurs(name));
  // an input that is given back is another value when it is rounded
  CHECK(round_trip<tenon::Graph<In<"x", 4>, Node<"y", Dense<2>>, Out<"y", "x">>>("qdq_given_back") == "yes");
  CHECK(importing::read_onnx(path_of("qdq_given_back")).outputs[1].name == "x_1");
  const importing::Array& weight = graph.constants.at("seen.0.weight");
  CHECK(weight.type == importing::Type::int8);
  CHECK(weight.dims == importing::Dims{3, 2, 3, 3});
  CHECK(graph.constants.at("seen.0.weight_scale").dims == importing::Dims{3});
  CHECK(graph.constants.at("seen.0.bias").type == importing::Type::int32);
}

namespace {

/// Integers that are the same wherever this is compiled: those of a linear congruential generator.
class Integers {
public:
  int next() {
    state_ = state_ * 1664525U + 1013904223U;
    return static_cast<int>(state_ >> 24) - 128;
  }

private:
  std::uint32_t state_ = 5;
};

/// Numbers of a network that nothing has been calibrated for: every step's output has about the spread of its input. No
/// scale is a simple multiple of another, or every second sum would lie between two integers.
template <class Net>
std::unique_ptr<QuantizedNumbers<Net>> made_numbers() {
  constexpr const auto& plan = edge::quantized_plan<Net>;
  auto q = std::make_unique<QuantizedNumbers<Net>>();
  Integers integers;
  for (std::size_t t = 0; t <= plan.count; ++t) {
    const edge::QuantizedStep step = t > 0 ? plan.steps[t - 1] : edge::QuantizedStep{};
    q->scale[t] = t == 0 ? 0.0213F : q->scale[step.source] * (1.0F + 0.0371F * static_cast<float>(t % 5));
    q->zero[t] = static_cast<std::int8_t>(integers.next() / 16);
    if (t == 0) continue;
    if (step.fixed_scale > 0) {
      q->scale[t] = static_cast<float>(step.fixed_scale);
      q->zero[t] = static_cast<std::int8_t>(step.fixed_zero);
    } else if (step.keeps_scale()) {
      q->scale[t] = q->scale[step.source];
      q->zero[t] = q->zero[step.source];
    }
    if (step.has_factors())
      for (std::size_t o = 0; o < step.factors; ++o) {
        q->weight_scale[step.row + o] = 0.7F + 0.0613F * static_cast<float>(o % 8);
        if (step.pattern.has_bias) q->bias[step.row + o] = 0x8000 * integers.next();
      }
    if (!step.multiplies()) continue;
    for (std::size_t o = 0; o < step.outputs(); ++o) {
      const std::size_t row = step.row + step.packed_row(o);
      q->weight_scale[row] = (0.7F + 0.0613F * static_cast<float>(o % 8)) /
                             (96.0F * std::sqrt(static_cast<float>(step.columns())));
      if (step.pattern.has_bias) q->bias[row] = 32 * integers.next();
      for (std::size_t i = 0; i < step.columns(); ++i)
        step.put_weight(q->weights, o, i, std::max(integers.next(), -127));
    }
  }
  return q;
}

/// What ONNX Runtime gives for the file, counted in steps of the output's scale: tests/golden/make_qdq.mjs.
std::vector<int> runtime_steps(const std::string& name) {
  std::ifstream file(Golden::folder() / "qdq_onnxruntime.txt");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string own;
    if (words >> own && own == name) return {std::istream_iterator<int>(words), {}};
  }
  return {};
}

/// `cell`: what the importer makes of the file.
template <class Net>
void check_with_runtime(const std::string& name, const std::string& cell = "yes") {
  INFO(name);
  const auto numbers = made_numbers<Net>();
  Integers integers;
  std::vector<float> x(8 * input_shape<Net>::size);
  for (float& v : x) v = numbers->scale[0] * static_cast<float>(integers.next() - numbers->zero[0]);
  const std::vector<float> y = outputs_in_int8(*numbers, x);
  CHECK_THAT(zoo::round_trip(exported_int8(*numbers, path_of(name), x, y)), Catch::Matchers::StartsWith(cell));
  const float step = numbers->scale[edge::quantized_plan<Net>.count];
  const std::vector<int> expected = runtime_steps(name);
  CHECK(expected.size() == y.size());
  if (expected.size() != y.size()) return;
  const auto [low, high] = std::minmax_element(expected.begin(), expected.end());
  CHECK(*high - *low > 20);  // numbers that say something
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(std::abs(std::lround(y[i] / step) - expected[i]) <= 1);
}

}  // namespace

TEST_CASE("ONNX Runtime gives what networks in int8 give, within a step") {
  check_with_runtime<Image<Conv2D<8, 3, padding<1>>, ReLU, MaxPool2D<2>, Conv2D<8, 3, padding<1>, groups<8>>, ReLU6,
                           Conv2D<6, 1, bias<false>>, Flatten, Dense<5>>>("qdq_golden_images");
  check_with_runtime<Vector<Dense<9>, Sigmoid, Residual<Dense<9>, Tanh>, Concat<Dense<3>, Dense<4, bias<false>>>>>(
      "qdq_golden_vectors");
  check_with_runtime<Signal<Conv1D<6, 3, stride<2>>, ReLU, AvgPool1D<2>, Flatten, Dense<4>>>("qdq_golden_signals");
  check_with_runtime<Steps<LayerNorm<>, ReLU, RMSNorm<>, Dense<3>>>("qdq_golden_rows");
  check_with_runtime<Image<GroupNorm<2>, Conv2D<4, 3>, InstanceNorm<affine<true>>, ReLU6>>("qdq_golden_groups");
  const std::string refused = "yes, no import: ";
  check_with_runtime<Steps<MultiheadAttention<2>, MultiheadAttention<3, causal, rope<>>>>("qdq_golden_attention",
                                                                                          refused);
  check_with_runtime<Steps<CrossAttention<2, 3>>>("qdq_golden_memory", "yes, other steps");
}

TEST_CASE("what cannot be written in int8 is known before") {
  STATIC_REQUIRE(runs_as<in_onnx_int8, Vector<Dense<2>>>);
  STATIC_REQUIRE(std::is_same_v<refusal<in_onnx_int8, Steps<Sequential<ReLU, LSTM<3>>>>,
                                cannot_run<layer<path<0, 1>, LSTM<3>>, in_onnx_int8>>);
  STATIC_REQUIRE(runs_as<in_onnx_int8, Steps<LayerNorm<>, MultiheadAttention<2>>>);
  STATIC_REQUIRE(runs_as<in_onnx_int8, Steps<Dense<4>, MeanSteps>>);
  STATIC_REQUIRE(!runs_as<in_onnx_int8, Steps<Masked<0, Dense<4>, MeanSteps>>>);  // without the mask, another mean
  STATIC_REQUIRE(!runs_as<in_onnx_int8, Steps<SplitAt<3, Identity, Identity>, AdditiveAttention<3, 4>>>);
  STATIC_REQUIRE(!runs_as<in_onnx_int8, StoreActivations<Vector<Dense<2>>, activation_bits<16>>>);
  STATIC_REQUIRE(!runs_as<in_onnx_int8, Signal<ConvTranspose1D<4, 3, groups<2>>>>);
  STATIC_REQUIRE(runs_as<in_onnx_int8, Signal<ConvTranspose1D<4, 3>>>);
  // what int8 refuses is refused as there
  using Unknown = Steps<LSTM<3, peepholes, litert_int8>>;
  STATIC_REQUIRE(!runs_as<in_int8, Unknown>);
  STATIC_REQUIRE(std::is_same_v<refusal<in_onnx_int8, Unknown>, refusal<in_int8, Unknown>>);
  STATIC_REQUIRE(!runs_as<in_onnx_int8, Steps<LSTM<3, mask<0>>>>);
}

TEST_CASE("a file of a network in int8 that cannot be written leaves nothing") {
  const std::string path = path_of("qdq_mlp") + "/absent/net.onnx";
  CHECK_THROWS_AS(export_onnx(*made_numbers<Vector<Dense<2>>>(), path), Error);
  CHECK(!std::filesystem::exists(path));
}
