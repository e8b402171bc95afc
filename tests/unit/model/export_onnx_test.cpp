#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/model/export_onnx.hpp>
#include <tenon/tenon.hpp>

#include "import/interpret.hpp"
#include "import/onnx.hpp"

/// Networks of all kinds are written as ONNX files, read again, and run by the importer's interpreter in double, which knows
/// nothing of what they were made from. With TENON_ONNX_FOLDER the files are kept there with their inputs and outputs, for
/// tests/interop/onnxruntime.mjs.
using namespace tenon;
using importing::Array;

namespace {

constexpr std::size_t batch = 3;

/// One network, its numbers, a batch of inputs and what it gives for them.
template <class Net>
struct Specimen {
  using M = Model<Net>;
  M model{5};
  std::vector<float> x = std::vector<float>(batch * M::input::size), y = std::vector<float>(batch * M::output::size);

  explicit Specimen(std::size_t tokens) {
    std::mt19937 random(17);
    std::normal_distribution<float> normal;
    std::uniform_real_distribution<float> around_one(0.5F, 1.5F);
    for (const ParameterEntry& entry : parameter_table<Net>)  // so that ones and zeros are seen too
      for (float& v : model.values(entry)) v = entry.running ? around_one(random) : v + 0.1F * normal(random);
    for (float& v : x) v = tokens > 0 ? static_cast<float>(random() % tokens) : normal(random);
    model.predict(std::span<const float>(x), std::span<float>(y));
  }
};

std::string folder() {
  const char* const kept = std::getenv("TENON_ONNX_FOLDER");
  const std::filesystem::path path = kept != nullptr ? kept : (std::filesystem::temp_directory_path() / "tenon_export_onnx").string();
  std::filesystem::create_directories(path);
  return path.string();
}

/// Some columns of rows as an array with these axes behind the batch.
Array columns(const std::vector<float>& rows, std::size_t width, std::size_t first, const OnnxFile::Axes& axes) {
  Array array{importing::Type::float32, {static_cast<std::int64_t>(batch)}, {}};
  std::size_t size = 1;
  for (const std::int64_t axis : axes) {
    array.dims.push_back(axis);
    size *= static_cast<std::size_t>(axis);
  }
  for (std::size_t i = 0; i < batch; ++i)
    for (std::size_t j = 0; j < size; ++j) array.values.push_back(static_cast<double>(rows[i * width + first + j]));
  return array;
}

template <class S>
std::vector<Array> parts(const std::vector<float>& rows) {
  std::vector<Array> all;
  std::size_t first = 0;
  for (const OnnxFile::Axes& axes : detail::onnx_axes<S>::value()) {
    all.push_back(columns(rows, S::size, first, axes));
    first += all.back().values.size() / batch;
  }
  return all;
}

void keep(const std::string& name, const std::vector<importing::Value>& inputs, const std::vector<Array>& given, const std::vector<Array>& gives) {
  std::ofstream out(folder() + "/" + name + ".json");
  out.precision(9);
  const auto write = [&](const Array& array) {
    out << "{\"dims\": [";
    for (std::size_t i = 0; i < array.dims.size(); ++i) out << (i > 0 ? "," : "") << array.dims[i];
    out << "], \"values\": [";
    for (std::size_t i = 0; i < array.values.size(); ++i) out << (i > 0 ? "," : "") << array.values[i];
    out << "]}";
  };
  out << "{\"inputs\": {";
  for (std::size_t k = 0; k < given.size(); ++k) {
    out << (k > 0 ? ", " : "") << '"' << inputs[k].name << "\": ";
    write(given[k]);
  }
  out << "}, \"outputs\": [";
  for (std::size_t k = 0; k < gives.size(); ++k) {
    out << (k > 0 ? ", " : "");
    write(gives[k]);
  }
  out << "]}\n";
}

template <class Net>
importing::Graph exported(const Model<Net>& model, const std::string& name) {
  const std::string path = folder() + "/" + name + ".onnx";
  export_onnx(model, path);
  return importing::read_onnx(path);
}

/// The network gives the same as its file does, and the file has its parameters. `tokens`: inputs are below.
template <class Net>
importing::Graph check(const std::string& name, std::size_t tokens = 0) {
  INFO(name);
  const auto specimen = std::make_unique<Specimen<Net>>(tokens);
  const importing::Graph graph = exported(specimen->model, name);
  CHECK(graph.opset == 17);
  for (const ParameterEntry& entry : parameter_table<Net>) {
    INFO(entry.name);
    const auto found = graph.constants.find(std::string(entry.name));
    REQUIRE(found != graph.constants.end());
    CHECK(found->second.dims == importing::Dims(entry.dims, entry.dims + entry.rank));
    const auto values = specimen->model.values(entry);
    CHECK(std::equal(values.begin(), values.end(), found->second.values.begin(), found->second.values.end()));
  }

  using In = input_shape<Net>;
  using Out = output_shape<Net>;
  const std::vector<Array> given = parts<In>(specimen->x), expected = parts<Out>(specimen->y);
  REQUIRE(graph.inputs.size() == given.size());
  std::map<std::string, Array> inputs;
  for (std::size_t k = 0; k < given.size(); ++k) {
    CHECK(graph.inputs[k].dims->front() == importing::free);
    CHECK(graph.inputs[k].axis_names.front() == "batch");
    inputs.emplace(graph.inputs[k].name, given[k]);
  }
  std::vector<Array> outputs;
  REQUIRE_NOTHROW(outputs = importing::interpret(graph, inputs));
  REQUIRE(outputs.size() == expected.size());
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    CHECK(outputs[o].dims == expected[o].dims);
    REQUIRE(outputs[o].values.size() == expected[o].values.size());
    double largest = 1e-3, difference = 0;
    for (std::size_t i = 0; i < outputs[o].values.size(); ++i) {
      largest = std::max(largest, std::abs(expected[o].values[i]));
      difference = std::max(difference, std::abs(outputs[o].values[i] - expected[o].values[i]));
      REQUIRE(std::isfinite(outputs[o].values[i]));
    }
    CHECK(difference <= 1e-5 * largest);
  }
  if (std::getenv("TENON_ONNX_FOLDER") != nullptr) keep(name, graph.inputs, given, expected);
  return graph;
}

