#include "interpret.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>

#include <tenon/error.hpp>
#include <tenon/random.hpp>

#include "../backwards.hpp"
#include "../io/words.hpp"
#include "operators/call.hpp"
#include "operators/deformable.hpp"

namespace tenon::importing {

const OperatorTable& computed_operators() {
  static const auto table = [] {
    OperatorTable all;
    for (const auto& operators :
         {elementwise_operators(), activation_operators(), shape_operators(), movement_operators(),
          indexing_operators(), convolution_operators(), pooling_operators(), resize_operators(), reduction_operators(),
          normalization_operators(), matrix_operators(), recurrent_operators(), quantization_operators(),
          attention_operators(), sampling_operators(), loss_operators(), deformable_operators(), step_operators(),
          multihead_operators()})
      all.insert(operators.begin(), operators.end());
    return all;
  }();
  return table;
}

namespace {

const Definition* definition_of(const Node& node) {
  const auto& table = computed_operators();
  if (!node.domain.empty() && node.domain != "ai.onnx") return nullptr;
  const auto found = table.find(node.op);
  return found == table.end() ? nullptr : &found->second;
}

bool is_if(const Node& node) { return node.op == "If" && node.domain.empty(); }

void names_read_by(const Graph& graph, std::set<std::string>& names);

void names_read_by(const Node& node, std::set<std::string>& names) {
  names.insert(node.inputs.begin(), node.inputs.end());
  for (const auto& [key, attribute] : node.attributes)
    if (const auto* bodies = std::get_if<std::vector<Graph>>(&attribute))
      for (const Graph& body : *bodies) names_read_by(body, names);
}

void names_read_by(const Graph& graph, std::set<std::string>& names) {
  for (const Node& node : graph.nodes) names_read_by(node, names);
  for (const Value& output : graph.outputs) names.insert(output.name);
}

/// Puts numbers off by as much as rounding to float does. What follows from constants and shapes stays as it is: steps
/// and sizes that are computed in float are whole numbers.
class Roundings {
public:
  explicit Roundings(const Graph& graph) {
    for (const Value& input : graph.inputs) depend_.insert(input.name);
  }

  void after(const Node& node, std::vector<Array>& results) {
    std::set<std::string> read;
    names_read_by(node, read);
    const bool depends = std::ranges::any_of(read, [&](const std::string& name) { return depend_.contains(name); });
    if (!depends || node.op == "Shape" || node.op == "Size") return;
    depend_.insert(node.outputs.begin(), node.outputs.end());
    for (Array& result : results)
      if (result.type == Type::float32)
        for (double& value : result.values) value *= 1 + factor();
  }

private:
  /// Between -2^-24 and 2^-24.
  double factor() { return std::ldexp(stream_.uniform<double>() * 2 - 1, -24); }

  std::set<std::string> depend_{};  // names of values
  Stream stream_{1};
};

/// Values around a body, those of its own first.
struct Scope {
  const Scope* around = nullptr;
  const std::map<std::string, Array>* constants = nullptr;
  std::map<std::string, Array> values{};
  Roundings* roundings = nullptr;

  const Array* find(const std::string& name) const {
    if (const auto found = values.find(name); found != values.end()) return &found->second;
    if (const auto found = constants->find(name); found != constants->end()) return &found->second;
    return around != nullptr ? around->find(name) : nullptr;
  }

