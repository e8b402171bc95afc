// The text of imported networks, and what is refused. That the texts compile and give the file's numbers:
// import.networks.
#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <tenon/error.hpp>

#include "import/simplify.hpp"
#include "import/write_network.hpp"
#include "import/write_quantized.hpp"
#include "unit/import/graph_builder.hpp"
#include "unit/import/onnx_rig.hpp"

using namespace test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using Ints = std::vector<std::int64_t>;

namespace {

/// The type alone, without the comment and the includes above it.
std::string type_of(const Written& written) {
  std::string all = written.header.substr(written.header.find("using namespace tenon;\n\n") + 24);
  const std::size_t begin = all.find("///");
  return all.erase(begin, all.rfind("///") + 4 - begin + all.substr(all.rfind("///") + 4).find('\n') + 1);
}

Written written(const GraphBuilder& g) {
  Graph graph = g.g;
  simplify(graph);
  return write_network(graph, "Net");
}

std::string refusal(const GraphBuilder& g) {
  try {
    written(g);
  } catch (const tenon::Error& error) {
    return error.what();
  }
  return "";
}

const std::map<std::string, Attribute> padded{{"pads", Ints{1, 1, 1, 1}}};

}  // namespace

TEST_CASE("a row of layers is a Sequential, with the names of weights that a model has") {
  GraphBuilder g;
  const auto y = g.node("Relu",
                        {g.batch_norm(g.conv(g.input("x", {1, 3, 8, 8}), "a", {4, 3, 3, 3}, padded, false), "n", 4)});
  g.gives({g.node("Softmax", {g.gemm(g.node("Flatten", {y}), "classes", 256, 5)}, {{"axis", std::int64_t{1}}})});
  const Written net = written(g);
  CHECK(type_of(net) == "using Net = Sequential<Input<3, 8, 8>, Conv2D<4, 3, padding<1>, bias<false>>, BatchNorm2D<>, "
                        "ReLU, Flatten, Dense<5>,\n"
                        "                       Softmax>;\n");
  std::vector<std::string> names;
  for (const auto& [name, array] : net.weights) names.push_back(name);
  CHECK(names == std::vector<std::string>{"0.weight", "1.bias", "1.running_mean", "1.running_var", "1.weight", "4.bias",
                                          "4.weight"});
  CHECK(net.weights.at("0.weight").dims == Dims{4, 3, 3, 3});
  CHECK(net.weights.at("4.weight").values == g.g.constants.at("classes.w").values);
}

TEST_CASE("branches that meet again are Residual, Add and Concat, equal blocks are written once") {
  GraphBuilder g;
  auto y = g.input("x", {1, 4, 6, 6});
  for (const std::string block : {"a", "b", "c"}) {
    const auto inner = g.node("Relu", {g.conv(y, block + "1", {4, 4, 3, 3}, padded)});
    y = g.node("Add", {g.conv(inner, block + "2", {4, 4, 3, 3}, padded), y});
  }
  y = g.node("Add", {g.conv(y, "wide", {6, 4, 1, 1}), g.node("Relu", {g.conv(y, "deep", {6, 4, 3, 3}, padded)})});
  g.gives({g.node("Concat", {g.node("Tanh", {y}), g.node("Sigmoid", {y})}, {{"axis", std::int64_t{1}}})});
  const Written net = written(g);
  CHECK(type_of(net) == "using Net = Sequential<Input<4, 6, 6>, Repeat<3, Residual<Conv2D<4, 3, padding<1>>, ReLU, "
                        "Conv2D<4, 3, padding<1>>>>,\n"
                        "                       Add<Conv2D<6, 1>, Sequential<Conv2D<6, 3, padding<1>>, ReLU>>, "
                        "Concat<Tanh, Sigmoid>>;\n");
  CHECK(net.weights.contains("0.2.2.weight"));
}

TEST_CASE("blocks that are alike but for a number are a template") {
  GraphBuilder g;
  auto y = g.input("x", {1, 4, 8, 8});
  std::int64_t c = 4;
  for (const std::string block : {"a", "b", "c"}) {
    const auto inner = g.node("Relu", {g.conv(y, block + "1", {2 * c, c, 3, 3}, padded)});
    y = g.node("Relu", {g.node("Add", {g.conv(y, block + "s", {2 * c, c, 1, 1}),
                                       g.conv(inner, block + "2", {2 * c, 2 * c, 3, 3}, padded)})});
    c *= 2;
  }
  g.gives({y});
  const std::string type = type_of(written(g));
  CHECK_THAT(type, Contains("template <std::size_t Channels>\nusing Shortcut = "));
  CHECK_THAT(type, Contains("Shortcut<8>, ReLU, Shortcut<16>, ReLU, Shortcut<32>, ReLU>;"));
}

