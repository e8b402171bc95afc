#include "simplify_rig.hpp"

using namespace tenon::test;

namespace {

const Dims to_nhwc{0, 2, 3, 1}, to_nchw{0, 3, 1, 2};

/// A convolution on an image that lies pixel by pixel, as in TFLite.
std::string conv(Net& n, const std::string& x, std::int64_t in, std::int64_t out) {
  const std::string first = n.transpose(x, to_nchw);
  return n.transpose(n.add("Conv", {first, n.weights({out, in, 3, 3})}, {{"pads", Dims{1, 1, 1, 1}}}), to_nhwc);
}

/// What stands between two convolutions: it reads images of 4 x 5 pixels of 6 channels.
template <class Build>
Graph between(const Names& ops, std::int64_t channels, Build build) {
  Net net;
  const std::string x = conv(net, net.input({1, 4, 5, 2}), 2, 6);
  const std::string y = net.transpose(
      net.add("Conv", {net.transpose(build(net, x), to_nchw), net.weights({3, channels, 1, 1})}), to_nhwc);
  net.output(net.add("Reshape", {y, net.integers({1, -1})}));
  Names all{"Transpose", "Conv"};
  all.insert(all.end(), ops.begin(), ops.end());
  for (const char* last : {"Conv", "Transpose", "Reshape"}) all.emplace_back(last);
  return simplified(net, all);
}

}  // namespace

TEST_CASE("Transposes that undo each other go, others are joined") {
  Net net;
  const std::string x = net.add("Exp", {net.input({2, 3, 4, 5})});
  net.output(net.transpose(net.transpose(x, to_nhwc), to_nchw));
  simplified(net, {"Exp"});
  Net joined;
  const std::string y = joined.transpose(joined.transpose(joined.input({2, 3, 4, 5}), to_nhwc), to_nhwc);
  CHECK(simplified(joined.output(y), {"Transpose"}).nodes[0].integers("perm") == Dims{0, 3, 1, 2});
  Net reversed;
  simplified(reversed.output(reversed.add("Transpose", {reversed.transpose(reversed.input({2, 3, 4}), {2, 1, 0})})),
             {"Identity"});
}

TEST_CASE("A Transpose that moves no numbers is a Reshape, but the batch is an axis of any size") {
  Net net;
  CHECK(ops_of(simplified(net.output(net.transpose(net.input({1, 7, 5, 1}), to_nchw)), {"Reshape"})).size() == 1);
  Net batch;
  simplified(batch.output(batch.transpose(batch.input({1, 7, 5}), {1, 0, 2})), {"Transpose"});
}

TEST_CASE("Transposes sink through what works number by number") {
  between({"Relu", "Exp"}, 6, [](Net& n, const std::string& x) { return n.add("Exp", {n.add("Relu", {x})}); });
  between({"Clip"}, 6, [](Net& n, const std::string& x) { return n.add("Clip", {x, n.number(0), n.number(6)}); });
  between({"Exp", "Sub"}, 6, [](Net& n, const std::string& x) { return n.add("Sub", {x, n.add("Exp", {x})}); });
  between({"BatchNormalization", "PRelu"}, 6, [](Net& n, const std::string& x) {
    return n.add("PRelu", {n.add("Mul", {x, n.weights({6})}), n.weights({1, 1, 6})});
  });
  between({"Sub"}, 6, [](Net& n, const std::string& x) { return n.add("Sub", {n.weights({4, 5, 6}), x}); });
  // scaled channel by channel, by what is made of the image
  between({"GlobalAveragePool", "Sigmoid", "Mul"}, 6, [](Net& n, const std::string& x) {
    const std::string mean = n.add("ReduceMean", {x}, {{"axes", Dims{1, 2}}});
    return n.add("Mul", {x, n.add("Sigmoid", {mean})});
  });
}

TEST_CASE("Transposes sink through what names axes") {
  const auto axis = [](std::int64_t value) { return Attributes{{"axis", value}}; };
  CHECK(between({"Exp", "Concat"}, 12,
                [&](Net& n, const std::string& x) {
                  return n.add("Concat", {x, n.add("Exp", {x})}, axis(-1));
                })
            .nodes[3]
            .integer("axis", 0) == 1);
  between({"Split", "Mul"}, 3, [&](Net& n, const std::string& x) {
    const Names halves = n.many("Split", {x}, 2, axis(3));
    return n.add("Mul", {halves[0], halves[1]});
  });
  CHECK(between({"Softmax"}, 6, [&](Net& n, const std::string& x) { return n.add("Softmax", {x}, axis(2)); })
            .nodes[2]
            .integer("axis", 0) == 3);
  between({"Slice"}, 4, [](Net& n, const std::string& x) {
    return n.add("Slice", {x, n.integers({1, 1}), n.integers({9, 5}), n.integers({2, 3})});
  });
  between({"Slice"}, 6, [](Net& n, const std::string& x) {
    return n.add("Slice", {x, n.integers({0, 1}), n.integers({1, 3})});
  });
  between({"Pad"}, 6, [](Net& n, const std::string& x) {
    return n.add("Pad", {x, n.integers({0, 1, 0, 0, 0, 0, 2, 0})}, {{"mode", "reflect"}});
  });
  between({"ReduceMax"}, 6, [](Net& n, const std::string& x) { return n.add("ReduceMax", {x}, {{"axes", Dims{2}}}); });
  between({"ReduceSum"}, 1, [](Net& n, const std::string& x) { return n.add("ReduceSum", {x, n.integers({-1})}); });
}

