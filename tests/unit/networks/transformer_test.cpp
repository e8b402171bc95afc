#include <catch2/catch.hpp>

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include <tenon/layers/additive_attention.hpp>
#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/global_avg_pool.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/layers/last.hpp>
#include <tenon/layers/max_pool1d.hpp>
#include <tenon/layers/mean_steps.hpp>
#include <tenon/layers/permute.hpp>
#include <tenon/layers/repeat_vector.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/take.hpp>
#include <tenon/layers/time_distributed.hpp>
#include <tenon/layers/zip_steps.hpp>
#include <tenon/model/attention_weights.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/concat.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/networks/transformer.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <class L>
using FourThenThree = Sequential<Input<7, 8>, L>;
template <class Net>
constexpr bool has_parameter(std::string_view name) {
  for (const ParameterEntry& entry : parameter_table<Net>)
    if (entry.name == name) return true;
  return false;
}

/// Whether L... may stand within Masked, behind six tokens as vectors of eight.
template <class... L>
inline constexpr bool goes_masked = std::is_same_v<typename tenon::detail::all_mistakes<tenon::detail::root_of<
                                                       Sequential<Input<6>, Masked<0, Embedding<9, 8>, L...>>>>::type,
                                                   tenon::detail::list<>>;

static_assert(goes_masked<Dense<4>> && goes_masked<LayerNorm<>> && goes_masked<Softmax> && goes_masked<Dropout<0.5>>);
static_assert(goes_masked<SinusoidalPositionalEncoding<>, Repeat<2, TransformerEncoderLayer<8, 2, 16>>, Dense<3>>);
static_assert(goes_masked<Add<Dense<8>, Identity>> && goes_masked<Reshape<6, 2, 4>> && goes_masked<Map<x / sum(x)>>);
static_assert(goes_masked<TimeDistributed<Sequential<Reshape<2, 4>, Flatten>>>);
static_assert(goes_masked<MeanSteps, Dense<8>, Reshape<2, 4>, Flatten>);  // behind the mean there is no padding
static_assert(goes_masked<Slice<0, 2>> && goes_masked<Slice<1, 2>> && goes_masked<Take<0, 0>>);
static_assert(goes_masked<GRU<4>> && goes_masked<GRU<4, bidirectional, mask<0>>> && goes_masked<GRU<4, mask<0>>, Last>);
static_assert(goes_masked<Concat<MeanSteps, GRU<4, last, mask<0>>>, Dense<2>>);
static_assert(goes_masked<Graph<In<"x">, Node<"a", Dense<8>, "x">, Node<"b", Add<>, "a", "x">, Out<"b">>>);

static_assert(!goes_masked<Conv1D<4, 3>> && !goes_masked<Residual<Conv1D<6, 3, same>>> && !goes_masked<MaxPool1D<2>>);
static_assert(!goes_masked<GlobalAvgPool> && !goes_masked<BatchNorm1D<>> && !goes_masked<Map<x - batch_mean(x)>>);
static_assert(!goes_masked<Flatten> && !goes_masked<Reshape<8, 6>> && !goes_masked<Permute<1, 0>>);
static_assert(!goes_masked<Gate<GlobalAvgPool, Dense<8>, Sigmoid>>);
static_assert(!goes_masked<GRU<4, bidirectional>> && !goes_masked<GRU<4, last>> && !goes_masked<GRU<4>, Last>);
static_assert(!goes_masked<Take<0, -1>> && !goes_masked<Slice<0, -2>> && !goes_masked<Slice<0, 2>, Flatten>);
static_assert(!goes_masked<Graph<In<"x">, Node<"a", Conv1D<4, 3>, "x">, Node<"b", Dense<2>, "a">, Out<"b">>>);

}  // namespace

TEST_CASE("masks, cross attention and rope places give what PyTorch gives") {
  const Golden golden{"transformers"};
  const GoldenOptions sums{.floor = 1};
  check_golden<Sequential<Input<5, 6>, Masked<0, MultiheadAttention<2>>>>(golden, "padding", sums);
  check_golden<Sequential<Input<7, 6>, Inline<CrossAttention<3, 4>>>>(golden, "cross", sums);
  check_golden<Sequential<Input<5, 8>, Inline<MultiheadAttention<2, causal, rope<>>>>>(golden, "rotary", sums);
  check_golden<Sequential<Input<8, 6>, Inline<AdditiveAttention<4, 5>>>>(golden, "additive", sums);
}