/// How often an operator occurs.
std::size_t count(const importing::Graph& graph, std::string_view op) {
  return static_cast<std::size_t>(std::ranges::count(graph.nodes, op, &importing::Node::op));
}

template <class... L>
using Vector = Sequential<Input<6>, L...>;
template <class... L>
using Steps = Sequential<Input<5, 6>, L...>;
template <class... L>
using Signal = Sequential<Input<4, 11>, L...>;
template <class... L>
using Image = Sequential<Input<4, 9, 8>, L...>;

}  // namespace

TEST_CASE("dense networks export as Gemm, and of sequences as MatMul") {
  const auto graph = check<Vector<Dense<8>, ReLU, Named<"head", Dense<3>>, Softmax>>("mlp");
  CHECK(graph.inputs[0].name == "input");
  CHECK(graph.outputs[0].name == "output");
  REQUIRE(graph.nodes.size() == 4);
  CHECK(graph.nodes[0].op == "Gemm");
  CHECK(graph.nodes[0].name == "0/Gemm");
  CHECK(graph.nodes[2].name == "head/Gemm");
  CHECK(graph.nodes[3].op == "Softmax");
  check<Vector<Dense<3, bias<false>>>>("dense_without_bias");
  check<Steps<Dense<8>, Tanh, Dense<3, bias<false>>, LogSoftmax>>("dense_steps");
}