TEST_CASE("a template of many numbers takes as many lines as it needs") {
  GraphBuilder g;
  auto y = g.input("x", {1, 4, 8, 8});
  std::int64_t takes = 4;
  for (const std::int64_t c : {2, 3}) {
    const auto name = [&](const char* part) { return part + std::to_string(c); };
    std::vector<std::string> branches;
    std::int64_t gives = 0;
    for (const std::int64_t b : {1, 2, 3}) {
      const std::int64_t wide = c * b + 5 * b * b, narrow = 7 * c + b;
      const auto inner = g.node("Relu", {g.conv(y, name("in") + std::to_string(b), {wide, takes, 1, 1})});
      branches.push_back(g.conv(inner, name("out") + std::to_string(b), {narrow, wide, 3, 3}, padded));
      gives += narrow;
    }
    y = g.node("Relu", {g.node("Concat", branches, {{"axis", std::int64_t{1}}})});
    takes = gives;
  }
  g.gives({y});
  const std::string type = type_of(written(g));
  CHECK_THAT(type, Contains("template <std::size_t Channels, std::size_t Channels2, std::size_t Channels3, std::size_t "
                            "Channels4,\n          std::size_t Channels5, std::size_t Channels6>\nusing Mixed = "));
}

TEST_CASE("what is neither is a Graph, in which layers of several inputs stand alone") {
  GraphBuilder g;
  const auto a = g.input("a", {1, 4}), b = g.input("b", {1, 4});
  const auto product = g.node("Mul", {g.gemm(a, "left", 4, 6), g.gemm(b, "right", 4, 6)});
  g.gives({g.gemm(product, "kind", 6, 3), g.node("Relu", {product}, {}, "size")});
  CHECK(type_of(written(g)) == "using Net = Graph<In<\"a\", 4>,\n"
                               "                  In<\"b\", 4>,\n"
                               "                  Node<\"left\", Dense<6>, \"a\">,\n"
                               "                  Node<\"right\", Dense<6>, \"b\">,\n"
                               "                  Node<\"Mul1\", Multiply, \"left\", \"right\">,\n"
                               "                  Node<\"kind\", Dense<3>>,\n"
                               "                  Node<\"size\", ReLU, \"Mul1\">,\n"
                               "                  Out<\"kind\", \"size\">>;\n");
}

TEST_CASE("a product and a sum are one Dense, in sequences too") {
  GraphBuilder g;
  const auto y = g.node("MatMul", {g.input("x", {1, 5, 3}), g.constant("w", {3, 8})});
  g.gives({g.node("Tanh", {g.node("Add", {y, g.constant("b", {8})})})});
  const Written net = written(g);
  CHECK(type_of(net) == "using Net = Sequential<Input<5, 3>, Dense<8>, Tanh>;\n");
  CHECK(net.weights.at("0.bias").values == g.g.constants.at("b").values);
  CHECK(net.weights.at("0.weight").dims == Dims{8, 3});
}

TEST_CASE("what has no layer is refused at once, each with its node and the reason") {
  GraphBuilder g;
  auto y = g.node("CumSum", {g.conv(g.input("x", {1, 3, 8, 8}), "a", {4, 3, 3, 3}), g.constant("along", {}, {2})}, {},
                  "local");
  y = g.node("ArgMin", {g.node("Flatten", {y})}, {{"axis", std::int64_t{1}}}, "which");
  g.gives({y});
  const std::string all = refusal(g);
  CHECK_THAT(all, Contains("2 reasons") && Contains("CumSum \"local\"") && Contains("ArgMin \"which\""));

  GraphBuilder gelu;
  const auto bent = gelu.node("Gelu", {gelu.input("x", {1, 4})}, {{"approximate", std::string("cubic")}}, "bent");
  CHECK_THROWS_WITH(gelu.gives({bent}),  // it computes shapes, as the reader does
                    Contains("Gelu \"bent\": approximate is \"none\" or \"tanh\", got \"cubic\""));

  GraphBuilder unknown;
  unknown.g.nodes.push_back({"again", "Loop", "", {unknown.input("x", {1, 4})}, {"y"}});
  unknown.g.nodes.push_back({"soft", "BiasGelu", "com.example", {"y"}, {"z"}});
  unknown.g.outputs.push_back({"z", Type::float32, std::nullopt});
  CHECK_THAT(refusal(unknown), Contains("tenon import --operators lists those that are") &&
                                   Contains("\n  Loop \"again\"\n  com.example.BiasGelu \"soft\""));
}

