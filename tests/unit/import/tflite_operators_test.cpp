// Each of TFLite's operators in a small file of its own, and the graph of ONNX's that is made of it.
#include <array>
#include <tuple>

#include <catch2/catch.hpp>

#include "support/tflite_one.hpp"

using namespace tenon::test::tflite;
using Catch::Contains;
using tenon::test::Object;
using tenon::test::TfliteFile;

TEST_CASE("a graph says whose it is, what is free and what a value is") {
  One one;
  one.in({1, 3}, {.signature = {-1, 3}});
  const Graph graph = one.graph("RELU", {1, 3});
  CHECK(graph.format == "TFLite");
  CHECK(graph.name == "net.tflite");
  CHECK(graph.opset == 17);
  CHECK(graph.inputs.at(0).name == "in0");
  CHECK(graph.inputs[0].dims == Dims{tenon::importing::free, 3});
  CHECK(graph.inputs[0].axis_names.at(0) == "batch");
  CHECK(graph.outputs[0].dims == Dims{1, 3});
  CHECK(graph.outputs[0].type == Type::float32);
  CHECK(graph.values.at("out").dims == Dims{1, 3});
  CHECK(node(graph, "Relu").outputs == std::vector<std::string>{"out"});
}

TEST_CASE("operators that work number by number") {
  const std::vector<std::array<std::string, 2>> unary{{"ABS", "Abs"},
                                                      {"NEG", "Neg"},
                                                      {"SIGN", "Sign"},
                                                      {"EXP", "Exp"},
                                                      {"LOG", "Log"},
                                                      {"SQRT", "Sqrt"},
                                                      {"RSQRT", "Sqrt Reciprocal"},
                                                      {"SIN", "Sin"},
                                                      {"COS", "Cos"},
                                                      {"FLOOR", "Floor"},
                                                      {"CEIL", "Ceil"},
                                                      {"ROUND", "Round"},
                                                      {"LOGISTIC", "Sigmoid"},
                                                      {"TANH", "Tanh"},
                                                      {"RELU", "Relu"},
                                                      {"ELU", "Elu"},
                                                      {"HARD_SWISH", "HardSwish"},
                                                      {"SQUARE", "Mul"},
                                                      {"LOG_SOFTMAX", "LogSoftmax"},
                                                      {"GELU", "Div Erf Add Mul Mul"}};
  for (const auto& [name, expected] : unary) {
    CAPTURE(name);
    const Graph graph = One().in({2, 3}).graph(name, {2, 3});
    CHECK(ops(graph) == expected);
    CHECK(graph.nodes[0].inputs[0] == "in0");
  }
  const std::vector<std::array<std::string, 2>> binary{{"ADD", "Add"},
                                                       {"SUB", "Sub"},
                                                       {"MUL", "Mul"},
                                                       {"DIV", "Div"},
                                                       {"MAXIMUM", "Max"},
                                                       {"MINIMUM", "Min"},
                                                       {"POW", "Pow"},
                                                       {"SQUARED_DIFFERENCE", "Sub Mul"},
                                                       {"ADD_N", "Sum"},
                                                       {"EQUAL", "Equal"},
                                                       {"NOT_EQUAL", "Equal Not"},
                                                       {"LESS", "Less"},
                                                       {"LESS_EQUAL", "LessOrEqual"},
                                                       {"GREATER", "Greater"},
                                                       {"GREATER_EQUAL", "GreaterOrEqual"},
                                                       {"LOGICAL_AND", "And"},
                                                       {"LOGICAL_OR", "Or"},
                                                       {"PRELU", "PRelu"}};
  for (const auto& [name, expected] : binary) {
    CAPTURE(name);
    const Graph graph = One().in({2, 3}).floats({3}, {1, 2, 3}).graph(name, {2, 3});
    CHECK(ops(graph) == expected);
    CHECK(graph.nodes[0].inputs == std::vector<std::string>{"in0", "c1"});
    CHECK(graph.constants.at("c1").values == Numbers{1, 2, 3});
    CHECK(graph.constants.at("c1").dims == Dims{3});
  }
  CHECK(ops(One().in({2}, {.type = Kind::boolean}).graph("LOGICAL_NOT", {2})) == "Not");
  CHECK(node(One().in({2}, {.type = Kind::boolean}).in({2}).in({2}).graph("SELECT_V2", {2}), "Where").inputs.size() ==
        3);
}

