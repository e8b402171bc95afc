// Networks of TensorFlow Lite: what becomes a graph holds together.
#include <set>

#include "../../src/import/tflite.hpp"
#include "harness.hpp"

using namespace tenon;
using namespace tenon::importing;
using fuzz::demand;

TENON_FUZZ(tflite) {
  const Graph graph = parse_tflite(input.bytes, "fuzz");
  std::set<std::string> known{""};
  for (const auto& [name, array] : graph.constants) {
    demand(array.values.size() == static_cast<std::size_t>(count_of(array.dims)),
           "a constant has the numbers that its axes say");
    known.insert(name);
  }
  for (const Value& value : graph.inputs) demand(known.insert(value.name).second, "an input is nothing else");
  for (const Node& node : graph.nodes) {
    demand(!node.op.empty() && !node.name.empty() && !node.outputs.empty(), "a node has a name and gives something");
    for (const std::string& name : node.inputs) demand(known.contains(name), "what a node reads is above it");
    for (const std::string& name : node.outputs) demand(known.insert(name).second, "a value is given once");
  }
  for (const Value& value : graph.outputs) demand(known.contains(value.name), "the outputs are there");
  for (const auto& [name, value] : graph.values)
    demand(known.contains(name) && name == value.name, "what is known of values is of those that are there");
  demand(read_tflite(input.path()).nodes.size() == graph.nodes.size(), "a file and its bytes are the same");
}