TEST_CASE("of a network that ends in classes the type gives the scores") {
  const auto ends = [](std::map<std::string, Attribute> attributes, const std::function<void(GraphBuilder&)>& more = {},
                       Dims takes = {1, 6}) {
    GraphBuilder g;
    const auto x = g.input("x", std::move(takes));
    const auto scores = g.g.inputs[0].dims->size() == 2 ? g.gemm(x, "scores", 6, 3) : g.conv(x, "scores", {3, 2, 1, 1});
    const auto y = g.node("ArgMax", {scores}, std::move(attributes), "which");
    if (more) more(g);
    else g.gives({y});
    return g;
  };
  const std::int64_t one = 1;
  for (const std::int64_t keepdims : {0, 1}) {
    const Written net = written(ends({{"axis", one}, {"keepdims", keepdims}}));
    CHECK(type_of(net) == "using Net = Sequential<Input<6>, Dense<3>>;\n");
    CHECK_THAT(net.header, Contains("ends in ArgMax") && Contains("predict_class(model, x)"));
  }
  // as TFLite has it, and with the scores beside
  CHECK(type_of(written(ends({{"axis", -one}}, [](GraphBuilder& g) {
          g.gives({g.node("Cast", {"which"}, {{"to", std::int64_t{6}}})});
        }))) == "using Net = Sequential<Input<6>, Dense<3>>;\n");
  const Written both = written(ends({{"axis", one}}, [](GraphBuilder& g) { g.gives({"which", "scores"}); }));
  CHECK_THAT(type_of(both), Contains("Node<\"scores\", Dense<3>>") && Contains("Out<"));
  CHECK_THAT(both.header, Contains("ends in ArgMax") && !Contains("predict_class"));

  CHECK_THAT(refusal(ends({{"axis", one}, {"select_last_index", one}})),
             Contains("ArgMax \"which\": select_last_index"));
  CHECK_THAT(refusal(ends({{"axis", std::int64_t{0}}})), Contains("ArgMax \"which\": compares the samples"));
  CHECK_THAT(refusal(ends({{"axis", one}}, {}, {1, 2, 4, 4})),
             Contains("ArgMax \"which\": takes scores of several axes"));
  CHECK_THAT(refusal(ends({{"axis", one}},
                          [](GraphBuilder& g) {
                            g.gives({g.node("Relu", {g.node("Cast", {"which"}, {{"to", std::int64_t{1}}})})});
                          })),
             Contains("ArgMax \"which\": is not the last operator"));
  GraphBuilder alone;
  alone.gives({alone.node("ArgMax", {alone.input("x", {1, 4})}, {{"axis", one}})});
  CHECK_THAT(refusal(alone), Contains("the scores are an input"));
}

TEST_CASE(
    "what moves numbers by constant indices is a Take, factors that are not whole are matrices that do not learn") {
  const auto text = [](const std::function<std::string(GraphBuilder&, const std::string&)>& build, Dims takes) {
    GraphBuilder g;
    g.gives({build(g, g.input("x", std::move(takes)))});
    return type_of(written(g));
  };
  const auto begins = [](const char* types) { return Contains(types); };
  CHECK_THAT(text(
                 [](GraphBuilder& g, const std::string& x) {
                   const auto which = g.constant("which", {2, 2}, {1, 0, 1, 0}, Type::int64);
                   return g.node("GatherElements", {x, which}, {{"axis", std::int64_t{1}}});
                 },
                 {2, 2}),
             begins("Take<0, 1, 0>"));
  CHECK_THAT(
      text(
          [](GraphBuilder& g, const std::string& x) {
            return g.node("Pad", {x, g.integers("around", {0, 0, 2, 0, 0, 1})}, {{"mode", std::string("reflect")}});
          },
          {1, 2, 3}),
      begins("Take<1, 2, 1, 0, 1, 2, 1>"));
  CHECK_THAT(text(
                 [](GraphBuilder& g, const std::string& x) {
                   return g.node("CenterCropPad", {x, g.integers("sizes", {5, 2})}, {{"axes", Ints{1, 2}}});
                 },
                 {1, 3, 5}),
             begins("ZeroPad2D<0, 0, 1, 1>") && begins("Slice<1, 1, 3>"));
  CHECK_THAT(
      text(
          [](GraphBuilder& g, const std::string& x) {
            return g.node("Resize", {x, "", "", g.integers("sizes", {1, 1, 3, 4})}, {{"mode", std::string("linear")}});
          },
          {1, 1, 2, 4}),
      begins("Freeze<Dense<3, bias<false>>>"));
  CHECK_THAT(text(
                 [](GraphBuilder& g, const std::string& x) {
                   return g.conv(x, "a", {4, 3, 2, 3, 3});
                 },
                 {1, 3, 4, 8, 8}),
             begins("Take<1, 0, 1, 1, 2, 2, 3>") && begins("TimeDistributed<Conv2D<4, 3>>"));
}

