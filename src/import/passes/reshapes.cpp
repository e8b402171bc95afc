#include <algorithm>

#include "kinds.hpp"
#include "passes.hpp"

namespace tenon::importing {

namespace {

bool is_recurrent(const Node* node) { return node != nullptr && is_any_of(node->op, {"LSTM", "GRU", "RNN"}); }

/// Where the first axis stays, 0 says so for any batch; else the sizes themselves.
Dims target_of(const Dims& from, Dims to) {
  if (!from.empty() && !to.empty() && from[0] == to[0]) to[0] = 0;
  return to;
}

bool become_reshape(Edit& edit, Node& node, const std::string& from) {
  const Dims target = target_of(edit.dims(from), edit.dims(node.outputs[0]));
  if (node.op == "Reshape" && from == node.inputs[0] && edit.integers(node, "shape", 1) == target) return false;
  edit.become(node, "Reshape", {from, edit.add(target)});
  return true;
}

}  // namespace

bool join_reshapes(Edit& edit, Node& node) {
  if (!is_any_of(node.op, {"Reshape", "Flatten", "Squeeze", "Unsqueeze"}) || !node.domain.empty()) return false;
  const std::string& from = node.inputs[0];
  // A recurrent layer's axes are time, directions, batch: which of them is the batch, sizes do not say.
  if (is_recurrent(edit.maker(from)) && node.op != "Reshape") return false;
  if (const Node* before = edit.maker(from, "Reshape")) return become_reshape(edit, node, before->inputs[0]);
  const Dims& dims = edit.dims(from);
  if (node.op == "Reshape" && !dims.empty() && dims[0] != 1) return false;
  return become_reshape(edit, node, from);
}

bool modernize(Edit& edit, Node& node) {
  if (is_recurrent(&node)) {
    // Without initial states they are zeros anyway.
    Names inputs = node.inputs;
    bool changed = false;
    for (std::size_t i = 5; i < std::min<std::size_t>(inputs.size(), 7); ++i) {
      const Array* state = edit.constant(inputs[i]);
      if (state == nullptr || std::ranges::any_of(state->values, [](double value) { return value != 0; })) continue;
      inputs[i].clear();
      changed = true;
    }
    while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
    if (changed) edit.become(node, node.op, inputs, node.attributes);
    return changed;
  }
  if (!is_any_of(node.op, {"Softmax", "LogSoftmax", "Hardmax"})) return false;
  const Dims dims = edit.dims(node.inputs[0]);
  const auto rank = static_cast<std::int64_t>(dims.size());
  const bool old = edit.opset() < 13;
  const std::int64_t given = node.integer("axis", old ? 1 : -1), axis = given < 0 ? given + rank : given;
  const auto from = dims.begin() + axis;
  const bool flattens = old ? axis + 1 < rank
                            : axis + 1 < rank && std::all_of(from + 1, dims.end(), [](auto size) { return size == 1; });
  if (!flattens) {
    if (node.has("axis") && given == axis) return false;
    edit.become(node, node.op, node.inputs, {{"axis", axis}});
    return true;
  }
  Dims rows(dims.begin(), from);
  rows.push_back(count_of({from, dims.end()}));
  const std::string flat = edit.emit(node, "Reshape", {node.inputs[0], edit.add(target_of(dims, rows))});
  const std::string normalized = edit.emit(node, node.op, {flat}, {{"axis", axis}});
  edit.become(node, "Reshape", {normalized, edit.add(target_of(rows, dims))});
  return true;
}

}  // namespace tenon::importing
