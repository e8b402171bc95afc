#include "import/onnx.hpp"

#include <array>
#include <limits>

#include <catch2/catch.hpp>

#include "../../support/faults.hpp"
#include "onnx_rig.hpp"

using namespace tenon;
using namespace tenon::importing;
using namespace tenon::test;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

const Writer relu = node("Relu", {"x"}, {"y"});

Writer with(Writer part, std::uint32_t field, const Writer& content) { return part.message(field, content); }

/// A model whose node has this attribute.
Writer with_attribute(const Writer& content) { return model(graph({with(relu, schema::node::attribute, content)})); }
Writer with_initializer(const Writer& content) { return model(graph({relu}, {{schema::graph::initializer, content}})); }
Writer with_value(const Writer& type) { return model(graph({relu}, {{schema::graph::value_info, value("v", type)}})); }

/// A graph in a graph in a graph, ...
Writer nested(int depth) {
  Writer inner = node("Neg", {"x"}, {"v" + std::to_string(depth)});
  if (depth > 0)
    inner.message(schema::node::attribute, attribute("body", 5).message(schema::attribute::g, nested(depth - 1)));
  return Writer()
      .message(schema::graph::node, inner)
      .message(schema::graph::output, value("v" + std::to_string(depth)));
}

}  // namespace

TEST_CASE("a file cut anywhere is refused, with its name and a place") {
  const std::string file = model(graph({with(relu, schema::node::attribute,
                                             attribute("n", 7).integers(schema::attribute::ints,
                                                                        std::array<std::int64_t, 2>{1, 300}))},
                                       {{schema::graph::initializer, tensor("w", {2}, "12345678")}}))
                               .bytes();
  REQUIRE(parse(file).nodes.size() == 1);
  for (std::size_t length = 0; length < file.size(); ++length) {
    CAPTURE(length);
    CHECK_THAT(error_of(file.substr(0, length)), StartsWith("net.onnx: "));
  }
}

TEST_CASE("what is no ONNX model is called what it seems to be") {
  CHECK(error_of("") == "net.onnx: expected an ONNX model, got an empty file");
  CHECK_THAT(error_of("version https://git-lfs.github.com/spec/v1\noid"), Contains("seems to be a Git LFS pointer"));
  CHECK_THAT(error_of("PK\x03\x04...................."), Contains("seems to be a zip archive"));
  CHECK_THAT(error_of("<!DOCTYPE html><html>"), Contains("seems to be an HTML page"));
  CHECK(error_of(Writer().integer(schema::model::ir_version, 8)) ==
        "net.onnx: byte 0: expected an ONNX model, got a file without a graph");
}

TEST_CASE("the wire format is checked at every field") {
  const auto bytes = [](std::initializer_list<int> values) {
    std::string text;
    for (const int value : values) text += static_cast<char>(value);
    return text;
  };
  CHECK(error_of(bytes({8, 0x80})) == "net.onnx: byte 1: an integer is cut off");
  CHECK(error_of(bytes({8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2})) ==
        "net.onnx: byte 1: an integer has more than 64 bits");
  CHECK(error_of(bytes({8, 8, 0x3a, 5, 1})) == "net.onnx: byte 4: expected 5 bytes of content, got 1");
  CHECK_THAT(error_of(bytes({8, 8, 0x3a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})),
             Contains("expected 18446744073709551615 bytes"));
  CHECK(error_of(bytes({8, 8, 0x3b})) ==
        "net.onnx: byte 2: field 7 is of wire type 3, a group, which is not supported");
  CHECK(error_of(bytes({8, 8, 0x3e})) == "net.onnx: byte 2: field 7 is of wire type 6, which does not exist");
  CHECK_THAT(error_of(bytes({8, 8, 2})), StartsWith("net.onnx: byte 2: expected the number of a field, got 0"));
  CHECK(error_of(bytes({8, 8, 0x38, 1})) == "net.onnx: byte 2: expected field 7 to be bytes, got an integer");
  CHECK(error_of(bytes({8, 8, 0x3a, 0, 0x3a, 0})) == "net.onnx: byte 6: expected field 7 once, got it twice");
  CHECK_THAT(error_of(with_attribute(attribute("f", 1).integer(schema::attribute::f, 1))),
             EndsWith("expected field 2 to be 4 bytes, got an integer"));
  CHECK_THAT(error_of(with_attribute(attribute("f", 6).text(schema::attribute::floats, "123"))),
             EndsWith("expected numbers of 4 bytes in field 7, got 3 bytes"));
  CHECK_THAT(error_of(with_attribute(attribute("i", 7).text(schema::attribute::ints, "\x80"))),
             EndsWith("an integer is cut off"));
}