TEST_CASE("What remains of the axes after a reduction is moved, or not at all") {
  const auto reduced = [](const Dims& axes, const Names& ops) {
    Net n;
    const std::string x = n.transpose(n.add("Exp", {n.input({1, 6, 4, 5})}), to_nhwc);
    simplified(n.output(n.add("ReduceMax", {x}, {{"axes", axes}, {"keepdims", std::int64_t{0}}})), ops);
  };
  reduced({1, 2}, {"Exp", "GlobalMaxPool", "Reshape"});
  reduced({3}, {"Exp", "ReduceMax"});
  reduced({1}, {"Exp", "ReduceMax", "Transpose"});
}

TEST_CASE("Residual blocks of a TFLite network have no Transpose inside") {
  Net net;
  const std::string x = net.add("Relu", {conv(net, net.input({1, 4, 5, 2}), 2, 6)});
  const std::string y = net.add("Relu", {net.add("Add", {conv(net, net.add("Relu", {conv(net, x, 6, 6)}), 6, 6), x})});
  net.output(net.add("ReduceMean", {y}, {{"axes", Dims{1, 2}}, {"keepdims", std::int64_t{0}}}));
  simplified(net, {"Transpose", "Conv", "Relu", "Conv", "Relu", "Conv", "Add", "Relu", "GlobalAveragePool", "Reshape"});
}

TEST_CASE("What has no place in another layout keeps its Transpose") {
  Net net;
  const std::string x = net.transpose(net.add("Exp", {net.input({1, 3, 4, 5})}), to_nhwc);
  simplified(net.output(net.add("MatMul", {x, net.weights({3, 3})})), {"Transpose", "Exp", "MatMul"});
  Net other;
  const std::string left = other.transpose(other.add("Exp", {other.input({1, 4, 4, 4})}), to_nhwc);
  const std::string right = other.transpose(other.add("Neg", {other.input({1, 4, 4, 4})}), to_nchw);
  simplified(other.output(other.add("Sub", {left, right})), {"Transpose", "Exp", "Transpose", "Neg", "Sub"});
}

TEST_CASE("A Transpose stays behind the input, and what prepares the input goes behind it") {
  Net net;
  const std::string x = net.input({1, 4, 5, 2});
  const std::string scaled = net.add("Sub", {net.add("Mul", {x, net.weights({2})}), net.weights({1, 1, 1, 2})});
  net.output(net.add("Conv", {net.transpose(net.add("Exp", {scaled}), to_nchw), net.weights({3, 2, 3, 3})}));
  const Graph graph = simplified(net, {"Transpose", "BatchNormalization", "Exp", "Conv"});
  CHECK(graph.nodes[0].inputs[0] == "x");
  Net read;
  const std::string y = read.input({1, 4, 5, 2}), e = read.add("Exp", {y});
  read.output(read.add("Conv", {read.transpose(e, to_nchw), read.weights({3, 2, 3, 3})})).output(e);
  simplified(read, {"Exp", "Transpose", "Conv"});
}

TEST_CASE("Quantised images change their layout too") {
  between({"QuantizeLinear", "DequantizeLinear"}, 6, [](Net& n, const std::string& x) {
    const std::string scale = n.number(0.125), zero = n.constant({Type::int8, {}, {3}});
    return n.add("DequantizeLinear", {n.add("QuantizeLinear", {x, scale, zero}), scale, zero});
  });
}

TEST_CASE("Axes of size 1 are dropped before the others are moved") {
  Net net;
  const std::string x = net.transpose(net.add("Exp", {net.input({1, 3, 1, 5})}), to_nhwc);
  simplified(net.output(net.add("Reshape", {x, net.integers({1, 5, 3})})), {"Exp", "Reshape", "Transpose"});
}

TEST_CASE("The rows of a matrix are put in the order in which an image lies") {
  const auto dense = [](const std::string& op, const Dims& perm, bool middle) {
    Net n;
    std::string x = n.transpose(n.add("Exp", {n.input({1, 3, 4, 5})}), perm);
    x = n.add("Reshape", {x, n.integers({-1, 60})});
    if (middle) x = n.add("Relu", {x});
    if (op == "MatMul") return n.output(n.add("MatMul", {x, n.weights({60, 2})}));
    return n.output(n.add("Gemm", {x, n.weights({2, 60}), n.weights({2})}, {{"transB", std::int64_t{1}}}));
  };
  simplified(dense("Gemm", to_nhwc, false), {"Exp", "Reshape", "Gemm"});
  simplified(dense("MatMul", to_nhwc, false), {"Exp", "Reshape", "Gemm"});
  simplified(dense("Gemm", {0, 2, 1, 3}, true), {"Exp", "Reshape", "Relu", "Gemm"});
  const auto quantized = [](const Dims& scales, std::int64_t axis, const Names& ops) {
    Net n;
    const std::string half = n.number(0.5);
    std::string x = n.add("DequantizeLinear", {n.add("QuantizeLinear", {n.input({1, 3, 4, 5}), half}), half});
    x = n.add("Reshape", {n.transpose(n.add("Exp", {x}), to_nhwc), n.integers({1, 60})});
    const std::string scale = n.weights(scales, 1);
    const std::string weights = n.add("DequantizeLinear", {n.weights({2, 60}), scale}, {{"axis", axis}});
    simplified(n.output(n.add("Gemm", {x, weights}, {{"transB", std::int64_t{1}}})), ops);
  };
  quantized({}, 1, {"QuantizeLinear", "DequantizeLinear", "Exp", "DequantizeLinear", "Reshape", "Gemm"});
  quantized({2}, 0, {"QuantizeLinear", "DequantizeLinear", "Exp", "DequantizeLinear", "Reshape", "Gemm"});
  quantized({60}, 1, {"Transpose", "QuantizeLinear", "DequantizeLinear", "Exp", "Reshape", "DequantizeLinear", "Gemm"});
}
