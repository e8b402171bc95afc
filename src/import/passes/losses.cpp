#include <fmt/format.h>

#include <algorithm>

#include <tenon/error.hpp>

#include "passes.hpp"

/// Losses against labels that are constants. With one-hot labels they are sums of products:
///     loss[n, d] = -sum over c of x[n, c, d] * w[c] * (label[n, d] == c),
/// x being log-probabilities. What is known of this, with the divisor of the mean, is one constant mask.
namespace tenon::importing {

namespace {

using Index = std::int64_t;

const Array& constant_input(const Graph& graph, const Node& node, std::size_t i, const char* what) {
  const auto found = graph.constants.find(i < node.inputs.size() ? node.inputs[i] : "");
  if (found == graph.constants.end())
    throw Error(describe(node) + ": its " + what + " depend on the inputs; only constant ones can be imported");
  return found->second;
}

/// What x is multiplied by; `mean` divides by the weights of all labels that count.
Array mask_of(const Graph& graph, const Node& node, const Dims& dims, bool mean) {
  const Array& labels = constant_input(graph, node, 1, "labels");
  const Array* weights = node.has_input(2) ? &constant_input(graph, node, 2, "weights") : nullptr;
  Dims expected = dims;
  expected.erase(expected.begin() + 1);
  const Index classes = dims[1];
  if (labels.dims != expected || (weights != nullptr && weights->dims != Dims{classes}))
    throw Error(describe(node) + ": there has to be a label for each place, and a weight for each class or none");
  Array mask{Type::float32, dims, std::vector<double>(static_cast<std::size_t>(count_of(dims)))};
  const Index inner = count_of(Dims(dims.begin() + 2, dims.end()));
  double total = 0;
  for (Index i = 0; i < count_of(labels.dims); ++i) {
    const auto label = static_cast<Index>(labels.values[static_cast<std::size_t>(i)]);
    if (node.has("ignore_index") && label == node.integer("ignore_index", 0)) continue;
    if (label < 0 || label >= classes)
      throw Error(fmt::format("{}: the label {} is none of its {} classes", describe(node), label, classes));
    const double weight = weights == nullptr ? 1 : weights->values[static_cast<std::size_t>(label)];
    mask.values[static_cast<std::size_t>((i / inner * classes + label) * inner + i % inner)] = -weight;
    total += weight;
  }
  if (!mean) return mask;
  if (total == 0) throw Error(describe(node) + ": the mean of no labels, or of weights that sum to 0, is no number");
  for (double& value : mask.values) value /= total;
  return mask;
}

}  // namespace

bool is_loss(const Node& node) {
  return node.domain.empty() && (node.op == "NegativeLogLikelihoodLoss" || node.op == "SoftmaxCrossEntropyLoss");
}

std::vector<Node> lower_loss(Graph& graph, const Node& node) {
  if (node.inputs.size() < 2 || node.outputs.empty()) throw Error(describe(node) + ": it has no labels or no output");
  const auto value = graph.values.find(node.inputs[0]);
  const auto constant = graph.constants.find(node.inputs[0]);
  const Dims dims = constant != graph.constants.end()                   ? constant->second.dims
                    : value != graph.values.end() && value->second.dims ? *value->second.dims
                                                                        : Dims{};
  const std::string reduction = node.text("reduction", "mean");
  if (dims.size() < 2) throw Error(describe(node) + ": its input has to have the axes samples, classes, ...");
  if (reduction != "none" && reduction != "sum" && reduction != "mean")
    throw Error(describe(node) + ": reduction = " + reduction + "; there are none, sum and mean");
  std::vector<Node> nodes;
  const auto add = [&](std::string op, Names inputs, std::string output, Attributes attributes) {
    nodes.push_back({node.name, std::move(op), {}, std::move(inputs), {output}, std::move(attributes)});
    return output;
  };
  const std::string name = (node.outputs[0].empty() ? node.name : node.outputs[0]) + "/";
  std::string x = node.inputs[0];
  if (node.op == "SoftmaxCrossEntropyLoss") {
    // Before opset 13 all axes from the second on were one.
    if (graph.opset < 13 && dims.size() > 2) throw Error(describe(node) + " of more than two axes needs opset 13");
    const bool given = node.outputs.size() > 1 && !node.outputs[1].empty();
    x = add("LogSoftmax", {x}, given ? node.outputs[1] : name + "log_prob", {{"axis", Index{1}}});
  }
  if (node.outputs[0].empty()) return nodes;
  graph.constants[name + "mask"] = mask_of(graph, node, dims, reduction == "mean");
  const std::string product = add("Mul", {x, name + "mask"}, name + "product", {});
  Names inputs{product};
  Attributes attributes{{"keepdims", Index{0}}};
  if (reduction == "none") {
    if (graph.opset < 13) {
      attributes["axes"] = Dims{1};
    } else {
      graph.constants[name + "axes"] = {Type::int64, {1}, {1}};
      inputs.push_back(name + "axes");
    }
  }
  add("ReduceSum", inputs, node.outputs[0], attributes);
  return nodes;
}

}  // namespace tenon::importing
