// Networks in int8 as ONNX files.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <tenon/edge/quantized_digest.hpp>
#include <tenon/model/export_onnx_int8.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/tenon.hpp>

#include "import/onnx.hpp"
#include "unit/zoo/round_trip.hpp"

using namespace tenon;

namespace {

constexpr std::size_t samples = 40;

std::string path_of(const std::string& name) {
  const std::string kept = zoo::kept_folder();
  const std::filesystem::path folder = kept.empty() ? std::filesystem::temp_directory_path() / "tenon_export_onnx_int8"
                                                    : std::filesystem::path(kept);
  std::filesystem::create_directories(folder);
  return (folder / (name + ".onnx")).string();
}

/// A network in int8 that is calibrated with random samples, and what it gives for them.
template <class Net>
struct Rig {
  static constexpr std::size_t in = input_shape<Net>::size, out = output_shape<Net>::size;
  static constexpr const auto& plan = edge::quantized_plan<Net>;
  std::vector<float> x = std::vector<float>(samples * in), y = std::vector<float>(samples * out);
  std::unique_ptr<QuantizedNumbers<Net>> numbers;

  explicit Rig(std::size_t tokens) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    std::uniform_real_distribution<float> around_one(0.5F, 1.5F);
    Model<Net> model{3};
    for (const ParameterEntry& entry : parameter_table<Net>)
      for (float& v : model.values(entry)) v = entry.running ? around_one(random) : v + 0.1F * normal(random);
    for (float& v : x) v = tokens > 0 ? static_cast<float>(random() % tokens) : normal(random);
    const Dataset<float> data({in}, x);
    DataLoader<float> loader{data, samples, 1};
    numbers = quantize(model, loader);
    const auto tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(*numbers));
    REQUIRE(tables->sums_fit);
    const auto net = std::make_unique<Quantized<Net>>(*tables);
    for (std::size_t i = 0; i < samples; ++i) {
      net->reset();
      (*net)(std::span<const float, in>(x.data() + i * in, in), std::span<float, out>(y.data() + i * out, out));
    }
  }

  zoo::ExportedInt8 written(const std::string& name) const {
    zoo::ExportedInt8 net{.path = path_of(name),
                          .weights = numbers->weights,
                          .zero = numbers->zero,
                          .bias = numbers->bias,
                          .weight_scale = numbers->weight_scale,
                          .scale = numbers->scale,
                          .digest = edge::plan_digest(plan),
                          .samples = samples,
                          .x = x,
                          .y = y,
                          .steps = {},
                          .inputs = detail::onnx_axes<input_shape<Net>>::value(),
                          .outputs = detail::onnx_axes<output_shape<Net>>::value()};
    for (std::size_t o = 0; o < plan.outputs(); ++o) {
      constexpr std::size_t features = plan.unscaled.features;
      const std::size_t tensor = plan.output_tensor(o);
      for (std::size_t i = 0; i < plan.sizes[tensor]; ++i)
        if constexpr (features > 0) net.steps.push_back(numbers->output_step[i % features]);
        else net.steps.push_back(numbers->scale[tensor]);
    }
    export_onnx(*numbers, net.path);
    return net;
  }
};

/// `tokens`: inputs are below.
template <class Net>
std::string round_trip(const std::string& name, std::size_t tokens = 0) {
  const auto rig = std::make_unique<Rig<Net>>(tokens);
  return zoo::round_trip(rig->written(name));
}

template <class... L>
using Vector = Sequential<Input<6>, L...>;
template <class... L>
using Steps = Sequential<Input<5, 6>, L...>;
template <class... L>
using Signal = Sequential<Input<4, 11>, L...>;
template <class... L>
using Image = Sequential<Input<3, 9, 8>, L...>;

}  // namespace