TEST_CASE("names are given once, and before they are read") {
  const auto error = [](const std::vector<Writer>& nodes) { return error_of(model(graph(nodes))); };
  CHECK(error({relu, relu}) == R"(net.onnx: the value "y" is given twice: by Relu "Relu_0" and by Relu "Relu_1")");
  CHECK(error({node("Relu", {"x"}, {"x"})}) ==
        R"(net.onnx: the value "x" is given twice: by the graph itself and by Relu "Relu_0")");
  CHECK(error({node("Relu", {"z"}, {"y"})}) == R"(net.onnx: nothing gives "z", which Relu "Relu_0" reads)");
  CHECK(error({node("Relu", {"x"}, {"z"})}) == R"(net.onnx: nothing gives the output "y")");
  CHECK(error({node("Relu", {"y"}, {"y"})}) == R"(net.onnx: nodes wait for each other in a circle: Relu "Relu_0")");
  CHECK(error({node("A", {"x", "c"}, {"a"}), node("B", {"a"}, {"b"}), node("C", {"b"}, {"c"}),
               node("D", {"b"}, {"y"})}) ==
        R"(net.onnx: nodes wait for each other in a circle: C "C_2", B "B_1", A "A_0")");
  Writer body;
  body.message(schema::graph::node, node("Neg", {"x"}, {"y"})).message(schema::graph::output, value("y"));
  CHECK_THAT(error({with(relu, schema::node::attribute, attribute("body", 5).message(schema::attribute::g, body))}),
             Contains(R"(the value "y" is given twice: by Relu "Relu_0" and by Neg "Neg_0")"));
  const Writer w = tensor("w", {}, "1234");
  CHECK_THAT(error_of(model(graph({relu}, {{schema::graph::initializer, w}, {schema::graph::initializer, w}}))),
             EndsWith(R"(the constant "w" is given twice)"));
  CHECK_THAT(error_of(model(
                 graph({relu}, {{schema::graph::value_info, value("v")}, {schema::graph::value_info, value("v")}}))),
             EndsWith(R"(the value "v" is described twice)"));
}

TEST_CASE("what is not supported is refused by name") {
  struct Case {
    Writer file;
    const char* message;  // how it ends
  };
  const Writer none;
  const Case cases[]{
      {model(graph({relu}), 5), "expected operators of opset 6 to 25, got opset 5"},
      {model(graph({relu}), 26), "expected operators of opset 6 to 25, got opset 26"},
      {Writer().integer(schema::model::ir_version, 3).message(schema::model::graph, graph({relu})),
       "expected operators of opset 6 to 25, got no opset at all: the file is very old, or cut off"},
      {with(model(graph({relu})), schema::model::opset_import, Writer().integer(schema::opset::version, 9)),
       "the opset of ONNX's operators is there twice"},
      {with(model(graph({relu})), schema::model::functions, Writer().text(schema::function::name, "f")),
       R"("f" is a local function, which is not supported)"},
      {model(graph({relu}, {{schema::graph::sparse_initializer, none}})),
       R"(the constant "" is sparse, which is not supported)"},
      {with_value(Writer().message(schema::type::sequence, none)),
       R"(the value "v" is a sequence, which is not supported)"},
      {with_value(Writer().message(schema::type::map, none)), R"(the value "v" is a map, which is not supported)"},
      {with_value(Writer().message(schema::type::optional, none)),
       R"(the value "v" is optional, which is not supported)"},
      {with_value(tensor_type(22)), R"(the value "v" is of type int4, which is not supported)"},
      {with_value(tensor_type(99)), R"(the value "v" is of type number 99, which is not supported)"},
      {with_value(tensor_type(1, {-2})), R"(the value "v" has an axis of size -2)"},
      {with_value(tensor_type(1, std::vector<std::int64_t>(65, 1))), R"(expected at most 64 axes, got 65 for "v")"},
      {model(graph({relu}, {{schema::graph::input, Writer().text(schema::value_info::name, "i")}})),
       R"(the value "i" has no type)"},
      {model(graph({relu}, {{schema::graph::input, none}})), "expected the name of a value, got none"},
      {model(graph({node("", {}, {"y"})})), "node 0 has no operator"},
      {model(graph({node("Relu", {"x"}, {""})})), R"(Relu "Relu_0" has no output)"},
      {model(nested(17)), "graphs are nested more than 16 deep"},
      {with_attribute(attribute("", 1)), R"(Relu "Relu_0" has an attribute without a name)"},
      {with_attribute(attribute("a", 0)), R"(Relu "Relu_0": the attribute "a" is of no known kind: its type is 0)"},
      {with_attribute(attribute("a", 13)), R"(Relu "Relu_0": the attribute "a" is a type, which is not supported)"},
      {with_attribute(attribute("a", 11)),
       R"(Relu "Relu_0": the attribute "a" is a sparse tensor, which is not supported)"},
      {with_attribute(attribute("a", 9)), R"(Relu "Relu_0": the attribute "a" is tensors, which is not supported)"},
      {with_attribute(attribute("a", 1).integer(schema::attribute::i, 1)),
       R"(Relu "Relu_0": the attribute "a" is declared as a number and is an integer)"},
      {with_attribute(attribute("a", 4)), R"(Relu "Relu_0": the attribute "a" has no tensor)"},
      {with_attribute(attribute("a", 5)), R"(Relu "Relu_0": the attribute "a" is declared as a graph and has 0)"},
      {with_attribute(attribute("a", 2).text(schema::attribute::ref_attr_name, "b")),
       R"(the attribute "a" refers to one of a local function, and these are not supported)"},
      {model(graph(
           {with(with(relu, schema::node::attribute, attribute("a", 2)), schema::node::attribute, attribute("a", 2))})),
       R"(Relu "Relu_0" has the attribute "a" twice)"},
      {model(graph({with(node("Constant", {}, {"y"}), schema::node::attribute, attribute("value_string", 3))})),
       R"(Constant "Constant_0": expected a tensor, numbers or integers; others are not supported)"},
      {model(graph({node("Constant", {}, {"y"})})), R"(Constant "Constant_0": expected one attribute and one output)"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.message);
    CHECK_THAT(error_of(c.file), StartsWith("net.onnx: byte ") && EndsWith(c.message));
  }
  CHECK(parse(model(graph({relu}), 6)).opset == 7);
  CHECK(parse(model(graph({relu}), 25)).opset == 25);
}

