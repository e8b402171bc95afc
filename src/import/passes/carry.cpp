#include "carry.hpp"

#include <algorithm>
#include <numeric>

#include "kinds.hpp"
#include "permutation.hpp"

namespace tenon::importing {

namespace {

struct Carrier {
  Edit& edit;
  Node& place;
  const Node& node;
  const Dims& perm;
  const std::string& given;

  std::size_t rank() const { return perm.size(); }
  std::int64_t moved(std::int64_t axis) const {
    return perm[static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank()) : axis)];
  }

  /// What a Transpose with our perm reads, "" for anything else.
  std::string behind(std::size_t i) const {
    if (i == 0 && !given.empty()) return given;
    const Node* transpose = edit.maker(node.inputs[i], "Transpose");
    return transpose != nullptr && perm_of(*transpose, rank()) == perm ? transpose->inputs[0] : std::string();
  }

  /// The node with its first input from behind the Transpose, and its axes on the way as the caller has changed them.
  std::optional<Carried> with(Attributes attributes, Names rest = {}) const {
    Names inputs = node.inputs;
    inputs[0] = behind(0);
    if (inputs[0].empty()) return std::nullopt;
    if (!rest.empty()) std::ranges::copy(rest, inputs.begin() + 1);
    return Carried{{node.name, node.op, {}, inputs, {}, std::move(attributes)}, perm};
  }

  Attributes with_axis(std::int64_t otherwise) const {
    Attributes attributes = node.attributes;
    attributes["axis"] = moved(node.integer("axis", otherwise));
    return attributes;
  }

  bool can_turn(std::size_t i) const {
    if (node.inputs[i].empty() || !behind(i).empty() || edit.scalar(node.inputs[i])) return true;
    const Dims& dims = edit.dims(node.inputs[i]);
    if (edit.constant(node.inputs[i]) != nullptr) return dims.size() <= rank();
    return dims.size() == rank() && moves_nothing(dims, inverse(perm));
  }

  /// An input as it is without the Transpose: constants and what has few axes larger than 1 are transposed back.
  std::string transposed(std::size_t i) const {
    if (node.inputs[i].empty()) return {};
    if (const std::string x = behind(i); !x.empty()) return x;
    if (edit.scalar(node.inputs[i])) return node.inputs[i];
    const Array* constant = edit.constant(node.inputs[i]);
    if (constant == nullptr) return edit.emit(place, "Transpose", {node.inputs[i]}, {{"perm", inverse(perm)}});
    Array wide = *constant;
    wide.dims.insert(wide.dims.begin(), rank() - wide.dims.size(), 1);
    return edit.emit(place, "Transpose", {edit.add(std::move(wide))}, {{"perm", inverse(perm)}});
  }

  std::optional<Carried> elementwise() const {
    Names inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (!can_turn(i)) return std::nullopt;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(transposed(i));
    return Carried{{node.name, node.op, {}, inputs, {}, node.attributes}, perm};
  }

  std::optional<Carried> concat() const {
    if (edit.dims(node.outputs[0]).size() != rank()) return std::nullopt;
    auto carried = elementwise();
    if (carried) carried->node.attributes = with_axis(0);
    return carried;
  }

  std::optional<Carried> quantization() const {
    Attributes attributes = node.attributes;
    if (!edit.scalar(node.inputs[1])) attributes = with_axis(1);
    return with(attributes);
  }

  /// Without keepdims the axes that stay close up.
  std::optional<Carried> reduction() const {
    const auto axes = edit.integers(node, "axes", 1);
    if (!axes || axes->empty()) return std::nullopt;
    Dims over;
    for (const std::int64_t axis : *axes) over.push_back(moved(axis));
    std::ranges::sort(over);
    Attributes attributes = node.attributes;
    Names rest;
    if (node.has("axes")) {
      attributes["axes"] = over;
    } else {
      rest = {edit.add(over)};
    }
    auto carried = with(attributes, rest);
    if (!carried || node.integer("keepdims", 1) != 0) return carried;
    carried->perm.clear();
    for (const std::int64_t axis : perm)
      if (!std::ranges::binary_search(over, axis))
        carried->perm.push_back(axis - (std::ranges::lower_bound(over, axis) - over.begin()));
    return carried;
  }

  std::optional<Carried> pad() const {
    const auto pads = edit.integers(node, "pads", 1);
    if (!pads || pads->size() != 2 * rank() || node.has_input(3)) return std::nullopt;
    Dims ours(2 * rank());
    for (std::size_t i = 0; i < rank(); ++i) {
      ours[source_axis(perm, i)] = (*pads)[i];
      ours[source_axis(perm, i) + rank()] = (*pads)[i + rank()];
    }
    Attributes attributes = node.attributes;
    if (!node.has("pads")) return with(attributes, {edit.add(ours)});
    attributes["pads"] = ours;
    return with(attributes);
  }

  std::optional<Carried> slice() const {
    if (!node.has_input(1)) return std::nullopt;
    auto axes = edit.integers(node, "axes", 3);
    if (!axes && node.has_input(3)) return std::nullopt;
    if (!axes) {
      axes.emplace(static_cast<std::size_t>(edit.dims(node.inputs[1]).at(0)));
      std::iota(axes->begin(), axes->end(), std::int64_t{0});
    }
    for (std::int64_t& axis : *axes) axis = moved(axis);
    Names inputs = node.inputs;
    inputs.resize(std::max<std::size_t>(inputs.size(), 4));
    inputs[0] = behind(0);
    inputs[3] = edit.add(*axes);
    return Carried{{node.name, node.op, {}, inputs, {}, node.attributes}, perm};
  }
};

}  // namespace

std::optional<Carried> carry(Edit& edit, Node& place, const Node& node, const Dims& perm, const std::string& x) {
  const Carrier carrier{edit, place, node, perm, x};
  if (!node.domain.empty() || node.inputs.empty() || node.inputs[0].empty()) return std::nullopt;
  if (is_elementwise(node)) return carrier.elementwise();
  if (node.op == "Concat") return carrier.concat();
  if (edit.dims(node.inputs[0]).size() != perm.size() || carrier.behind(0).empty()) return std::nullopt;
  if (node.op == "Split") return carrier.with(carrier.with_axis(0));
  if (is_any_of(node.op, {"Softmax", "LogSoftmax"}) && edit.opset() >= 13) return carrier.with(carrier.with_axis(-1));
  if (quantizes(node)) return carrier.quantization();
  if (is_any_of(node.op, {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL2"}))
    return carrier.reduction();
  if (node.op == "Pad") return carrier.pad();
  if (node.op == "Slice") return carrier.slice();
  // These know which axis is the channels.
  const bool keeps_channels = perm.size() > 1 && perm[0] == 0 && perm[1] == 1;
  if (is_any_of(node.op, {"BatchNormalization", "InstanceNormalization", "GroupNormalization"}) && keeps_channels)
    return carrier.with(node.attributes);
  return std::nullopt;
}

}  // namespace tenon::importing
