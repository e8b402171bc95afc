#include <catch2/catch.hpp>

#include <tenon/edge/frozen.hpp>
#include <tenon/layers/adaptive_avg_pool.hpp>
#include <tenon/layers/avg_pool2d.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/glu.hpp>
#include <tenon/layers/l2_normalize.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/max_pool2d.hpp>
#include <tenon/layers/multiply.hpp>
#include <tenon/layers/prelu.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/model/export.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/networks.hpp>

#include <array>
#include <cmath>
#include <vector>

#include "support/counting_new.hpp"

using namespace tenon;

namespace {

template <class Net>
struct Pair {
  Model<Net> model{3};
  std::unique_ptr<Weights<Net>> weights = frozen_weights(model);
  Frozen<Net> frozen{*weights};
  std::vector<float> input = std::vector<float>(input_shape<Net>::size);
  std::vector<float> expected = std::vector<float>(output_shape<Net>::size);
  std::vector<float> output = expected;

  void draw(std::uint32_t sample) {
    Stream random(5, Purpose::user, sample);
    for (float& number : input) number = random.uniform<float>(-1.F, 1.F);
    model.predict(std::span<const float>(input), expected);
  }
  void run() {
    frozen(std::span<const float, input_shape<Net>::size>(input), std::span<float, output_shape<Net>::size>(output));
  }
  int classify() { return frozen.classify(std::span<const float, input_shape<Net>::size>(input)); }
  float worst() const {
    float most = 0;
    for (std::size_t i = 0; i < output.size(); ++i) most = std::max(most, std::abs(output[i] - expected[i]));
    return most;
  }
};

using Block = Residual<LayerNorm<>, Dense<8>, Tanh>;
using Branches = Concat<Dense<3>, Sequential<Dense<10>, GLU>, Identity>;
using Product = Map<tanh(matmul(x, param<"W", Shape<16, 9>>) + param<"b", PerFeature>) *
                    matmul(x, param<"V", Shape<16, 9>>)>;
using Everything = Sequential<Named<"trunk", Sequential<Dense<6, 8>, PReLU<>>>, Repeat<2, Block>, Branches,
                              L2Normalize<>, Product, Add<Dense<7>, Sequential<Dense<5>, ReLU, Dense<7>>>, Softmax>;
// Rows of a sequence, one after the other.
using Steps = Sequential<Input<3, 4>, Dense<6>, ReLU, LayerNorm<>, Dense<4>, Softmax>;
using Images = Sequential<Input<2, 9, 7>, Conv2D<4, 3, padding<1>, stride<2>>, Tanh, Conv2D<4, 2, groups<2>>, ReLU,
                          ConvTranspose2D<3, 3, stride<2>, padding<1>>, ReLU, MaxPool2D<3, stride<2>>,
                          AvgPool2D<2, stride<1>, padding<1>>, Conv2D<2, 1>, AdaptiveAvgPool2D<2, 2>, Flatten, Dense<5>,
                          Softmax>;

}  // namespace

TEST_CASE("a constant-weight network gives what the model gives") {
  Pair<Everything> pair;
  for (std::uint32_t sample = 0; sample < 20; ++sample) {
    pair.draw(sample);
    pair.run();
    CHECK(pair.worst() <= 1e-6F);
    const auto largest = std::max_element(pair.expected.begin(), pair.expected.end()) - pair.expected.begin();
    CHECK(pair.classify() == largest);
  }
}

TEST_CASE("a constant-weight network runs over the steps of a sequence") {
  Pair<Steps> pair;
  pair.draw(0);
  pair.run();
  CHECK(pair.worst() <= 1e-6F);
}

TEST_CASE("convolutions and pools of constant-weight networks give what the model's give") {
  Pair<Images> pair;
  for (std::uint32_t sample = 0; sample < 5; ++sample) {
    pair.draw(sample);
    pair.run();
    CHECK(pair.worst() <= 1e-6F);
  }
}

// and the compiler can run them
constexpr float in_the_compiler = [] {
  using Net = Sequential<Input<1, 4, 4>, Conv2D<1, 3>, ReLU, MaxPool2D<2>, Flatten>;
  Weights<Net> weights;
  for (std::size_t k = 0; k < 9; ++k) weights.parameters[k] = 1;
  Frozen<Net> net{weights};
  float x[16]{}, y[1]{};
  for (int k = 0; k < 16; ++k) x[k] = static_cast<float>(k);
  net(x, y);
  return y[0];
}();
static_assert(in_the_compiler == 9 * 10);  // the lower right window
constexpr float padded_in_the_compiler = [] {
  using Net = Sequential<Input<2, 5, 9>, Conv2D<3, 3, padding<1>>, ReLU, Flatten>;
  Weights<Net> weights;
  for (std::size_t k = 0; k < 54; ++k) weights.parameters[k] = 1;
  Frozen<Net> net{weights};
  float x[90], y[135]{};
  for (float& number : x) number = 1;
  net(x, y);
  return y[134] * 100 + y[46];
}();
static_assert(padded_in_the_compiler == 8 * 100 + 12);  // the last corner, and a place at the upper edge