TEST_CASE("bounds, slopes and the parts of GELU and softmax are in the file's numbers") {
  for (const auto& [name, least, most] :
       {std::tuple("RELU6", 0., 6.), std::tuple("RELU_N1_TO_1", -1., 1.), std::tuple("RELU_0_TO_1", 0., 1.)}) {
    const Graph graph = One().in({2}).graph(name, {2});
    CHECK(numbers(graph, node(graph, "Clip"), 1) == Numbers{least});
    CHECK(numbers(graph, node(graph, "Clip"), 2) == Numbers{most});
  }
  CHECK(node(One().in({2}).graph("LEAKY_RELU", {2}, 75, Object().scalar(0, 0.25F)), "LeakyRelu").number("alpha", 0) ==
        0.25);
  const Graph plain = One().in({2, 3}).graph("SOFTMAX", {2, 3}, 9, Object().scalar(0, 1.0F));
  CHECK(ops(plain) == "Softmax");
  CHECK(node(plain, "Softmax").integer("axis", 0) == -1);
  const Graph sharp = One().in({2, 3}).graph("SOFTMAX", {2, 3}, 9, Object().scalar(0, 2.0F));
  CHECK(ops(sharp) == "Mul Softmax");
  CHECK(numbers(sharp, node(sharp, "Mul"), 1) == Numbers{2});
  const Graph gelu = One().in({2}).graph("GELU", {2}, 116, Object().scalar(0, Flag{1}));
  CHECK(ops(gelu) == "Pow Mul Add Mul Tanh Add Mul Mul");
  CHECK(numbers(gelu, node(gelu, "Mul"), 1) == Numbers{0.044715F});
}

TEST_CASE("fused activations") {
  const auto add = [](I8 activation) {
    return One().in({2}).in({2}).graph("ADD", {2}, 11, Object().scalar(0, activation));
  };
  CHECK(ops(add(0)) == "Add");
  CHECK(ops(add(1)) == "Add Relu");
  CHECK(ops(add(2)) == "Add Clip");
  CHECK(ops(add(3)) == "Add Clip");
  CHECK(ops(add(4)) == "Add Tanh");
  CHECK(numbers(add(2), node(add(2), "Clip"), 1) == Numbers{-1});
  CHECK(numbers(add(3), node(add(3), "Clip"), 2) == Numbers{6});
  CHECK(node(add(3), "Clip").outputs[0] == "out");
  CHECK_THROWS_WITH(parse(One().in({2}).in({2}).bytes("ADD", {2}, 11, Object().scalar(0, I8{5}))),
                    Contains("its fused activation is not known"));
}

TEST_CASE("CONV_2D") {
  // out 2, height 1, width 2, in 3
  One one;
  one.in({1, 5, 6, 3}).floats({2, 1, 2, 3}, counted(12)).floats({2}, {7, 8});
  const Graph graph = one.graph("CONV_2D", {1, 3, 3, 2}, 1, window(same, 2, 2).scalar(3, I8{1}));
  CHECK(ops(graph) == "Transpose Conv Transpose Relu");
  CHECK(node(graph, "Transpose").integers("perm") == Ints{0, 3, 1, 2});
  CHECK(node(graph, "Transpose", 1).integers("perm") == Ints{0, 2, 3, 1});
  const Node& conv = node(graph, "Conv");
  CHECK(conv.name == "out");
  CHECK(constant(graph, conv, 1).dims == Dims{2, 3, 1, 2});
  CHECK(numbers(graph, conv, 1) == Numbers{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11});
  CHECK(numbers(graph, conv, 2) == Numbers{7, 8});
  CHECK(conv.integers("kernel_shape") == Ints{1, 2});
  CHECK(conv.integers("strides") == Ints{2, 2});
  CHECK(conv.integers("pads") == Ints{0, 0, 0, 0});
  CHECK_FALSE(conv.has("group"));
  CHECK_FALSE(conv.has("dilations"));
}

