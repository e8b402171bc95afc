#include <fmt/format.h>

#include <algorithm>

#include <tenon/error.hpp>

#include "../interpret.hpp"
#include "kinds.hpp"
#include "passes.hpp"

/// Operators that become several others. Losses against labels that are constants are, with one-hot labels, sums of
/// products:
///     loss[n, d] = -sum over c of x[n, c, d] * w[c] * (label[n, d] == c),
/// x being log-probabilities. What is known of this, with the divisor of the mean, is a constant mask.
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

/// Nodes that stand for one, named after it.
struct Lowered {
  const Node& node;
  std::string name = (node.outputs[0].empty() ? node.name : node.outputs[0]) + "/";
  std::vector<Node> nodes{};

  std::string add(std::string op, Names inputs, std::string output, Attributes attributes = {}) {
    nodes.push_back({node.name, std::move(op), {}, std::move(inputs), {output}, std::move(attributes)});
    return output;
  }
};

Dims dims_of(const Graph& graph, const std::string& name) {
  const auto constant = graph.constants.find(name);
  if (constant != graph.constants.end()) return constant->second.dims;
  const auto value = graph.values.find(name);
  return value != graph.values.end() && value->second.dims ? *value->second.dims : Dims{};
}

std::vector<Node> lower_loss(Graph& graph, const Node& node, bool batched) {
  if (node.inputs.size() < 2 || node.outputs.empty()) throw Error(describe(node) + ": it has no labels or no output");
  const Dims dims = dims_of(graph, node.inputs[0]);
  const std::string reduction = node.text("reduction", "mean");
  if (dims.size() < 2) throw Error(describe(node) + ": its input has to have the axes samples, classes, ...");
  if (reduction != "none" && reduction != "sum" && reduction != "mean")
    throw Error(describe(node) + ": reduction = " + reduction + "; there are none, sum and mean");
  Lowered to{node};
  std::string x = node.inputs[0];
  if (node.op == "SoftmaxCrossEntropyLoss") {
    // Before opset 13 LogSoftmax takes all axes from the second on as one.
    if (graph.opset < 13 && dims.size() > 2) throw Error(describe(node) + " of more than two axes needs opset 13");
    const bool given = node.outputs.size() > 1 && !node.outputs[1].empty();
    x = to.add("LogSoftmax", {x}, given ? node.outputs[1] : to.name + "log_prob", {{"axis", Index{1}}});
  }
  if (node.outputs[0].empty()) return to.nodes;
  if (batched && !graph.constants.contains(node.inputs[0]))
    throw Error(describe(node) + ": its labels are constants, those of one batch, but the batch has no fixed size");
  const Array& mask = graph.constants[to.name + "mask"] = mask_of(graph, node, dims, reduction == "mean");
  Array counted{Type::boolean, dims, {}};
  for (const double factor : mask.values) counted.values.push_back(factor != 0 ? 1 : 0);
  graph.constants[to.name + "counted"] = std::move(counted);
  graph.constants[to.name + "zero"] = {Type::float32, {}, {0}};
  // What does not count may be the logarithm of 0.
  x = to.add("Where", {to.name + "counted", x, to.name + "zero"}, to.name + "chosen");
  const std::string product = to.add("Mul", {x, to.name + "mask"}, to.name + "product");
  Names inputs{product};
  Attributes attributes{{"keepdims", Index{0}}};
  if (reduction == "none") {
    if (graph.opset < 13) {
      attributes["axes"] = Dims{1};
    } else {
      graph.constants[to.name + "axes"] = {Type::int64, {1}, {1}};
      inputs.push_back(to.name + "axes");
    }
  }
  to.add("ReduceSum", inputs, node.outputs[0], attributes);
  return to.nodes;
}

/// A product of the matrices with the places of all pixels, which are what the identity makes of them.
std::vector<Node> lower_affine_grid(Graph& graph, const Node& node) {
  if (node.inputs.size() < 2 || node.outputs.size() != 1) throw Error(describe(node) + ": it has no size or no output");
  Array size = constant_input(graph, node, 1, "sizes");
  const Dims theta = dims_of(graph, node.inputs[0]);
  const Index axes = static_cast<Index>(size.values.size()) - 2;
  if ((axes != 2 && axes != 3) || theta.size() != 3 || theta[1] != axes || theta[2] != axes + 1)
    throw Error(describe(node) + ": it needs matrices of 2 x 3 for images, of 3 x 4 for volumes");
  if (theta[0] != static_cast<Index>(size.values[0]))
    throw Error(describe(node) + ": its sizes and its matrices have other numbers of samples");
  size.values[0] = 1;
  Array identity{Type::float32, {1, axes, axes + 1}, std::vector<double>(static_cast<std::size_t>(axes * (axes + 1)))};
  for (Index a = 0; a < axes; ++a) identity.values[static_cast<std::size_t>(a * (axes + 2))] = 1;
  const Array grid = evaluate(node, graph.opset, {&identity, &size}).at(0);
  const Index places = count_of(grid.dims) / axes;
  Array base{Type::float32, {axes + 1, places}, std::vector<double>(static_cast<std::size_t>((axes + 1) * places), 1)};
  for (Index i = 0; i < places * axes; ++i)
    base.values[static_cast<std::size_t>(i % axes * places + i / axes)] = grid.values[static_cast<std::size_t>(i)];
  Array shape{Type::int64, {axes + 2}, {0}};
  for (std::size_t a = 1; a < grid.dims.size(); ++a) shape.values.push_back(static_cast<double>(grid.dims[a]));
  Lowered to{node};
  graph.constants[to.name + "base"] = std::move(base);
  graph.constants[to.name + "shape"] = std::move(shape);
  const std::string product = to.add("MatMul", {node.inputs[0], to.name + "base"}, to.name + "product");
  const std::string pixels = to.add("Transpose", {product}, to.name + "pixels", {{"perm", Dims{0, 2, 1}}});
  to.add("Reshape", {pixels, to.name + "shape"}, node.outputs[0]);
  return to.nodes;
}

bool is_loss(const Node& node) { return is_any_of(node.op, {"NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"}); }

}  // namespace

bool is_lowered(const Node& node) { return node.domain.empty() && (is_loss(node) || node.op == "AffineGrid"); }

std::vector<Node> lower(Graph& graph, const Node& node, bool batched) {
  return is_loss(node) ? lower_loss(graph, node, batched) : lower_affine_grid(graph, node);
}

}  // namespace tenon::importing
