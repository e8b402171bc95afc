#include <algorithm>

#include <tenon/error.hpp>

#include "../../io/words.hpp"
#include "kinds.hpp"
#include "passes.hpp"

namespace tenon::importing {

namespace {

/// A run of axes alone, with two samples where the graph has one.
struct Two {
  const Graph& graph;
  std::map<std::string, Value> values = graph.values;
  std::map<std::string, std::size_t> batch{};  // the axis that it is, of all values that depend on inputs

  static std::string not_apart(const std::string& what) { return "the samples of a batch do not stay apart: " + what; }
  static std::string elsewhere(std::size_t axis, const std::string& name) {
    return "the batch is axis " + std::to_string(axis) + " of " + detail::quoted_text(name);
  }
  [[noreturn]] static void refuse(const std::string& what) { throw Error(not_apart(what)); }
  [[noreturn]] static void refuse_mixing(const std::string& name) { refuse(detail::quoted_text(name) + " mixes them"); }

  bool depends(const std::string& name) const { return batch.contains(name); }

  /// The one axis of a value that is twice as long with two samples.
  std::size_t batch_of(const std::string& name) const {
    const Dims &one = *graph.values.at(name).dims, &two = *values.at(name).dims;
    std::vector<std::size_t> changed;
    for (std::size_t i = 0; i < one.size() && two.size() == one.size(); ++i)
      if (one[i] != two[i]) changed.push_back(i);
    if (changed.size() != 1 || one[changed[0]] != 1 || two[changed[0]] != 2) refuse_mixing(name);
    return changed[0];
  }

  /// Does the node work along the batch, so that what it gives has the right axes and yet is wrong?
  bool works_along_batch(const Node& node) const {
    if (node.inputs.empty() || !depends(node.inputs[0])) return false;
    const auto rank = static_cast<std::int64_t>(values.at(node.inputs[0]).dims->size());
    const auto place = static_cast<std::int64_t>(batch.at(node.inputs[0]));
    const auto is_batch = [&](std::int64_t axis) { return (axis < 0 ? axis + rank : axis) == place; };
    if (is_any_of(node.op, {"Softmax", "LogSoftmax", "Hardmax", "LpNormalization"}))
      return is_batch(node.integer("axis", -1));
    if (is_any_of(node.op, {"LayerNormalization", "RMSNormalization"})) {
      const std::int64_t axis = node.integer("axis", -1);
      return place >= (axis < 0 ? axis + rank : axis);
    }
    // Constant indices are those of one batch, however large: of a larger one the rest would not be hit.
    if (is_any_of(node.op, {"Scatter", "ScatterElements", "ScatterND"})) return true;
    if (node.op == "MeanVarianceNormalization") return std::ranges::any_of(node.integers("axes", {0, 2, 3}), is_batch);
    if (node.op != "CumSum") return false;
    const auto axis = graph.constants.find(node.inputs.at(1));
    return axis == graph.constants.end() || is_batch(static_cast<std::int64_t>(axis->second.values.at(0)));
  }

  void run(const Node& node) {
    std::vector<Array> results;
    try {
      results = infer(graph, node, values);
    } catch (const Error& error) {
      refuse(error.what());
    }
    const bool reads = std::ranges::any_of(node.inputs, [&](const std::string& name) { return depends(name); });
    const bool mixes = works_along_batch(node);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const std::string& name = node.outputs[i];
      if (name.empty()) continue;
      if (mixes) refuse_mixing(name);
      values[name] = {name, results[i].type, results[i].dims};
      if (reads) batch[name] = batch_of(name);
    }
  }
};

}  // namespace

/// The batch may be moved to another axis on the way, as in front of a recurrent layer, if it comes back.
void check_samples(const Graph& graph) {
  Two two{graph};
  for (const Value& input : graph.inputs) {
    two.values[input.name].dims->front() = 2;
    two.batch[input.name] = 0;
  }
  for (const Node& node : graph.nodes) two.run(node);
  for (const Value& output : graph.outputs) {
    if (!two.depends(output.name) || two.batch[output.name] == 0) continue;
    Two::refuse(Two::elsewhere(two.batch[output.name], output.name));
  }
}

void refuse_mixed_samples(Graph& graph) {
  Two two{graph};
  for (const Value& input : graph.inputs) {
    two.values[input.name].dims->front() = 2;
    two.batch[input.name] = 0;
  }
  std::erase_if(graph.nodes, [&](const Node& node) {
    const bool lost = reads_lost(graph, node);
    if (lost) graph.lose(node.outputs, node.inputs);
    try {
      if (!lost) two.run(node);
      return lost;
    } catch (const Error& error) {
      graph.refuse(error.what(), node.outputs, node.inputs);
      return true;
    }
  });
  std::erase_if(graph.outputs, [&](const Value& output) {
    if (graph.lost.contains(output.name)) return true;
    if (const auto axis = two.batch.find(output.name); axis != two.batch.end() && axis->second != 0)
      graph.refused.push_back(Two::not_apart(Two::elsewhere(axis->second, output.name)));
    return false;
  });
}

}  // namespace tenon::importing