TEST_CASE("padding is TensorFlow's: the odd one at the end, and dilation counts") {
  const auto pads = [](I32 height, I32 width, I32 kernel, const Object& options) {
    One one;
    one.in({1, height, width, 1}).floats({1, kernel, kernel, 1}, counted(static_cast<std::size_t>(kernel * kernel)));
    return node(one.graph("CONV_2D", {1, 1, 1, 1}, 1, options), "Conv").integers("pads");
  };
  CHECK(pads(6, 7, 3, window(same, 1, 1)) == Ints{1, 1, 1, 1});
  CHECK(pads(6, 7, 3, window(same, 2, 2)) == Ints{0, 1, 1, 1});
  CHECK(pads(6, 7, 2, window(same, 1, 1)) == Ints{0, 0, 1, 1});
  CHECK(pads(6, 7, 4, window(same, 3, 1)) == Ints{1, 1, 2, 2});
  CHECK(pads(6, 7, 3, window(valid, 2, 2)) == Ints{0, 0, 0, 0});
  CHECK(pads(6, 7, 3, window(same, 1, 1).scalar(4, I32{2}).scalar(5, I32{3})) == Ints{3, 2, 3, 2});
  One open;
  open.in({1, 1, 1, 1}, {.signature = {1, -1, -1, 1}}).floats({1, 3, 3, 1}, counted(9));
  const Graph graph = open.graph("CONV_2D", {1, 1, 1, 1}, 1, window(same, 1, 1));
  CHECK(node(graph, "Conv").text("auto_pad", "") == "SAME_UPPER");
}

TEST_CASE("DEPTHWISE_CONV_2D and CONV_2D in groups") {
  One one;
  one.in({1, 4, 4, 2}).floats({1, 2, 1, 4}, counted(8)).floats({4}, counted(4));
  const Graph graph = one.graph("DEPTHWISE_CONV_2D", {1, 3, 4, 4}, 2,
                                window(valid, 1, 1).scalar(3, I32{2}).scalar(4, I8{3}).scalar(6, I32{2}));
  CHECK(ops(graph) == "Transpose Conv Transpose Clip");
  const Node& conv = node(graph, "Conv");
  CHECK(conv.integer("group", 1) == 2);
  CHECK(constant(graph, conv, 1).dims == Dims{4, 1, 2, 1});
  CHECK(numbers(graph, conv, 1) == Numbers{0, 4, 1, 5, 2, 6, 3, 7});
  CHECK(conv.integers("dilations") == Ints{2, 1});

  One groups;
  groups.in({1, 4, 4, 4}).floats({2, 1, 1, 2}, counted(4));
  CHECK(node(groups.graph("CONV_2D", {1, 4, 4, 2}, 1, window(valid, 1, 1)), "Conv").integer("group", 1) == 2);
}

TEST_CASE("TRANSPOSE_CONV") {
  const auto graph = [](I32 size, I32 kernel, I8 padding) {
    One one;
    one.ints({1, size, size, 2})
        .floats({2, kernel, kernel, 1}, counted(static_cast<std::size_t>(2 * kernel * kernel)))
        .in({1, 4, 4, 1})
        .floats({2}, {1, 2});
    return one.graph("TRANSPOSE_CONV", {1, size, size, 2}, 49, window(padding, 2, 2));
  };
  const Graph even = graph(8, 3, same);
  CHECK(ops(even) == "Transpose ConvTranspose Transpose");
  const Node& conv = node(even, "ConvTranspose");
  CHECK(constant(even, conv, 1).dims == Dims{1, 2, 3, 3});
  CHECK(numbers(even, conv, 2) == Numbers{1, 2});
  CHECK(conv.integers("pads") == Ints{0, 0, 1, 1});  // 2 * 3 + 3 - 8
  CHECK_FALSE(conv.has("output_padding"));
  CHECK(node(graph(7, 3, same), "ConvTranspose").integers("pads") == Ints{1, 1, 1, 1});
  CHECK(node(graph(8, 4, same), "ConvTranspose").integers("pads") == Ints{1, 1, 1, 1});
  CHECK(node(graph(9, 3, valid), "ConvTranspose").integers("pads") == Ints{0, 0, 0, 0});
  CHECK(node(graph(8, 1, valid), "ConvTranspose").integers("output_padding") == Ints{1, 1});
  CHECK_THROWS_WITH(graph(20, 3, valid), Contains("its output's shape does not fit its input"));
}

