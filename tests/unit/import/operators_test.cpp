#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

#include "interpret_rig.hpp"
#include "support/golden.hpp"

using namespace tenon::test;

TEST_CASE("convolutions") {
  check(one("Conv", {counted({1, 1, 3, 3}), floats({1, 1, 2, 2}, {1, 2, 3, 4}), floats({1}, {100})}), {1, 1, 2, 2},
        {127, 137, 157, 167});
  check(one("Conv", {counted({1, 1, 5}), floats({1, 1, 2}, {1, 10})},
            {{"strides", Integers{2}}, {"pads", Integers{1, 0}}}),
        {1, 1, 3}, {0, 21, 43});
  check(one("Conv", {counted({1, 1, 5}), floats({1, 1, 2}, {1, 10})}, {{"dilations", Integers{3}}}), {1, 1, 2},
        {30, 41});
  check(one("Conv", {counted({1, 1, 4}), floats({1, 1, 2}, {1, 10})}, {{"auto_pad", "SAME_UPPER"}}), {1, 1, 4},
        {10, 21, 32, 3});
  check(one("Conv", {counted({1, 1, 4}), floats({1, 1, 2}, {1, 10})}, {{"auto_pad", "SAME_LOWER"}}), {1, 1, 4},
        {0, 10, 21, 32});
  check(one("Conv", {counted({1, 2, 2}), floats({2, 1, 1}, {1, 10})}, {{"group", integer(2)}}), {1, 2, 2},
        {0, 1, 20, 30});
  check(one("Conv", {counted({1, 2, 2, 2}), floats({1, 2, 1, 1}, {1, 10})}), {1, 1, 2, 2}, {40, 51, 62, 73});
  check(one("ConvTranspose", {floats({1, 1, 2}, {1, 2}), floats({1, 1, 3}, {1, 10, 100})}, {{"strides", Integers{2}}}),
        {1, 1, 5}, {1, 10, 102, 20, 200});
  check(one("ConvTranspose", {floats({1, 1, 2}, {1, 2}), floats({1, 1, 3}, {1, 10, 100})},
            {{"strides", Integers{2}}, {"pads", Integers{1, 1}}, {"output_padding", Integers{1}}}),
        {1, 1, 4}, {10, 102, 20, 200});
  CHECK_THROWS_WITH(one("Conv", {counted({1, 2, 4}), counted({1, 1, 2})}), Catch::Contains("does not fit"));
  CHECK_THROWS_WITH(one("Conv", {counted({1, 1, 4}), counted({1, 1, 5})}), Catch::Contains("reaches over 5"));
  CHECK_THROWS_WITH(one("Conv", {counted({1, 1, 4}), counted({1, 1, 2})}, {{"strides", Integers{0}}}),
                    Catch::Contains("strides"));
}

TEST_CASE("losses, grids and frames") {
  // Of two samples of two classes; the weights of the classes are 1 and 3.
  const Array logs = floats({2, 2}, {-1, -2, -4, -8}), labels = ints({1, 0}), weights = floats({2}, {1, 3});
  for (const auto& [reduction, expected] : std::map<std::string, std::vector<double>>{{"sum", {10}}, {"mean", {2.5}}})
    check(one("NegativeLogLikelihoodLoss", {logs, labels, weights}, {{"reduction", reduction}}), {}, expected);
  check(one("NegativeLogLikelihoodLoss", {logs, labels}, {{"reduction", "none"}, {"ignore_index", integer(1)}}), {2},
        {0, 4});
  check(one("SoftmaxCrossEntropyLoss", {floats({1, 2}, {0, std::log(3.0)}), ints({0})}), {}, {std::log(4.0)});
  CHECK_THROWS_WITH(one("NegativeLogLikelihoodLoss", {logs, ints({1, 2})}), Catch::Contains("label 2"));
  check(one("AffineGrid", {floats({1, 2, 3}, {2, 0, 1, 0, 1, 0}), ints({1, 1, 1, 2})}), {1, 1, 2, 2}, {0, 0, 2, 0});
  check(one("AffineGrid", {floats({1, 2, 3}, {1, 0, 0, 0, 1, 0}), ints({1, 1, 2, 2})}, {{"align_corners", integer(1)}}),
        {1, 2, 2, 2}, {-1, -1, 1, -1, -1, 1, 1, 1});
  check(one("CenterCropPad", {counted({1, 4}), ints({2, 1})}), {2, 1}, {1, 0});
  check(one("CenterCropPad", {counted({3}), ints({6})}, {{"axes", Integers{-1}}}), {6}, {0, 0, 1, 2, 0, 0});
}

