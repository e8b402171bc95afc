#include <algorithm>

#include "../interpret.hpp"
#include "carry.hpp"
#include "kinds.hpp"
#include "passes.hpp"
#include "permutation.hpp"

namespace tenon::importing {

namespace {

Dims perm_of(const Edit& edit, const Node& transpose) {
  return perm_of(transpose, edit.dims(transpose.inputs[0]).size());
}

void become_transpose(Edit& edit, Node& node, const std::string& x, const Dims& perm) {
  edit.become(node, "Transpose", {x}, {{"perm", perm}});
  node.name += "/transpose";
}

/// Does a Reshape only take axes of size 1 away? Then it can be done first, and the other axes moved afterwards.
bool sink_below_reshape(Edit& edit, Node& node) {
  const Node* transpose = edit.maker(node.inputs[0], "Transpose");
  if (transpose == nullptr || edit.is_input(transpose->inputs[0])) return false;
  const std::string x = transpose->inputs[0];
  const Dims dims = edit.dims(x), perm = perm_of(edit, *transpose), &to = edit.dims(node.outputs[0]);
  Dims kept, sizes;  // axes of x, in the order in which the Transpose gives them
  for (const std::int64_t axis : perm)
    if (axis == 0 || dims[static_cast<std::size_t>(axis)] != 1) kept.push_back(axis);
  for (const std::int64_t axis : kept) sizes.push_back(dims[static_cast<std::size_t>(axis)]);
  if (perm[0] != 0 || sizes != to) return false;
  Dims sorted = kept, before, order;
  std::ranges::sort(sorted);
  for (const std::int64_t axis : sorted) before.push_back(dims[static_cast<std::size_t>(axis)]);
  for (const std::int64_t axis : kept) order.push_back(std::ranges::find(sorted, axis) - sorted.begin());
  before[0] = 0;
  become_transpose(edit, node, edit.emit(node, "Reshape", {x, edit.add(before)}), order);
  return true;
}

}  // namespace

bool join_transposes(Edit& edit, Node& node) {
  if (node.op != "Transpose") return false;
  const std::string x = node.inputs[0];
  const Dims perm = perm_of(edit, node), &dims = edit.dims(x);
  if (std::ranges::is_sorted(perm)) return edit.forward(node, x), true;
  // A recurrent layer's axes are time, directions, batch: one of size 1 may be the batch.
  const Node* from = edit.maker(x);
  const bool recurrent = from != nullptr && is_any_of(from->op, {"LSTM", "GRU", "RNN"});
  if (!recurrent && moves_nothing(dims, perm)) {
    Dims target = permuted(dims, perm);
    target[0] = 0;
    edit.become(node, "Reshape", {x, edit.add(target)});
    return true;
  }
  const Node* before = edit.maker(x, "Transpose");
  if (before == nullptr) return false;
  const Dims joined = permuted(perm_of(edit, *before), perm);
  edit.become(node, "Transpose", {before->inputs[0]}, {{"perm", joined}});
  return true;
}

/// A Transpose of an input stays where it is: there it is the user's.
bool sink_transpose(Edit& edit, Node& node) {
  if (node.op == "Transpose") return false;
  if (node.op == "Reshape") return sink_below_reshape(edit, node);
  const Node* above = nullptr;
  for (const std::string& input : node.inputs) {
    const Node* transpose = edit.maker(input, "Transpose");
    if (transpose != nullptr && !edit.is_input(transpose->inputs[0])) above = transpose;
  }
  if (above == nullptr) return false;
  const Dims perm = perm_of(edit, *above);
  if (edit.dims(node.outputs[0]).size() != perm.size() && node.integer("keepdims", 1) != 0) return false;
  if (node.outputs.size() > 1 &&
      std::ranges::any_of(node.outputs, [&](const std::string& output) { return edit.is_output(output); }))
    return false;
  auto carried = carry(edit, node, node, perm);
  if (!carried) return false;
  const Names results = edit.emit(node, carried->node, node.outputs.size());
  if (results.size() == 1) {
    become_transpose(edit, node, results[0], carried->perm);
    return true;
  }
  const Names outputs = node.outputs;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!edit.readers(outputs[i]).empty())
      edit.redirect(outputs[i], edit.emit(node, "Transpose", {results[i]}, {{"perm", carried->perm}}));
  return true;
}

/// What only prepares an input (its quantisation, its scale) is done behind the Transpose.
bool lift_transpose(Edit& edit, Node& node) {
  if (node.op != "Transpose") return false;
  const Dims perm = perm_of(edit, node);
  std::vector<const Node*> chain;
  std::string value = node.inputs[0];
  while (edit.read_once(value)) {
    const Node* maker = edit.maker(value);
    if (maker == nullptr || maker->op == "Transpose" || (!is_elementwise(*maker) && !quantizes(*maker))) break;
    if (edit.dims(maker->inputs[0]).size() != perm.size()) break;
    for (std::size_t i = 1; i < maker->inputs.size(); ++i)
      if (maker->has_input(i) && edit.constant(maker->inputs[i]) == nullptr) return false;
    chain.push_back(maker);
    value = maker->inputs[0];
  }
  const Node* top = edit.maker(value, "Transpose");
  const bool from_input = edit.is_input(value) || (top != nullptr && edit.is_input(top->inputs[0]));
  if (chain.empty() || !from_input || edit.readers(value).size() != 1) return false;
  value = edit.emit(node, "Transpose", {value}, {{"perm", perm}});
  for (auto maker = chain.rbegin(); maker != chain.rend(); ++maker)
    value = edit.emit(node, carry(edit, node, **maker, inverse(perm), value)->node, 1)[0];
  edit.forward(node, value);
  return true;
}

}  // namespace tenon::importing