TEST_CASE("pools") {
  const Object options = window(same, 2, 1).scalar(3, I32{3}).scalar(4, I32{2}).scalar(5, I8{1});
  const Graph mean = One().in({1, 4, 4, 2}).graph("AVERAGE_POOL_2D", {1, 4, 2, 2}, 5, options);
  CHECK(ops(mean) == "Transpose AveragePool Transpose Relu");
  const Node& pool = node(mean, "AveragePool");
  CHECK(pool.integers("kernel_shape") == Ints{2, 3});
  CHECK(pool.integers("strides") == Ints{1, 2});
  CHECK(pool.integers("pads") == Ints{0, 0, 1, 1});
  CHECK(pool.integer("count_include_pad", 0) == 0);
  CHECK(ops(One().in({1, 4, 4, 2}).graph("MAX_POOL_2D", {1, 4, 2, 2}, 5, options)) ==
        "Transpose MaxPool Transpose Relu");
}

TEST_CASE("FULLY_CONNECTED") {
  One one;
  one.in({1, 3}).floats({2, 3}, counted(6)).floats({2}, {1, 2});
  const Graph graph = one.graph("FULLY_CONNECTED", {1, 2}, 8, Object().scalar(0, I8{1}));
  CHECK(ops(graph) == "Gemm Relu");
  CHECK(node(graph, "Gemm").integer("transB", 0) == 1);
  CHECK(constant(graph, node(graph, "Gemm"), 1).dims == Dims{2, 3});
  CHECK(numbers(graph, node(graph, "Gemm"), 2) == Numbers{1, 2});

  const Graph flat = One().in({2, 1, 3}).floats({2, 3}, counted(6)).absent().graph("FULLY_CONNECTED", {2, 2});
  CHECK(ops(flat) == "Reshape Gemm");
  CHECK(numbers(flat, node(flat, "Reshape"), 1) == Numbers{-1, 3});
  CHECK(node(flat, "Gemm").inputs.size() == 2);

  const Graph kept = One()
                         .in({2, 4, 3})
                         .floats({2, 3}, counted(6))
                         .graph("FULLY_CONNECTED", {2, 4, 2}, 8, Object().scalar(2, Flag{1}));
  CHECK(ops(kept) == "Reshape Gemm Reshape");
  CHECK(numbers(kept, node(kept, "Reshape", 1), 1) == Numbers{2, 4, 2});
  CHECK_THROWS_WITH(
      parse(One().in({1, 3}).floats({2, 3}, counted(6)).bytes("FULLY_CONNECTED", {1, 2}, 8, Object().scalar(1, I8{1}))),
      Contains("shuffled"));
}

TEST_CASE("BATCH_MATMUL") {
  const Graph graph = One().in({2, 3, 4}).in({2, 5, 4}).graph("BATCH_MATMUL", {2, 3, 5}, 101,
                                                              Object().scalar(1, Flag{1}));
  CHECK(ops(graph) == "Transpose MatMul");
  CHECK(node(graph, "Transpose").integers("perm") == Ints{0, 2, 1});
  CHECK(node(graph, "MatMul").inputs[1] == node(graph, "Transpose").outputs[0]);
}