namespace {

/// An operator whose inputs and outputs are in the golden file "import" by this name.
struct GoldenCase {
  std::string name, op;
  Attributes attributes{};
  std::int64_t opset = 17;
};

std::vector<GoldenCase> golden_cases() {
  const Attributes both{{"direction", "bidirectional"}, {"hidden_size", integer(4)}};
  const auto plus = [](Attributes first, const Attributes& second) {
    first.insert(second.begin(), second.end());
    return first;
  };
  const Attributes sized{{"mode", "linear"}, {"keep_aspect_ratio_policy", "stretch"}};
  return {
      {"conv1d", "Conv", {{"strides", Integers{3}}, {"pads", Integers{2, 2}}, {"dilations", Integers{2}}}},
      {"conv2d_groups", "Conv", {{"strides", Integers{2, 1}}, {"pads", Integers{2, 1, 1, 0}}, {"group", integer(2)}}},
      {"conv3d",
       "Conv",
       {{"strides", Integers{1, 2, 1}}, {"pads", Integers{0, 1, 2, 0, 1, 2}}, {"dilations", Integers{1, 1, 2}}}},
      {"conv_pointwise", "Conv"},
      {"conv_transpose",
       "ConvTranspose",
       {{"strides", Integers{2, 3}},
        {"pads", Integers{1, 0, 1, 0}},
        {"output_padding", Integers{1, 2}},
        {"group", integer(2)},
        {"dilations", Integers{1, 2}}}},
      {"max_pool",
       "MaxPool",
       {{"kernel_shape", Integers{3, 2}},
        {"strides", Integers{2, 2}},
        {"pads", Integers{1, 1, 1, 1}},
        {"ceil_mode", integer(1)}}},
      {"average_pool",
       "AveragePool",
       {{"kernel_shape", Integers{3, 3}},
        {"strides", Integers{2, 2}},
        {"pads", Integers{1, 1, 1, 1}},
        {"ceil_mode", integer(1)},
        {"count_include_pad", integer(1)}}},
      {"average_pool_inside",
       "AveragePool",
       {{"kernel_shape", Integers{3, 3}}, {"strides", Integers{2, 2}}, {"pads", Integers{1, 1, 1, 1}}}},
      {"gemm", "Gemm", {{"alpha", 0.5}, {"beta", 2.0}, {"transA", integer(1)}, {"transB", integer(1)}}},
      {"matmul", "MatMul"},
      {"einsum", "Einsum", {{"equation", "bhqd, bkhd -> bhqk"}}},
      {"einsum_dots", "Einsum", {{"equation", "...ij,jk"}}},
      {"einsum_diagonal", "Einsum", {{"equation", "ii->i"}}},
      {"log_softmax", "LogSoftmax", {{"axis", integer(-2)}}},
      {"log_sum_exp", "ReduceLogSumExp", {{"axes", Integers{0, -1}}, {"keepdims", integer(0)}}},
      {"layer_norm", "LayerNormalization", {{"axis", integer(-2)}, {"epsilon", 1e-3}}},
      {"instance_norm", "InstanceNormalization"},
      {"group_norm", "GroupNormalization", {{"num_groups", integer(2)}}, 21},
      {"lrn", "LRN", {{"size", integer(3)}, {"alpha", 0.5}, {"beta", 0.6}, {"bias", 1.5}}},
      {"cubic", "Resize", {{"mode", "cubic"}}},
      {"linear", "Resize", sized},
      {"linear_corners", "Resize", plus({{"coordinate_transformation_mode", "align_corners"}}, sized)},
      {"linear_antialias", "Resize", plus({{"antialias", integer(1)}, {"exclude_outside", integer(1)}}, sized)},
      {"gelu", "Gelu"},
      {"gelu_tanh", "Gelu", {{"approximate", "tanh"}}},
      {"mish", "Mish"},
      {"selu", "Selu", {{"alpha", 1.6732632423543772848}, {"gamma", 1.0507009873554804934}}},
      {"celu", "Celu", {{"alpha", 1.3}}},
      {"depth_to_space", "DepthToSpace", {{"blocksize", integer(2)}, {"mode", "CRD"}}},
      {"attention_causal", "Attention", {{"is_causal", integer(1)}}, 23},
      {"attention_masked", "Attention", {{"scale", 0.3}}, 23},
      {"grid_linear", "GridSample", {}, 20},
      {"grid_border", "GridSample", {{"padding_mode", "border"}, {"align_corners", integer(1)}}, 20},
      {"grid_nearest", "GridSample", {{"mode", "nearest"}, {"padding_mode", "reflection"}}, 20},
      {"grid_cubic",
       "GridSample",
       {{"mode", "bicubic"}, {"padding_mode", "reflection"}, {"align_corners", integer(1)}},
       16},
      {"grid_cubic_zeros", "GridSample", {{"mode", "cubic"}}, 20},
      {"grid_volume", "GridSample", {{"padding_mode", "reflection"}}, 20},
      {"columns",
       "Col2Im",
       {{"dilations", Integers{1, 2}}, {"pads", Integers{0, 1, 0, 1}}, {"strides", Integers{2, 2}}},
       18},
      {"spectrum", "DFT"},
      {"half_spectrum", "DFT", {{"onesided", integer(1)}}},
      {"back", "DFT", {{"onesided", integer(1)}, {"inverse", integer(1)}}},
      {"rnn", "RNN", both},
      {"lstm", "LSTM", both},
      {"gru", "GRU", plus({{"linear_before_reset", integer(1)}}, both)},
  };
}

}  // namespace

