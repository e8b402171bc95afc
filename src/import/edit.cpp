#include "edit.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <ranges>
#include <unordered_set>
#include <utility>

#include <tenon/error.hpp>

#include "../io/words.hpp"
#include "interpret.hpp"
#include "write_network.hpp"

namespace tenon::importing {

namespace {

const Value* find(const std::map<std::string, Value>& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() || !found->second.dims ? nullptr : &found->second;
}

bool names(const std::vector<Value>& values, const std::string& name) {
  return std::ranges::any_of(values, [&](const Value& value) { return value.name == name; });
}

/// Takes out what leads to no output.
void drop_unread(Graph& graph) {
  std::unordered_set<std::string> read;
  for (const Value& output : graph.outputs) read.insert(output.name);
  read.insert(graph.kept.begin(), graph.kept.end());
  std::vector<Node> kept;
  for (Node& node : std::views::reverse(graph.nodes)) {
    if (std::ranges::none_of(node.outputs, [&](const std::string& output) { return read.contains(output); })) continue;
    read.insert(node.inputs.begin(), node.inputs.end());
    kept.push_back(std::move(node));
  }
  graph.nodes.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
  std::erase_if(graph.constants, [&](const auto& constant) { return !read.contains(constant.first); });
}

}  // namespace

std::vector<Array> infer(const Graph& graph, const Node& node, const std::map<std::string, Value>& values) {
  std::list<Array> without_numbers;
  std::vector<const Array*> inputs;
  for (const std::string& name : node.inputs) {
    if (name.empty()) {
      inputs.push_back(nullptr);
    } else if (const auto constant = graph.constants.find(name); constant != graph.constants.end()) {
      inputs.push_back(&constant->second);
    } else {
      const Value* value = find(values, name);
      if (value == nullptr)
        throw Error(describe(node) + " reads " + detail::quoted_text(name) + ", which nothing gives");
      inputs.push_back(&without_numbers.emplace_back(value->type, *value->dims, std::vector<double>{}));
    }
  }
  std::vector<Array> results = evaluate(node, graph.opset, inputs);
  if (results.size() < node.outputs.size()) throw Error(describe(node) + " has more outputs than its operator gives");
  return results;
}

bool quantizes(const Node& node) { return node.op == "QuantizeLinear" || node.op == "DequantizeLinear"; }

Edit::Edit(Graph& graph) : graph_(graph) {
  drop_unread(graph_);
  for (Node& node : graph_.nodes) nodes_.push_back(std::move(node));
  for (auto node = nodes_.begin(); node != nodes_.end(); ++node) {
    places_[&*node] = node;
    link(*node);
  }
}

Edit::~Edit() {
  graph_.nodes.assign(std::make_move_iterator(nodes_.begin()), std::make_move_iterator(nodes_.end()));
  drop_unread(graph_);
  std::unordered_set<std::string> made;
  for (const Node& node : graph_.nodes) made.insert(node.outputs.begin(), node.outputs.end());
  std::erase_if(graph_.values,
                [&](const auto& value) { return !made.contains(value.first) && !is_input(value.first); });
}

void Edit::run(std::span<const Rule> rules) {
  for (bool changed = true; changed;) {
    changed = false;
    for (const Rule rule : rules) {
      for (auto node = nodes_.begin(); node != nodes_.end();) {
        Node& here = *node++;
        changed = rule(*this, here) || changed;
        gone_.clear();
      }
    }
  }
}

bool Edit::is_input(const std::string& value) const { return names(graph_.inputs, value); }
bool Edit::is_output(const std::string& value) const {
  return names(graph_.outputs, value) || graph_.kept.contains(value);
}

Node* Edit::maker(const std::string& value) const {
  const auto found = makers_.find(value);
  return found == makers_.end() ? nullptr : found->second;
}

Node* Edit::maker(const std::string& value, std::string_view op) const {
  Node* node = maker(value);
  return node != nullptr && node->op == op && node->domain.empty() ? node : nullptr;
}

const std::vector<Node*>& Edit::readers(const std::string& value) const {
  static const std::vector<Node*> nobody;
  const auto found = readers_.find(value);
  return found == readers_.end() ? nobody : found->second;
}

const Array* Edit::constant(const std::string& value) const {
  const auto found = graph_.constants.find(value);
  return found == graph_.constants.end() ? nullptr : &found->second;
}

std::optional<double> Edit::scalar(const std::string& value) const {
  const Array* array = constant(value);
  return array != nullptr && array->values.size() == 1 ? std::optional(array->values[0]) : std::nullopt;
}

bool Edit::is_scalar(const std::string& value, double number) const {
  const auto scalar_value = scalar(value);
  return scalar_value && std::abs(*scalar_value - number) <= 1e-7 * std::abs(number);
}

std::optional<Dims> Edit::integers(const Node& node, const std::string& key, std::size_t input) const {
  if (node.has(key)) return node.integers(key);
  const Array* array = node.has_input(input) ? constant(node.inputs[input]) : nullptr;
  if (array == nullptr) return std::nullopt;
  Dims result;
  // the ends of slices may be the largest integer, which is no double
  for (const double value : array->values)
    result.push_back(static_cast<std::int64_t>(std::clamp(value, -0x1p62, 0x1p62)));
  return result;
}

const Dims& Edit::dims(const std::string& value) const {
  if (const Array* array = constant(value)) return array->dims;
  const Value* known = find(graph_.values, value);
  if (known == nullptr) throw Error("nothing gives the value " + detail::quoted_text(value));
  return *known->dims;
}

bool Edit::is_batch(std::int64_t samples) const {
  return !graph_.inputs.empty() && has_batch(graph_) && graph_.inputs.front().dims->front() == samples;
}

Type Edit::type(const std::string& value) const {
  const Array* array = constant(value);
  return array != nullptr ? array->type : graph_.values.at(value).type;
}

std::string Edit::fresh(const std::string& hint) {
  for (;;) {
    std::string name = hint + "_" + std::to_string(++last_);
    if (!graph_.values.contains(name) && !graph_.constants.contains(name)) return name;
  }
}

std::string Edit::add(Array array) {
  std::string name = fresh("constant");
  graph_.constants.emplace(name, std::move(array));
  return name;
}

std::string Edit::add(const Dims& integers) {
  return add(Array{Type::int64, {static_cast<std::int64_t>(integers.size())}, {integers.begin(), integers.end()}});
}

std::string Edit::add(double number, Type type) { return add(Array{type, {}, {number}}); }

Names Edit::emit(Node& place, Node made, std::size_t outputs) {
  const std::string hint = place.outputs.at(0) + "_" + made.op;
  made.outputs.clear();
  for (std::size_t i = 0; i < outputs; ++i) made.outputs.push_back(fresh(hint));
  if (made.name.empty()) made.name = made.outputs[0];
  std::vector<Array> results = infer(graph_, made, graph_.values);
  const bool known = !quantizes(made) && std::ranges::all_of(results, numbers_known);
  for (std::size_t i = 0; i < outputs; ++i) {
    const std::string& name = made.outputs[i];
    if (known) {
      graph_.constants.emplace(name, std::move(results[i]));
    } else {
      graph_.values.emplace(name, Value{name, results[i].type, results[i].dims});
    }
  }
  if (known) {
    for (const std::string& input : made.inputs) drop_if_unread(input);
    return made.outputs;
  }
  const auto node = nodes_.insert(places_.at(&place), std::move(made));
  places_[&*node] = node;
  link(*node);
  return node->outputs;
}

std::string Edit::emit(Node& place, std::string op, Names inputs, Attributes attributes) {
  return emit(place, Node{{}, std::move(op), {}, std::move(inputs), {}, std::move(attributes)}, 1).front();
}

void Edit::become(Node& node, std::string op, Names inputs, Attributes attributes) {
  const Names before = node.inputs;
  unlink(node);
  node.op = std::move(op);
  node.domain.clear();
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  link(node);
  for (const std::string& input : before) drop_if_unread(input);
}

void Edit::forward(Node& node, const std::string& value) {
  const std::string output = node.outputs.at(0);
  Node* source = maker(value);
  if (is_output(output) && (source == nullptr || is_output(value))) {
    if (node.op != "Identity") become(node, "Identity", {value});
    return;
  }
  if (!is_output(output)) return redirect(output, value);
  // The name of an output stays: what gives the value gives it by that name from now on.
  remove(node);
  for (Node* reader : std::vector<Node*>(readers(value))) read_instead(*reader, value, output);
  std::ranges::replace(source->outputs, value, output);
  makers_.erase(value);
  makers_[output] = source;
  for (const std::string& input : node.inputs)
    if (input != value) drop_if_unread(input);
}

void Edit::redirect(const std::string& from, const std::string& to) {
  for (Node* reader : std::vector<Node*>(readers(from))) read_instead(*reader, from, to);
  drop_if_unread(from);
}

void Edit::read_instead(Node& reader, const std::string& from, const std::string& to) {
  unlink(reader);
  std::ranges::replace(reader.inputs, from, to);
  link(reader);
}

void Edit::link(Node& node) {
  for (const std::string& output : node.outputs) makers_[output] = &node;
  for (const std::string& input : node.inputs)
    if (!input.empty()) readers_[input].push_back(&node);
}

void Edit::unlink(Node& node) {
  for (const std::string& output : node.outputs) makers_.erase(output);
  for (const std::string& input : node.inputs)
    if (!input.empty()) std::erase(readers_[input], &node);
}

void Edit::remove(Node& node) {
  unlink(node);
  gone_.splice(gone_.end(), nodes_, places_.at(&node));
  places_.erase(&node);
}

void Edit::drop_if_unread(const std::string& value) {
  if (value.empty() || !readers(value).empty() || is_output(value)) return;
  graph_.constants.erase(value);
  Node* node = maker(value);
  if (node == nullptr) return;
  const auto read = [&](const std::string& output) { return !readers(output).empty() || is_output(output); };
  if (std::ranges::any_of(node->outputs, read)) return;
  remove(*node);
  for (const std::string& input : node->inputs) drop_if_unread(input);
}

}  // namespace tenon::importing