TEST_CASE("transformer layers give what PyTorch gives, by its names") {
  const Golden golden{"transformers"};
  const GoldenOptions sums{.floor = 1};
  check_golden<Sequential<Input<5, 8>, Inline<TransformerEncoderLayer<8, 2, 12>>>>(golden, "pre_norm", sums);
  check_golden<Sequential<Input<5, 8>, Inline<TransformerEncoderLayer<8, 2, 12, PostNorm>>>>(golden, "post_norm", sums);
  check_golden<FourThenThree<Inline<TransformerDecoderLayer<4, 8, 2, 12>>>>(golden, "decoder_pre_norm", sums);
  check_golden<FourThenThree<Inline<TransformerDecoderLayer<4, 8, 2, 12, PostNorm>>>>(golden, "decoder_post_norm",
                                                                                      sums);
}

TEST_CASE("transformers have the gradients of their values") {
  check_gradients<Sequential<Input<4, 6>, Masked<0, MultiheadAttention<3, rope<100>>>>>();
  check_gradients<FourThenThree<CrossAttention<2, 4>>>();
  check_gradients<GPT<5, 4, 2, 2, 4>>({.low = 1, .high = 5, .tokens = true});
  check_gradients<Transformer<5, 6, 3, 2, 1, 2, 4, 6>>({.low = 1, .high = 5, .tokens = true});
  check_gradients<Transformer<5, 6, 3, 2, 1, 2, 4, 6, PostNorm>>({.low = 1, .high = 5, .tokens = true});
}

TEST_CASE("the mean of a masked sequence is over the steps that are there") {
  using Pooled = Sequential<Input<4>, Masked<0, Embedding<5, 2>, MeanSteps>>;
  check_gradients<Pooled>({.low = 0, .high = 5, .tokens = true});
  NetworkRun<Pooled, float> run{3};
  for (std::size_t i = 0; i < 10; ++i)
    run.parameters.data()[i] = static_cast<float>(i * i);  // token t: 4 t^2, (2 t + 1)^2
  run.x.assign(std::vector<float>{0, 0, 1, 3, 2, 2, 2, 2, 0, 0, 0, 0});
  run.forward(Evaluation{});
  CHECK(run.y.values() == std::vector<float>{(4 + 36) / 2.0F, (9 + 49) / 2.0F, 16, 25, 0, 0});
}

TEST_CASE("a mask may be an input of its own") {
  using Marked = Sequential<Input<5>, Masked<0, Embedding<6, 4>, Residual<MultiheadAttention<2>>, MeanSteps>, Dense<2>>;
  using Given = Graph<In<"tokens", 5>, Node<"padding", Map<in<"tokens"> == 0>>,
                      Node<"words", Embedding<6, 4>, "tokens">,
                      Node<"mean", Masked<mask_input, Residual<MultiheadAttention<2>>, MeanSteps>, "words", "padding">,
                      Node<"y", Dense<2>>, Out<"y">>;
  check_gradients<Given>({.low = 0, .high = 5, .tokens = true});
  NetworkRun<Marked, double> marked{4};
  NetworkRun<Given, double> given{4};
  REQUIRE(layout_of<bound_network<Given>>.trainable_size == layout_of<bound_network<Marked>>.trainable_size);
  Stream stream{7};
  for (std::size_t i = 0; i < layout_of<bound_network<Given>>.trainable_size; ++i)
    given.parameters.data()[i] = marked.parameters.data()[i] = stream.normal<double>();
  for (auto* x : {&marked.x, &given.x})
    x->assign(std::vector<double>{1, 2, 0, 0, 0, 3, 4, 5, 1, 2, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0});
  for (auto* dy : {&marked.dy, &given.dy}) dy->assign(std::vector<double>{1, -2, 0.5, 3, -1, 1, 2, 0.25});
  marked.forward(Training{});
  given.forward(Training{});
  CHECK(given.y.values() == marked.y.values());
  marked.backward();
  given.backward();
  CHECK(given.parameter_gradients() == marked.parameter_gradients());
  CHECK(given.faults.empty());
}

namespace {

using Marked = Graph<In<"tokens", 20>, Node<"padding", Map<in<"tokens"> == 0>>,
                     Node<"words", Embedding<50, 16>, "tokens">,
                     Node<"mean", Masked<mask_input, MultiheadAttention<4>, MeanSteps>, "words", "padding">,
                     Node<"kind", Sequential<Dense<3>, Softmax>>, Out<"kind">>;

}  // namespace