TEST_CASE("a file whose inputs have no common first axis knows no batch") {
  GraphBuilder g;
  const auto x = g.input("x", {1, 300}), state = g.input("state", {2, 1, 4});
  const std::map<std::string, Attribute> mirrored{{"mode", std::string("reflect")}};
  const auto longer = g.node("Pad", {x, g.constant("pads", {4}, {0, 2, 0, 3}, Type::int64)}, mirrored);
  const auto signal = g.node("Unsqueeze", {longer, g.constant("axes", {1}, {1}, Type::int64)});
  const auto seen = g.node("Conv", {signal, g.constant("w", {4, 1, 305}, std::vector<double>(4 * 305, 0.01))});
  const auto flat = g.node("Reshape", {seen, g.constant("row", {2}, {1, 4}, Type::int64)});
  const auto h = g.node("Gather", {state, g.constant("one", {}, {1}, Type::int64)}, {{"axis", std::int64_t{0}}});
  g.gives({g.node("Tanh", {g.node("Add", {flat, h})})});
  Graph graph = g.g;
  simplify(graph);
  CHECK_FALSE(has_batch(graph));
  const std::string type = type_of(write_network(graph, "Net", false));
  CHECK_THAT(type, Contains("In<\"x\", 1, 300>") && Contains("In<\"state\", 2, 1, 4>") && Contains("Concat<") &&
                       Contains("Take<0, 2, 1>") && Contains("Take<0, 298, 297, 296>") &&
                       Contains("Conv1D<4, 305, bias<false>>") && Contains("Select<0, 1>"));
  CHECK_THROWS_WITH(write_network(graph, "Net", true), Contains("which is the batch"));
}

TEST_CASE("samples of more than four axes are rows of numbers") {
  GraphBuilder g;
  g.gives(
      {g.node("Transpose", {g.node("Relu", {g.input("x", {1, 2, 3, 2, 2, 2})})}, {{"perm", Ints{0, 5, 1, 2, 3, 4}}})});
  CHECK_THAT(type_of(written(g)),
             Contains("Input<48>") && Contains("Reshape<1, 24, 2, 1>") && Contains("Permute<0, 2, 1, 3>"));
}

TEST_CASE("what is scattered meets what is there") {
  const auto net = [](const char* reduction, Dims data, bool computed) {
    GraphBuilder g;
    const auto x = g.input("x", std::move(data));
    const auto which = g.constant("which", {1, 2}, {1, 1}, Type::int64);
    const auto updates = computed ? g.input("u", {1, 2}) : g.constant("u", {1, 2}, {5, 7});
    g.gives({g.node("ScatterElements", {x, which, updates},
                    {{"axis", std::int64_t{1}}, {"reduction", std::string(reduction)}})});
    return g;
  };
  auto sum = net("add", {1, 3}, false);
  const Written of_sum = written(sum);
  CHECK(of_sum.weights.at("0.bias").values == std::vector<double>{0, 12, 0});
  auto last = net("none", {1, 3}, false);
  CHECK(written(last).weights.at("0.value").values == std::vector<double>{0, 7, 0});
  auto met = net("add", {1, 3}, true);
  CHECK_THAT(refusal(met), Contains("several computed numbers meet"));
  auto of_two = net("add", {2, 3}, false);
  CHECK_THAT(refusal(of_two), Contains("indices are those of 2 samples"));
}

