#include "simplify_rig.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "import/onnx.hpp"
#include "import/tflite.hpp"

using namespace tenon::test;
using Catch::Contains;
using Catch::Matchers::EndsWith;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A function of one number, by itself behind an input.
template <class Build>
Net function(Build build) {
  Net net;
  return net.output(build(net, net.input({2, 5, 4})));
}

std::string gelu(Net& n, const std::string& x, double root) {
  return n.add("Mul",
               {n.add("Mul", {x, n.add("Add", {n.add("Erf", {n.add("Div", {x, n.number(root)})}), n.number(1)})}),
                n.number(0.5)});
}

std::string gelu_tanh(Net& n, const std::string& x, double cubic) {
  const std::string cube = n.add("Mul", {n.add("Pow", {x, n.number(3)}), n.number(cubic)});
  const std::string s = n.add("Tanh",
                              {n.add("Mul", {n.number(std::sqrt(2 / std::acos(-1.0))), n.add("Add", {x, cube})})});
  return n.add("Mul", {n.add("Mul", {n.number(0.5), x}), n.add("Add", {n.number(1), s})});
}

std::string hard_swish(Net& n, const std::string& x, double six) {
  return n.add("Div", {n.add("Mul", {x, n.add("Clip", {n.add("Add", {x, n.number(3)}), n.number(0), n.number(six)})}),
                       n.number(6)});
}

/// (x - mean) / sqrt(variance + epsilon) over the last axes, with the numbers of the variance from `squared`.
std::string layer_norm(Net& n, const std::string& x, const Dims& axes, const std::string& squared = {}) {
  const Attributes over{{"axes", axes}};
  const std::string d = n.add("Sub", {x, n.add("ReduceMean", {x}, over)});
  const std::string variance = n.add("ReduceMean", {n.add("Pow", {squared.empty() ? d : squared, n.number(2)})}, over);
  return n.add("Div", {d, n.add("Sqrt", {n.add("Add", {variance, n.number(1e-5)})})});
}

}  // namespace

TEST_CASE("A free first axis is the batch, all others are asked for in one error") {
  Net net;
  const std::string a = net.input({any, 3, any, any}, {"batch", "", "height", "width"}), b = net.input({any, any});
  net.output(net.add("Relu", {a})).output(net.add("Relu", {b}));
  const std::string asked = refusal(net);
  CHECK_THAT(asked, Contains("x: axis 2 (height), axis 3 (width): --shape x=1x3x?x?"));
  CHECK_THAT(asked, Contains(b + ": axis 1: --shape " + b + "=1x?"));
  const Graph graph = simplified(net, {"Relu", "Relu"}, {{{"x", {1, 3, 5, 7}}, {b, {4, 2}}}});
  CHECK(graph.inputs[0].dims == Dims{1, 3, 5, 7});
  CHECK(graph.outputs[1].dims == Dims{4, 2});
  CHECK_THAT(refusal(net, {{{"x", {1, 4, 5, 7}}}}), Contains("--shape x=1x4x5x7: the file says ?x3x?x?"));
  CHECK_THAT(refusal(net, {{{"x", {1, 3, 5}}}}), Contains("the file says"));
  CHECK_THAT(refusal(net, {{{"y", {1}}}}), Contains("has no input of that name"));
  net.graph.inputs[0].dims.reset();
  CHECK_THAT(refusal(net), Contains("how many axes it has is not known"));
}

TEST_CASE("Shapes are computed, what does not depend on inputs is a constant, and nothing dead is left") {
  Net net;
  const std::string x = net.input({any, 3, 4});
  const std::string batch = net.add("Gather", {net.add("Shape", {x}), net.integers({0})}, {{"axis", std::int64_t{0}}});
  const std::string target = net.add("Concat", {batch, net.integers({12})}, {{"axis", std::int64_t{0}}});
  const std::string half = net.add("Mul", {net.weights({12}), net.number(0.5)});
  net.add("Exp", {x});
  net.output(net.add("Mul", {net.add("Reshape", {x, target}), half}));
  const Graph graph = simplified(net, {"Reshape", "BatchNormalization"});
  CHECK(graph.constants.at(graph.nodes[0].inputs[1]).values == std::vector<double>{0, 12});
  CHECK(graph.constants.size() == 5);
}