// In tiles a convolution gives the bits of the plain loops: windows of all kinds, rows cut into one tile or several,
// with zeros in the first, in the last, in both and in none.
template <kernels::Convolution C>
void check_tiles() {
  struct As {
    static constexpr float of(float sum) { return sum; }
  };
  constexpr kernels::Convolution row = kernels::in_one_row(C);
  constexpr kernels::ConvolutionTiles tiles = kernels::tiles_of(row);
  STATIC_REQUIRE(tiles.features > 0);
  Stream random(9, Purpose::user);
  const auto draw = [&random](std::size_t count) {
    std::vector<float> numbers(count);
    for (float& number : numbers) number = random.uniform<float>(-1.F, 1.F);
    return numbers;
  };
  const std::vector<float> image = draw(C.image_size()), weight = draw(C.weights()), bias = draw(C.features);
  std::vector<float> plain(C.map_size()), map(C.map_size(), -9.F);
  for (const float* start : {bias.data(), static_cast<const float*>(nullptr)}) {
    kernels::map_of_image_plainly(C, image.data(), weight.data(), start, plain.data());
    kernels::map_of_image_in_tiles<tiles, As>(row, image.data(), weight.data(), start, map.data());
    CHECK(map == plain);
  }
}
constexpr kernels::Convolution convolution(std::size_t channels, std::size_t features, std::size_t groups,
                                           kernels::ConvolutionAxis y, kernels::ConvolutionAxis x) {
  return {.channels = channels, .features = features, .groups = groups, .y = y, .x = x};
}

TEST_CASE("convolutions in tiles give the bits of plain loops") {
  using Axis = kernels::ConvolutionAxis;  // image, map, kernel, stride, dilation, zeros before
  constexpr Axis near{9, 9, 3, 1, 1, 1}, one{7, 7, 1, 1, 1, 0}, half{12, 6, 3, 2, 1, 0}, far{11, 11, 3, 1, 2, 2},
      wide{21, 21, 5, 1, 1, 2}, narrow{2, 2, 3, 1, 1, 1}, inner{23, 13, 11, 1, 1, 0};
  check_tiles<convolution(3, 10, 1, near, near)>();
  check_tiles<convolution(6, 7, 1, one, one)>();
  check_tiles<convolution(8, 8, 8, near, wide)>();
  check_tiles<convolution(4, 6, 2, half, half)>();
  check_tiles<convolution(4, 12, 4, far, far)>();
  check_tiles<convolution(2, 1, 1, {1, 1, 1, 1, 1, 0}, inner)>();
  check_tiles<convolution(2, 5, 1, narrow, narrow)>();
  // rows of taps that lie in the zeros altogether
  check_tiles<convolution(2, 3, 1, {2, 6, 1, 1, 1, 2}, near)>();
  // where a second tile sees zeros too, or the taps are many, the plain loops stay
  STATIC_REQUIRE(kernels::tiles_of(convolution(1, 4, 1, one, {30, 41, 10, 1, 2, 14})).features == 0);
  STATIC_REQUIRE(kernels::tiles_of(convolution(1, 4, 1, one, {30, 19, 12, 1, 1, 0})).features == 0);
}

TEST_CASE("a constant-weight network reserves no scratch of the kernels for batches") {
  // the larger of the two maps that a layer has beside its own, and what classify compares
  using Pointwise = Sequential<Input<64, 25, 5>, Conv2D<64, 1>, ReLU>;
  STATIC_REQUIRE(Frozen<Pointwise>::ram_bytes == 64 * 125 * sizeof(float));
  using Padded = Sequential<Input<2, 8, 8>, Conv2D<4, 3, padding<1>>, ReLU, MaxPool2D<2>, ConvTranspose2D<2, 3>,
                            Flatten>;
  STATIC_REQUIRE(Frozen<Padded>::ram_bytes == (4 * 64 + 4 * 16 + 2 * 36) * sizeof(float));
  STATIC_REQUIRE(workspace<Padded>.needs.inference.fixed > 0);
}

// A graph takes its inputs in one row and gives its outputs in one; formulas of several inputs run in plain loops.
using Graphs = Graph<
    In<"a", 6>, In<"b", 6>, Node<"left", Sequential<Dense<8>, Tanh, Dense<4>>, "a">, Node<"right", Shared<"left">, "b">,
    Node<"near", Map<in<"left"> * in<"right"> + param<"shift", PerFeature> * variance(in<"left">) + normal_noise>>,
    Node<"once", Map<exp(in<"near">)>>, Node<"both", Concat<>, "once", "a">, Node<"y", Dense<3>>, Out<"y", "near">>;
using ImageGraph = Graph<In<"a", 2, 3, 3>, In<"b", 2, 3, 3>,
                         Node<"y", Map<in<"a"> * param<"scale", PerFeature> - in<"b">>>, Out<"y">>;
using StepGraph = Graph<In<"a", 2, 3>, In<"b", 2, 3>,
                        Node<"y", Map<in<"a"> / sqrt(variance(in<"b">) + 0.1) * param<"scale", PerFeature>>>, Out<"y">>;