TEST_CASE("an LSTM that clips its memory, looks at it, or begins with it") {
  const auto network = [](GraphBuilder& g, const std::vector<std::string>& more,
                          std::map<std::string, Attribute> attributes) {
    const auto x = g.node("Transpose", {g.input("x", {1, 5, 3})}, {{"perm", Ints{1, 0, 2}}});
    std::vector<std::string> inputs{x, g.constant("w", {1, 16, 3}), g.constant("r", {1, 16, 4}),
                                    g.constant("b", {1, 32})};
    inputs.insert(inputs.end(), more.begin(), more.end());
    attributes["hidden_size"] = std::int64_t{4};
    const auto y = g.nodes("LSTM", inputs, attributes, {"states", "last"}, "memory")[1];
    g.gives({g.node("Squeeze", {y, g.integers("first", {0})})});
  };
  GraphBuilder clips;
  network(clips, {}, {{"cell_clip", static_cast<double>(0.1F)}});
  CHECK_THAT(written(clips).header, Contains("LSTM<4, cell_clip<0.1>, last>"));
  GraphBuilder looks;
  const std::vector<double> numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  network(looks, {"", "", "", looks.constant("p", {1, 12}, numbers)}, {});
  const Written looking = written(looks);
  CHECK_THAT(looking.header, Contains("LSTM<4, diagonal_peepholes, last>"));
  CHECK(looking.weights.at("0.weight_ci_l0").values == std::vector<double>{1, 2, 3, 4});
  CHECK(looking.weights.at("0.weight_co_l0").values == std::vector<double>{5, 6, 7, 8});
  CHECK(looking.weights.at("0.weight_cf_l0").values == std::vector<double>{9, 10, 11, 12});
  GraphBuilder begins;
  network(begins, {"", begins.constant("h", {1, 1, 4})}, {});
  CHECK_THAT(refusal(begins), Contains("LSTM \"memory\"") && Contains("not zero"));
  GraphBuilder bounds;
  network(bounds, {}, {{"clip", 3.0}});
  CHECK_THAT(refusal(bounds), Contains("clips its sums"));
}

TEST_CASE("a name that is none for a type is refused") {
  GraphBuilder g;
  g.gives({g.node("Relu", {g.input("x", {1, 4})})});
  Graph graph = g.g;
  simplify(graph);
  for (const char* name : {"", "2net", "my-net", "int", "co_await", "tenon"})
    CHECK_THROWS_WITH(write_network(graph, name), Contains("no name for a type"));
  CHECK_THROWS_WITH(write_network(graph, "ReLU"), Contains("a part of it is called so"));
  CHECK_THAT(write_network(graph, "ReL").header, Contains("using ReL = Sequential<Input<4>, ReLU>;"));
}

namespace {

/// x -> op -> result, with integers on both sides.
struct InInt8 {
  GraphBuilder g;
  std::string rounded(const std::string& x, double scale, double zero, Type type = Type::int8) {
    const std::string number = std::to_string(g.g.constants.size());
    const auto s = g.constant("s" + number, {}, {scale}), z = g.constant("z" + number, {}, {zero}, type);
    return g.node("DequantizeLinear", {g.node("QuantizeLinear", {x, s, z}), s, z});
  }
  std::string weights(Dims dims, double zero = 0) {
    const std::string number = std::to_string(g.g.constants.size());
    std::vector<double> values;
    for (std::int64_t i = 0; i < count_of(dims); ++i) values.push_back(static_cast<double>(i % 7 - 3));
    return g.node("DequantizeLinear",
                  {g.constant("w" + number, std::move(dims), values, Type::int8), g.constant("s" + number, {}, {0.5}),
                   g.constant("z" + number, {}, {zero}, Type::int8)});
  }
  std::string refusal(const std::string& result, const std::string& format = "ONNX") {
    g.g.format = format;
    g.gives({result});
    Graph graph = g.g;
    simplify(graph);
    REQUIRE(is_quantized(graph));
    try {
      return write_quantized(g.g, graph, "Net", 1).header;
    } catch (const tenon::Error& error) {
      return error.what();
    }
  }
};

}  // namespace