TEST_CASE("The branch that an If always takes is put in its place") {
  for (const double condition : {0.0, 1.0}) {
    Net net;
    const std::string x = net.input({1, 4});
    const auto body = [&](const std::string& op) {
      Graph graph;
      graph.nodes = {{"inner", op, {}, {x, "k"}, {"t"}, {}}, {"last", "Exp", {}, {"t"}, {"out"}, {}}};
      graph.constants["k"] = {Type::float32, {}, {3}};
      graph.outputs = {{"out", Type::float32, {}}};
      return std::vector<Graph>{graph};
    };
    const std::string flag = net.constant({Type::boolean, {}, {condition}});
    net.output(net.add("If", {flag}, {{"then_branch", body("Max")}, {"else_branch", body("Sub")}}));
    simplified(net, {condition != 0 ? "Max" : "Sub", "Exp"});
    net.graph.nodes[0].inputs[0] = x;
    CHECK_THAT(refusal(net), Contains("its condition depends on the inputs") && EndsWith(": --set x=?"));
  }
}

TEST_CASE("An input that is always the same is set, and chooses the branch of an If") {
  for (const double rate : {8000.0, 16000.0}) {
    Net net;
    const std::string x = net.input({1, 4});
    net.graph.inputs.push_back({"sr", Type::int64, Dims{}});
    const auto body = [&](const std::string& op) {
      Graph graph;
      graph.nodes = {{"inner", op, {}, {x}, {"out"}, {}}};
      graph.outputs = {{"out", Type::float32, {}}};
      return std::vector<Graph>{graph};
    };
    const std::string wide = net.add("Equal", {"sr", net.constant({Type::int64, {}, {16000}})});
    net.output(net.add("If", {wide}, {{"then_branch", body("Exp")}, {"else_branch", body("Sqrt")}}));
    CHECK_THAT(refusal(net), EndsWith(": --set sr=?"));
    tenon::importing::set_input(net.graph, "sr", {rate});
    simplified(net, {rate == 16000 ? "Exp" : "Sqrt"});
  }
  Net net;
  net.output(net.add("Relu", {net.input({2, any, 3})}));
  net.graph.inputs.push_back({"n", Type::int32, Dims{}});
  const auto mistake = [&](const std::string& name, const std::vector<double>& numbers) {
    Graph graph = net.graph;
    try {
      tenon::importing::set_input(graph, name, numbers);
    } catch (const tenon::Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK_THAT(mistake("y", {1}), Contains("--set y: the network has no input of that name"));
  CHECK_THAT(mistake("n", {1, 2}), Contains("--set n: 2 numbers are given, the file says one"));
  CHECK_THAT(mistake("n", {0.5}), Contains("--set n=0.5: is no int32"));
  CHECK_THAT(mistake("x", std::vector<double>(13)), Contains("13 numbers are given, the file says 2x?x3"));
  tenon::importing::set_input(net.graph, "x", std::vector<double>(12));
  CHECK(net.graph.constants.at("x").dims == Dims{2, 2, 3});
  CHECK(net.graph.inputs.size() == 1);
}

TEST_CASE("All operators without a definition are listed") {
  Net net;
  net.output(net.add("Frobnicate", {net.add("Wobble", {net.input({1, 2})})}));
  CHECK_THAT(refusal(net), Contains("Frobnicate \"") && Contains("Wobble \""));
}

TEST_CASE("Samples of a batch stay apart, or the value that mixes them is named") {
  Net apart;
  apart.output(apart.add("Reshape", {apart.input({any, 2, 3}), apart.integers({1, 6})}));
  CHECK(node_of(simplified(apart, {"Reshape"}), "Reshape").op == "Reshape");
  Net there_and_back;
  const std::string transposed = there_and_back.transpose(there_and_back.input({any, 2, 3}), {1, 0, 2});
  const std::string sum = there_and_back.add("CumSum", {transposed, there_and_back.integers({0})});
  simplified(there_and_back.output(there_and_back.transpose(sum, {1, 0, 2})), {"Transpose", "CumSum", "Transpose"});
  Net transposed_sum;
  transposed_sum.output(transposed_sum.transpose(transposed_sum.input({any, 2}), {1, 0}));
  CHECK_THAT(refusal(transposed_sum),
             Contains("the batch is axis 1 of \"" + transposed_sum.graph.outputs[0].name + "\""));
  Net mixing;
  mixing.output(
      mixing.add("ReduceSum", {mixing.input({any, 2}), mixing.integers({0})}, {{"keepdims", std::int64_t{1}}}));
  CHECK_THAT(refusal(mixing), Contains("\"" + mixing.graph.outputs[0].name + "\" mixes them"));
  Net softmax;
  softmax.output(softmax.add("Softmax", {softmax.input({any, 2})}, {{"axis", std::int64_t{0}}}));
  CHECK_THAT(refusal(softmax), Contains("\"" + softmax.graph.outputs[0].name + "\" mixes them"));
}

TEST_CASE("What does nothing goes") {
  Net net;
  std::string x = net.add("Dropout", {net.add("Identity", {net.input({2, 3, 4})})});
  x = net.add("Cast", {x}, {{"to", std::int64_t{1}}});
  x = net.add("Reshape", {x, net.integers({2, 3, 4})});
  x = net.transpose(x, {0, 1, 2});
  x = net.add("Pad", {x, net.integers({0, 0, 0, 0, 0, 0})});
  x = net.add("Slice", {x, net.integers({0}), net.integers({9})});
  x = net.add("Concat", {x}, {{"axis", std::int64_t{1}}});
  x = net.add("Exp", {net.add("Mul", {net.add("Add", {x, net.number(0)}), net.number(1)})});
  net.output(net.add("Identity", {x}));
  simplified(net, {"Exp"});

  Net something;
  x = something.add("Slice", {something.input({2, 3}), something.integers({-1}), something.integers({-9}),
                              something.integers({1}), something.integers({-1})});
  x = something.add("Add", {something.add("Cast", {x}, {{"to", std::int64_t{11}}}),
                            something.constant({Type::float64, {1, 2, 3}, std::vector<double>(6)})});
  simplified(something.output(x), {"Slice", "Cast", "Add"});
}

TEST_CASE("Flatten, Squeeze, Unsqueeze and Reshape become one Reshape for any batch") {
  Net net;
  std::string x = net.add("Unsqueeze", {net.input({any, 6}), net.integers({1})});
  x = net.add("Reshape", {x, net.integers({1, 3, 2, 1})});
  x = net.add("Squeeze", {x, net.integers({3})});
  const Graph graph = simplified(net.output(x), {"Reshape"});
  CHECK(graph.constants.at(graph.nodes[0].inputs[1]).values == std::vector<double>{0, 3, 2});
  Net flat;
  simplified(flat.output(flat.add("Flatten", {flat.add("Exp", {flat.input({3, 2, 2})})})), {"Exp", "Reshape"});
}

TEST_CASE("A Softmax that flattens is one over the last axis") {
  Net net;
  net.graph.opset = 11;
  simplified(net.output(net.add("Softmax", {net.input({1, 3, 2, 2})})), {"Reshape", "Softmax", "Reshape"});
  Net modern;
  simplified(modern.output(modern.add("Softmax", {modern.input({1, 3, 2, 2})}, {{"axis", std::int64_t{1}}})),
             {"Softmax"});
  Net image;
  simplified(image.output(image.add("Softmax", {image.input({1, 3, 1, 1})}, {{"axis", std::int64_t{1}}})),
             {"Reshape", "Softmax", "Reshape"});
}

TEST_CASE("Products and what is added become Gemm with the matrix as PyTorch has it") {
  Net net;
  const std::string y = net.add("Add",
                                {net.weights({5}), net.add("MatMul", {net.input({any, 3}), net.weights({3, 5})})});
  const Graph graph = simplified(net.output(y), {"Gemm"});
  CHECK(graph.constants.at(graph.nodes[0].inputs[1]).dims == Dims{5, 3});
  Net factors;
  const Attributes given{{"alpha", 0.5}, {"beta", 3.0}};
  simplified(factors.output(
                 factors.add("Gemm", {factors.input({2, 3}), factors.weights({3, 5}), factors.weights({1, 5})}, given)),
             {"Gemm"});
  Net read_twice;
  const std::string product = read_twice.add("MatMul", {read_twice.input({2, 3}), read_twice.weights({3, 5})});
  read_twice.output(read_twice.add("Add", {product, read_twice.weights({5})})).output(product);
  simplified(read_twice, {"Gemm", "Add"});
  Net by_row;
  simplified(by_row.output(by_row.add("Add", {by_row.add("MatMul", {by_row.input({2, 3}), by_row.weights({3, 5})}),
                                              by_row.weights({2, 1})})),
             {"Gemm", "Add"});
}

TEST_CASE("Rows of a sequence are not taken apart for a product") {
  for (const std::int64_t steps : {4, 2}) {
    Net net;
    const std::string rows = net.add("Reshape", {net.input({1, 4, 3}), net.integers({-1, 3})});
    const std::string product = net.add("Gemm", {rows, net.weights({6, 3}), net.weights({6})},
                                        {{"transB", std::int64_t{1}}});
    net.output(net.add("Reshape", {product, net.integers({1, steps, 24 / steps})}));
    simplified(net, steps == 4 ? Names{"MatMul", "Add"} : Names{"Reshape", "Gemm", "Reshape"});
  }
}

TEST_CASE("What is added behind a convolution is its bias, what is multiplied a BatchNormalization") {
  Net net;
  const std::string conv = net.add("Conv", {net.input({1, 2, 4, 4}), net.weights({3, 2, 3, 3})});
  const std::string added = net.add("Sub", {net.add("Add", {conv, net.weights({3, 1, 1})}), net.weights({1, 3, 1, 1})});
  net.output(added);
  simplified(net, {"Conv"});
  net.graph.outputs.clear();
  const std::string multiplied = net.add("Mul",
                                         {net.weights({3, 1, 1}), net.add("Div", {added, net.weights({3, 1, 1}, 1)})});
  simplified(net.output(net.add("Add", {multiplied, net.weights({3, 1, 1})})), {"Conv", "BatchNormalization"});
  Net alone;
  const std::string centred = alone.add("Sub", {alone.input({2, 3, 4, 4}), alone.weights({3, 1, 1})});
  alone.output(alone.add("Add", {alone.add("Mul", {centred, alone.weights({3, 1, 1})}), alone.weights({3, 1, 1})}));
  simplified(alone, {"BatchNormalization"});
  Net other;  // along the width
  const std::string wide = other.add("Conv", {other.input({1, 2, 5, 5}), other.weights({3, 2, 3, 3})});
  simplified(other.output(other.add("Mul", {other.add("Add", {wide, other.weights({3})}), other.weights({3, 1})})),
             {"Conv", "Add", "Mul"});
  Net twice;
  const std::string read = twice.add("Conv", {twice.input({1, 2, 4, 4}), twice.weights({3, 2, 3, 3})});
  simplified(twice.output(twice.add("Add", {read, twice.weights({3, 1, 1})})).output(read), {"Conv", "Add"});
}

TEST_CASE("Features are brought to a common size in front of a network, and back behind it") {
  for (const Dims& dims : {Dims{2, 3}, {2, 4, 3}, {2, 3, 4, 4}}) {
    const Dims own = dims.size() == 4 ? Dims{3, 1, 1} : Dims{3};
    Net net;
    const std::string centred = net.add("Sub", {net.input(dims), net.weights(own)});
    const std::string x = net.add("Tanh", {net.add("Div", {centred, net.weights(own, 1)})});
    const Graph graph = simplified(
        net.output(net.add("Add", {net.weights(own), net.add("Mul", {x, net.weights(own)})})),
        {"Standardize", "Tanh", "Unstandardize"});
    CHECK(graph.constants.at(graph.nodes[0].inputs[1]).values == net.graph.constants.begin()->second.values);
  }
  Net within;  // no ends of a network
  const std::string first = within.add("Tanh", {within.input({2, 3})});
  const std::string y = within.add("Div", {within.add("Sub", {first, within.weights({3})}), within.weights({3}, 1)});
  const std::string z = within.add(
      "Add", {within.add("Mul", {within.add("Exp", {y}), within.weights({3})}), within.weights({3})});
  simplified(within.output(within.add("Tanh", {z})),
             {"Tanh", "BatchNormalization", "Exp", "BatchNormalization", "Tanh"});
}

TEST_CASE("Functions are known by what they do") {
  const auto becomes = [](const std::string& op, auto build) {
    CAPTURE(op);
    return node_of(simplified(function(build), {op}), op);
  };
  using N = Net&;
  using S = const std::string&;
  becomes("Relu", [](N n, S x) { return n.add("Max", {n.number(0), x}); });
  becomes("Relu", [](N n, S x) { return n.add("Clip", {x, n.number(0)}); });
  becomes("Relu", [](N n, S x) { return n.add("Clip", {x, n.number(0), n.number(infinity)}); });
  becomes("Clip", [](N n, S x) { return n.add("Min", {n.add("Relu", {x}), n.number(6)}); });
  becomes("Sigmoid", [](N n, S x) {
    return n.add("Reciprocal", {n.add("Add", {n.add("Exp", {n.add("Neg", {x})}), n.number(1)})});
  });
  becomes("HardSwish", [](N n, S x) { return hard_swish(n, x, 6); });
  becomes("HardSwish", [](N n, S x) { return n.add("Mul", {x, n.add("HardSigmoid", {x}, {{"alpha", 1.0 / 6}})}); });
  becomes("Softplus", [](N n, S x) { return n.add("Log", {n.add("Add", {n.add("Exp", {x}), n.number(1)})}); });
  becomes("Mish", [](N n, S x) { return n.add("Mul", {n.add("Tanh", {n.add("Softplus", {x})}), x}); });
  becomes("Elu", [](N n, S x) {
    const std::string curve = n.add("Mul", {n.add("Sub", {n.add("Exp", {x}), n.number(1)}), n.number(0.7)});
    return n.add("Where", {n.add("Greater", {x, n.number(0)}), x, curve});
  });
  CHECK(becomes("LeakyRelu", [](N n, S x) {
          return n.add("Max", {x, n.add("Mul", {x, n.number(0.1)})});
        }).number("alpha", 0) == 0.1);
  CHECK(becomes("Swish", [](N n, S x) { return n.add("Mul", {x, n.add("Sigmoid", {x})}); }).number("alpha", 0) == 1);
  CHECK(becomes("Gelu", [](N n, S x) { return gelu(n, x, std::sqrt(2)); }).text("approximate", "none") == "none");
  CHECK(becomes("Gelu", [](N n, S x) { return gelu_tanh(n, x, 0.044715); }).text("approximate", "none") == "tanh");
  const Node sigmoid = becomes("HardSigmoid", [](N n, S x) {
    return n.add("Div", {n.add("Clip", {n.add("Add", {x, n.number(3)}), n.number(0), n.number(6)}), n.number(6)});
  });
  CHECK(sigmoid.number("alpha", 0) == 1.0 / 6);
  CHECK(sigmoid.number("beta", 0) == 0.5);
  // constants as a file has them, rounded to float
  Graph rounded = function([](N n, S x) { return gelu(n, x, 1.4142135381698608); }).graph;
  tenon::importing::simplify(rounded);
  CHECK(ops_of(rounded) == Names{"Gelu"});
}

TEST_CASE("Other constants, other shapes and other readers are left alone") {
  using N = Net&;
  using S = const std::string&;
  simplified(function([](N n, S x) { return gelu(n, x, 1.41); }), {"Div", "Erf", "Add", "Mul", "Mul"});
  simplified(function([](N n, S x) { return gelu_tanh(n, x, 0.044); }),
             {"Pow", "Mul", "Add", "Mul", "Tanh", "Mul", "Add", "Mul"});
  simplified(function([](N n, S x) { return hard_swish(n, x, 5); }), {"Add", "Clip", "Mul", "Div"});
  simplified(function([](N n, S x) { return n.add("Max", {x, n.number(0.5)}); }), {"Max"});
  simplified(function([](N n, S x) { return n.add("Clip", {x, n.number(-1e7), n.number(1e7)}); }), {"Clip"});
  simplified(function([](N n, S x) {
               return n.add("Max", {x, n.constant({Type::float32, {4}, {0, 0, 0, 1}})});
             }),
             {"Max"});
  simplified(function([](N n, S x) { return n.add("Swish", {x}, {{"alpha", 1.702}}); }), {"Swish"});
  Net read;
  const std::string x = read.input({2, 3}), sigmoid = read.add("Sigmoid", {x});
  simplified(read.output(read.add("Mul", {x, sigmoid})).output(sigmoid), {"Sigmoid", "Mul"});
  Net wide;
  wide.graph.inputs.push_back({"x", Type::float64, Dims{2, 3}});
  simplified(wide.output(wide.add("Mul", {"x", wide.add("Sigmoid", {"x"})})), {"Sigmoid", "Mul"});
}

TEST_CASE("LayerNormalization, InstanceNormalization and RMSNormalization are put together") {
  Net net;
  const std::string y = layer_norm(net, net.input({1, 3, 5}), {-1});
  net.output(net.add("Add", {net.add("Mul", {y, net.weights({5})}), net.weights({5})}));
  CHECK(node_of(simplified(net, {"LayerNormalization"}), "LayerNormalization").inputs.size() == 3);
  Net image;
  const std::string z = layer_norm(image, image.input({2, 3, 4, 4}), {2, 3});
  simplified(image.output(image.add("Mul", {z, image.weights({3, 1, 1})})), {"InstanceNormalization"});
  const auto keras = [](Net& n, const std::string& other) {
    const Attributes last{{"axes", Dims{-1}}};
    const std::string x = n.input({1, 3, 5}), mean = n.add("ReduceMean", {x}, last), d = n.add("Sub", {x, mean});
    const std::string variance = n.add("Add", {n.add("ReduceMean", {n.add("Mul", {d, d})}, last), n.number(1e-3)});
    const std::string factor = n.add("Mul", {n.add("Reciprocal", {n.add("Sqrt", {variance})}), n.weights({5})});
    const std::string shift = n.add("Mul", {other.empty() ? mean : n.add(other, {x}, last), factor});
    return n.output(n.add("Add", {n.add("Mul", {x, factor}), n.add("Sub", {n.weights({5}), shift})}));
  };
  Net by_parts, by_maximum;
  CHECK(simplified(keras(by_parts, ""), {"LayerNormalization"}).nodes[0].inputs.size() == 3);
  CHECK(
      ops_of(simplified(keras(by_maximum, "ReduceMax"), {"ReduceMean", "Sub", "Mul", "ReduceMean", "Add", "Sqrt",
                                                         "Reciprocal", "Mul", "ReduceMax", "Mul", "Mul", "Sub", "Add"}))
          .size() == 13);
  const auto rms = [](Net& n, double exponent) {
    const std::string x = n.input({2, 3, 5});
    const std::string mean = n.add("ReduceMean", {n.add("Mul", {x, x})}, {{"axes", Dims{2}}});
    const std::string root = n.add("Pow", {n.add("Add", {mean, n.number(1e-6)}), n.number(exponent)});
    n.output(n.add("Mul", {n.weights({5}), n.add("Mul", {x, root})}));
  };
  Net root, third;
  rms(root, -0.5);
  simplified(root, {"RMSNormalization"});
  rms(third, -0.25);
  simplified(third, {"Mul", "ReduceMean", "Add", "Pow", "Mul", "Mul"});
  Net others;  // the variance of something else
  const std::string x = others.input({2, 5});
  simplified(others.output(layer_norm(others, x, {-1}, others.add("Exp", {x}))),
             {"Exp", "ReduceMean", "Sub", "Pow", "ReduceMean", "Add", "Sqrt", "Div"});
  Net first;
  simplified(first.output(layer_norm(first, first.input({2, 5}), {0})),
             {"ReduceMean", "Sub", "Pow", "ReduceMean", "Add", "Sqrt", "Div"});
}

TEST_CASE("Groups of channels that are normalised are a GroupNormalization, with the factors behind it") {
  const auto rows = [](Net& n, std::int64_t groups, bool by_layer) {
    const std::string cut = n.add("Reshape", {n.input({2, 6, 4, 4}), n.integers({0, groups, -1})});
    if (by_layer) return layer_norm(n, cut, {-1});
    const auto all = [&](double value) {
      return n.constant({Type::float32, {groups}, std::vector<double>(static_cast<std::size_t>(groups), value)});
    };
    return n.add("InstanceNormalization", {cut, all(1), all(0)});
  };
  for (const bool by_layer : {false, true}) {
    Net net, channels, plain, other;
    const std::string y = net.add("Reshape", {rows(net, 3, by_layer), net.integers({0, 6, 4, 4})});
    net.output(net.add("Add", {net.add("Mul", {y, net.weights({6, 1, 1})}), net.weights({6, 1, 1})}));
    CHECK(node_of(simplified(net, {"GroupNormalization"}), "GroupNormalization").integer("num_groups", 0) == 3);
    const std::string z = channels.add("Reshape", {rows(channels, 6, by_layer), channels.integers({0, 6, 4, 4})});
    simplified(channels.output(channels.add("Mul", {z, channels.weights({6, 1, 1})})), {"InstanceNormalization"});
    simplified(plain.output(plain.add("Reshape", {rows(plain, 2, by_layer), plain.integers({0, 6, 4, 4})})),
               {"GroupNormalization"});
    // back into other axes: no groups of channels
    simplified(other.output(other.add("Reshape", {rows(other, 2, by_layer), other.integers({0, 4, 6, 4})})),
               {"Reshape", by_layer ? "LayerNormalization" : "InstanceNormalization", "Reshape"});
  }
}

TEST_CASE("A Pad of zeros goes into the window behind it, and SAME becomes numbers") {
  const auto padded = [](const std::string& op, double around, const std::string& before,
                         const Dims& pads = {0, 0, 1, 0, 0, 0, 2, 1}) {
    Net n;
    const std::string x = n.add("Pad", {n.add(before, {n.input({1, 2, 5, 5})}), n.integers(pads), n.number(around)});
    if (op == "Conv") return n.output(n.add(op, {x, n.weights({3, 2, 3, 3})}, {{"pads", Dims{1, 1, 1, 1}}}));
    return n.output(n.add(op, {x}, {{"kernel_shape", Dims{3, 3}}}));
  };
  const Graph graph = simplified(padded("Conv", 0, "Exp"), {"Exp", "Conv"});
  CHECK(graph.nodes[1].integers("pads") == Dims{2, 1, 3, 2});
  simplified(padded("Conv", 1, "Exp"), {"Exp", "Pad", "Conv"});
  simplified(padded("Conv", 0, "Exp", {0, 0, -1, 0, 0, 0, 2, 1}), {"Exp", "Pad", "Conv"});
  simplified(padded("MaxPool", 0, "Relu"), {"Relu", "MaxPool"});
  simplified(padded("MaxPool", 0, "Neg"), {"Neg", "Pad", "MaxPool"});
  simplified(padded("AveragePool", 0, "Neg"), {"Neg", "AveragePool"});
  simplified(padded("AveragePool", 0, "Neg", {0, 0, 3, 0, 0, 0, 0, 0}), {"Neg", "Pad", "AveragePool"});
  Net same;
  const Attributes upper{{"auto_pad", "SAME_UPPER"}, {"strides", Dims{2, 2}}};
  same.output(same.add("Conv", {same.input({1, 2, 6, 5}), same.weights({3, 2, 3, 3})}, upper));
  CHECK(simplified(same, {"Conv"}).nodes[0].integers("pads") == Dims{0, 1, 1, 1});
}

TEST_CASE("Pools of whole images") {
  const auto mean = [](const Dims& axes, std::int64_t keep) {
    Net n;
    return n.output(n.add("ReduceMean", {n.input({1, 3, 4, 5})}, {{"axes", axes}, {"keepdims", keep}}));
  };
  simplified(mean({2, 3}, 1), {"GlobalAveragePool"});
  simplified(mean({-1, -2}, 0), {"GlobalAveragePool", "Reshape"});
  simplified(mean({1, 2}, 0), {"ReduceMean"});
  for (const std::int64_t width : {5, 4}) {
    Net pool;
    simplified(pool.output(pool.add("AveragePool", {pool.input({1, 3, 4, 5})}, {{"kernel_shape", Dims{4, width}}})),
               {width == 5 ? "GlobalAveragePool" : "AveragePool"});
  }
}

TEST_CASE("States of recurrent layers that are zeros are left out") {
  for (const double state : {0.0, 1.0}) {
    Net net;
    const Names inputs{net.input({3, 1, 2}),
                       net.weights({1, 8, 2}),
                       net.weights({1, 8, 2}),
                       "",
                       "",
                       net.constant({Type::float32, {1, 1, 2}, {state, 0}})};
    net.output(net.add("LSTM", inputs, {{"hidden_size", std::int64_t{2}}}));
    CHECK(simplified(net, {"LSTM"}).nodes[0].inputs.size() == (state == 0 ? 3 : 6));
  }
}

TEST_CASE("Losses against constant labels are sums of products") {
  for (const std::string reduction : {"none", "sum", "mean"}) {
    // Two samples of three classes at two places; the label 2 does not count.
    const Array labels{Type::int64, {2, 2}, {0, 1, 2, 1}}, weights{Type::float32, {3}, {0.5, 3, 7}};
    const Attributes attributes{{"reduction", reduction}, {"ignore_index", std::int64_t{2}}};
    Net net;
    net.output(net.add("SoftmaxCrossEntropyLoss", {net.input({2, 3, 2}), net.constant(labels), net.constant(weights)},
                       attributes));
    tenon::importing::simplify(net.graph);
    CHECK(ops_of(net.graph) == Names{"LogSoftmax", "Where", "Mul", "ReduceSum"});
    const Array x{Type::float32, {2, 3, 2}, {1, 0, 2, 0, 3, 0, 0, 0, 0, 0, 0, 1}};
    const Array y = tenon::importing::interpret(net.graph, {{"x", x}})[0];
    const double e = std::exp(1.0), a = 0.5 * (std::log(e + e * e + e * e * e) - 1), b = 3 * std::log(3.0),
                 c = 3 * std::log(2 + e);
    if (reduction == "none") {
      CHECK(y.dims == Dims{2, 2});
      for (std::size_t i = 0; i < 4; ++i) CHECK(y.values[i] == Approx(std::array{a, b, 0.0, c}[i]).margin(1e-12));
    } else {
      CHECK(y.dims == Dims{});
      CHECK(y.values[0] == Approx(reduction == "sum" ? a + b + c : (a + b + c) / 6.5));
    }
  }
  {  // only the first of several samples is hit
    Net net;
    const std::string which = net.constant({Type::int64, {1, 1}, {2}}), more = net.weights({1, 1});
    net.output(net.add("ScatterElements", {net.input({any, 3}), which, more}, {{"axis", std::int64_t{1}}}));
    CHECK_THAT(refusal(net), Contains("mixes them"));
  }
  {  // the one label would be that of every sample
    Net net;
    net.output(net.add("NegativeLogLikelihoodLoss", {net.input({any, 3}), net.integers({1})}, {{"reduction", "none"}}));
    CHECK_THAT(refusal(net), Contains("the batch has no fixed size"));
  }
  for (const bool known : {true, false}) {
    Net net;
    const std::string x = net.input({1, 3}), labels = known ? net.integers({3}) : net.input({1});
    net.output(net.add("NegativeLogLikelihoodLoss", {x, labels}));
    CHECK_THAT(refusal(net), Contains(known ? "the label 3 is none of its 3 classes" : "labels depend on"));
  }
}

TEST_CASE("Scales stay where activations are quantised, else weights are unpacked") {
  const auto net = [](bool quantized) {
    Net n;
    const std::string packed = n.constant({Type::int8, {3, 2}, {1, -2, 3, -4, 5, -6}}), scale = n.number(0.25);
    std::string x = n.input({1, 2});
    if (quantized) x = n.add("DequantizeLinear", {n.add("QuantizeLinear", {x, scale}), scale});
    return n.output(n.add("Gemm", {x, n.add("DequantizeLinear", {packed, scale})}, {{"transB", std::int64_t{1}}}));
  };
  simplified(net(true), {"QuantizeLinear", "DequantizeLinear", "DequantizeLinear", "Gemm"});
  simplified(net(false), {"Gemm"});
}

TEST_CASE("Networks from elsewhere keep their numbers", "[data]") {
  const char* const data = std::getenv("TENON_DATA");
  const auto folder = std::filesystem::path(data != nullptr ? data : "") / "models";
  if (data == nullptr || !std::filesystem::exists(folder)) {
    WARN("skipped: TENON_DATA has no models");
    return;
  }
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string path = file.path().string(), name = file.path().filename().string();
    const bool tflite = path.ends_with(".tflite");
    // The topologies without weights take gigabytes; the branch of silero depends on its rate, an input.
    if ((!tflite && !path.ends_with(".onnx")) || name.starts_with("light_") || name.starts_with("silero")) continue;
    CAPTURE(name);
    const Graph before = tflite ? tenon::importing::read_tflite(path) : tenon::importing::read_onnx(path);
    Graph after = before;
    tenon::importing::simplify(after, name.starts_with("ppocr") ? Simplify{{{"x", {1, 3, 48, 192}}}} : Simplify{});
    check_same(before, after);
    const bool recurrent = name.find("lstm") != name.npos;
    for (const Node& node : after.nodes) {
      if (node.op == "Transpose" && !recurrent)
        CHECK(std::ranges::any_of(after.inputs, [&](const Value& input) { return input.name == node.inputs[0]; }));
      CHECK(node.op != "Flatten");
      CHECK(node.op != "MatMul");
      if (name.find("fp32") != name.npos) CHECK(node.op != "DequantizeLinear");
    }
  }
}
