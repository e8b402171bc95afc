// Networks as ONNX files.
#include "export_onnx_rig.hpp"

using namespace tenon;
using namespace tenon::test;

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

TEST_CASE("recurrent networks export with their gates in ONNX's order") {
  CHECK(count(check<Steps<LSTM<3>>>("lstm"), "LSTM") == 1);
  check<Steps<LSTM<3, layers<2>, bidirectional>>>("lstm_deep");
  check<Steps<LSTM<3, bidirectional, last, bias<false>>>>("lstm_last");
  check<Steps<LSTM<3, diagonal_peepholes>>>("lstm_peepholes");
  check<Steps<GRU<3>, Last>>("gru");
  check<Steps<GRU<3, layers<2>, last>>>("gru_deep");
  check<Steps<GRU<3, linear_before_reset<false>>>>("gru_reset_before");
  check<Steps<RNN<3>>>("rnn");
  check<Steps<RNN<3, nonlinearity<ReLU>, bidirectional>>>("rnn_relu");
  using Words = Embedding<9, 4>;
  check<Sequential<Input<5>, Words, LearnedPositionalEmbedding<>, GRU<4>, Tied<Words>, Softmax>>("tied", 9);
}

TEST_CASE("attention exports as products and a softmax") {
  check<Steps<SinusoidalPositionalEncoding<>, MultiheadAttention<2>>>("attention");
  check<Steps<Residual<LayerNorm<>, MultiheadAttention<3, causal>>, Residual<LayerNorm<>, Dense<8>, GELU, Dense<6>>>>(
      "transformer");
}

TEST_CASE("compositions export through their parts") {
  using Encoder = Residual<Conv2D<4, 3, padding<1>>, Sequential<BatchNorm2D<>, ReLU>>;
  const auto graph = check<Image<Named<"encoder", Encoder>, GlobalAvgPool, Dense<2>>>("residual");
  CHECK(graph.constants.contains("encoder.1.0.running_var"));
  CHECK(std::ranges::count(graph.nodes, "encoder.1.0/BatchNormalization", &importing::Node::name) == 1);
  check<Vector<Repeat<3, Sequential<Dense<6>, Tanh>>>>("repeat");
  check<Vector<Add<Dense<4>, Sequential<Dense<5>, ReLU, Dense<4>>>, Concat<Dense<2>, Named<"all", Identity>>>>(
      "branches");
  check<Image<Concat<Conv2D<2, 3, padding<1>>, Identity>>>("concat_channels");
  check<Image<Gate<GlobalAvgPool, Dense<4>, Sigmoid>>>("gate");
  check<Image<SqueezeExcite<2>>>("squeeze_excite");
  check<Steps<SplitAt<2, Dense<3>, Sequential<Dense<4>, ReLU, Dense<3>>>>>("split");
  using Frames = TimeDistributed<Sequential<Conv2D<3, 3>, ReLU, Flatten, Dense<5>>>;
  check<Sequential<Input<3, 2, 6, 6>, Frames, LSTM<4, last>>>("time_distributed");
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
  check<Graph<In<"a", 4, 3>, In<"b", 4, 3>, In<"c", 4>, Node<"m", Multiply, "a", "b", "c">,
              Node<"d", Subtract, "m", "b">, Node<"mean", Mean, "a", "d">, Node<"largest", Maximum, "mean", "c">,
              Node<"least", Minimum, "largest", "a">, Node<"stack", Stack, "least", "b">, Out<"stack", "d">>>(
      "elementwise");
  check<Graph<In<"q", 4, 3>, In<"k", 5, 3>, Node<"scores", MatMul<transposed>, "q", "k">, Node<"shares", Softmax>,
              Node<"seen", MatMul<>, "shares", "k">, Out<"seen">>>("products");
  check<Graph<In<"image", 2, 4, 6>, In<"scale", 2>, In<"shift", 2>, Node<"same", FiLM, "image", "scale", "shift">,
              Node<"patches", Patches<2>>, Node<"score", Dot, "scale", "shift">,
              Node<"pairs", Dot, "patches", "patches">, Out<"patches", "score", "pairs">>>("film");
  using Encoder = Graph<In<"x">, Node<"mean", Dense<2>>, Node<"spread", Dense<3>, "x">, Out<"mean", "spread">>;
  const auto inside = check<
      Graph<In<"x", 4>, Node<"code", Encoder>, Node<"y", Dense<2>, "code.spread">, Out<"y", "code.mean">>>("inside");
  CHECK(inside.outputs[1].name == "code.mean");
  check<Graph<In<"x", 4>, Node<"code", Encoder>, Node<"y", Dense<2>, "code">, Out<"y">>>("row");
  check<Vector<Dense<4>, Encoder, Dense<3>>>("row_in_a_chain");
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
