#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include "import/interpret.hpp"
#include "import/simplify.hpp"

/// Small graphs, written node by node, and what simplifying makes of them.
namespace tenon::test {

using importing::Array;
using importing::Attribute;
using importing::Dims;
using importing::Graph;
using importing::Node;
using importing::Simplify;
using importing::Type;
using importing::Value;
inline constexpr std::int64_t any = importing::free;
using Names = std::vector<std::string>;
using Attributes = std::map<std::string, Attribute>;

/// Numbers that are floats, as a file has them.
inline Array random_array(const Dims& dims, std::mt19937& random, double least = -2, double most = 2) {
  Array array{Type::float32, dims, std::vector<double>(static_cast<std::size_t>(importing::count_of(dims)))};
  for (double& value : array.values) value = static_cast<float>(std::uniform_real_distribution<>(least, most)(random));
  return array;
}

struct Net {
  Graph graph{"net", "ONNX", 17, {}, {}, {}, {}, {}};
  std::mt19937 random{3};
  int count = 0;

  std::string fresh(const std::string& hint) { return hint + std::to_string(count++); }
  std::string input(const Dims& dims, const Names& axis_names = {}) {
    graph.inputs.push_back({graph.inputs.empty() ? "x" : fresh("x"), Type::float32, dims, axis_names});
    return graph.inputs.back().name;
  }
  std::string constant(Array array) {
    const std::string name = fresh("c");
    graph.constants[name] = std::move(array);
    return name;
  }
  std::string number(double value) { return constant({Type::float32, {}, {value}}); }
  std::string integers(const Dims& values) {
    return constant({Type::int64, {static_cast<std::int64_t>(values.size())}, {values.begin(), values.end()}});
  }
  std::string weights(const Dims& dims, double least = -2) { return constant(random_array(dims, random, least)); }
  Names many(const std::string& op, const Names& inputs, std::size_t outputs, const Attributes& attributes = {}) {
    Node node{fresh(op), op, {}, inputs, {}, attributes};
    for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(fresh(op));
    graph.nodes.push_back(node);
    return node.outputs;
  }
  std::string add(const std::string& op, const Names& inputs, const Attributes& attributes = {}) { return many(op, inputs, 1, attributes)[0]; }
  std::string transpose(const std::string& x, const Dims& perm) { return add("Transpose", {x}, {{"perm", perm}}); }
  Net& output(const std::string& name) {
    graph.outputs.push_back({name, Type::float32, {}});
    return *this;
  }
};

inline Names ops_of(const Graph& graph) {
  Names ops;
  for (const Node& node : graph.nodes) ops.push_back(node.op);
  return ops;
}

inline const Node& node_of(const Graph& graph, const std::string& op) {
  const auto found = std::ranges::find(graph.nodes, op, &Node::op);
  if (found == graph.nodes.end()) throw Error("no " + op);
  return *found;
}

/// Random numbers for all inputs, as large as the simplified graph has them.
inline std::map<std::string, Array> random_inputs(const Graph& graph, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::map<std::string, Array> inputs;
  for (const Value& input : graph.inputs) {
    Array array = random_array(*input.dims, random, -4, 4);
    array.type = input.type;
    if (input.type != Type::float32)
      for (double& value : array.values) value = std::round(10 * value) + (input.type == Type::uint8 ? 128 : 0);
    inputs[input.name] = std::move(array);
  }
  return inputs;
}

/// Both give the same, but for the order of sums.
inline void check_same(const Graph& before, const Graph& after, double tolerance = 1e-9) {
  const auto inputs = random_inputs(after);
  const auto expected = importing::interpret(before, inputs), found = importing::interpret(after, inputs);
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].dims == expected[i].dims);
    CHECK(found[i].type == expected[i].type);
    REQUIRE(found[i].values.size() == expected[i].values.size());
    double largest = 1e-30, difference = 0;
    for (std::size_t k = 0; k < found[i].values.size(); ++k) {
      largest = std::max(largest, std::abs(expected[i].values[k]));
      difference = std::max(difference, std::abs(expected[i].values[k] - found[i].values[k]));
    }
    CAPTURE(i, largest);
    CHECK(difference <= tolerance * largest);
  }
}

/// What a graph becomes: these operators, which give the same numbers, and axes that are right.
inline Graph simplified(const Net& net, const Names& ops, const Simplify& options = {}) {
  Graph after = net.graph;
  importing::simplify(after, options);
  CHECK(ops_of(after) == ops);
  check_same(net.graph, after);
  for (const auto& [name, array] : importing::interpret_all(after, random_inputs(after)))
    if (!after.constants.contains(name)) CHECK(after.values.at(name).dims == array.dims);
  return after;
}

inline std::string refusal(const Net& net, const Simplify& options = {}) {
  Graph graph = net.graph;
  try {
    importing::simplify(graph, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace tenon::test