TEST_CASE("operators agree with PyTorch") {
  const tenon::test::Golden golden("import");
  const std::vector<GoldenCase> cases = golden_cases();
  CHECK(cases.size() == golden.cases().size());
  const auto array = [&](const std::string& name) {
    const auto& shape = golden.shape(name);
    return floats({shape.begin(), shape.end()}, golden.values(name));
  };
  for (const GoldenCase& c : cases) {
    CAPTURE(c.name);
    std::vector<std::optional<Array>> inputs;
    for (int i = 0; i < 8; ++i) {
      const std::string name = c.name + ".in" + std::to_string(i);
      if (golden.has(name)) inputs.resize(static_cast<std::size_t>(i)), inputs.emplace_back(array(name));
    }
    if (c.op == "Resize") {  // neither region nor scales, but sizes
      inputs.resize(3);
      const Dims& dims = array(c.name + ".out0").dims;
      inputs.emplace_back(ints({dims.begin(), dims.end()}));
    }
    if (c.op == "Col2Im") inputs.insert(inputs.end(), {ints({4, 5}), ints({2, 2})});
    const std::vector<Array> found = all(c.op, inputs, c.attributes, c.opset);
    std::vector<std::optional<Array>> blank = inputs;  // the same axes come without numbers
    if (c.op != "Resize" && c.op != "Col2Im")
      for (auto& input : blank)
        if (input) input->values.clear();
    CHECK(all(c.op, blank, c.attributes, c.opset)[0].dims == found[0].dims);
    for (std::size_t o = 0; golden.has(c.name + ".out" + std::to_string(o)); ++o) {
      const Array expected = array(c.name + ".out" + std::to_string(o));
      CHECK(found.at(o).dims == expected.dims);
      REQUIRE(found.at(o).values.size() == expected.values.size());
      double worst = 0;
      for (std::size_t i = 0; i < expected.values.size(); ++i)
        worst = std::max(worst, std::abs(found[o].values[i] - expected.values[i]));
      CHECK(worst < 1e-9);
    }
  }
}

