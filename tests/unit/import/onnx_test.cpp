#include "import/onnx.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>

#include <catch2/catch.hpp>

#include "import/onnx_tensor.hpp"
#include "onnx_rig.hpp"

#include "support/folder.hpp"

using namespace tenon;
using namespace tenon::importing;
using namespace tenon::test;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

namespace {

Array parse_tensor(const Writer& file) { return parse_onnx_tensor(bytes_of(file.bytes()), "some.pb"); }

template <class T>
std::string raw(const std::vector<T>& words) {
  return {reinterpret_cast<const char*>(words.data()), words.size() * sizeof(T)};
}

Writer tensor_of(Type type, std::int64_t count) {
  return Writer()
      .integers(schema::tensor::dims, std::array{count})
      .integer(schema::tensor::data_type, schema::code_of(type));
}

/// A graph with one of everything.
Graph rich_graph() {
  Graph branch;
  branch.name = "branch";
  branch.format = "ONNX";
  branch.opset = 17;
  branch.outputs = {{"branch_out", Type::float32, std::nullopt}};
  branch.nodes = {{"b0", "Add", "", {"x", "w"}, {"branch_out"}}};
  Graph other = branch;
  other.outputs[0].name = other.nodes[0].outputs[0] = "other_out";

  Graph graph;
  graph.name = "rich";
  graph.format = "ONNX";
  graph.opset = 17;
  graph.inputs = {{"x", Type::float32, Dims{importing::free, 3, importing::free}, {"batch", "", "time"}},
                  {"flag", Type::boolean, Dims{}}};
  graph.outputs = {{"y", Type::float32, Dims{importing::free, 3, 5}}, {"z", Type::int64, std::nullopt}};
  graph.constants = {{"w", {Type::float32, {3, 1}, {0.5, -2, 0x1p100}}}, {"none", {Type::int64, {0}, {}}}};
  graph.values = {{"mid", {"mid", Type::float16, Dims{1, importing::free}}}};
  graph.nodes = {
      {"if", "If", "", {"flag"}, {"mid"}, {{"then_branch", std::vector{branch}}, {"else_branch", std::vector{other}}}},
      {"odd",
       "Odd",
       "com.example",
       {"mid", "", "w"},
       {"", "y", "z"},
       {{"number", 0.25},
        {"integer", std::int64_t{-7}},
        {"text", "h\xc3\xa4"},
        {"numbers", std::vector<double>{1, 0.5}},
        {"integers", std::vector<std::int64_t>{1, -1, std::numeric_limits<std::int64_t>::max()}},
        {"texts", std::vector<std::string>{"a", ""}},
        {"no_numbers", std::vector<double>{}},
        {"tensor", Array{Type::int8, {2}, {-128, 127}}}}}};
  return graph;
}

}  // namespace

TEST_CASE("a graph is the same after it was a file") {
  const Graph graph = rich_graph();
  CHECK(parse(to_onnx(graph)) == graph);
  const Folder folder;
  CHECK(read_onnx(folder.write("net.onnx", to_onnx(graph))) == graph);
  CHECK_THROWS_WITH(read_onnx((folder.path / "other.onnx").string()),
                    Contains("expected an ONNX model that can be read"));
}

