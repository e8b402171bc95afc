#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include <tenon/error.hpp>

#include "interpret.hpp"
#include "onnx_opset6.hpp"

namespace tenon::importing {

namespace {

/// Shapes as far as they are known; an axis that a file leaves open is 1 here.
class Shapes {
public:
  explicit Shapes(const Graph& graph) {
    for (const auto& [name, array] : graph.constants) known_[name] = array;
    for (const Value& input : graph.inputs) {
      if (!input.dims) continue;
      Dims dims = *input.dims;
      std::replace(dims.begin(), dims.end(), free, std::int64_t{1});
      known_[input.name] = {input.type, std::move(dims), {}};
    }
  }

  const Array* find(const std::string& name) const {
    const auto found = known_.find(name);
    return found == known_.end() ? nullptr : &found->second;
  }
  void add(const std::string& name, Array array) { known_[name] = std::move(array); }

  void run(const Node& node) {
    std::vector<const Array*> inputs;
    for (const std::string& name : node.inputs) {
      inputs.push_back(name.empty() ? nullptr : find(name));
      if (!name.empty() && inputs.back() == nullptr) return;
    }
    try {
      std::vector<Array> results = evaluate(node, 7, inputs);
      for (std::size_t i = 0; i < node.outputs.size() && i < results.size(); ++i)
        if (!node.outputs[i].empty()) known_[node.outputs[i]] = std::move(results[i]);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): simplify finds it again, and says it better
    }
  }

private:
  std::map<std::string, Array> known_;
};

[[noreturn]] void refuse(const Node& node, const std::string& what) {
  throw Error(describe(node) + " of opset 6: " + what);
}

/// The second input's axes stand from `axis` of the first on: those behind it are 1 in opset 7's words.
std::optional<Node> align(Graph& graph, Shapes& shapes, Node& node, std::int64_t axis) {
  const Array *a = shapes.find(node.inputs.at(0)), *b = shapes.find(node.inputs.at(1));
  if (a == nullptr || b == nullptr)
    refuse(node, "how many axes its inputs have is not known, so neither where axis = " + std::to_string(axis) + " is");
  const auto rank = static_cast<std::int64_t>(a->dims.size()), own = static_cast<std::int64_t>(b->dims.size());
  const std::int64_t first = axis < 0 ? axis + rank : axis;
  if (first < 0 || first + own > rank)
    refuse(node, fmt::format("axis = {} of {} axes, and {} to be spread from there on", axis, rank, own));
  if (first + own == rank) return std::nullopt;
  Dims dims = b->dims;
  dims.resize(static_cast<std::size_t>(rank - first), 1);
  const std::string name = fmt::format("{} as input of {}", node.inputs[1], node.name);
  if (const auto constant = graph.constants.find(node.inputs[1]); constant != graph.constants.end()) {
    graph.constants[name] = {constant->second.type, dims, constant->second.values};
    shapes.add(name, graph.constants[name]);
    node.inputs[1] = name;
    return std::nullopt;
  }
  Node reshape{name, "Reshape", "", {node.inputs[1], name + " axes"}, {name}, {}};
  Array axes{Type::int64, {static_cast<std::int64_t>(dims.size())}, {dims.begin(), dims.end()}};
  shapes.add(name + " axes", axes);
  graph.constants[name + " axes"] = std::move(axes);
  node.inputs[1] = name;
  return reshape;
}

void check_norm(const Node& node) {
  if (node.integer("is_test", 0) == 0) refuse(node, "is_test = 0: it would take the statistics of the batch");
  if (node.integer("spatial", 1) == 0)
    refuse(node, "spatial = 0: it has a number for each place, not for each channel");
}

}  // namespace

void from_opset_6(Graph& graph) {
  Shapes shapes(graph);
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    for (const auto& [key, attribute] : node.attributes)
      if (std::holds_alternative<std::vector<Graph>>(attribute))
        refuse(node, "operators with bodies are read from opset 7 on");
    if (node.op == "BatchNormalization") check_norm(node);
    if (node.op == "Upsample") refuse(node, "has another form than from opset 7 on");
    if (node.has("axis") && node.has("broadcast")) {
      if (node.integer("broadcast", 0) != 0)
        if (auto before = align(graph, shapes, node, node.integer("axis", 0))) {
          shapes.run(*before);
          nodes.push_back(std::move(*before));
        }
      node.attributes.erase("axis");
    }
    // The slope of PRelu, if there are several, has one number for each channel.
    if (node.op == "PRelu")
      if (const Array* slope = shapes.find(node.inputs.at(1));
          slope != nullptr && slope->dims.size() == 1 && slope->dims[0] != 1)
        if (auto before = align(graph, shapes, node, 1)) {
          shapes.run(*before);
          nodes.push_back(std::move(*before));
        }
    for (const char* gone : {"broadcast", "is_test", "spatial", "consumed_inputs", "output_sequence"})
      node.attributes.erase(gone);
    shapes.run(node);
    nodes.push_back(std::move(node));
  }
  graph.nodes = std::move(nodes);
  graph.opset = 7;
}

}  // namespace tenon::importing