TEST_CASE("numbers go to other places") {
  const Array x = counted({2, 3});
  check(one("Transpose", {x}), {3, 2}, {0, 3, 1, 4, 2, 5});
  check(one("Transpose", {counted({1, 2, 3})}, {{"perm", Integers{2, 0, 1}}}), {3, 1, 2}, {0, 3, 1, 4, 2, 5});
  check(one("Concat", {x, floats({2, 1}, {8, 9})}, {{"axis", integer(-1)}}), {2, 4}, {0, 1, 2, 8, 3, 4, 5, 9});
  check(one("Tile", {counted({2}), ints({2})}), {4}, {0, 1, 0, 1});
  check(one("Expand", {floats({2, 1}, {1, 2}), ints({1, 2})}), {2, 2}, {1, 1, 2, 2});
  check(one("Gather", {x, ints({-1, 0})}, {{"axis", integer(1)}}), {2, 2}, {2, 0, 5, 3});
  check(one("GatherElements", {x, Array{Type::int64, {1, 3}, {1, 0, -1}}}), {1, 3}, {3, 1, 5});
  check(one("GatherND", {x, Array{Type::int64, {2, 1}, {1, 0}}}), {2, 3}, {3, 4, 5, 0, 1, 2});
  check(one("GatherND", {x, Array{Type::int64, {2, 1}, {2, 0}}}, {{"batch_dims", integer(1)}}), {2}, {2, 3});
  check(one("ScatterElements", {counted({3}), ints({1, 1}), floats({2}, {10, 20})}, {{"reduction", "add"}}, 18), {3},
        {0, 31, 2});
  check(one("ScatterND", {x, Array{Type::int64, {1, 1}, {1}}, floats({1, 3}, {7, 8, 9})}), {2, 3}, {0, 1, 2, 7, 8, 9});
  check(one("OneHot", {ints({1, -1, 9}), ints({3}), floats({2}, {5, 6})}), {3, 3}, {5, 6, 5, 5, 5, 6, 5, 5, 5});
  check(all("TopK", {floats({4}, {3, 1, 3, 2}), ints({2})})[1], {2}, {0, 2});
  check(one("ArgMax", {floats({2, 2}, {1, 1, 0, 2})}, {{"axis", integer(1)}, {"keepdims", integer(0)}}), {2}, {0, 1});
  check(one("ArgMax", {floats({2}, {1, 1})}, {{"select_last_index", integer(1)}}), {1}, {1});
  check(one("ArgMin", {floats({2, 2}, {1, 1, 0, 2})}), {1, 2}, {1, 0});
  check(one("CumSum", {counted({4}), ints({0})}, {{"reverse", integer(1)}, {"exclusive", integer(1)}}), {4},
        {6, 5, 3, 0});
  check(one("NonZero", {floats({2, 2}, {1, 0, 0, 1})}), {2, 2}, {0, 1, 0, 1});
  check(one("Trilu", {counted({2, 2})}, {{"upper", integer(0)}}), {2, 2}, {0, 0, 2, 3});
  check(one("SpaceToDepth", {counted({1, 1, 2, 2})}, {{"blocksize", integer(2)}}), {1, 4, 1, 1}, {0, 1, 2, 3});
  check(one("Range", {floats({}, {1}), floats({}, {4}), floats({}, {2})}), {2}, {1, 3});
  check(one("ConstantOfShape", {ints({2})}, {{"value", Array{Type::int32, {1}, {7}}}}), {2}, {7, 7});
  check(one("Flatten", {counted({2, 1, 2})}, {{"axis", integer(-1)}}), {2, 2}, {0, 1, 2, 3});
  check(all("MaxPool", {floats({1, 1, 2, 2}, {0, 1, 3, 2})}, {{"kernel_shape", Integers{2, 2}}})[1], {1, 1, 1, 1}, {2});
  CHECK_THROWS_WITH(one("Gather", {x, ints({2})}), Catch::Contains("the index 2 is outside of an axis of size 2"));
  CHECK_THROWS_WITH(one("Transpose", {x}, {{"perm", Integers{0, 0}}}), Catch::Contains("named twice"));
}