TEST_CASE("every type of tensor is read, in raw and in typed form, and written as it was") {
  struct Case {
    Type type;
    std::vector<double> values;
    std::string raw_data;
    Writer typed;
  };
  const auto integers = [](std::uint32_t field, const std::vector<std::int64_t>& words) {
    return Writer().integers(field, words);
  };
  constexpr std::int64_t low64 = std::numeric_limits<std::int64_t>::min(),
                         high64 = std::numeric_limits<std::int64_t>::max();
  using namespace schema::tensor;
  const Case cases[]{
      {Type::float32, {1.5, -0.25}, raw<float>({1.5f, -0.25f}), Writer().floats(float_data, std::array{1.5f, -0.25f})},
      {Type::float64,
       {0.1, -1e300},
       raw<double>({0.1, -1e300}),
       Writer().doubles(double_data, std::array{0.1, -1e300})},
      {Type::float16, {1, -65504}, raw<std::uint16_t>({0x3c00, 0xfbff}), integers(int32_data, {0x3c00, 0xfbff})},
      {Type::bfloat16, {1, -3}, raw<std::uint16_t>({0x3f80, 0xc040}), integers(int32_data, {0x3f80, 0xc040})},
      {Type::int8, {-128, 127}, raw<std::int8_t>({-128, 127}), integers(int32_data, {-128, 127})},
      {Type::uint8, {0, 255}, raw<std::uint8_t>({0, 255}), integers(int32_data, {0, 255})},
      {Type::int16, {-32768, 1}, raw<std::int16_t>({-32768, 1}), integers(int32_data, {-32768, 1})},
      {Type::uint16, {65535, 1}, raw<std::uint16_t>({65535, 1}), integers(int32_data, {65535, 1})},
      {Type::int32,
       {-2147483648.0, 9},
       raw<std::int32_t>({-2147483647 - 1, 9}),
       integers(int32_data, {-2147483648, 9})},
      {Type::uint32, {4294967295.0, 9}, raw<std::uint32_t>({4294967295, 9}), integers(uint64_data, {4294967295, 9})},
      {Type::int64, {-0x1p63, 0x1p63}, raw<std::int64_t>({low64, high64}), integers(int64_data, {low64, high64})},
      {Type::uint64,
       {0x1p64, 0x1p63},
       raw<std::uint64_t>({~std::uint64_t{0}, std::uint64_t{1} << 63}),
       integers(uint64_data, {-1, low64})},
      {Type::boolean, {1, 0}, raw<std::uint8_t>({1, 0}), integers(int32_data, {1, 0})},
  };
  for (const Case& c : cases) {
    CAPTURE(type_name(c.type));
    const Array expected{c.type, {2}, c.values};
    const Writer as_raw = tensor_of(c.type, 2).text(raw_data, c.raw_data);
    CHECK(parse_tensor(as_raw) == expected);
    Writer typed = tensor_of(c.type, 2);
    CHECK(parse_onnx_tensor(bytes_of(typed.bytes() + c.typed.bytes()), "some.pb") == expected);
    CHECK(write_tensor("", expected).bytes() == as_raw.bytes());
  }
  Writer one_by_one = tensor_of(Type::int64, 2);
  CHECK(parse_tensor(one_by_one.integer(int64_data, -3).integer(int64_data, 4)).values == std::vector<double>{-3, 4});
  CHECK(parse_tensor(Writer().integer(data_type, 1).number(float_data, 2.5f)) == Array{Type::float32, {}, {2.5}});
}

TEST_CASE("each number of 16 bits is written as it was read, others are rounded to even") {
  for (const Type type : {Type::float16, Type::bfloat16}) {
    std::vector<std::uint16_t> words;
    const unsigned infinity = type == Type::float16 ? 0x7c00 : 0x7f80;
    for (unsigned word = 0; word < 0x10000; ++word)
      if ((word & 0x7fff) <= infinity) words.push_back(static_cast<std::uint16_t>(word));
    const Writer file = tensor_of(type, std::ssize(words)).text(schema::tensor::raw_data, raw(words));
    CHECK(write_tensor("", parse_tensor(file)).bytes() == file.bytes());
  }
  const auto rounded = [](Type type, double number) {
    return parse_tensor(write_tensor("", {type, {}, {number}})).values[0];
  };
  CHECK(rounded(Type::float16, 2049) == 2048);
  CHECK(rounded(Type::float16, 2051) == 2052);
  CHECK(rounded(Type::float16, 65519.9) == 65504);
  CHECK(rounded(Type::float16, -65520) == -std::numeric_limits<double>::infinity());
  CHECK(rounded(Type::float16, 0x1p-25) == 0);
  CHECK(rounded(Type::float16, 0x1.8p-25) == 0x1p-24);
  CHECK(rounded(Type::float16, 0x1.ffcp-15) == 0x1p-14);
  CHECK(rounded(Type::bfloat16, 257) == 256);
  CHECK(rounded(Type::bfloat16, 3.5e38) == std::numeric_limits<double>::infinity());
  CHECK(std::isnan(rounded(Type::float16, std::nan(""))));
  CHECK_THROWS_WITH(write_tensor("w", {Type::uint8, {1}, {256}}), R"(tensor "w": 256 is no uint8)");
  CHECK_THROWS_WITH(write_tensor("w", {Type::int64, {1}, {0.5}}), R"(tensor "w": 0.5 is no int64)");
  CHECK_THROWS_WITH(write_tensor("w", {Type::int8, {3}, {1}}),
                    R"(tensor "w": expected 3 numbers for its axes [3], got 1)");
}