TEST_CASE("resizing") {
  const auto resized = [](const std::string& name, std::uint8_t type, const Object& options) {
    const Graph graph = One().in({1, 2, 3, 1}).ints({4, 5}).graph(name, {1, 4, 5, 1}, type, options);
    CHECK(ops(graph) == "Transpose Shape Concat Resize Transpose");
    CHECK(numbers(graph, node(graph, "Concat"), 1) == Numbers{4, 5});
    CHECK(node(graph, "Shape").integer("end", 0) == 2);
    CHECK(node(graph, "Resize").inputs.size() == 4);
    return node(graph, "Resize");
  };
  const std::string place = "coordinate_transformation_mode";
  CHECK(resized("RESIZE_BILINEAR", 15, {}).text("mode", "") == "linear");
  CHECK(resized("RESIZE_BILINEAR", 15, {}).text(place, "") == "asymmetric");
  CHECK(resized("RESIZE_BILINEAR", 15, Object().scalar(2, Flag{1})).text(place, "") == "align_corners");
  CHECK(resized("RESIZE_BILINEAR", 15, Object().scalar(3, Flag{1})).text(place, "") == "half_pixel");
  CHECK(resized("RESIZE_NEAREST_NEIGHBOR", 74, {}).text("nearest_mode", "") == "floor");
  CHECK(resized("RESIZE_NEAREST_NEIGHBOR", 74, Object().scalar(0, Flag{1})).text(place, "") == "align_corners");
  CHECK(resized("RESIZE_NEAREST_NEIGHBOR", 74, Object().scalar(1, Flag{1})).text("nearest_mode", "") ==
        "round_prefer_ceil");
}

TEST_CASE("what changes shapes") {
  Graph graph = One().in({2, 6}).ints({3, -1}).graph("RESHAPE", {3, 4});
  CHECK(numbers(graph, node(graph, "Reshape"), 1) == Numbers{3, -1});
  CHECK(constant(graph, node(graph, "Reshape"), 1).type == Type::int64);
  graph = One().in({2, 6}).graph("RESHAPE", {3, 4}, 17, Object().numbers<I32>(0, {4, 3}));
  CHECK(numbers(graph, node(graph, "Reshape"), 1) == Numbers{4, 3});
  graph = One().in({2, 6}).graph("RESHAPE", {3, 4});
  CHECK(numbers(graph, node(graph, "Reshape"), 1) == Numbers{3, 4});
  CHECK(ops(One().in({2, 6}).in({2}, {.type = Kind::int32}).graph("RESHAPE", {3, 4})) == "Cast Reshape");
  graph = One().in({1, 6, 1}).graph("SQUEEZE", {1, 6}, 30, Object().numbers<I32>(0, {-1}));
  CHECK(numbers(graph, node(graph, "Squeeze"), 1) == Numbers{-1});
  graph = One().in({1, 6, 1}, {.signature = {-1, 6, 1}}).graph("SQUEEZE", {1, 6});
  CHECK(numbers(graph, node(graph, "Squeeze"), 1) == Numbers{2});
  graph = One().in({6}).ints({1}).graph("EXPAND_DIMS", {6, 1});
  CHECK(numbers(graph, node(graph, "Unsqueeze"), 1) == Numbers{1});
  graph = One().in({2, 3, 4}).ints({2, 0, 1}).graph("TRANSPOSE", {4, 2, 3});
  CHECK(node(graph, "Transpose").integers("perm") == Ints{2, 0, 1});
  CHECK_THROWS_WITH(parse(One().in({2, 3}).ints({1, 1}).bytes("TRANSPOSE", {3, 2})),
                    Contains("its permutation does not fit"));
  graph = One().in({2, 1}).ints({2, 3}).graph("BROADCAST_TO", {2, 3});
  CHECK(numbers(graph, node(graph, "Expand"), 1) == Numbers{2, 3});
  graph = One().in({2, 1}).ints({1, 3}).graph("TILE", {2, 3});
  CHECK(numbers(graph, node(graph, "Tile"), 1) == Numbers{1, 3});
  const TfliteFile::More whole{.type = Kind::int32};
  CHECK(ops(One().in({2, 3}).graph("SHAPE", {2}, 55, Object().scalar(0, I8{2}), whole)) == "Shape Cast");
  CHECK(ops(One().in({2, 3}).graph("SHAPE", {2}, 0, {}, {.type = Kind::int64})) == "Shape");
  graph = One().in({2, 3}).ints({1}).graph("ARG_MAX", {2}, 0, {}, whole);
  CHECK(ops(graph) == "ArgMax Cast");
  CHECK(node(graph, "ArgMax").integer("axis", 0) == 1);
  CHECK(node(graph, "ArgMax").integer("keepdims", 1) == 0);
  CHECK(ops(One().in({2, 3}).ints({1}).graph("ARG_MIN", {2}, 0, {}, whole)) == "ArgMin Cast");
  graph = One().in({1, 2, 2, 8}).graph("DEPTH_TO_SPACE", {1, 4, 4, 2}, 94, Object().scalar(0, I32{2}));
  CHECK(ops(graph) == "Transpose DepthToSpace Transpose");
  CHECK(node(graph, "DepthToSpace").text("mode", "") == "DCR");
  graph = One().in({1, 4, 4, 2}).graph("SPACE_TO_DEPTH", {1, 2, 2, 8}, 19, Object().scalar(0, I32{2}));
  CHECK(node(graph, "SpaceToDepth").integer("blocksize", 0) == 2);
}

