#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "import/graph.hpp"
#include "import/interpret.hpp"

/// Graphs written in a test, a line for each node; the shapes of all values are found by the interpreter.
namespace test {

using namespace tenon::importing;

class GraphBuilder {
public:
  explicit GraphBuilder(std::string name = "net", std::int64_t opset = 17) {
    g.name = std::move(name);
    g.format = "ONNX";
    g.opset = opset;
  }

  std::string input(const std::string& name, Dims dims, Type type = Type::float32) {
    g.inputs.push_back({name, type, std::move(dims)});
    return name;
  }
  /// A constant of numbers between -1 and 1 that are all different, or of these.
  std::string constant(const std::string& name, Dims dims, std::vector<double> values = {}, Type type = Type::float32) {
    if (values.empty())
      for (std::int64_t i = 0; i < count_of(dims); ++i)
        values.push_back(
            static_cast<double>(static_cast<float>(static_cast<double>((++seed * 7919) % 2003) / 1001.5 - 1)));
    g.constants[name] = {type, std::move(dims), std::move(values)};
    return name;
  }
  std::string integers(const std::string& name, std::vector<double> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return constant(name, {count}, std::move(values), Type::int64);
  }
  std::string node(const std::string& op, std::vector<std::string> inputs,
                   std::map<std::string, Attribute> attributes = {}, std::string name = {}) {
    if (name.empty()) name = op + std::to_string(++count);
    return nodes(op, std::move(inputs), std::move(attributes), {name}, name)[0];
  }
  std::vector<std::string> nodes(const std::string& op, std::vector<std::string> inputs,
                                 std::map<std::string, Attribute> attributes, std::vector<std::string> outputs,
                                 const std::string& name) {
    g.nodes.push_back({name, op, "", std::move(inputs), outputs, std::move(attributes)});
    return outputs;
  }
  /// A convolution with weights and perhaps a bias.
  std::string conv(const std::string& x, const std::string& name, Dims weight,
                   std::map<std::string, Attribute> attributes = {}, bool bias = true) {
    const std::int64_t out = weight[0];
    std::vector<std::string> inputs{x, constant(name + ".w", std::move(weight))};
    if (bias) inputs.push_back(constant(name + ".b", {out}));
    return node("Conv", inputs, std::move(attributes), name);
  }
  std::string batch_norm(const std::string& x, const std::string& name, std::int64_t c,
                         std::map<std::string, Attribute> attributes = {}) {
    std::vector<double> positive;
    for (std::int64_t i = 0; i < c; ++i) positive.push_back(0.5 + 0.25 * static_cast<double>(i % 3));
    return node("BatchNormalization",
                {x, constant(name + ".s", {c}), constant(name + ".b", {c}), constant(name + ".m", {c}),
                 constant(name + ".v", {c}, positive)},
                std::move(attributes), name);
  }
  std::string gemm(const std::string& x, const std::string& name, std::int64_t in, std::int64_t out) {
    return node("Gemm", {x, constant(name + ".w", {out, in}), constant(name + ".b", {out})},
                {{"transB", std::int64_t{1}}}, name);
  }

  /// The graph, with what it gives and the shapes of all values.
  const Graph& gives(const std::vector<std::string>& outputs) {
    std::map<std::string, Array> shapes;
    for (const Value& in : g.inputs) shapes[in.name] = {in.type, *in.dims, {}};
    for (const auto& [name, array] : interpret_all(g, shapes))
      if (!g.constants.contains(name)) g.values[name] = {name, array.type, array.dims};
    for (const std::string& out : outputs)
      g.outputs.push_back({out, Type::float32, g.values.contains(out) ? g.values[out].dims : std::nullopt});
    return g;
  }

  Graph g;

private:
  int count = 0;
  std::int64_t seed = 0;
};

}  // namespace test