TEST_CASE("functions and statistics") {
  const Array x = floats({3}, {-4, 0.5, 4});
  check(one("HardSwish", {x}), {3}, {0, 0.5 * (0.5 / 6 + 0.5), 4});
  check(one("HardSigmoid", {x}), {3}, {0, 0.6, 1});
  check(one("ThresholdedRelu", {x}), {3}, {0, 0, 4});
  check(one("LeakyRelu", {x}, {{"alpha", 0.5}}), {3}, {-2, 0.5, 4});
  check(one("PRelu", {counted({2}), floats({1}, {3})}), {2}, {0, 1});
  check(one("PRelu", {floats({2, 2}, {-1, -1, -1, -1}), floats({2, 1}, {3, 4})}), {2, 2}, {-3, -3, -4, -4});
  check(one("Softplus", {floats({2}, {0, 1000})}), {2}, {std::log(2), 1000});
  check(one("Round", {floats({4}, {0.5, 1.5, -0.5, 2.5})}), {4}, {0, 2, 0, 2});
  check(one("Erf", {floats({1}, {0})}), {1}, {0});
  check(one("BatchNormalization",
            {counted({1, 2, 2}), floats({2}, {1, 2}), floats({2}, {0, 10}), floats({2}, {0, 2}), floats({2}, {4, 4})},
            {{"epsilon", 0.0}}),
        {1, 2, 2}, {0, 0.5, 10, 11});
  check(one("RMSNormalization", {floats({1, 2}, {3, 4}), floats({2}, {1, 10})}, {{"epsilon", 0.0}}, 23), {1, 2},
        {3 / std::sqrt(12.5), 40 / std::sqrt(12.5)});
  check(one("LpNormalization", {floats({2, 2}, {3, 4, 0, 0})}), {2, 2}, {.6, .8, 0, 0});
  check(one("GlobalAveragePool", {counted({1, 2, 2})}), {1, 2, 1}, {.5, 2.5});
  check(one("GlobalMaxPool", {counted({1, 2, 2})}), {1, 2, 1}, {1, 3});
  check(one("ReduceL2", {floats({2}, {3, 4})}), {1}, {5});
  check(one("ReduceProd", {floats({0}, {})}), {1}, {1});
}

TEST_CASE("integers that stand for numbers") {
  const auto bytes = [](Type type, Dims dims, std::vector<double> values) {
    return Array{type, std::move(dims), std::move(values)};
  };
  const Array scale = floats({}, {0.5}), zero = bytes(Type::uint8, {}, {128});
  const Array q = one("QuantizeLinear", {floats({5}, {0.25, 0.75, -1000, 1000, -0.25}), scale, zero});
  check(q, {5}, {128, 130, 0, 255, 128});  // ties to the even one, then saturated
  CHECK(q.type == Type::uint8);
  check(one("DequantizeLinear", {q, scale, zero}), {5}, {0, 1, -64, 63.5, 0});
  check(one("DequantizeLinear", {bytes(Type::int8, {2, 1}, {1, 1}), floats({2}, {1, 2})}, {{"axis", integer(0)}}),
        {2, 1}, {1, 2});
  CHECK_THROWS_WITH(one("DequantizeLinear", {bytes(Type::int8, {2, 2}, {1, 1, 1, 1}), floats({2, 1}, {1, 2})}, {}, 21),
                    Catch::Contains("blocks"));
  const auto dynamic = all("DynamicQuantizeLinear", {floats({3}, {0, 2, -0.55})});
  check(dynamic[1], {}, {2.55F / 255});
  check(dynamic[2], {}, {55});
  check(dynamic[0], {3}, {55, 255, 0});
  check(one("MatMulInteger",
            {bytes(Type::uint8, {1, 2}, {11, 12}), bytes(Type::uint8, {2, 1}, {3, 4}), bytes(Type::uint8, {}, {10})}),
        {1, 1}, {11});
  check(one("QLinearMatMul", {bytes(Type::uint8, {1, 2}, {11, 12}), scale, bytes(Type::uint8, {}, {10}),
                              bytes(Type::uint8, {2, 1}, {3, 4}), scale, bytes(Type::uint8, {}, {0}), floats({}, {1}),
                              bytes(Type::uint8, {}, {1})}),
        {1, 1}, {4});  // 11 / 4 is 2.75
  check(one("QLinearConv", {bytes(Type::uint8, {1, 1, 2}, {1, 2}), scale, bytes(Type::uint8, {}, {1}),
                            bytes(Type::int8, {2, 1, 1}, {4, 4}), floats({2}, {1, 2}), bytes(Type::int8, {2}, {0, 0}),
                            floats({}, {1}), bytes(Type::int8, {}, {-3}), bytes(Type::int32, {2}, {2, 2})}),
        {1, 2, 2}, {-2, 0, -1, 3});
  check(one("ConvInteger",
            {bytes(Type::uint8, {1, 1, 2}, {1, 2}), bytes(Type::uint8, {1, 1, 2}, {3, 4}), bytes(Type::uint8, {}, {1})},
            {{"pads", Integers{1, 0}}}),
        {1, 1, 2}, {0, 4});  // padding is the zero point
}