TEST_CASE("what adds up along axes") {
  for (const auto& [name, op] : std::vector<std::array<std::string, 2>>{{"MEAN", "ReduceMean"},
                                                                        {"REDUCE_MAX", "ReduceMax"},
                                                                        {"REDUCE_MIN", "ReduceMin"},
                                                                        {"REDUCE_PROD", "ReduceProd"}}) {
    const Graph graph = One().in({1, 4, 5, 2}).ints({1, 2}).graph(name, {1, 1, 1, 2}, 27, Object().scalar(0, Flag{1}));
    CHECK(node(graph, op).integers("axes") == Ints{1, 2});
    CHECK(node(graph, op).integer("keepdims", 0) == 1);
  }
  const Graph sum = One().in({2, 3}).ints({-1}).graph("SUM", {2});
  CHECK(numbers(sum, node(sum, "ReduceSum"), 1) == Numbers{-1});
  CHECK(node(sum, "ReduceSum").integer("keepdims", 1) == 0);
}

TEST_CASE("padding") {
  Graph graph = One().in({2, 3}).ints({1, 2, 3, 4}).graph("PAD", {5, 10});
  CHECK(numbers(graph, node(graph, "Pad"), 1) == Numbers{1, 3, 2, 4});
  CHECK(node(graph, "Pad").text("mode", "") == "constant");
  CHECK(node(graph, "Pad").inputs.size() == 2);
  graph = One().in({2, 3}).ints({1, 2, 3, 4}).floats({}, {9}).graph("PADV2", {5, 10});
  CHECK(numbers(graph, node(graph, "Pad"), 2) == Numbers{9});
  graph = One().in({2, 3}).ints({0, 1, 0, 2}).graph("MIRROR_PAD", {3, 5}, 77, Object().scalar(0, I8{0}));
  CHECK(node(graph, "Pad").text("mode", "") == "reflect");
  CHECK_THROWS_WITH(
      parse(One().in({2, 3}).ints({0, 1, 0, 2}).bytes("MIRROR_PAD", {3, 5}, 77, Object().scalar(0, I8{1}))),
      Contains("SYMMETRIC"));
}

TEST_CASE("joining, cutting and choosing") {
  Graph graph = One().in({2, 3}).in({2, 4}).graph("CONCATENATION", {2, 7}, 10,
                                                  Object().scalar(0, I32{-1}).scalar(1, I8{1}));
  CHECK(ops(graph) == "Concat Relu");
  CHECK(node(graph, "Concat").integer("axis", 0) == -1);
  graph = One().in({3}).in({3}).graph("PACK", {3, 2}, 59, Object().scalar(0, I32{2}).scalar(1, I32{1}));
  CHECK(ops(graph) == "Unsqueeze Unsqueeze Concat");
  CHECK(numbers(graph, node(graph, "Unsqueeze", 1), 1) == Numbers{1});
  CHECK(node(graph, "Concat").integer("axis", 0) == 1);
  graph = One().in({5, 3}).in({2}, {.type = Kind::int32}).graph("GATHER", {2, 3}, 23, Object().scalar(0, I32{0}));
  CHECK(node(graph, "Gather").inputs == std::vector<std::string>{"in0", "in1"});
  CHECK_THROWS_WITH(
      parse(One().in({5, 3}).in({2}, {.type = Kind::int32}).bytes("GATHER", {2, 3}, 23, Object().scalar(1, I32{1}))),
      Contains("batch by batch"));
  graph = One().in({2}, {.type = Kind::int32}).floats({3, 2}, counted(6)).graph("EMBEDDING_LOOKUP", {2, 2});
  CHECK(node(graph, "Gather").inputs == std::vector<std::string>{"c1", "in0"});
  graph = One().in({4, 5}).ints({1, 2}).ints({2, -1}).graph("SLICE", {2, 3});
  CHECK(numbers(graph, node(graph, "Slice"), 1) == Numbers{1, 2});
  CHECK(numbers(graph, node(graph, "Slice"), 2) == Numbers{3, 2147483647});
  CHECK(numbers(graph, node(graph, "Slice"), 3) == Numbers{0, 1});
}