TEST_CASE("networks of integers: the file's own numbers, or what cannot be imported by name") {
  InInt8 plain;
  const auto x = plain.rounded(plain.g.input("x", {1, 4}), 0.25, 3);
  const auto y = plain.g.node("Gemm", {x, plain.weights({2, 4})}, {{"transB", std::int64_t{1}}});
  const std::string header = plain.refusal(plain.rounded(y, 0.75, -7));
  CHECK_THAT(header, Contains("using Net = Sequential<Input<4>, Dense<2, per_tensor<true>, bias<false>>>;"));
  CHECK_THAT(header, Contains("0.25F,0.75F,") && Contains("3,-7,") && Contains("-3,-2,-1,0,1,2,3,-3,"));
  CHECK_THAT(header, Contains("static_assert(edge::plan_digest(edge::quantized_plan<Net>) == 0x"));

  // scales between the nodes of a graph are no nodes of the type
  InInt8 pairs;
  const auto in = pairs.rounded(pairs.g.input("x", {1, 4}), 0.25, 3);
  const auto product = pairs.rounded(pairs.g.node("Mul", {pairs.rounded(pairs.g.node("Relu", {in}), 0.25, 3), in}), 0.5,
                                     1);
  const std::string graph = pairs.refusal(pairs.rounded(pairs.g.node("Sub", {product, in}), 0.75, -7));
  CHECK_THAT(graph, Contains("Node<\"Mul6\", Gate<ReLU>>") && Contains("Subtract, \"Mul6\", \"x\">"));

  const auto refused = [](auto write, const std::string& format = "ONNX") {
    InInt8 net;
    const std::string in = net.rounded(net.g.input("x", {1, 4, 2, 2}), 0.25, 3);
    return net.refusal(net.rounded(write(net, in), 0.5, 1), format);
  };
  CHECK_THAT(refused([](InInt8& n, const std::string& in) { return n.g.node("Softplus", {in}); }, "TFLite"),
             Contains("Softplus") && Contains("no integers that are LiteRT's"));
  CHECK_THAT(refused(
                 [](InInt8& n, const std::string& in) {
                   return n.g.node("ReduceMean", {in}, {{"axes", std::vector<std::int64_t>{1, 2}}});
                 },
                 "TFLite"),
             Contains("MEAN is imported over the height and width of an image"));
  CHECK_THAT(refused([](InInt8& n, const std::string& in) {
               return n.g.node("Conv", {in, n.weights({2, 4, 1, 1}, 1)});
             }),
             Contains("weights with a zero point"));
  CHECK_THAT(refused([](InInt8& n, const std::string& in) {
               return n.g.node("Conv", {in, n.g.constant("w", {2, 4, 1, 1})});
             }),
             Contains("its weights are not in int8"));
  CHECK_THAT(refused([](InInt8& n, const std::string& in) {
               return n.g.node("MaxPool", {in}, {{"kernel_shape", std::vector<std::int64_t>{2, 2}}});
             }),
             Contains("has another scale (0.5) than what it reads (0.25)"));
  CHECK_THAT(refused([](InInt8& n, const std::string& in) { return n.rounded(in, 0.5, 0, Type::int16); }),
             Contains("values of int16 are not imported"));
}

TEST_CASE("all that has no integers is listed at once") {
  const std::map<std::string, Attribute> window{{"kernel_shape", std::vector<std::int64_t>{2, 2}}};
  const auto begin = [](InInt8& net) { return net.rounded(net.g.input("x", {1, 4, 2, 2}), 0.25, 3); };
  // layers, and scales that they do not have
  InInt8 scales;
  std::string y = scales.rounded(scales.g.node("Softplus", {begin(scales)}), 0.5, 1);
  y = scales.rounded(scales.g.node("MaxPool", {y}, window), 0.75, 1);
  std::string all = scales.refusal(scales.rounded(scales.g.node("Sin", {y}), 0.5, 1), "TFLite");
  CHECK_THAT(all, StartsWith("3 reasons") && Contains("Softplus: has no integers") &&
                      Contains("another scale (0.75) than what it reads (0.5)") && Contains("Map<sin(x)>: "));
  // layers, and what is no layer
  InInt8 weights;
  y = weights.rounded(weights.g.node("Softplus", {begin(weights)}), 0.5, 1);
  y = weights.rounded(weights.g.node("Conv", {y, weights.weights({2, 4, 1, 1}, 1)}), 0.5, 1);
  all = weights.refusal(y, "TFLite");
  CHECK_THAT(all, StartsWith("2 reasons") && Contains("Softplus: has no integers") && Contains("with a zero point"));
}

