#include "multihead_pieces.hpp"

#include <algorithm>
#include <numeric>

#include "../interpret.hpp"
#include "kinds.hpp"

namespace tenon::importing {

bool Way::turn() { return step({"Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Identity"}); }
bool Way::move() { return turn() || step({"Split", "Slice", "Gather"}); }

/// What is rounded has its own scale: nothing is multiplied before.
bool Way::scale() {
  const Node* node = edit_.maker(value_);
  if (rounding_ || node == nullptr || !is_any_of(node->op, {"Mul", "Div"})) return false;
  const std::size_t number = edit_.scalar(node->inputs[1]) ? 1 : 0;
  const auto factor = edit_.scalar(node->inputs[number]);
  const std::string& rest = node->inputs[1 - number];
  const bool divides = node->op == "Div";
  if (!factor || edit_.constant(rest) != nullptr || edit_.dims(rest) != edit_.dims(value_)) return false;
  if (divides && (number == 0 || *factor == 0)) return false;
  scale_ *= divides ? 1 / *factor : *factor;
  nodes_.push_back(node);
  value_ = rest;
  return true;
}

bool Way::round() {
  const Node* const reals = edit_.maker(value_, "DequantizeLinear");
  const Node* const integers = reals != nullptr ? edit_.maker(reals->inputs[0], "QuantizeLinear") : nullptr;
  if (rounding_ || integers == nullptr || !reals->has_input(2) || !integers->has_input(2)) return false;
  const auto scale = edit_.scalar(reals->inputs[1]), zero = edit_.scalar(reals->inputs[2]);
  if (!scale || !zero || edit_.scalar(integers->inputs[1]) != scale || edit_.scalar(integers->inputs[2]) != zero)
    return false;
  const Type type = edit_.type(reals->inputs[2]);
  if ((type != Type::int8 && type != Type::uint8) || edit_.type(integers->inputs[2]) != type) return false;
  rounding_ = Int8Rounding{*scale, *zero - (type == Type::uint8 ? 128 : 0)};
  nodes_.insert(nodes_.end(), {reals, integers});
  value_ = integers->inputs[0];
  return true;
}

Moved Way::moved() const {
  Array places{Type::int64, edit_.dims(value_), {}};
  places.values.resize(static_cast<std::size_t>(count_of(places.dims)));
  std::iota(places.values.begin(), places.values.end(), 0.0);
  for (auto link = links_.rbegin(); link != links_.rend(); ++link) {
    std::vector<const Array*> inputs{&places};
    const Names& names = link->first->inputs;
    for (std::size_t i = 1; i < names.size(); ++i)
      inputs.push_back(names[i].empty() ? nullptr : edit_.constant(names[i]));
    places = evaluate(*link->first, edit_.opset(), inputs).at(link->second);
  }
  return {value_, {places.values.begin(), places.values.end()}, scale_};
}

bool Way::step(std::initializer_list<std::string_view> ops) {
  const Node* node = edit_.maker(value_);
  if (node == nullptr || !node->domain.empty() || !is_any_of(node->op, ops)) return false;
  if (edit_.constant(node->inputs[0]) != nullptr) return false;
  for (std::size_t i = 1; i < node->inputs.size(); ++i)
    if (node->has_input(i) && edit_.constant(node->inputs[i]) == nullptr) return false;
  links_.emplace_back(node, std::ranges::find(node->outputs, value_) - node->outputs.begin());
  nodes_.push_back(node);
  value_ = node->inputs[0];
  return true;
}

Given given(const Edit& edit, const std::string& value) {
  if (const Array* const numbers = edit.constant(value)) return {numbers};
  const Node* const node = edit.maker(value, "DequantizeLinear");
  if (node == nullptr || !node->domain.empty() || node->integer("block_size", 0) != 0) return {};
  const Array *numbers = edit.constant(node->inputs[0]), *scale = edit.constant(node->inputs[1]),
              *zero = node->has_input(2) ? edit.constant(node->inputs[2]) : nullptr;
  if (numbers == nullptr || scale == nullptr || (node->has_input(2) && zero == nullptr)) return {};
  if (zero != nullptr && std::ranges::any_of(zero->values, [](double z) { return z != 0; })) return {};
  if (numbers->type != Type::int8 && numbers->type != Type::int32) return {};
  const auto rank = static_cast<std::int64_t>(numbers->dims.size()), axis = node->integer("axis", 1);
  return {numbers, scale, axis < 0 ? axis + rank : axis};
}

namespace {

bool set_bias(Projection& p, const Given& bias) {
  if (bias.numbers == nullptr || (bias.scale == nullptr) != (p.weight.scale == nullptr)) return false;
  const Array& b = *bias.numbers;
  const bool fits = b.values.size() == 1 || (b.values.size() == p.outputs() && !b.dims.empty() &&
                                             static_cast<std::size_t>(b.dims.back()) == p.outputs());
  if (fits) p.bias = bias;
  return fits;
}

}  // namespace

std::optional<Projection> projection(const Edit& edit, const std::string& value) {
  const Node* node = edit.maker(value);
  if (node == nullptr || !node->domain.empty()) return std::nullopt;
  if (node->op == "Add") {
    for (const std::size_t i : {0U, 1U}) {
      const Given bias = given(edit, node->inputs[i]);
      if (bias.numbers == nullptr) continue;
      auto inner = projection(edit, node->inputs[1 - i]);
      if (!inner || inner->bias.numbers != nullptr || edit.dims(value) != edit.dims(node->inputs[1 - i]) ||
          !set_bias(*inner, bias))
        return std::nullopt;
      inner->nodes.push_back(node);
      return inner;
    }
    return std::nullopt;
  }
  const bool gemm = node->op == "Gemm";
  if (!gemm && node->op != "MatMul") return std::nullopt;
  if (gemm && (node->number("alpha", 1) != 1 || node->number("beta", 1) != 1 || node->integer("transA", 0) != 0))
    return std::nullopt;
  const Given weight = given(edit, node->inputs[1]);
  if (weight.numbers == nullptr || weight.numbers->dims.size() != 2) return std::nullopt;
  if (edit.constant(node->inputs[0]) != nullptr || edit.dims(node->inputs[0]).size() < 2) return std::nullopt;
  Projection found{node->inputs[0], weight, gemm && node->integer("transB", 0) != 0, {}, {node}};
  if (weight.scale != nullptr && weight.scale->values.size() > 1 && weight.axis != (found.outputs_first ? 0 : 1))
    return std::nullopt;
  if (node->has_input(2) && !set_bias(found, given(edit, node->inputs[2]))) return std::nullopt;
  return found;
}

}  // namespace tenon::importing