TEST_CASE("numbers of tensors may lie in files beside the model, and nowhere else") {
  const Folder folder;
  fs::create_directories(folder.path / "sub");
  folder.write("sub/weights.bin", "....\1\2\3\4");
  const auto external = [](const std::vector<std::pair<std::string, std::string>>& entries) {
    Writer t = tensor_of(Type::int8, 4);
    t.text(schema::tensor::name, "w").integer(schema::tensor::data_location, 1);
    for (const auto& [key, text] : entries)
      t.message(schema::tensor::external_data, Writer().text(schema::entry::key, key).text(schema::entry::value, text));
    return t;
  };
  const auto file_with = [&](const std::vector<Writer>& tensors) {
    std::vector<std::pair<std::uint32_t, Writer>> initializers;
    for (const Writer& t : tensors) initializers.emplace_back(schema::graph::initializer, t);
    return model(graph({node("Relu", {"x"}, {"y"})}, initializers)).bytes();
  };
  const auto read = [&](const Writer& t) {
    return parse_onnx(bytes_of(file_with({t})), "net.onnx", folder.path.string()).constants.at("w").values;
  };
  const std::vector<double> expected{1, 2, 3, 4};
  CHECK(read(external({{"location", "sub/weights.bin"}, {"offset", "4"}, {"length", "4"}, {"checksum", "?"}})) ==
        expected);
  CHECK(read(external({{"location", "./sub/weights.bin"}, {"offset", "4"}})) == expected);
  const std::string file = folder.write("net.onnx",
                                        file_with({external({{"location", "sub/weights.bin"}, {"offset", "4"}})}));
  CHECK(read_onnx(file).constants.at("w").values == expected);

  const std::string outside = "expected external data in a file below the model's folder, got ";
  for (const char* location : {"", "/etc/passwd", "../weights.bin", "sub/../../weights.bin", ".."})
    CHECK_THROWS_WITH(read(external({{"location", location}})), EndsWith(outside + '"' + location + '"'));
  CHECK_THROWS_WITH(read(external({{"location", "sub"}})), Contains("it is a directory"));
  CHECK_THROWS_WITH(read(external({{"location", "gone.bin"}})),
                    Contains("gone.bin: expected a tensor's external data"));
  CHECK_THROWS_WITH(read(external({{"location", "sub/weights.bin"}, {"offset", "5"}, {"length", "4"}})),
                    EndsWith(R"(expected 4 bytes of external data at byte 5 of "sub/weights.bin", which has 8)"));
  CHECK_THROWS_WITH(
      read(external({{"location", "sub/weights.bin"}, {"offset", "18446744073709551615"}, {"length", "2"}})),
      Contains("expected 2 bytes"));
  CHECK_THROWS_WITH(read(external({{"location", "sub/weights.bin"}, {"offset", "-4"}})),
                    Contains(R"(as offset of external data, got "-4")"));
  CHECK_THROWS_WITH(read(external({{"location", "sub/weights.bin"}})),
                    Contains("expected 4 numbers of type int8 for its axes [4], got 8 bytes"));
  CHECK_THROWS_WITH(parse(file_with({external({{"location", "sub/weights.bin"}})})),
                    Contains("no folder is known that holds it"));
  const Writer all = tensor_of(Type::int8, 8);
  CHECK_THROWS_WITH(
      parse_onnx(bytes_of(file_with(
                     {external({{"location", "sub/weights.bin"}, {"length", "4"}}).text(schema::tensor::name, "v"),
                      external({{"location", "sub//weights.bin"}, {"length", "4"}}),
                      external({{"location", "sub/weights.bin"}, {"length", "4"}})})),
                 "net.onnx", folder.path.string()),
      Contains(R"(more is read of "sub/weights.bin" than it has)"));
}

