#include <algorithm>
#include <numeric>

#include "passes.hpp"

namespace tenon::importing {

namespace {

bool all_zero(const std::optional<Dims>& list) {
  return list && std::ranges::all_of(*list, [](std::int64_t number) { return number == 0; });
}

/// Does the node give its first input as it is?
bool is_idle(const Edit& edit, const Node& node) {
  const std::string& op = node.op;
  if (op == "Identity") return true;
  if (op == "Dropout") return std::ranges::all_of(node.outputs.begin() + 1, node.outputs.end(), [&](const std::string& mask) {
    return mask.empty() || (edit.readers(mask).empty() && !edit.is_output(mask));
  });
  if (node.inputs.empty() || node.inputs[0].empty() || node.outputs.size() != 1) return false;
  const bool same_dims = edit.dims(node.inputs[0]) == edit.dims(node.outputs[0]);
  if (op == "Cast" || op == "CastLike") return edit.type(node.inputs[0]) == edit.type(node.outputs[0]);
  if (op == "Reshape" || op == "Flatten" || op == "Squeeze" || op == "Unsqueeze" || op == "Expand" || op == "Tile") return same_dims;
  if (op == "Pad") return all_zero(edit.integers(node, "pads", 1));
  if (op == "Concat" || op == "Sum" || op == "Mean" || op == "Max" || op == "Min") return node.inputs.size() == 1;
  if (op == "Slice") {
    const auto steps = edit.integers(node, "steps", 4);
    const bool forward = !node.has_input(4) || (steps && std::ranges::all_of(*steps, [](std::int64_t step) { return step == 1; }));
    return same_dims && forward;
  }
  if (op == "Split") return same_dims;
  if (op == "Add" || op == "Sub") return same_dims && edit.scalar(node.inputs[1]) == 0.0;
  if (op == "Mul" || op == "Div") return same_dims && edit.scalar(node.inputs[1]) == 1.0;
  return false;
}

}  // namespace

bool remove_idle(Edit& edit, Node& node) {
  if (!node.domain.empty() || !is_idle(edit, node)) return false;
  const std::string& value = node.inputs[0];
  if (edit.is_output(node.outputs[0]) && (edit.maker(value) == nullptr || edit.is_output(value))) return false;
  if (node.outputs.size() > 1) node.outputs.resize(1);
  edit.forward(node, value);
  return true;
}

}  // namespace tenon::importing