TEST_CASE("a graph of constant weights gives what the model gives") {
  const auto check = []<class Net>(std::type_identity<Net>) {
    Pair<Net> pair;
    for (const ParameterEntry& entry : parameter_table<Net>)
      for (std::size_t i = 0; i < entry.size; ++i) pair.model.values(entry)[i] += 0.01F * static_cast<float>(i + 1);
    pair.weights = frozen_weights(pair.model);
    pair.frozen = Frozen<Net>{*pair.weights};
    for (std::uint32_t sample = 0; sample < 5; ++sample) {
      pair.draw(sample);
      pair.run();
      float largest = 1;
      for (const float v : pair.expected) largest = std::max(largest, std::abs(v));
      CHECK(pair.worst() <= 1e-6F * largest);
    }
  };
  check(std::type_identity<Graphs>{});
  check(std::type_identity<ImageGraph>{});
  check(std::type_identity<StepGraph>{});
}

// and the compiler can run them
constexpr float graph_in_the_compiler = [] {
  using Net = Graph<In<"a", 2>, In<"b", 2>, Node<"left", Dense<2>, "a">, Node<"right", Shared<"left">, "b">,
                    Node<"y", Map<in<"left"> * in<"right"> - in<"b">>>, Node<"square", Map<in<"y"> * in<"y">>>,
                    Out<"square", "y">>;
  Weights<Net> weights;
  for (std::size_t k = 0; k < 4; ++k) weights.parameters[k] = static_cast<float>(k + 1);
  Frozen<Net> net{weights};
  const float x[4]{1, 2, 3, 4};
  float y[4]{};
  net(x, y);
  const std::array<float, 2> a{1, 2}, b{3, 4};
  const auto [square, in_order] = net(a, b);
  const auto by_name = net(in<"b">(b), in<"a">(a));
  for (std::size_t i = 0; i < 2; ++i)
    if (square[i] != y[i] || in_order[i] != y[2 + i] || by_name.get<"y">()[i] != y[2 + i]) return 0.F;
  return y[0] - y[2] * y[2] + y[3];
}();
static_assert(graph_in_the_compiler == 11 * 25 - 4);  // 3 * 1 + 4 * 2 and 3 * 3 + 4 * 4

// calls that are none: too few inputs, one twice, one of another size, some by name
template <class Net, class... X>
concept takes_inputs = edge::detail::SampleInputs<Net, X...>;  // what it does not take, a call refuses by name
template <fixed_string Name>
using named_pair = expr::Given<Name, std::array<float, 2>>;
using Square = Graph<In<"a", 2>, In<"b", 2>, Node<"y", Multiply, "a", "b">, Out<"y">>;
static_assert(takes_inputs<Square, named_pair<"b">, named_pair<"a">>);
static_assert(!takes_inputs<Square, named_pair<"a">>);
static_assert(!takes_inputs<Square, named_pair<"a">, named_pair<"a">>);
static_assert(!takes_inputs<Square, named_pair<"a">, std::array<float, 2>>);
static_assert(!takes_inputs<Square, std::array<float, 2>, std::array<float, 3>>);

TEST_CASE("a constant-weight network allocates nothing, and its objects do not disturb each other") {
  Pair<Everything> pair;
  pair.draw(1);
  pair.run();
  const std::vector<float> first = pair.output;
  Frozen<Everything> other{*pair.weights};
  std::vector<float> zeros(6), away(7);
  const test::HeapUse used = test::heap_use([&] {
    pair.run();
    other(std::span<const float, 6>(zeros), std::span<float, 7>(away));
  });
  CHECK(used.news == 0);
  CHECK(used.mallocs == 0);
  pair.frozen.reset();
  pair.run();
  CHECK(pair.output == first);
  CHECK(away != first);
}

TEST_CASE("one output is a yes or a no") {
  using Net = Sequential<Dense<2, 1>, Sigmoid>;
  Weights<Net> weights;
  weights.parameters[0] = 1;  // y = sigmoid(a)
  Frozen<Net> net{weights};
  const float yes[] = {0.5F, 0}, no[] = {-0.5F, 0};
  CHECK(net.classify(yes) == 1);
  CHECK(net.classify(no) == 0);
}

TEST_CASE("the compiler counts memory and multiplications") {
  using Net = Sequential<Dense<784, 128>, ReLU, Dense<10>>;
  STATIC_REQUIRE(Frozen<Net>::macs == 784 * 128 + 128 * 10);
  // 128 hidden numbers and the 10 that classify compares
  STATIC_REQUIRE(Frozen<Net>::ram_bytes == (128 + 10) * 4);
  STATIC_REQUIRE(Frozen<Net>::weight_bytes == sizeof(Weights<Net>));
  STATIC_REQUIRE(sizeof(Frozen<Net>) >= Frozen<Net>::ram_bytes);
  STATIC_REQUIRE(Frozen<Everything>::macs == 6 * 8 + 2 * 8 * 8 + 8 * 3 + 8 * 10 + 2 * 16 * 9 + 9 * 7 + 9 * 5 + 5 * 7);
}