TEST_CASE("Constant nodes and initializers that are inputs too become constants") {
  const auto constant = [](const std::string& name, Writer content) {
    return node("Constant", {}, {name}).message(schema::node::attribute, content);
  };
  const Graph g = parse(model(graph(
      {constant("a", attribute("value", 4).message(schema::attribute::t, tensor("", {1}, raw<float>({7})))),
       constant("b", attribute("value_float", 1).number(schema::attribute::f, 0.5f)),
       constant("c", attribute("value_int", 2).integer(schema::attribute::i, -3)),
       constant("d", attribute("value_floats", 6).floats(schema::attribute::floats, std::array{1.0f, 2.0f})),
       constant("e",
                attribute("value_ints", 7).integer(schema::attribute::ints, 5).integer(schema::attribute::ints, 6)),
       node("Add", {"x", "w"}, {"y"})},
      {{schema::graph::initializer, tensor("w", {2}, raw<float>({1, 2}))}, {schema::graph::input, value("w")}})));
  CHECK(g.constants == std::map<std::string, Array>{{"a", {Type::float32, {1}, {7}}},
                                                    {"b", {Type::float32, {}, {0.5}}},
                                                    {"c", {Type::int64, {}, {-3}}},
                                                    {"d", {Type::float32, {2}, {1, 2}}},
                                                    {"e", {Type::int64, {2}, {5, 6}}},
                                                    {"w", {Type::float32, {2}, {1, 2}}}});
  REQUIRE(g.inputs.size() == 1);
  CHECK(g.inputs[0].name == "x");
  REQUIRE(g.nodes.size() == 1);
  CHECK(g.nodes[0].name == "Add_5");
}

TEST_CASE("both names of ONNX's domain are one, and axes left open have their names") {
  const Writer open = Writer()
                          .message(schema::shape::dim, Writer())
                          .message(schema::shape::dim, Writer().text(schema::dimension::param, "time"))
                          .message(schema::shape::dim, Writer().integer(schema::dimension::value, -1))
                          .message(schema::shape::dim, Writer().integer(schema::dimension::value, 4));
  const Writer type = Writer().message(
      schema::type::tensor,
      Writer().integer(schema::tensor_type::elem_type, 7).message(schema::tensor_type::shape, open));
  Writer relu = node("Relu", {"x"}, {"y"});
  const Graph g = parse(
      Writer()
          .integer(schema::model::ir_version, 8)
          .message(schema::model::graph,
                   graph({relu.text(schema::node::domain, "ai.onnx")}, {{schema::graph::input, value("i", type)}}))
          .message(schema::model::opset_import,
                   Writer().text(schema::opset::domain, "ai.onnx").integer(schema::opset::version, 9)));
  CHECK(g.opset == 9);
  CHECK(g.nodes[0].domain.empty());
  using importing::free;
  const Value expected{"i", Type::int64, Dims{free, free, free, 4}, {"", "time"}};
  CHECK(g.inputs[0] == expected);
}

TEST_CASE("nodes come into an order in which they can run, and stay where they can") {
  const auto order = [](const std::vector<Writer>& nodes) {
    std::string ops;
    for (const Node& n : parse(model(graph(nodes))).nodes) ops += n.op;
    return ops;
  };
  const Writer a = node("A", {"x"}, {"a"}), b = node("B", {"a"}, {"b"}), c = node("C", {"x", "", "a"}, {"c", ""}),
               d = node("D", {"b", "c"}, {"y"});
  CHECK(order({a, b, c, d}) == "ABCD");
  CHECK(order({a, c, b, d}) == "ACBD");
  CHECK(order({d, c, b, a}) == "ACBD");
  // what a body reads from around it counts
  Writer body;
  body.message(schema::graph::node, node("Neg", {"a"}, {"inside"})).message(schema::graph::output, value("inside"));
  Writer e = node("If", {"x"}, {"y"});
  e.message(schema::node::attribute, attribute("then_branch", 5).message(schema::attribute::g, body));
  CHECK(order({e, a}) == "AIf");
}

