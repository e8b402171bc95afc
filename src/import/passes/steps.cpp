#include <algorithm>
#include <optional>
#include <set>

#include <tenon/error.hpp>

#include "passes.hpp"

/// What a network does with each step of a sequence: files make samples of the steps and sequences of them again behind
/// it, with a Reshape each.
namespace tenon::importing {

namespace {

/// One of them: from the Reshape that takes sequences apart to the one that puts them together.
struct Steps {
  std::size_t first = 0, last = 0;
  std::set<std::size_t> inside{};
};

bool keeps_samples_open(const Graph& graph, const Node& node) {
  if (node.op != "Reshape" || !node.domain.empty() || !node.has_input(1)) return false;
  const auto target = graph.constants.find(node.inputs[1]);
  return target != graph.constants.end() && !target->second.values.empty() && target->second.values[0] == -1;
}

/// Are those the axes of one sequence, and these the same without the one in front?
bool apart(const Dims& sequence, const Dims& steps) {
  return sequence.size() == steps.size() + 1 && sequence.size() > 2 && sequence[0] == 1 && sequence[1] > 1 &&
         std::equal(steps.begin(), steps.end(), sequence.begin() + 1);
}

const Dims& dims_of(const Graph& graph, const std::string& value) { return *graph.values.at(value).dims; }

/// What begins in this node, if nothing else comes in and one value goes out.
std::optional<Steps> steps_from(const Graph& graph, std::size_t first) {
  const Node& begin = graph.nodes[first];
  if (!keeps_samples_open(graph, begin) || graph.constants.contains(begin.inputs[0])) return std::nullopt;
  const Dims& steps = dims_of(graph, begin.outputs[0]);
  if (!apart(dims_of(graph, begin.inputs[0]), steps)) return std::nullopt;
  Steps found{first};
  std::set<std::string> values{begin.outputs[0]};
  for (std::size_t k = first + 1; k < graph.nodes.size(); ++k) {
    const Node& node = graph.nodes[k];
    if (std::ranges::none_of(node.inputs, [&](const auto& name) { return values.contains(name); })) continue;
    const bool alone = std::ranges::all_of(node.inputs, [&](const auto& name) {
      return name.empty() || values.contains(name) || graph.constants.contains(name);
    });
    if (!alone) return std::nullopt;
    const bool ends = keeps_samples_open(graph, node) &&
                      apart(dims_of(graph, node.outputs[0]), dims_of(graph, node.inputs[0])) &&
                      dims_of(graph, node.inputs[0])[0] == steps[0];
    if (ends && found.last != 0) return std::nullopt;
    if (ends) found.last = k;
    else found.inside.insert(k), values.insert(node.outputs.begin(), node.outputs.end());
  }
  if (found.last == 0 || found.inside.empty()) return std::nullopt;
  for (const Value& output : graph.outputs)
    if (values.contains(output.name)) return std::nullopt;
  return found;
}

/// The network of one step.
Graph body_of(const Graph& graph, const Steps& steps) {
  Graph body;
  body.format = graph.format;
  body.opset = graph.opset;
  const std::string &x = graph.nodes[steps.first].outputs[0], &y = graph.nodes[steps.last].inputs[0];
  body.inputs.push_back(graph.values.at(x));
  body.inputs[0].dims->front() = free;
  body.outputs.push_back({y, graph.values.at(y).type, std::nullopt});
  for (const std::size_t k : steps.inside) {
    body.nodes.push_back(graph.nodes[k]);
    for (const std::string& name : graph.nodes[k].inputs)
      if (const auto constant = graph.constants.find(name); constant != graph.constants.end())
        body.constants.insert(*constant);
  }
  return body;
}

}  // namespace

std::optional<Graph> with_steps_apart(const Graph& graph) {
  std::optional<Graph> changed;
  for (std::size_t next = 0; next < (changed ? *changed : graph).nodes.size();) {
    const std::size_t k = next++;
    const auto steps = steps_from(changed ? *changed : graph, k);
    if (!steps) continue;
    Graph body = body_of(changed ? *changed : graph, *steps);
    try {
      simplify(body);
    } catch (const Error&) {
      continue;  // the steps do not stay apart
    }
    if (!changed) changed = graph;
    Node& last = changed->nodes[steps->last];
    const Node& first = changed->nodes[steps->first];
    last = {first.name,        "TimeDistributed", {},
            {first.inputs[0]}, last.outputs,      {{"body", std::vector{std::move(body)}}}};
    std::vector<Node> kept;
    for (std::size_t i = 0; i < changed->nodes.size(); ++i)
      if (i != steps->first && !steps->inside.contains(i)) kept.push_back(std::move(changed->nodes[i]));
    changed->nodes = std::move(kept);
    next = k;  // where another node stands now
  }
  return changed;
}

}  // namespace tenon::importing