TEST_CASE("recurrent layers with what PyTorch lacks") {
  // one unit, all weights 1: h' = tanh(x + h)
  const Array x = floats({2, 1, 1}, {1, 2}), w = floats({1, 1, 1}, {1}), r = floats({1, 1, 1}, {1});
  const double first = std::tanh(1), second = std::tanh(2 + first);
  check(all("RNN", {x, w, r})[0], {2, 1, 1, 1}, {first, second});
  check(all("RNN", {x, w, r}, {{"clip", 0.5}})[0], {2, 1, 1, 1}, {std::tanh(.5), std::tanh(.5)});
  check(all("RNN", {x, w, r}, {{"activations", std::vector<std::string>{"Relu"}}})[1], {1, 1, 1}, {3});
  check(all("RNN", {x, w, r}, {{"direction", "reverse"}})[0], {2, 1, 1, 1},
        {std::tanh(1 + std::tanh(2)), std::tanh(2)});
  check(all("RNN", {x, w, r, std::nullopt, Array{Type::int32, {1}, {1}}})[0], {2, 1, 1, 1}, {first, 0});
  check(all("RNN", {floats({1, 2, 1}, {1, 2}), w, r}, {{"layout", integer(1)}})[0], {1, 2, 1, 1}, {first, second});
  // peepholes alone: i = f = sigmoid(c), c' = f c + i tanh(0), o = sigmoid(c')
  const auto sigmoid = [](double value) { return 1 / (1 + std::exp(-value)); };
  const Array zeros = floats({1, 4, 1}, {0, 0, 0, 0});
  const auto y = all("LSTM", {floats({1, 1, 1}, {1}), zeros, zeros, std::nullopt, std::nullopt, std::nullopt,
                              floats({1, 1, 1}, {2}), floats({1, 3}, {1, 1, 1})});
  const double cell = 2 * sigmoid(2);
  check(y[2], {1, 1, 1}, {cell});
  check(y[0], {1, 1, 1, 1}, {sigmoid(cell) * std::tanh(cell)});
  // z = 1/2, n = tanh(x + (h / 2)), h' = (n + h) / 2
  const Array gates = floats({1, 3, 1}, {0, 0, 1});
  check(all("GRU", {floats({1, 1, 1}, {1}), gates, gates, std::nullopt, std::nullopt, floats({1, 1, 1}, {3})})[1],
        {1, 1, 1}, {(std::tanh(2.5) + 3) / 2});
  CHECK_THROWS_WITH(all("RNN", {x, w, r}, {{"activations", std::vector<std::string>{"Affine"}}}),
                    Catch::Contains("affine"));
}