TEST_CASE("the networks of the shared data are read") {
  const char* const data = std::getenv("TENON_DATA");
  if (data == nullptr || !fs::exists(fs::path(data) / "models")) {
    WARN("skipped: no models in the folder TENON_DATA");
    return;
  }
  struct Facts {
    const char* file;
    std::int64_t opset;
    std::size_t nodes, constants;
  };
  for (const Facts& f : {Facts{"ad01_q", 13, 52, 104},
                         {"kws_dscnn_q", 15, 58, 110},
                         {"light_densenet121", 9, 1746, 848},
                         {"light_inception_v1", 9, 237, 118},
                         {"light_resnet50", 9, 415, 269},
                         {"light_squeezenet", 9, 105, 52},
                         {"light_vgg19", 9, 82, 39},
                         {"mnist_cntk", 8, 12, 8},
                         {"mnist_pytorch", 9, 5, 11},
                         {"ppocr_cls_mobilenetv3", 9, 221, 250},
                         {"resnet8_q", 15, 67, 121},
                         {"silero_vad_op18_ifless", 18, 4, 45},
                         {"vww_96_fp32", 11, 59, 57},
                         {"vww_96_q", 13, 148, 289}}) {
    CAPTURE(f.file);
    const Graph g = read_onnx((fs::path(data) / "models" / f.file).string() + ".onnx");
    CHECK(g.opset == f.opset);
    CHECK(g.nodes.size() == f.nodes);
    CHECK(g.constants.size() == f.constants);
    CHECK(parse(to_onnx(g)) == g);
  }
}

TEST_CASE("ONNX's own tests are read, or refused with a reason") {
  const char* const folder = std::getenv("TENON_CONFORMANCE");
  if (folder == nullptr) {
    WARN("skipped: TENON_CONFORMANCE is no folder of ONNX's tests");
    return;
  }
  std::size_t read = 0, refused = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    CAPTURE(entry.path().string());
    try {
      const Graph g = read_onnx(entry.path().string());
      CHECK(to_onnx(parse(to_onnx(g))) == to_onnx(g));
      ++read;
    } catch (const Error& error) {
      CHECK_THAT(error.what(), Contains("not supported") || Contains("expected operators of opset"));
      ++refused;
    }
  }
  WARN(read << " read, " << refused << " refused");
  CHECK(read >= 990);
}

TEST_CASE("opset 6 is read in the words of opset 7") {
  const auto with = [](Writer to, std::initializer_list<std::pair<const char*, std::int64_t>> attributes) {
    for (const auto& [name, number] : attributes)
      to.message(schema::node::attribute, attribute(name, 2).integer(schema::attribute::i, number));
    return to;
  };
  const auto read = [&](const Writer& node, const std::string& numbers, const std::vector<std::int64_t>& dims) {
    return parse(model(graph({node}, {{schema::graph::initializer, tensor("w", dims, numbers)},
                                      {schema::graph::input, value("i", tensor_type(1, {1, 2, 3, 3}))}}),
                       6));
  };
  const std::string two(8, '\0'), three(12, '\0');
  const Graph spread = read(with(node("Add", {"i", "w"}, {"y"}), {{"broadcast", 1}, {"axis", 1}}), two, {2});
  CHECK(spread.opset == 7);
  CHECK(spread.nodes.at(0).attributes.empty());
  CHECK(spread.constants.at(spread.nodes[0].inputs.at(1)).dims == Dims{2, 1, 1});
  CHECK(read(with(node("Mul", {"i", "w"}, {"y"}), {{"broadcast", 1}, {"axis", 3}}), three, {3}).nodes.at(0).inputs ==
        std::vector<std::string>{"i", "w"});
  const Graph slopes = read(node("PRelu", {"i", "w"}, {"y"}), two, {2});
  CHECK(slopes.constants.at(slopes.nodes.at(0).inputs.at(1)).dims == Dims{2, 1, 1});
  const auto norm = node("BatchNormalization", {"i", "w", "w", "w", "w"}, {"y"});
  CHECK(read(with(norm, {{"is_test", 1}}), two, {2}).nodes.at(0).attributes.empty());
  CHECK_THROWS_WITH(read(norm, two, {2}), Contains("is_test = 0"));
  CHECK_THROWS_WITH(read(with(node("Add", {"x", "w"}, {"y"}), {{"broadcast", 1}, {"axis", 4}}), two, {2}),
                    Contains("axis = 4"));
}