TEST_CASE("tensors have the numbers that their axes hold") {
  using namespace schema::tensor;
  constexpr std::int64_t huge = std::int64_t{1} << 40;
  const auto ints = [](std::int64_t type, std::int64_t number) {
    return Writer().integer(data_type, type).text(name, "w").integer(int32_data, number);
  };
  struct Case {
    Writer tensor;
    const char* message;
  };
  const Case cases[]{
      {tensor("w", {3}, "12345678"), "expected 3 numbers of type float for its axes [3], got 8 bytes"},
      {tensor("w", {2}, "123456789"), "expected 2 numbers of type float for its axes [2], got 9 bytes"},
      {tensor("w", {huge}, "1234"),
       "expected 1099511627776 numbers of type float for its axes [1099511627776], got 4 bytes"},
      {tensor("w", {huge, huge}, "1234"), "a tensor of 1099511627776 x 1099511627776 numbers is too large"},
      {tensor("w", {-1}, ""), "expected sizes of axes, got -1"},
      {tensor("w", std::vector<std::int64_t>(65, 1), "1234"), "expected at most 64 axes, got 65"},
      {tensor("w", {}, "1234").number(float_data, 1), "its numbers are there in two forms"},
      {tensor("w", {}, "1234").message(segment, Writer()), "tensors in segments are not supported"},
      {Writer().integer(data_type, 8).text(name, "w").text(string_data, "a"), "tensors of texts are not supported"},
      {Writer().integer(data_type, 7).text(name, "w").integer(int32_data, 1),
       "expected 1 numbers of type int64 for its axes [], got 0 of them"},
      {ints(3, 128), "128 is no int8"},
      {ints(2, -1), "-1 is no uint8"},
      {ints(6, 2147483648), "2147483648 is no int32"},
      {ints(10, 65536), "65536 is no float16"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.message);
    CHECK_THAT(error_of(with_initializer(c.tensor)), EndsWith(std::string(R"(: tensor "w": )") + c.message));
  }
  CHECK_THAT(error_of(with_initializer(Writer().text(name, "w"))),
             EndsWith(R"(tensor "w" is of type undefined, which is not supported)"));
}

constexpr int many_parts = (1 << 14) + 1;  // one more than what a growing vector has room for