TEST_CASE("activations of 16 bits: what LiteRT's rules are known for") {
  const auto net = [](auto write, double scale = 0.5, double zero = 0) {
    InInt8 n;
    const std::string in = n.rounded(n.g.input("x", {1, 4, 2, 2}), 0.25, 0, Type::int16);
    return n.refusal(n.rounded(write(n, in), scale, zero, Type::int16), "TFLite");
  };
  const auto conv = [](InInt8& n, const std::string& in) { return n.g.node("Conv", {in, n.weights({2, 4, 1, 1})}); };
  const auto node = [](const char* op) {
    return [op](InInt8& n, const std::string& in) { return n.g.node(op, {in}); };
  };
  CHECK_THAT(net(conv), Contains("StoreActivations<Sequential<") && Contains(", activation_bits<16>>;") &&
                            Contains(".counts_far = {"));
  CHECK_THAT(net(conv, 0.5, 1), Contains("its zero point is 1; activations of 16 bits have 0"));
  CHECK_THAT(net(conv, 1e-9), Contains("its sums may be more than 2^30 steps"));
  CHECK_THAT(net(node("HardSwish")), Contains("HardSwish: with activations of 16 bits functions of one number other"));
  CHECK_THAT(net(node("Sigmoid")), Contains("Sigmoid and Tanh have the scale 1/32768, not 0.5"));
  CHECK_THAT(net(node("Sigmoid"), 0x1p-15), Contains("activation_bits<16>>"));
  CHECK_THAT(net(node("Relu")), Contains("bounds at another scale (0.5) than what they read (0.25)"));
  CHECK_THAT(net(node("Relu"), 0.25), Contains("activation_bits<16>>"));
  CHECK_THAT(net([](InInt8& n, const std::string& in) {
               return n.g.node("ReduceMean", {in}, {{"axes", std::vector<std::int64_t>{2, 3}}});
             }),
             Contains("with activations of 16 bits MEAN is not imported"));
  CHECK_THAT(net([](InInt8& n, const std::string& in) { return n.rounded(in, 0.5, 0, Type::int8); }),
             Contains("a value of int8 in a network whose activations have 16 bits"));
  // biases of 32 bits ask for other multipliers than those of 64: one kind in a network
  const auto dense = [](InInt8& n, const std::string& x, std::int64_t in, double largest, Type type) {
    const std::string number = std::to_string(n.g.g.constants.size());
    const auto bias = n.g.node("DequantizeLinear",
                               {n.g.constant("b" + number, {2}, {largest, 1}, type),
                                n.g.constant("s" + number, {}, {0.125}), n.g.constant("z" + number, {}, {0}, type)});
    return n.g.node("Gemm", {x, n.weights({2, in}), bias}, {{"transB", std::int64_t{1}}});
  };
  const auto biased = [&](double largest, Type first, Type second) {
    InInt8 n;
    std::string y = n.rounded(n.g.input("x", {1, 4}), 0.25, 0, Type::int16);
    y = n.rounded(dense(n, y, 4, largest, first), 0.25, 0, Type::int16);
    return n.refusal(n.rounded(dense(n, y, 2, 7, second), 0.5, 0, Type::int16), "TFLite");
  };
  CHECK_THAT(biased(9, Type::int64, Type::int64), Contains("activation_bits<16>>") && !Contains("whole_multipliers"));
  CHECK_THAT(biased(9, Type::int32, Type::int32), Contains(".whole_multipliers = {"));
  CHECK_THAT(biased(9, Type::int32, Type::int64), Contains("some of the biases have 32 bits and some 64"));
  CHECK_THAT(biased(2147483000, Type::int32, Type::int32), Contains("32 bits, which its sums may exceed"));
  CHECK_THAT(biased(4294967296, Type::int64, Type::int64), Contains("its bias is no integer of 32 bits"));
}

TEST_CASE("a check costs no more than it may: fewer calls, fewer samples, or none, and why") {
  GraphBuilder g;
  const std::string x = g.input("x", {6, 10});
  g.gives({g.gemm(x, "dense", 10, 10)});
  Graph graph = g.g;
  simplify(graph);
  const double work = work_of(graph);
  CHECK(work == 6 * 10 * 10 + 60 + 100 + 10 + 60);  // products, what is read, what is given
  const auto program = [&](double most) { return write_check(g.g, graph, "Net", {}, most).program; };
  CHECK_THAT(program(3 * work), Contains("samples = 12;"));
  CHECK_THAT(program(1.5 * work), Contains("samples = 6;") && Contains("compare(0, expected_0, 1, 10, 0);"));
  CHECK_THAT(program(0.5 * work), Contains("samples = 3;"));
  CHECK(program(work / 7).empty());
  CHECK_THAT(write_check(g.g, graph, "Net", {}, work / 7).left_out,
             Contains("takes 8.3e+02 multiplications to compute for its batch of 6, and 1e+02 are the limit"));

  // A batch that the file reshapes to 6 samples comes as these alone.
  GraphBuilder fixed;
  fixed.gives({fixed.node("Reshape", {fixed.input("x", {6, 10}), fixed.integers("shape", {6, 2, 5})})});
  graph = fixed.g;
  simplify(graph);
  CHECK_THAT(write_check(fixed.g, graph, "Net", {}, 100).left_out, Contains("and the file takes no smaller batch"));

  // No sizes overflow.
  graph.values.at("x").dims = Dims{std::int64_t{1} << 62, std::int64_t{1} << 62};
  CHECK(work_of(graph) > 1e37);
}

