#include <algorithm>
#include <ranges>

#include "kinds.hpp"
#include "passes.hpp"

namespace tenon::importing {

namespace {

bool is_window(const Node& node) {
  return node.domain.empty() && is_any_of(node.op, {"Conv", "MaxPool", "AveragePool"});
}

/// The sizes of windows along the axes of the image.
Dims kernel_of(const Edit& edit, const Node& node) {
  if (node.has("kernel_shape")) return node.integers("kernel_shape");
  const Dims& weights = edit.dims(node.inputs.at(1));
  return {weights.begin() + 2, weights.end()};
}

/// "SAME" in numbers: what windows need beyond the image is shared, the odd one at the end for SAME_UPPER.
Dims explicit_pads(const Edit& edit, const Node& node, const std::string& word) {
  const Dims kernel = kernel_of(edit, node), &in = edit.dims(node.inputs[0]), &out = edit.dims(node.outputs[0]);
  const std::size_t axes = kernel.size();
  const Dims strides = node.integers("strides", Dims(axes, 1)), dilations = node.integers("dilations", Dims(axes, 1));
  Dims pads(2 * axes, 0);
  for (std::size_t i = 0; i < axes && word != "VALID"; ++i) {
    const std::int64_t reach = (kernel[i] - 1) * dilations[i] + 1;
    const std::int64_t all = std::max<std::int64_t>(0, (out[i + 2] - 1) * strides[i] + reach - in[i + 2]);
    pads[i] = word == "SAME_UPPER" ? all / 2 : all - all / 2;
    pads[i + axes] = all - pads[i];
  }
  return pads;
}

/// Is nothing that the value holds below 0?
bool is_positive(const Edit& edit, const std::string& value) {
  const Node* node = edit.maker(value);
  if (node == nullptr) return false;
  if (node->op != "Clip")
    return is_any_of(node->op, {"Relu", "Sigmoid", "HardSigmoid", "Softplus", "Softmax", "Exp", "Abs"});
  if (node->has("min")) return node->number("min", -1) >= 0;
  return node->has_input(1) && edit.scalar(node->inputs[1]).value_or(-1) >= 0;
}

/// The number around the image; none where it is not known, or the Pad does something else.
std::optional<double> padded_with(const Edit& edit, const Node& pad) {
  if (pad.text("mode", "constant") != "constant" || pad.has_input(3)) return std::nullopt;
  if (pad.has("value")) return pad.number("value", 0);
  return pad.has_input(2) ? edit.scalar(pad.inputs[2]) : 0.0;
}

/// Does it make no difference whether the window knows that there is nothing around the image?
bool may_join(const Edit& edit, const Node& node, const std::string& image, double around) {
  if (node.op != "MaxPool") return around == 0;
  return around <= -0x1.fffffep+127 || (around == 0 && is_positive(edit, image));
}

}  // namespace

bool pad_windows(Edit& edit, Node& node) {
  if (!is_window(node)) return false;
  Attributes attributes = node.attributes;
  const std::string word = node.text("auto_pad", "NOTSET");
  if (word != "NOTSET") {
    attributes.erase("auto_pad");
    attributes["pads"] = explicit_pads(edit, node, word);
    edit.become(node, node.op, node.inputs, attributes);
    return true;
  }
  const Node* pad = edit.maker(node.inputs[0], "Pad");
  if (pad == nullptr || node.outputs.size() > 1) return false;
  const auto around = padded_with(edit, *pad);
  const auto added = edit.integers(*pad, "pads", 1);
  const std::size_t rank = edit.dims(node.inputs[0]).size(), axes = rank - 2;
  if (!around || !added || added->size() != 2 * rank || !may_join(edit, node, pad->inputs[0], *around)) return false;
  if ((*added)[0] != 0 || (*added)[1] != 0 || (*added)[rank] != 0 || (*added)[rank + 1] != 0) return false;
  Dims pads = node.integers("pads", Dims(2 * axes, 0));
  const Dims kernel = kernel_of(edit, node);
  // A pool over places around the image has to count them, and none of its windows may see nothing else.
  const bool own_pads = std::ranges::any_of(pads, [](std::int64_t size) { return size != 0; });
  const bool counts = node.integer("count_include_pad", 0) != 0;
  if (node.op == "AveragePool" && ((own_pads && !counts) || node.integer("ceil_mode", 0) != 0)) return false;
  for (std::size_t i = 0; i < 2 * axes; ++i) {
    const std::int64_t more = (*added)[i < axes ? i + 2 : i - axes + rank + 2];
    pads[i] += more;
    if (more < 0 || (node.op != "Conv" && pads[i] >= kernel[i % axes])) return false;
  }
  attributes["pads"] = pads;
  if (node.op == "AveragePool") attributes["count_include_pad"] = std::int64_t{1};
  Names inputs = node.inputs;
  inputs[0] = pad->inputs[0];
  edit.become(node, node.op, inputs, attributes);
  return true;
}

bool pool_globally(Edit& edit, Node& node) {
  if (!node.domain.empty() || node.outputs.size() != 1) return false;
  const bool reduces = is_any_of(node.op, {"ReduceMean", "ReduceMax"});
  if (!reduces && !is_any_of(node.op, {"AveragePool", "MaxPool"})) return false;
  const std::string image = node.inputs[0],
                    op = is_any_of(node.op, {"ReduceMean", "AveragePool"}) ? "GlobalAveragePool" : "GlobalMaxPool";
  const Dims in = edit.dims(image);
  const auto rank = static_cast<std::int64_t>(in.size());
  if (!reduces) {
    const bool pads = std::ranges::any_of(node.integers("pads"), [](std::int64_t size) { return size != 0; });
    if (pads || node.has("auto_pad") || node.has("dilations") ||
        !std::ranges::equal(node.integers("kernel_shape"), in | std::views::drop(2)))
      return false;
    edit.become(node, op, {image});
    return true;
  }
  // Of three axes the last may be features as well as places.
  auto axes = edit.integers(node, "axes", 1);
  if (!axes || rank < 4 || static_cast<std::int64_t>(axes->size()) != rank - 2) return false;
  for (std::int64_t& axis : *axes) axis += axis < 0 ? rank : 0;
  if (std::ranges::any_of(*axes, [](std::int64_t axis) { return axis < 2; })) return false;
  if (node.integer("keepdims", 1) != 0) return edit.become(node, op, {image}), true;
  // the pool is what the file calls by this name
  const std::string pooled = edit.emit(node, Node{node.name, op, {}, {image}, {}, {}}, 1).front();
  edit.become(node, "Reshape", {pooled, edit.add(Dims{0, in[1]})});
  return true;
}

}  // namespace tenon::importing