TEST_CASE("activations export as the operator, or as what they are made of") {
  const auto one = [](const importing::Graph& graph, std::string_view op) {
    CHECK(graph.nodes.size() == 1);
    CHECK(count(graph, op) == 1);
  };
  one(check<Vector<ReLU>>("relu"), "Relu");
  one(check<Vector<ReLU6>>("relu6"), "Clip");
  one(check<Vector<Sigmoid>>("sigmoid"), "Sigmoid");
  one(check<Vector<Tanh>>("tanh"), "Tanh");
  one(check<Vector<Softplus>>("softplus"), "Softplus");
  one(check<Vector<Softsign>>("softsign"), "Softsign");
  one(check<Vector<HardSwish>>("hard_swish"), "HardSwish");
  one(check<Vector<HardSigmoid>>("hard_sigmoid"), "HardSigmoid");
  one(check<Vector<HardTanh<>>>("hard_tanh"), "Clip");
  one(check<Vector<LeakyReLU<0.2>>>("leaky_relu"), "LeakyRelu");
  one(check<Vector<ELU<0.7>>>("elu"), "Elu");
  one(check<Vector<CELU<1.3>>>("celu"), "Celu");
  one(check<Vector<SELU>>("selu"), "Selu");
  one(check<Vector<Softmax>>("softmax"), "Softmax");
  one(check<Steps<LogSoftmax>>("log_softmax"), "LogSoftmax");
  check<Image<Softmax>>("softmax_image");
  check<Vector<GELU>>("gelu");
  check<Vector<GELUTanh>>("gelu_tanh");
  check<Vector<SiLU>>("silu");
  check<Vector<Mish>>("mish");
  check<Vector<LogSigmoid>>("log_sigmoid");
  check<Vector<Tanhshrink>>("tanhshrink");
  check<Vector<PReLU<>>>("prelu");
  check<Image<PReLU<PerFeature>>>("prelu_image");
  check<Vector<GLU>>("glu");
  check<Steps<SwiGLU>>("swiglu");
}

TEST_CASE("formulas export as they are written") {
  check<Vector<Map<x * sigmoid(x) + param<"shift", PerFeature, Ones>>>>("formula_parameter");
  check<Steps<Map<(x - mean(x)) / sqrt(variance(x) + 1e-5) * param<"weight", PerFeature, Ones>>>>("formula_norm");
  check<Vector<Map<sigmoid(matmul(x, param<"W", Shape<6, 4>, Ones>) + param<"b", Shape<4>>)>>>("formula_product");
  check<Vector<Map<select((x > 0.25), exp(-x), abs(x)) + (x < 0)>>>("formula_condition");
  check<Vector<Map<max(x) - x * min(x) + sum(x * x)>>>("formula_rows");
  check<Vector<Map<param<"w", PerFeature, Ones> + mean(x)>>>("formula_no_x");
  check<Image<Map<x * param<"scale", PerFeature, Ones> + 1>>>("formula_channels");
  check<Image<Map<x / (1 + sum(x * x)) * param<"scale", PerFeature, Ones>>>>("formula_image");
  check<Vector<Map<sin(x) * cos(x) + pow(abs(x) + 1, 1.5) - expm1(x) + softplus(x) + sign(x)>>>("formula_functions");
  check<Vector<Map<x * tenon::index / features>>>("formula_places");
  check<Vector<Dense<8>, Dropout<0.5>, Dense<2>>>("dropout");
}

TEST_CASE("normalisations export with their running statistics") {
  CHECK(count(check<Image<BatchNorm2D<>, ReLU>>("batch_norm_2d"), "BatchNormalization") == 1);
  check<Image<BatchNorm2D<affine<false>, epsilon<1e-3>>>>("batch_norm_plain");
  check<Signal<BatchNorm1D<>>>("batch_norm_signal");
  check<Vector<BatchNorm1D<bias<false>>>>("batch_norm_vector");
  CHECK(count(check<Vector<LayerNorm<>>>("layer_norm"), "LayerNormalization") == 1);
  check<Steps<LayerNorm<affine<false>>>>("layer_norm_steps");
  check<Image<LayerNorm<>>>("layer_norm_image");
  check<Steps<RMSNorm<>>>("rms_norm");
  check<Image<GroupNorm<2>>>("group_norm");
  check<Image<GroupNorm<4, affine<false>>>>("group_norm_plain");
  check<Image<InstanceNorm<>>>("instance_norm");
  check<Vector<L2Normalize<>>>("l2_normalize");
}