TEST_CASE("STRIDED_SLICE and its masks") {
  const auto sliced = [](const Object& options) {
    return One()
        .in({4, 5, 6})
        .ints({1, -1, 5})
        .ints({3, 0, 0})
        .ints({1, 1, -2})
        .graph("STRIDED_SLICE", {1}, 32, options);
  };
  Graph graph = sliced({});
  CHECK(ops(graph) == "Slice");
  CHECK(numbers(graph, node(graph, "Slice"), 1) == Numbers{1, -1, 5});
  CHECK(numbers(graph, node(graph, "Slice"), 2) == Numbers{3, 0, 0});
  CHECK(numbers(graph, node(graph, "Slice"), 4) == Numbers{1, 1, -2});
  graph = sliced(Object().scalar(0, I32{5}).scalar(1, I32{5}).scalar(4, I32{2}));
  CHECK(ops(graph) == "Slice Squeeze");
  CHECK(numbers(graph, node(graph, "Slice"), 1) == Numbers{0, -1, 2147483647});
  CHECK(numbers(graph, node(graph, "Slice"), 2) == Numbers{2147483647, 2147483647, -2147483647});
  CHECK(numbers(graph, node(graph, "Squeeze"), 1) == Numbers{1});
  graph = sliced(Object().scalar(5, Flag{1}));
  CHECK(numbers(graph, node(graph, "Slice"), 2) == Numbers{4, -1, 5});
  CHECK_THROWS_WITH(sliced(Object().scalar(2, I32{1})), Contains("ellipsis"));
}

TEST_CASE("operators of several outputs") {
  const auto parts = [](const std::string& name, std::vector<std::int32_t> (*inputs)(TfliteFile&), std::uint8_t type,
                        const Object& options, bool quantize = false) {
    TfliteFile file;
    const auto more = quantize ? quantized({0.5F}, {1}) : TfliteFile::More{};
    const auto reads = inputs(file);
    const std::vector<std::int32_t> gives{file.tensor("a", {2, 2}, more), file.tensor("b", {2, 1}, more)};
    file.op(name, reads, gives, type, options);
    file.output(gives[1]);
    file.output(gives[0]);
    Graph graph = parse(file.file());
    CHECK(holds_together(graph));
    CHECK(graph.outputs[0].name == "b");
    return graph;
  };
  const auto split = [](TfliteFile& f) { return std::vector{f.ints("axis", {}, {1}), f.input("x", {2, 3})}; };
  Graph graph = parts("SPLIT", split, 35, Object().scalar(0, I32{2}));
  CHECK(node(graph, "Split").outputs == std::vector<std::string>{"a", "b"});
  CHECK(node(graph, "Split").integer("axis", 0) == 1);
  graph = parts("SPLIT", split, 35, Object().scalar(0, I32{2}), true);
  CHECK(ops(graph) == "Split QuantizeLinear QuantizeLinear");
  graph = parts(
      "SPLIT_V",
      [](TfliteFile& f) {
        return std::vector{f.input("x", {2, 3}), f.ints("sizes", {2}, {2, -1}), f.ints("axis", {}, {-1})};
      },
      79, Object());
  CHECK(numbers(graph, node(graph, "Split"), 1) == Numbers{2, 1});
  graph = parts(
      "UNPACK",
      [](TfliteFile& f) {
        return std::vector{f.input("x", {2, 3})};
      },
      64, Object().scalar(0, I32{2}).scalar(1, I32{0}));
  CHECK(ops(graph) == "Slice Squeeze Slice Squeeze");
  CHECK(numbers(graph, node(graph, "Slice", 1), 1) == Numbers{1});
  CHECK(node(graph, "Squeeze", 1).outputs[0] == "b");
}