TEST_CASE("what cannot be imported is listed at once, whatever step would find it") {
  namespace rig = tenon::test;
  namespace schema = tenon::importing::schema;
  GraphBuilder g;
  const std::string x = g.input("x", {1, 3, 8, 8});
  const std::vector<std::string> outputs{
      g.node("Relu", {x}),
      g.node("Pad", {x, g.integers("pads", {0, 0, 1, 1, 0, 0, 1, 1})}, {{"mode", std::string("edge")}}),
      g.node("Softmax", {x}, {{"axis", std::int64_t{0}}}),
      g.node("CumSum", {x, g.constant("axis", {}, {2}, Type::int64)}),
      g.conv(x, "fine", {2, 3, 3, 3}),
  };
  g.gives(outputs);
  Graph sound = g.g;
  const auto at = std::ranges::find(sound.nodes, "Pad", &Node::op);
  at->attributes["mode"] = std::string("spiral");
  sound.nodes.push_back({"unknown", "Quux", "", {x}, {"q"}, {}});
  sound.nodes.push_back({"misfit", "MatMul", "", {x, "pads"}, {"m"}, {}});
  sound.nodes.push_back({"behind", "Relu", "", {"m"}, {"b"}, {}});
  for (const char* given : {"q", "b"}) sound.outputs.push_back({given, Type::float32, std::nullopt});
  // The reader itself refuses an attribute and a constant that are sparse, and texts.
  const rig::Writer sparse = rig::node("Relu", {x}, {"s"})
                                 .text(schema::node::name, "sparse")
                                 .message(
                                     schema::node::attribute,
                                     rig::attribute("v", 11).message(schema::attribute::sparse_tensor, rig::Writer()));
  const rig::Writer texts = rig::Writer()
                                .integer(schema::tensor::data_type, 8)
                                .text(schema::tensor::name, "words")
                                .text(schema::tensor::string_data, "a");
  std::string file = to_onnx(sound);
  rig::Writer more;
  more.message(schema::graph::node, sparse).message(schema::graph::initializer, texts);
  const rig::Writer values = rig::Writer().text(schema::tensor::name, "few");
  more.message(schema::graph::sparse_initializer, rig::Writer().message(schema::sparse::values, values));
  more.message(schema::graph::output, rig::value("s"));
  const std::string name = "net.onnx";
  const auto content = protobuf::Message(std::as_bytes(std::span(file)), name).bytes(schema::model::graph);
  file = rig::Writer()
             .integer(schema::model::ir_version, 8)
             .text(schema::model::graph,
                   std::string(reinterpret_cast<const char*>(content.data()), content.size()) + more.bytes())
             .message(schema::model::opset_import, rig::Writer().integer(schema::opset::version, 17))
             .bytes();

  Graph graph = parse_onnx(std::as_bytes(std::span(file)), "net.onnx", "", Refusals::kept);
  graph.inputs.at(0).dims->front() = tenon::importing::free;
  Simplify options;
  options.refusals = Refusals::kept;
  simplify(graph, options);
  std::string all = "none";
  try {
    write_network(graph, "Net", has_batch(graph));
  } catch (const tenon::Error& error) {
    all = error.what();
  }
  INFO(all);
  CHECK_THAT(all, StartsWith("8 reasons why this network cannot be written as a type:"));
  CHECK(std::ranges::count(all, '\n') == 8);
  for (const char* reason :
       {"\"v\" is a sparse tensor, which is not supported", "the constant \"few\" is sparse, which is not supported",
        "tensor \"words\": tensors of texts are not supported", "Quux \"unknown\" is not supported",
        "Pad \"Pad2\": ", "MatMul \"misfit\": ", "mixes them", "CumSum \"CumSum4\": "})
    CHECK_THAT(all, Contains(reason));
  // By itself each step throws.
  CHECK_THROWS_WITH(parse_onnx(std::as_bytes(std::span(file)), "net.onnx"),
                    StartsWith("3 reasons why this network cannot be imported:\n  net.onnx: "));
}