TEST_CASE("convolutions and pools export with their windows") {
  CHECK(count(check<Image<Conv2D<6, 3>, ReLU>>("conv"), "Conv") == 1);
  check<Image<Conv2D<6, 3, stride<2>, padding<1>, bias<false>>>>("conv_stride");
  check<Image<Conv2D<4, kernel<2, 4>, padding<same>>>>("conv_same_even");
  check<Image<Conv2D<8, 3, groups<4>, dilation<2>, padding<2>>, HardSwish>>("conv_depthwise");
  check<Signal<Conv1D<6, 4, stride<3>, padding<1>>>>("conv_1d");
  check<Image<ConvTranspose2D<3, 3, stride<2>, padding<1>, output_padding<1>>>>("conv_transpose");
  check<Image<ConvTranspose2D<4, kernel<2, 3>, groups<2>>>>("conv_transpose_groups");
  check<Signal<ConvTranspose1D<3, 4, stride<2>>>>("conv_transpose_1d");
  check<Image<MaxPool2D<2>>>("max_pool");
  check<Image<MaxPool2D<3, stride<2>, padding<1>>>>("max_pool_padding");
  check<Signal<MaxPool1D<3, dilation<2>, stride<1>>>>("max_pool_1d");
  check<Image<AvgPool2D<2>>>("avg_pool");
  check<Image<AvgPool2D<3, stride<2>, padding<1>>>>("avg_pool_counted");
  check<Image<AvgPool2D<3, stride<2>, padding<1>, count_padding<false>>>>("avg_pool_padding");
  check<Signal<AvgPool1D<2>>>("avg_pool_1d");
  check<Image<AdaptiveAvgPool2D<3, 4>>>("adaptive_pool");
  check<Image<GlobalAvgPool>>("global_avg_pool");
  check<Signal<GlobalMaxPool>>("global_max_pool");
  check<Image<Upsample<2>>>("upsample");
  check<Image<Upsample<2, 3, bilinear>>>("upsample_bilinear");
  check<Signal<Upsample<3>>>("upsample_signal");
  check<Image<ZeroPad2D<1, 2, 0, 3>>>("zero_pad");
  check<Signal<ZeroPad1D<2, 1>>>("zero_pad_signal");
}

TEST_CASE("what moves numbers exports") {
  check<Image<Flatten, Reshape<2, 144>, Permute<1, 0>>>("reshape");
  check<Image<Permute<2, 0, 1>>>("permute");
  check<Image<Slice<1, 2, -1>, Slice<-1, 3>>>("slice");
  check<Image<Select<0, -1>>>("select");
  check<Vector<Select<0, 2>>>("select_vector");
  check<Steps<Take<0, 3, 0, -1>>>("take");
  check<Steps<MeanSteps>>("mean_steps");
  check<Steps<Last>>("last");
  check<Vector<RepeatVector<3>>>("repeat_vector");
  check<Image<Dropout2D<0.5>, Identity>>("nothing");
}

TEST_CASE("recurrent networks export with their gates in ONNX's order") {
  CHECK(count(check<Steps<LSTM<3>>>("lstm"), "LSTM") == 1);
  check<Steps<LSTM<3, layers<2>, bidirectional>>>("lstm_deep");
  check<Steps<LSTM<3, bidirectional, last, bias<false>>>>("lstm_last");
  check<Steps<LSTM<3, diagonal_peepholes>>>("lstm_peepholes");
  check<Steps<GRU<3>, Last>>("gru");
  check<Steps<GRU<3, layers<2>, last>>>("gru_deep");
  check<Steps<GRU<3, reset_before>>>("gru_reset_before");
  check<Steps<RNN<3>>>("rnn");
  check<Steps<RNN<3, nonlinearity<ReLU>, bidirectional>>>("rnn_relu");
  using Words = Embedding<9, 4>;
  check<Sequential<Input<5>, Words, LearnedPosition<>, GRU<4>, Tied<Words>, Softmax>>("tied", 9);
}

TEST_CASE("attention exports as products and a softmax") {
  check<Steps<MultiheadAttention<2>>>("attention");
  check<Steps<Residual<LayerNorm<>, MultiheadAttention<3, causal>>, Residual<LayerNorm<>, Dense<8>, GELU, Dense<6>>>>("transformer");
}