TEST_CASE("neither the place of padding nor its embedding changes anything") {
  NetworkRun<Marked, double> run{2};
  Stream stream{5};
  for (double& v : std::span(run.parameters.data(), layout_of<bound_network<Marked>>.trainable_size))
    v = stream.normal<double>();
  std::vector<double> tokens(40);
  for (std::size_t i = 0; i < 6; ++i) tokens[i] = tokens[20 + 3 * i + 2] = static_cast<double>(7 * i + 3);
  run.x.assign(tokens);
  run.forward(Evaluation{});
  const std::vector<double> y = run.y.values();
  for (std::size_t k = 0; k < 3; ++k) CHECK(y[k] == Approx(y[3 + k]).epsilon(1e-12));
  CHECK(y[0] + y[1] + y[2] == Approx(1));

  for (double& v : std::span(run.parameters.data(), 16)) v += 3;  // the row of token 0
  run.forward(Evaluation{});
  CHECK(run.y.values() == y);
}

TEST_CASE("recurrent encoders and decoders have the gradients of their values") {
  using Encoded = SplitAt<3, Sequential<Embedding<5, 4>, GRU<4, last>, RepeatVector<2>>, Embedding<6, 4>>;
  check_gradients<Sequential<Input<5>, Encoded, ZipSteps, GRU<3>>>({.low = 1, .high = 5, .tokens = true});
  using Both = SplitAt<3, Sequential<Embedding<5, 4>, GRU<4>>, Sequential<Embedding<6, 4>, GRU<4>>>;
  check_gradients<Sequential<Input<5>, Masked<0, Both, Residual<AdditiveAttention<3, 3>>, Slice<0, 3>>, GRU<3>>>(
      {.low = 1, .high = 5, .tokens = true});
}

TEST_CASE("patches are squares of an image, line after line") {
  check_gradients<Sequential<Input<2, 4, 6>, Patches<2>, Dense<3>, MeanSteps>>();
  NetworkRun<Sequential<Input<2, 2, 4>, Patches<2>>, float> run{1};
  run.x.assign(std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17});
  run.forward(Evaluation{});
  CHECK(run.y.values() == std::vector<float>{0, 1, 4, 5, 10, 11, 14, 15, 2, 3, 6, 7, 12, 13, 16, 17});
}

TEST_CASE("parameters are named as in PyTorch") {
  using Language = GPT<65, 16, 6, 4, 32>;
  STATIC_REQUIRE(has_parameter<Language>("0.weight"));
  STATIC_REQUIRE(has_parameter<Language>("3.5.self_attn.in_proj_weight"));
  STATIC_REQUIRE(parameter_count<Language> ==
                 65 * 32 + 16 * 32 + 6 * (4 * 32 * 32 + 4 * 32 + 8 * 32 * 32 + 4 * 32 + 32 + 4 * 32) + 2 * 32);
}

TEST_CASE("padding in front of a causal sequence sees nothing, and nothing of what comes") {
  using Left = Sequential<Input<5>, Masked<0, Embedding<6, 4>, MultiheadAttention<2, causal>>>;
  check_gradients<Left>({.low = 0, .high = 5, .tokens = true});
  const Model<Left, double> model{1};
  std::vector<double> a(20), b(20), nothing(20);
  model.predict(std::vector<double>{0, 0, 1, 2, 3}, a);
  model.predict(std::vector<double>{0, 0, 1, 2, 5}, b);
  model.predict(std::vector<double>(5), nothing);
  CHECK(std::equal(a.begin(), a.begin() + 16, b.begin()));
  CHECK(!std::equal(a.begin() + 16, a.end(), b.begin() + 16));
  const auto bias = model.get<"0.1.out_proj.bias">();
  for (std::size_t i = 0; i < 8; ++i) CHECK(a[i] == bias(i % 4));
  for (std::size_t i = 0; i < 20; ++i) CHECK(nothing[i] == bias(i % 4));
  const auto maps = attention_weights(model, std::vector<double>{0, 0, 1, 2, 3});
  for (std::size_t key = 0; key < 5; ++key) CHECK(maps[0](0, 1, key) == 0);
  CHECK(maps[0](1, 2, 2) == 1);
}

TEST_CASE("an attention's mask is of the steps it is given") {
  using Inner = Sequential<Reshape<2, 2>, MultiheadAttention<1>, Flatten>;
  check_gradients<Sequential<Input<3, 4>, Masked<0, TimeDistributed<Inner>, Residual<MultiheadAttention<2>>>>>();
  // within one step there is none
  const Model<Sequential<Input<3, 4>, Masked<0, TimeDistributed<Inner>>>> masked{1};
  const Model<Sequential<Input<3, 4>, Sequential<TimeDistributed<Inner>>>> plain{1};
  const std::vector<float> x{0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0};
  std::vector<float> a(12), b(12);
  masked.predict(x, a);
  plain.predict(x, b);
  CHECK(a == b);
}
