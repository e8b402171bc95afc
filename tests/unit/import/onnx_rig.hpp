#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include "import/graph.hpp"
#include "import/onnx.hpp"
#include "import/onnx_schema.hpp"
#include "import/onnx_write.hpp"
#include "import/protobuf.hpp"

/// Small ONNX files, well-formed or not, put together field by field.
namespace tenon::importing {

inline bool operator==(const Array& a, const Array& b) {
  return a.type == b.type && a.dims == b.dims && a.values == b.values;
}
inline bool operator==(const Value& a, const Value& b) {
  return a.name == b.name && a.type == b.type && a.dims == b.dims && a.axis_names == b.axis_names;
}
bool operator==(const Graph& a, const Graph& b);
inline bool operator==(const Node& a, const Node& b) {
  return a.name == b.name && a.op == b.op && a.domain == b.domain && a.inputs == b.inputs && a.outputs == b.outputs &&
         a.attributes == b.attributes;
}
inline bool operator==(const Graph& a, const Graph& b) {
  return a.name == b.name && a.format == b.format && a.opset == b.opset && a.inputs == b.inputs &&
         a.outputs == b.outputs && a.nodes == b.nodes && a.constants == b.constants && a.values == b.values;
}

}  // namespace tenon::importing

namespace tenon::test {

using importing::protobuf::Wire;
using importing::protobuf::Writer;
namespace schema = importing::schema;

inline std::span<const std::byte> bytes_of(const std::string& file) { return std::as_bytes(std::span(file)); }
inline importing::Graph parse(const std::string& file) { return importing::parse_onnx(bytes_of(file), "net.onnx"); }
inline importing::Graph parse(const Writer& file) { return parse(file.bytes()); }

inline std::string error_of(const std::string& file) {
  try {
    parse(file);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}
inline std::string error_of(const Writer& file) { return error_of(file.bytes()); }

inline Writer tensor_type(std::int64_t code, const std::vector<std::int64_t>& dims = {}) {
  Writer shape;
  for (const std::int64_t size : dims)
    shape.message(schema::shape::dim, Writer().integer(schema::dimension::value, size));
  return Writer().message(
      schema::type::tensor,
      Writer().integer(schema::tensor_type::elem_type, code).message(schema::tensor_type::shape, shape));
}
inline Writer value(std::string_view name, const Writer& type = tensor_type(1)) {
  return Writer().text(schema::value_info::name, name).message(schema::value_info::type, type);
}
inline Writer node(std::string_view op, const std::vector<std::string>& inputs,
                   const std::vector<std::string>& outputs) {
  Writer to;
  for (const auto& input : inputs) to.text(schema::node::input, input);
  for (const auto& output : outputs) to.text(schema::node::output, output);
  return to.text(schema::node::op_type, op);
}
/// Of a kind that the schema numbers, with the content still to be written.
inline Writer attribute(std::string_view name, std::int64_t kind) {
  return Writer().text(schema::attribute::name, name).integer(schema::attribute::type, kind);
}
/// A float of these axes with these raw data.
inline Writer tensor(std::string_view name, const std::vector<std::int64_t>& dims, const std::string& raw) {
  return Writer()
      .integers(schema::tensor::dims, dims)
      .integer(schema::tensor::data_type, 1)
      .text(schema::tensor::name, name)
      .text(schema::tensor::raw_data, raw);
}
/// x in, y out, and what else is in `rest`.
inline Writer graph(const std::vector<Writer>& nodes, const std::vector<std::pair<std::uint32_t, Writer>>& rest = {}) {
  Writer to;
  for (const Writer& n : nodes) to.message(schema::graph::node, n);
  to.text(schema::graph::name, "small");
  for (const auto& [field, content] : rest) to.message(field, content);
  return to.message(schema::graph::input, value("x")).message(schema::graph::output, value("y"));
}
inline Writer model(const Writer& content, std::int64_t opset = 13) {
  return Writer()
      .integer(schema::model::ir_version, 8)
      .message(schema::model::graph, content)
      .message(schema::model::opset_import, Writer().integer(schema::opset::version, opset));
}

}  // namespace tenon::test