TEST_CASE("memory is bounded by what the file has") {
  const auto peak = [](const std::string& file) {
    return peak_bytes([&] {
      try {
        parse(file);
      } catch (const Error&) {
      }
    });
  };
  const auto many = [](std::uint32_t field, std::size_t count, auto part) {
    Writer to;
    for (std::size_t i = 0; i < count; ++i) to.message(field, part(i));
    return model(to.message(schema::graph::input, value("x")).message(schema::graph::output, value("y"))).bytes();
  };
  const auto name = [](std::size_t i) { return std::to_string(i); };
  const auto nothing = [](std::size_t) { return Writer(); };
  const auto axes = [](std::size_t count) {
    Writer shape;
    for (std::size_t i = 0; i + 1 < count; ++i) shape.message(schema::shape::dim, Writer());
    shape.message(schema::shape::dim, Writer().text(schema::dimension::param, "n"));
    return Writer().message(
        schema::type::tensor,
        Writer().integer(schema::tensor_type::elem_type, 1).message(schema::tensor_type::shape, shape));
  };
  const std::vector<std::string> none(many_parts);
  const std::string hostile[]{
      many(schema::graph::node, many_parts, nothing),
      many(schema::graph::node, many_parts, [&](std::size_t i) { return node("A", {}, {name(i)}); }),
      many(schema::graph::node, many_parts, [&](std::size_t) { return node("A", {}, {""}); }),
      many(schema::graph::node, many_parts, [&](std::size_t i) { return node("A", {name(i + 1)}, {name(i)}); }),
      many(schema::graph::node, 4, [&](std::size_t) { return node("A", none, none); }),
      many(schema::graph::node, 1,
           [&](std::size_t) {
             Writer n = node("A", {}, {"y"});
             for (int i = 0; i < many_parts; ++i) n.message(schema::node::attribute, attribute(std::to_string(i), 2));
             return n;
           }),
      many(schema::graph::node, 1,
           [&](std::size_t) {
             Writer bodies = attribute("bodies", 10);
             const Writer body = Writer().message(schema::graph::output, Writer().text(schema::value_info::name, "x"));
             for (int i = 0; i < many_parts; ++i) bodies.message(schema::attribute::graphs, body);
             return node("A", {}, {"y"}).message(schema::node::attribute, bodies);
           }),
      many(schema::graph::node, 1,
           [&](std::size_t) {
             const std::vector<std::int64_t> ones(100000, 1);
             return node("A", {}, {"y"})
                 .message(schema::node::attribute, attribute("a", 7).integers(schema::attribute::ints, ones));
           }),
      many(schema::graph::value_info, many_parts,
           [&](std::size_t i) { return Writer().text(schema::value_info::name, name(i)); }),
      many(schema::graph::value_info, 2000, [&](std::size_t i) { return value(name(i), axes(64)); }),
      many(schema::graph::input, many_parts, [&](std::size_t i) { return value(name(i)); }),
      many(schema::graph::input, 1, [&](std::size_t) { return value("v", axes(100000)); }),
      many(schema::graph::initializer, many_parts, [&](std::size_t i) { return tensor(name(i), {}, "1234"); }),
      many(schema::graph::initializer, many_parts,
           [&](std::size_t i) {
             return Writer()
                 .integer(schema::tensor::data_type, 3)
                 .text(schema::tensor::name, name(i))
                 .integer(schema::tensor::dims, 0);
           }),
      model(nested(16)).bytes(),
  };
  for (const std::string& file : hostile) {
    CAPTURE(file.size(), file.substr(0, 30), peak(file) / file.size());
    CHECK(peak(file) <= 128 * file.size() + (1 << 20));
  }

  const Writer head = Writer()
                          .integers(schema::tensor::dims, std::array<std::int64_t, 1>{1 << 20})
                          .integer(schema::tensor::data_type, 3)
                          .text(schema::tensor::name, "w");
  const std::string as_raw = with_initializer(Writer(head).text(schema::tensor::raw_data, std::string(1 << 20, '\1')))
                                 .bytes();
  const std::string as_typed = with_initializer(Writer(head).integers(schema::tensor::int32_data,
                                                                      std::vector<std::int64_t>(1 << 20, 1)))
                                   .bytes();
  CHECK(peak(as_raw) <= 8 * as_raw.size() + (1 << 20));
  CHECK(peak(as_typed) <= 16 * as_typed.size() + (1 << 20));
}

TEST_CASE("a reader that is short of memory says so") {
  const std::string file = model(graph({with(relu, schema::node::attribute,
                                             attribute("n", 7).integer(schema::attribute::ints, 1))},
                                       {{schema::graph::initializer, tensor("w", {2}, "12345678")}}))
                               .bytes();
  bool fine = true;
  const long allocations = fail_each(
      Fault::allocation, [] {}, [&] { parse(file); },
      [&](const std::exception_ptr& thrown) { fine = fine && (!thrown || is_error(thrown)); });
  CHECK(fine);
  CHECK(allocations > 20);
}