  const Array& read(const std::string& name, const std::string& reader) const {
    const Array* found = find(name);
    if (found == nullptr) throw Error(reader + " reads " + detail::quoted_text(name) + ", which nothing gives");
    return *found;
  }
};

void run(const Graph& graph, std::int64_t opset, Scope& scope, bool keep_all);

std::vector<Array> run_if(const Node& node, std::int64_t opset, const Scope& scope) {
  const std::vector<const Array*> inputs{&scope.read(node.inputs.empty() ? "" : node.inputs[0], describe(node))};
  const Call call{node, opset, inputs};
  const std::string key = call.scalar(0) != 0 ? "then_branch" : "else_branch";
  const auto* bodies = call.attribute<std::vector<Graph>>(key);
  call.require(bodies != nullptr && bodies->size() == 1, "has no {}", key);
  const Graph& body = bodies->front();
  Scope inside{&scope, &body.constants, {}, scope.roundings};
  run(body, opset, inside, false);
  std::vector<Array> outputs;
  for (const Value& output : body.outputs) outputs.push_back(inside.read(output.name, describe(node)));
  return outputs;
}

std::vector<Array> run_node(const Node& node, std::int64_t opset, const Scope& scope) {
  if (is_if(node)) return run_if(node, opset, scope);
  std::vector<const Array*> inputs;
  for (const std::string& name : node.inputs)
    inputs.push_back(name.empty() ? nullptr : &scope.read(name, describe(node)));
  return evaluate(node, opset, inputs);
}

void run(const Graph& graph, std::int64_t opset, Scope& scope, bool keep_all) {
  std::vector<std::vector<std::string>> last_read(graph.nodes.size());  // by a node: what nobody needs after it
  if (!keep_all) {
    std::set<std::string> needed;
    for (const Value& output : graph.outputs) needed.insert(output.name);
    for (const std::size_t i : detail::backwards(graph.nodes.size())) {
      std::set<std::string> read{graph.nodes[i].outputs.begin(), graph.nodes[i].outputs.end()};
      names_read_by(graph.nodes[i], read);
      for (const std::string& name : read)
        if (needed.insert(name).second) last_read[i].push_back(name);
    }
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    std::vector<Array> results = run_node(node, opset, scope);
    if (scope.roundings != nullptr) scope.roundings->after(node, results);
    if (results.size() < node.outputs.size())
      throw Error(describe(node) + " has no output " + std::to_string(results.size()) + ", which the graph names " +
                  detail::quoted_text(node.outputs[results.size()]));
    for (std::size_t o = 0; o < node.outputs.size(); ++o)
      if (!node.outputs[o].empty()) scope.values.insert_or_assign(node.outputs[o], std::move(results[o]));
    for (const std::string& name : last_read[i]) scope.values.erase(name);
  }
}

Scope outermost(const Graph& graph, std::map<std::string, Array> inputs) {
  for (const Value& input : graph.inputs) {
    const auto given = inputs.find(input.name);
    if (given == inputs.end() && graph.constants.contains(input.name)) continue;
    if (given == inputs.end()) throw Error("the input " + detail::quoted_text(input.name) + " is not given");
    if (numbers_known(given->second) &&
        static_cast<std::int64_t>(given->second.values.size()) != count_of(given->second.dims))
      throw Error("the input " + detail::quoted_text(input.name) + " is of " + axes_text(given->second.dims) +
                  ", but has " + std::to_string(given->second.values.size()) + " numbers");
  }
  return {nullptr, &graph.constants, std::move(inputs), nullptr};
}

/// What definitions rely on: every axis has a size, and there are as many numbers as axes say, or none.
void check_input(const Node& node, std::size_t i, const Array& input) {
  std::int64_t count = 1;
  for (const std::int64_t size : input.dims) {
    if (size < 0) throw Error(fmt::format("{}: input {} has an axis whose size is not known", describe(node), i));
    if (size <= most_numbers) count *= size;
    if (size > most_numbers || count > most_numbers)
      throw Error(fmt::format("{}: input {} of {} numbers is too large", describe(node), i, axes_text(input.dims)));
  }
  if (!input.values.empty() && input.values.size() != static_cast<std::size_t>(count))
    throw Error(fmt::format("{}: input {} of {} has {} numbers", describe(node), i, axes_text(input.dims),
                            input.values.size()));
}

}  // namespace

bool interprets(const Node& node) { return is_if(node) || definition_of(node) != nullptr; }

std::vector<Array> evaluate(const Node& node, std::int64_t opset, const std::vector<const Array*>& inputs) {
  const Definition* definition = definition_of(node);
  if (definition == nullptr)
    throw Error(describe(node) +
                (is_if(node) ? ": a body is run with the graph around it" : ": this operator has no definition"));
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i] != nullptr) check_input(node, i, *inputs[i]);
  std::vector<Array> outputs = (*definition)(Call{node, opset, inputs});
  for (Array& output : outputs)
    if (output.type != Type::float32 && output.type != Type::float64)
      for (double& value : output.values) value = stored(output.type, value);
  return outputs;
}

std::map<std::string, Array> interpret_all(const Graph& graph, std::map<std::string, Array> inputs) {
  Scope scope = outermost(graph, std::move(inputs));
  run(graph, graph.opset, scope, true);
  std::map<std::string, Array> all = std::move(scope.values);
  all.insert(graph.constants.begin(), graph.constants.end());
  return all;
}

namespace {

std::vector<Array> outputs_of(const Graph& graph, std::map<std::string, Array> inputs, Roundings* roundings) {
  Scope scope = outermost(graph, std::move(inputs));
  scope.roundings = roundings;
  run(graph, graph.opset, scope, false);
  std::vector<Array> outputs;
  for (const Value& output : graph.outputs) outputs.push_back(scope.read(output.name, "the network"));
  return outputs;
}

}  // namespace

std::vector<Array> interpret(const Graph& graph, std::map<std::string, Array> inputs) {
  return outputs_of(graph, std::move(inputs), nullptr);
}

std::vector<Array> interpret_rounded(const Graph& graph, std::map<std::string, Array> inputs) {
  Roundings roundings(graph);
  return outputs_of(graph, std::move(inputs), &roundings);
}

}  // namespace tenon::importing
