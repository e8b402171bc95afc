#include "onnx_write.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "onnx_schema.hpp"
#include "onnx_tensor.hpp"
#include "protobuf.hpp"

namespace tenon::importing {
namespace {

using protobuf::Writer;

constexpr std::int64_t format_version = 8;  // that of 2022: initializers need not be inputs, bfloat16 is known

Writer write_graph(const Graph& graph);

namespace field = schema::attribute;

/// The content of an attribute, in the field of its kind.
struct ContentWriter {
  Writer& to;

  void operator()(std::int64_t value) { of(field::i).integer(field::i, value); }
  void operator()(double value) { of(field::f).number(field::f, static_cast<float>(value)); }
  void operator()(const std::string& value) { of(field::s).text(field::s, value); }
  void operator()(const Array& value) { of(field::t).message(field::t, write_tensor("", value)); }
  void operator()(const std::vector<std::int64_t>& values) { of(field::ints).integers(field::ints, values); }
  void operator()(const std::vector<double>& values) {
    of(field::floats).floats(field::floats, std::vector<float>(values.begin(), values.end()));
  }
  void operator()(const std::vector<std::string>& values) {
    of(field::strings);
    for (const std::string& value : values) to.text(field::strings, value);
  }
  void operator()(const std::vector<Graph>& bodies) {
    const std::uint32_t one_or_more = bodies.size() == 1 ? field::g : field::graphs;
    of(one_or_more);
    for (const Graph& body : bodies) to.message(one_or_more, write_graph(body));
  }

  Writer& of(std::uint32_t content) {
    return to.integer(field::type, std::ranges::find(schema::kinds, content, &schema::Kind::field)->code);
  }
};

Writer write_node(const Node& node) {
  using namespace schema::node;
  Writer to;
  for (const std::string& value : node.inputs) to.text(input, value);
  for (const std::string& value : node.outputs) to.text(output, value);
  to.text(name, node.name).text(op_type, node.op);
  if (!node.domain.empty()) to.text(domain, node.domain);
  for (const auto& [key, value] : node.attributes) {
    Writer part;
    part.text(field::name, key);
    std::visit(ContentWriter{part}, value);
    to.message(attribute, part);
  }
  return to;
}

Writer write_value(const Value& value) {
  Writer tensor;
  tensor.integer(schema::tensor_type::elem_type, schema::code_of(value.type));
  if (value.dims) {
    Writer shape;
    for (std::size_t i = 0; i < value.dims->size(); ++i) {
      const std::int64_t size = (*value.dims)[i];
      const std::string name = i < value.axis_names.size() ? value.axis_names[i] : "";
      Writer axis;
      if (size != free) axis.integer(schema::dimension::value, size);
      if (size == free && !name.empty()) axis.text(schema::dimension::param, name);
      shape.message(schema::shape::dim, axis);
    }
    tensor.message(schema::tensor_type::shape, shape);
  }
  return Writer()
      .text(schema::value_info::name, value.name)
      .message(schema::value_info::type, Writer().message(schema::type::tensor, tensor));
}

Writer write_graph(const Graph& graph) {
  using namespace schema::graph;
  Writer to;
  for (const Node& part : graph.nodes) to.message(node, write_node(part));
  to.text(name, graph.name.empty() ? "graph" : graph.name);
  for (const auto& [key, array] : graph.constants) to.message(initializer, write_tensor(key, array));
  for (const Value& value : graph.inputs) to.message(input, write_value(value));
  for (const Value& value : graph.outputs) to.message(output, write_value(value));
  for (const auto& [key, value] : graph.values) to.message(value_info, write_value(value));
  return to;
}

void collect_domains(const Graph& graph, std::set<std::string>& domains) {
  for (const Node& node : graph.nodes) {
    if (!node.domain.empty()) domains.insert(node.domain);
    for (const auto& [key, attribute] : node.attributes)
      if (const auto* bodies = std::get_if<std::vector<Graph>>(&attribute))
        for (const Graph& body : *bodies) collect_domains(body, domains);
  }
}

Writer write_opset(const std::string& domain, std::int64_t version) {
  return Writer().text(schema::opset::domain, domain).integer(schema::opset::version, version);
}

}  // namespace

std::string to_onnx(const Graph& graph) {
  using namespace schema::model;
  std::set<std::string> domains;
  collect_domains(graph, domains);
  Writer to;
  to.integer(ir_version, format_version).text(producer_name, "Tenon").message(schema::model::graph, write_graph(graph));
  if (graph.opset != 0) to.message(opset_import, write_opset("", graph.opset));
  for (const std::string& domain : domains) to.message(opset_import, write_opset(domain, 1));
  return to.bytes();
}

}  // namespace tenon::importing