TEST_CASE("compositions export through their parts") {
  const auto graph = check<Image<Named<"encoder", Residual<Conv2D<4, 3, padding<1>>, Sequential<BatchNorm2D<>, ReLU>>>, GlobalAvgPool, Dense<2>>>("residual");
  CHECK(graph.constants.contains("encoder.1.0.running_var"));
  CHECK(std::ranges::any_of(graph.nodes, [](const importing::Node& node) { return node.name == "encoder/1.0/BatchNormalization" || node.name == "encoder.1.0/BatchNormalization"; }));
  check<Vector<Repeat<3, Sequential<Dense<6>, Tanh>>>>("repeat");
  check<Vector<Add<Dense<4>, Sequential<Dense<5>, ReLU, Dense<4>>>, Concat<Dense<2>, Named<"all", Identity>>>>("branches");
  check<Image<Concat<Conv2D<2, 3, padding<1>>, Identity>>>("concat_channels");
  check<Image<Gate<GlobalAvgPool, Dense<4>, Sigmoid>>>("gate");
  check<Image<SqueezeExcite<2>>>("squeeze_excite");
  check<Steps<SplitAt<2, Dense<3>, Sequential<Dense<4>, ReLU, Dense<3>>>>>("split");
  check<Sequential<Input<3, 2, 6, 6>, TimeDistributed<Sequential<Conv2D<3, 3>, ReLU, Flatten, Dense<5>>>, LSTM<4, last>>>("time_distributed");
  check<freeze<Vector<Named<"body", Sequential<Dense<5>, ReLU>>, Dense<2>>, "body">>("frozen");
  check<Named<"net", Vector<Dense<2>>>>("named");
  check<Vector<Inline<Sequential<Named<"a", Dense<4>>, ReLU>>, Named<"b", Dense<2>>>>("inline");
}

TEST_CASE("graphs export with the names of their inputs, nodes and outputs") {
  using Net = Graph<In<"image", 2, 6, 6>, In<"table", 5>,
                    Node<"seen", Sequential<Conv2D<3, 3>, ReLU, Flatten, Dense<4>>, "image">,
                    Node<"known", Sequential<Dense<4>, ReLU>, "table">, Node<"again", Shared<"known">, "table">,
                    Node<"sum", Add<>, "seen", "known", "again">, Node<"both", Concat<>, "sum", "known">,
                    Node<"mixed", Map<in<"sum"> * sigmoid(in<"known">) + normal_noise>>,
                    Node<"digit", Sequential<Dense<3>, Softmax>, "both">, Node<"value", Dense<1>, "mixed">,
                    Out<"digit", "value", "mixed">>;
  const auto graph = check<Net>("graph");
  CHECK(graph.inputs[0].name == "image");
  CHECK(graph.inputs[1].name == "table");
  CHECK(graph.outputs[0].name == "digit");
  CHECK(graph.outputs[1].name == "value");
  CHECK(graph.outputs[2].name == "mixed");
  check<Graph<In<"a", 4, 3>, In<"b", 4, 3>, In<"c", 4>, Node<"m", Multiply, "a", "b", "c">, Node<"d", Subtract, "m", "b">,
              Node<"mean", Mean, "a", "d">, Node<"largest", Maximum, "mean", "c">, Node<"least", Minimum, "largest", "a">,
              Node<"stack", Stack, "least", "b">, Out<"stack", "d">>>("elementwise");
  check<Graph<In<"a", 4>, Node<"b", Map<x * x + 1>>, Node<"c", Divide, "a", "b">, Out<"c", "a">>>("given_back");
}

TEST_CASE("what ONNX has no words for is known before") {
  STATIC_REQUIRE(runs_as<in_onnx, Vector<Dense<2>>>);
  STATIC_REQUIRE(std::is_same_v<refusal<in_onnx, Image<Sequential<ReLU, AdaptiveAvgPool2D<2, 3>>>>,
                                cannot_run<layer<path<0, 1>, AdaptiveAvgPool2D<2, 3>>, in_onnx>>);
  STATIC_REQUIRE(!runs_as<in_onnx, Steps<LSTM<3, mask<0>>>>);
  STATIC_REQUIRE(!runs_as<in_onnx, Steps<LSTM<3, peepholes>>>);
  STATIC_REQUIRE(!runs_as<in_onnx, Vector<Map<x - batch_mean(x)>>>);
  STATIC_REQUIRE(!runs_as<in_onnx, Image<AvgPool2D<2, dilation<2>>>>);
}

TEST_CASE("an ONNX file that cannot be written leaves nothing") {
  const std::string path = folder() + "/absent/net.onnx";
  CHECK_THROWS_AS(export_onnx(Model<Vector<Dense<2>>>{}, path), Error);
  CHECK(!std::filesystem::exists(path));
}
