#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>

#include <tenon/error.hpp>

#include "../../io/words.hpp"
#include "../interpret.hpp"
#include "passes.hpp"

namespace tenon::importing {

namespace {

using Renamed = std::map<std::string, std::string>;

void rename_all(Graph& graph, const Renamed& renamed);

void rename_all(std::vector<std::string>& names, const Renamed& renamed) {
  for (std::string& name : names)
    if (const auto found = renamed.find(name); found != renamed.end()) name = found->second;
}

void rename_all(Node& node, const Renamed& renamed) {
  rename_all(node.inputs, renamed);
  rename_all(node.outputs, renamed);
  for (auto& [key, attribute] : node.attributes)
    if (auto* bodies = std::get_if<std::vector<Graph>>(&attribute))
      for (Graph& body : *bodies) rename_all(body, renamed);
}

void rename_all(Graph& graph, const Renamed& renamed) {
  for (Node& node : graph.nodes) rename_all(node, renamed);
  for (Value& output : graph.outputs)
    if (const auto found = renamed.find(output.name); found != renamed.end()) output.name = found->second;
}

/// The inputs of the network that a value is computed from.
std::set<std::string> inputs_behind(const Graph& graph, const std::string& value) {
  std::set<std::string> wanted{value}, found;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node)
    if (std::ranges::any_of(node->outputs, [&](const std::string& name) { return wanted.contains(name); }))
      wanted.insert(node->inputs.begin(), node->inputs.end());
  for (const Value& input : graph.inputs)
    if (wanted.contains(input.name)) found.insert(input.name);
  return found;
}

/// The nodes of the branch that an If on a constant takes. What the branch makes is called after the If, so that two
/// branches may use the same names.
std::vector<Node> taken_branch(Graph& graph, const Node& node) {
  if (node.outputs.empty()) return {};
  const auto condition = graph.constants.find(node.inputs.empty() ? "" : node.inputs[0]);
  if (condition == graph.constants.end() || condition->second.values.size() != 1) {
    std::string advice;
    for (const std::string& name : inputs_behind(graph, node.inputs.empty() ? "" : node.inputs[0]))
      advice += fmt::format("{} --set {}=?", advice.empty() ? "" : " and", name);
    throw Error(fmt::format("{}: its condition depends on the inputs; only a branch that is always the same can be "
                            "imported: a number for each ? chooses it:{}",
                            describe(node), advice));
  }
  const auto attribute = node.attributes.find(condition->second.values[0] != 0 ? "then_branch" : "else_branch");
  const auto* bodies = attribute == node.attributes.end() ? nullptr
                                                          : std::get_if<std::vector<Graph>>(&attribute->second);
  if (bodies == nullptr || bodies->size() != 1 || bodies->front().outputs.size() < node.outputs.size())
    throw Error(describe(node) + ": a branch is missing, or gives less than the node");
  Graph body = bodies->front();
  const std::string prefix = node.outputs[0] + "/";
  Renamed renamed;
  for (const auto& [name, array] : body.constants) {
    renamed[name] = prefix + name;
    graph.constants[prefix + name] = array;
  }
  for (const Node& inner : body.nodes)
    for (const std::string& name : inner.outputs)
      if (!name.empty()) renamed[name] = prefix + name;
  rename_all(body, renamed);
  for (std::size_t i = 0; i < node.outputs.size(); ++i)
    body.nodes.push_back({node.name, "Identity", {}, {body.outputs[i].name}, {node.outputs[i]}, {}});
  return std::move(body.nodes);
}

constexpr char not_supported
    [] = "not supported (tenon import --operators lists those that are); a network that is exported without ";

void refuse_unknown(const Graph& graph) {
  std::string unknown;
  for (const Node& node : graph.nodes)
    if (!interprets(node)) unknown += "\n  " + describe(node);
  if (!unknown.empty())
    throw Error(fmt::format("these operators are {}them can be imported, and a layer of your own put in their place:{}",
                            not_supported, unknown));
}

void leave_unknown_out(Graph& graph) {
  std::erase_if(graph.nodes, [&](const Node& node) {
    if (interprets(node)) return false;
    graph.refuse(fmt::format("{} is {}it can be imported, and a layer of your own put in its place", describe(node),
                             not_supported),
                 node.outputs, node.inputs);
    return true;
  });
}

bool is_if(const Node& node) { return node.op == "If" && node.domain.empty(); }

}  // namespace

bool reads_lost(const Graph& graph, const Node& node) {
  return std::ranges::any_of(node.inputs, [&](const std::string& name) { return graph.lost.contains(name); });
}

void fold_constants(Graph& graph, bool batched, Refusals refusals) {
  refusals == Refusals::thrown ? refuse_unknown(graph) : leave_unknown_out(graph);
  // Where no activation is quantised, quantised weights are only a way to keep them small.
  const bool quantized = std::ranges::any_of(graph.nodes, [](const Node& node) { return node.op == "QuantizeLinear"; });
  std::deque<Node> open(std::make_move_iterator(graph.nodes.begin()), std::make_move_iterator(graph.nodes.end()));
  graph.nodes.clear();
  const auto fold = [&](Node& node) {
    if (is_if(node) || is_lowered(node)) {
      std::vector<Node> branch = is_if(node) ? taken_branch(graph, node) : lower(graph, node, batched);
      open.insert(open.begin(), std::make_move_iterator(branch.begin()), std::make_move_iterator(branch.end()));
      return;
    }
    std::vector<Array> results = infer(graph, node, graph.values);
    const bool keep = quantized && quantizes(node);
    bool all_known = true;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const std::string& name = node.outputs[i];
      if (name.empty()) continue;
      graph.values[name] = {name, results[i].type, results[i].dims};
      if (keep || !numbers_known(results[i])) {
        all_known = false;
      } else {
        graph.constants[name] = std::move(results[i]);
      }
    }
    if (all_known) return;
    std::vector<Node> pieces = quantized ? std::vector<Node>() : expanded(graph, node);
    if (pieces.empty()) graph.nodes.push_back(std::move(node));
    open.insert(open.begin(), std::make_move_iterator(pieces.begin()), std::make_move_iterator(pieces.end()));
  };
  while (!open.empty()) {
    Node node = std::move(open.front());
    open.pop_front();
    if (reads_lost(graph, node)) {
      graph.lose(node.outputs, node.inputs);
      continue;
    }
    try {
      fold(node);
    } catch (const Error& error) {
      if (refusals == Refusals::thrown) throw;
      graph.refuse(error.what(), node.outputs, node.inputs);
    }
  }
  std::erase_if(graph.outputs, [&](const Value& output) { return graph.lost.contains(output.name); });
  for (const Value& output : graph.outputs)
    if (!graph.values.contains(output.name) && !graph.constants.contains(output.name))
      throw Error("the output " + detail::quoted_text(output.name) + " is given by no node");
  std::erase_if(graph.values, [&](const auto& value) { return graph.constants.contains(value.first); });
}

}  // namespace tenon::importing
