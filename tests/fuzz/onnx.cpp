// A model. What is taken for one can be run from top to bottom, and written down again.
#include "../../src/import/onnx.hpp"

#include <set>

#include "../../src/import/onnx_write.hpp"
#include "harness.hpp"

using namespace tenon;
using namespace tenon::importing;
using fuzz::demand;

namespace {

void check_array(const Array& array) {
  demand(static_cast<std::size_t>(count_of(array.dims)) == array.values.size(), "as many numbers as the axes say");
}

/// `known` are the names that may be read, those around a body included.
void check_graph(const Graph& graph, std::set<std::string> known) {
  for (const Value& input : graph.inputs) demand(known.insert(input.name).second, "an input is given once");
  for (const auto& [name, array] : graph.constants) {
    demand(known.insert(name).second, "a constant is given once");
    check_array(array);
  }
  for (const Node& node : graph.nodes) {
    demand(!node.op.empty() && !node.name.empty(), "a node has an operator and a name");
    for (const std::string& name : node.inputs)
      demand(name.empty() || known.contains(name), "what is read is given above");
    for (const auto& [key, attribute] : node.attributes) {
      if (const auto* array = std::get_if<Array>(&attribute)) check_array(*array);
      if (const auto* bodies = std::get_if<std::vector<Graph>>(&attribute))
        for (const Graph& body : *bodies) check_graph(body, known);
    }
    for (const std::string& name : node.outputs)
      demand(name.empty() || known.insert(name).second, "a value is given once");
  }
  for (const Value& output : graph.outputs) demand(known.contains(output.name), "an output is given");
}

}  // namespace

TENON_FUZZ(onnx) {
  const Graph graph = parse_onnx(input.bytes, "fuzz");
  check_graph(graph, {});
  bool same = false;
  try {
    const std::string file = to_onnx(graph);
    same = to_onnx(parse_onnx(std::as_bytes(std::span(file)), "fuzz")) == file;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  demand(same, "what was read is written, and read as it was");
}