TEST_CASE("dense networks in int8 come back with their integers and scales") {
  CHECK(round_trip<Vector<Dense<8>, ReLU, Named<"head", Dense<3>>, Softmax>>("qdq_mlp") == "yes");
  CHECK(round_trip<Vector<Dense<8>, Tanh, Dense<5, bias<false>>, Sigmoid, Dense<2>>>("qdq_tables") == "yes");
  CHECK(round_trip<Vector<Dense<4, per_tensor<true>>, ReLU6, Dense<4, weight_bits<4>>>>("qdq_stored") == "yes");
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
  CHECK(round_trip<Image<Residual<Conv2D<3, 3, padding<1>>, ReLU>, Concat<Conv2D<2, 1>, Conv2D<2, 3, padding<1>>>>>(
            "qdq_residual") == "yes");
  CHECK(round_trip<Image<ConvTranspose2D<2, 3, stride<2>>, ReLU>>("qdq_transposed") == "yes");
}

TEST_CASE("what int8 does otherwise than float is written as it is there") {
  CHECK(round_trip<Vector<Dense<6, bias<false>>, BatchNorm1D<>, ReLU, Dense<2>>>("qdq_norm") == "yes");
  CHECK(round_trip<Image<Conv2D<4, 3, bias<false>>, BatchNorm2D<>, ReLU>>("qdq_norm_images") == "yes");
  CHECK(round_trip<Vector<Standardize, Dense<4>, Tanh, Dense<2>, Unstandardize>>("qdq_units") == "yes");
  CHECK(round_trip<Vector<Dense<5>, PReLU<>, Dense<4>, HardSwish, Dense<4>, Map<x * sigmoid(x) + 1>>>("qdq_formulas") ==
        "yes");
  CHECK(round_trip<Vector<ReLU, Dense<3>, LogSoftmax>>("qdq_log_softmax") == "yes");
  CHECK(round_trip<Vector<GLU, Dense<4>>>("qdq_glu") == "yes");
}

TEST_CASE("compositions in int8 are written through their parts") {
  CHECK(round_trip<Image<Gate<GlobalAvgPool, Dense<3>, Sigmoid>, SqueezeExcite<2>>>("qdq_gate") == "yes");
  CHECK(round_trip<Steps<SplitAt<2, Dense<3>, Sequential<Dense<4>, ReLU, Dense<3>>>, MeanSteps>>("qdq_split") == "yes");
  CHECK(round_trip<Vector<Repeat<3, Sequential<Dense<6>, Tanh>>>>("qdq_repeat") == "yes");
  CHECK(round_trip<freeze<Vector<Named<"body", Sequential<Dense<5>, ReLU>>, Dense<2>>, "body">>("qdq_frozen") == "yes");
  using Frames = TimeDistributed<Sequential<Flatten, Dense<5>, ReLU>>;
  CHECK(round_trip<Sequential<Input<3, 2, 6>, Frames, Flatten, Dense<4>>>("qdq_time_distributed") == "yes");
  CHECK(round_trip<Image<Upsample<2>, Conv2D<2, 3>, Permute<1, 2, 0>, Flatten, Dense<3>>>("qdq_moves") == "yes");
  CHECK(round_trip<Steps<Slice<1, 4>, Take<0, 2, 0>, Last, RepeatVector<2>, Dense<3>>>("qdq_pieces") == "yes");
  using Words = Embedding<9, 4>;
  CHECK(round_trip<Sequential<Input<5>, Words, LearnedPositionalEmbedding<>, Dense<4>, ReLU, Tied<Words>, Softmax>>(
            "qdq_tied", 9) == "yes");
  using Net = tenon::Graph<In<"image", 2, 6, 6>, In<"table", 5>,
                           Node<"seen", Sequential<Conv2D<3, 3>, ReLU, Flatten, Dense<4>>, "image">,
                           Node<"known", Sequential<Dense<4>, ReLU>, "table">, Node<"again", Shared<"known">, "table">,
                           Node<"sum", Add<>, "seen", "known", "again">, Node<"both", Concat<>, "sum", "known">,
                           Node<"mixed", Map<in<"sum"> * sigmoid(in<"known">) + normal_noise>>,
                           Node<"larger", Maximum, "mixed", "seen">, Node<"kept", Where, "known", "larger", "seen">,
                           Node<"parts", Split<0, 2>, "kept">, Node<"digit", Sequential<Dense<3>, Softmax>, "both">,
                           Node<"value", Dense<1>, "parts.1">, Out<"digit", "value", "mixed">>;
  CHECK(round_trip<Net>("qdq_graph") == "yes");
}
