#pragma once

#include <string>
#include <utility>
#include <vector>

#include "passes.hpp"

/// Operators that ONNX defines by others, written as these.
namespace tenon::importing {

/// The nodes that a node becomes, in order.
class Body {
public:
  Body(Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  const Node& node() const { return node_; }
  bool has(std::size_t i) const { return node_.has_input(i); }
  const std::string& input(std::size_t i) const { return node_.inputs[i]; }
  bool gives(std::size_t i) const { return i < node_.outputs.size() && !node_.outputs[i].empty(); }
  const Array* constant(std::size_t i) const {
    const auto found = has(i) ? graph_.constants.find(input(i)) : graph_.constants.end();
    return found == graph_.constants.end() ? nullptr : &found->second;
  }
  const Dims& dims(std::size_t i) const {
    if (const Array* a = constant(i)) return a->dims;
    return *graph_.values.at(input(i)).dims;
  }
  Type type(std::size_t i) const {
    if (const Array* a = constant(i)) return a->type;
    return graph_.values.at(input(i)).type;
  }

  std::string add(Array array) {
    std::string name = fresh("constant");
    graph_.constants.emplace(name, std::move(array));
    return name;
  }
  std::string add(const Dims& integers) {
    return add(Array{Type::int64, {static_cast<std::int64_t>(integers.size())}, {integers.begin(), integers.end()}});
  }
  std::string number(double value) { return add(Array{type(0), {}, {value}}); }
  std::string add(std::string op, Names inputs, Attributes attributes = {}) {
    std::string name = fresh(op);
    nodes_.push_back({node_.name, std::move(op), {}, std::move(inputs), {name}, std::move(attributes)});
    return name;
  }
  void give(std::size_t output, const std::string& value) {
    if (gives(output)) nodes_.push_back({node_.name, "Identity", {}, {value}, {node_.outputs[output]}});
  }
  std::vector<Node> take() { return std::move(nodes_); }

private:
  std::string fresh(const std::string& what) {
    for (;;) {
      std::string name = node_.outputs.at(0) + "/" + what + std::to_string(++last_);
      if (!graph_.values.contains(name) && !graph_.constants.contains(name)) return name;
    }
  }

  Graph& graph_;
  const Node& node_;
  std::vector<Node> nodes_;
  std::size_t last_ = 0;
};

std::vector<Node> expand_attention(Graph& graph, const Node& node);
std::vector<Node> expand_rotary_embedding(Graph& graph, const Node& node);
/// Einsum of two values that is a product of matrices.
std::vector<Node> expand_einsum(Graph& graph, const Node& node);
/// Those that are linear in what the network computes become products with constant matrices.
std::vector<Node> expand_linear(Graph& graph, const Node& node);

}  // namespace tenon::importing
