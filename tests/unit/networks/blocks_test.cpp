#include <catch2/catch.hpp>

#include <algorithm>
#include <type_traits>
#include <vector>

#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/max_pool2d.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/squeeze_excite.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/layers/upsample.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/optim/sgd.hpp>
#include <tenon/train/trainer.hpp>

#include "support/before_graphs.hpp"
#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <std::size_t C>
using Conv = Sequential<Conv2D<C, 3, padding<1>>, ReLU>;

using Block = Sequential<
    Add<Sequential<Conv2D<4, 3, stride<2>, padding<1>>, ReLU, Conv2D<4, 3, padding<1>>>, Conv2D<4, 1, stride<2>>>,
    ReLU>;
using Grown = DenseBlock<3, Conv<2>>;
using Three = UNet<Level<Conv<3>, MaxPool2D<2>, Upsample<2>, Conv<2>>,
                   Level<Conv<4>, MaxPool2D<2>, Upsample<2>, Conv<4>>, Sequential<Conv2D<5, 3, padding<1>>, Tanh>>;
const GoldenOptions sums{.floor = 1};

static_assert(std::is_same_v<output_shape<Alone<Grown, 3, 5, 4>>, Shape<9, 5, 4>>);
static_assert(std::is_same_v<output_shape<Alone<Three, 1, 8, 12>>, Shape<2, 8, 12>>);
static_assert(parameter_count<Alone<SqueezeExcite<2>, 6, 4, 5>> == 6 * 3 + 3 + 3 * 6 + 6);

// The same written as chains and branches within each other, each with values of its own.
using Drop = Sequential<BatchNorm2D<>, ReLU, Dropout<0.25>, Conv2D<2, 3, padding<1>>>;
template <class Encoder, class Inner, class Decoder>
using Nested = Sequential<
    Named<"encoder", Encoder>,
    Named<"across",
          Concat<Named<"skip", Identity>, Named<"below", Sequential<Named<"down", MaxPool2D<2>>, Named<"inner", Inner>,
                                                                    Named<"up", Upsample<2>>>>>>,
    Named<"decoder", Decoder>>;
using Grows = Sequential<Concat<Identity, Drop>, Concat<Identity, Drop>, Concat<Identity, Drop>>;
using Deep = Nested<Conv<3>, Nested<Conv<4>, Sequential<Conv2D<5, 3, padding<1>>, Tanh>, Conv<4>>, Conv<2>>;
using WholeNested = Sequential<Input<1, 8, 12>, Conv<2>, Grows, Deep, Conv2D<1, 1>>;
using Whole = Sequential<Input<1, 8, 12>, Conv<2>, DenseBlock<3, Drop>, Three, Conv2D<1, 1>>;

template <class A, class B>
constexpr bool same_parameters() {
  constexpr const auto &a = parameter_table<A>, &b = parameter_table<B>;
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].name != b[i].name || a[i].layer != b[i].layer || a[i].offset != b[i].offset || a[i].size != b[i].size ||
        a[i].trainable != b[i].trainable)
      return false;
  return true;
}
static_assert(same_parameters<Whole, WholeNested>());
constexpr const Needs &flat = workspace<Whole>.needs, &nested = workspace<WholeNested>.needs;
static_assert(flat.saved.sample < nested.saved.sample);
static_assert(flat.backward.sample <= nested.backward.sample);
static_assert(flat.inference.sample < nested.inference.sample);
// What is joined lies in one place, with 9 channels in the end: the stages have only what their layers keep.
static_assert(workspace<Sequential<Input<3, 5, 4>, DenseBlock<3, Conv2D<2, 1>>>>.needs.saved.sample == 0);
// What the mean sends back is added to what the product has sent: there is no second image of gradients.
static_assert(workspace<Alone<SqueezeExcite<2>, 6, 4, 5>>.needs.backward.sample < 6 * 4 * 5);
// With other parts they are the same compositions.
static_assert(std::is_same_v<without_last<Sequential<Grown, Three>>, Sequential<Grown, without_last<Three>>>);

template <class Net>
std::vector<float> trained() {
  constexpr std::size_t count = 6, size = 96;
  std::vector<float> x(count * size), y(count * size);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * i % 37) / 37, y[i] = x[i] * x[i];
  Model<Net> model{3};
  Trainer trainer{model, MeanSquaredError{}, SGD{.lr = 0.05, .momentum = 0.9}, count, 1};
  const Batch<float> batch{.features = x, .labels = {}, .targets = y, .count = count, .first = 0, .indices = {}};
  for (int i = 0; i < 4; ++i) {
    trainer.zero_grad();
    trainer.forward(batch);
    trainer.backward();
    trainer.step();
  }
  model.predict(x, y);
  std::as_const(model).for_each_parameter(
      [&](std::string_view, std::span<const float> values) { y.insert(y.end(), values.begin(), values.end()); });
  return y;
}

}  // namespace

TEST_CASE("a dense block and a U-Net train to the bits of chains within branches") {
  CHECK(trained<Whole>() == trained<WholeNested>());
}

TEST_CASE("blocks give what PyTorch gives") {
  const Golden golden{"compositions"};
  check_golden<Alone<SqueezeExcite<2>, 6, 4, 5>>(golden, "squeeze_excite", sums);
  check_golden<Alone<Block, 2, 6, 7>>(golden, "residual_projection",
                                      {.floor = 1,
                                       .names = {{"0.0.0.0.weight", "0.0.weight"},
                                                 {"0.0.0.0.bias", "0.0.bias"},
                                                 {"0.0.0.2.weight", "0.2.weight"},
                                                 {"0.0.0.2.bias", "0.2.bias"},
                                                 {"0.0.1.weight", "1.weight"},
                                                 {"0.0.1.bias", "1.bias"}}});
  check_golden<Alone<Grown, 3, 5, 4>>(golden, "dense_block", sums);
  check_golden<Alone<Three, 1, 8, 12>>(golden, "u_net", sums);
}

TEST_CASE("blocks have the gradients of their values") {
  check_gradients<Alone<SqueezeExcite<>, 4, 3, 3>>();
  check_gradients<Sequential<Input<2, 5, 5>, Gate<Conv2D<2, 5>, Flatten, Tanh>, SqueezeExcite<2>, Conv2D<2, 3>>>();
  check_gradients<Alone<Sequential<Residual<Conv2D<3, 3, padding<1>>, BatchNorm2D<>, ReLU, SqueezeExcite<3>>,
                                   DenseBlock<2, Sequential<BatchNorm2D<>, Tanh, Conv2D<2, 1>>>>,
                        3, 4, 4>>();
}

TEST_CASE("weights that were saved before compositions were graphs give what they gave") {
  const auto check = []<class Net>(std::type_identity<Net>, const char* file, const std::vector<float>& expected) {
    Model<Net> model{1};
    model.load((Golden::folder() / file).string());
    const std::vector<float> y = before_graphs::predict(model);
    REQUIRE(y.size() == expected.size());
    for (std::size_t i = 0; i < y.size(); ++i) CHECK(y[i] == Approx(expected[i]).epsilon(2e-5));
  };
  check(std::type_identity<before_graphs::Images>{}, "before_graphs_images.safetensors",
        {0.348593801F, 0.202933803F, 0.44847241F, 0.370532721F, 0.166609764F, 0.462857544F, 0.39563638F, 0.16821678F,
         0.436146855F});
  check(std::type_identity<before_graphs::Sequences>{}, "before_graphs_sequences.safetensors",
        {-0.330616951F, 0.128050834F, -0.313724399F, 0.121331148F, -0.380674213F, 0.111033499F});
}
