#include <algorithm>
#include <functional>

#include "kinds.hpp"
#include "passes.hpp"

namespace tenon::importing {

namespace {

using Numbers = std::vector<double>;

/// A constant that is one number for each channel (axis 1) of a value with these axes.
const Array* per_channel(const Edit& edit, const std::string& name, const Dims& dims) {
  const Array* array = edit.constant(name);
  if (array == nullptr || dims.size() < 2 || array->dims.size() > dims.size()) return nullptr;
  if (static_cast<std::int64_t>(array->values.size()) != dims[1]) return nullptr;
  const std::size_t missing = dims.size() - array->dims.size();
  for (std::size_t i = 0; i < array->dims.size(); ++i)
    if (array->dims[i] != (i + missing == 1 ? dims[1] : 1)) return nullptr;
  return missing < 2 ? array : nullptr;
}

/// y = x op numbers, or numbers + x, numbers x.
struct Step {
  std::string x, op;
  Numbers numbers;
  Type type;
};

std::optional<Step> step_of(const Edit& edit, const Node& node) {
  if (!node.domain.empty() || !is_any_of(node.op, {"Add", "Sub", "Mul", "Div"})) return std::nullopt;
  const Dims& dims = edit.dims(node.outputs[0]);
  for (const std::size_t i : {1U, 0U}) {
    const Array* array = per_channel(edit, node.inputs[i], dims);
    if (array == nullptr || edit.dims(node.inputs[1 - i]) != dims || (i == 0 && is_any_of(node.op, {"Sub", "Div"})))
      continue;
    Step step{node.inputs[1 - i], node.op, array->values, array->type};
    if (node.op == "Sub")
      std::ranges::transform(step.numbers, step.numbers.begin(), [](double value) { return -value; });
    if (node.op == "Div")
      std::ranges::transform(step.numbers, step.numbers.begin(), [](double value) { return 1 / value; });
    step.op = is_any_of(node.op, {"Add", "Sub"}) ? "Add" : "Mul";
    return step;
  }
  return std::nullopt;
}

std::string vector(Edit& edit, Numbers numbers, Type type) {
  const auto count = static_cast<std::int64_t>(numbers.size());
  return edit.add(Array{type, {count}, std::move(numbers)});
}

/// The constant at an input, changed number by number; zeros where there is none.
template <class Change>
std::string changed(Edit& edit, const Node& node, std::size_t input, const Step& step, Change change) {
  Numbers numbers = node.has_input(input) ? edit.constant(node.inputs[input])->values : Numbers(step.numbers.size(), 0);
  std::ranges::transform(numbers, step.numbers, numbers.begin(), change);
  return vector(edit, std::move(numbers), step.type);
}

/// A constant that is one number for each feature of a value with these axes: along the last one of vectors and
/// sequences, for each channel of images.
bool is_per_feature(const Edit& edit, const std::string& name, const Dims& dims) {
  if (dims.size() == 4) return per_channel(edit, name, dims) != nullptr;
  const Array* array = edit.constant(name);
  if (array == nullptr || dims.size() < 2 || array->dims.empty() || array->dims.size() > dims.size()) return false;
  return array->dims.back() == dims.back() && static_cast<std::int64_t>(array->values.size()) == dims.back();
}

/// x op c with a constant for each feature: which input c is; none where the node is nothing of the kind.
std::optional<std::size_t> feature_constant(const Edit& edit, const Node& node, std::string_view op) {
  if (!node.domain.empty() || node.op != op || node.inputs.size() != 2) return std::nullopt;
  const Dims& dims = edit.dims(node.outputs[0]);
  for (const std::size_t i : {1U, 0U})
    if (edit.dims(node.inputs[1 - i]) == dims && is_per_feature(edit, node.inputs[i], dims) &&
        (i == 1 || is_any_of(op, {"Add", "Mul"})))
      return i;
  return std::nullopt;
}

/// Whether nothing but the two nodes stands between a value and an output. Behind a convolution, or what else factors
/// and summands join, they are a normalisation's.
bool ends_in_units(const Edit& edit, const std::string& x, const Node& last) {
  const Node* maker = edit.maker(x);
  const bool joins = maker != nullptr &&
                     is_any_of(maker->op, {"Conv", "ConvTranspose", "BatchNormalization", "InstanceNormalization",
                                           "GroupNormalization", "Add", "Sub", "Mul", "Div"});
  return !joins && edit.is_output(last.outputs[0]) && edit.readers(last.outputs[0]).empty();
}

/// (x - center) / scale as the first thing that becomes of an input, x unit + offset as the last thing in front of an
/// output: the features' own units, which do not learn.
bool name_units(Edit& edit, Node& node) {
  const bool first = node.op == "Div";
  const auto second = feature_constant(edit, node, first ? "Div" : "Add");
  if (!second) return false;
  const std::string& between = node.inputs[1 - *second];
  const Node* before = edit.maker(between, first ? "Sub" : "Mul");
  if (before == nullptr || !edit.read_once(between)) return false;
  const auto constant = feature_constant(edit, *before, before->op);
  if (!constant) return false;
  const std::string x = before->inputs[1 - *constant];
  const bool outermost = first ? edit.is_input(x) && edit.read_once(x) : ends_in_units(edit, x, node);
  if (!outermost) return false;
  edit.become(node, first ? "Standardize" : "Unstandardize", {x, before->inputs[*constant], node.inputs[*second]});
  return true;
}
/// A factor whose summand name_units will find.
bool begins_units(const Edit& edit, const Node& node) {
  if (node.op != "Mul" || !edit.read_once(node.outputs[0])) return false;
  const Node& next = *edit.readers(node.outputs[0])[0];
  const auto constant = feature_constant(edit, node, "Mul");
  return constant && feature_constant(edit, next, "Add") && ends_in_units(edit, node.inputs[1 - *constant], next);
}

bool has_constants(const Edit& edit, const Node& node, std::size_t from) {
  for (std::size_t i = from; i < node.inputs.size(); ++i)
    if (node.has_input(i) && edit.constant(node.inputs[i]) == nullptr) return false;
  return true;
}

}  // namespace

/// Behind a convolution what is added becomes its bias. What is multiplied becomes a BatchNormalization, y = (x - mean)
/// / sqrt(variance + epsilon) scale + bias, with variance + epsilon = 1, and so does what is subtracted in front of
/// that; what follows goes into its scale and bias. At the ends of a network they are units of its numbers.
bool scale_channels(Edit& edit, Node& node) {
  if (name_units(edit, node)) return true;
  if (begins_units(edit, node)) return false;
  const auto step = step_of(edit, node);
  if (!step) return false;
  const bool adds = step->op == "Add";
  const Node* before = edit.maker(step->x);
  if (before != nullptr && edit.read_once(step->x) && before->domain.empty() && before->outputs.size() == 1) {
    const Node from = *before;
    Names inputs = from.inputs;
    if (adds && is_any_of(from.op, {"Conv", "ConvTranspose"}) && has_constants(edit, from, 2)) {
      inputs.resize(3);
      inputs[2] = changed(edit, from, 2, *step, std::plus<>());
      return edit.become(node, from.op, inputs, from.attributes), true;
    }
    const bool normalises = is_any_of(from.op, {"BatchNormalization", "InstanceNormalization", "GroupNormalization"});
    // old opsets have the factors of a GroupNormalization for groups
    if (normalises && has_constants(edit, from, 1) &&
        edit.constant(from.inputs[1])->values.size() == step->numbers.size()) {
      if (!adds) inputs[1] = changed(edit, from, 1, *step, std::multiplies<>());
      inputs[2] = adds ? changed(edit, from, 2, *step, std::plus<>())
                       : changed(edit, from, 2, *step, std::multiplies<>());
      return edit.become(node, from.op, inputs, from.attributes), true;
    }
  }
  if (adds) return false;
  std::string x = step->x;
  Numbers mean(step->numbers.size(), 0);
  if (const auto shift = before != nullptr && edit.read_once(x) ? step_of(edit, *before) : std::nullopt;
      shift && shift->op == "Add") {
    std::ranges::transform(shift->numbers, mean.begin(), [](double value) { return -value; });
    x = shift->x;
  }
  constexpr double epsilon = 1e-5;
  const std::size_t channels = step->numbers.size();
  const std::string scale = vector(edit, step->numbers, step->type),
                    bias = vector(edit, Numbers(channels, 0), step->type);
  const std::string means = vector(edit, mean, step->type),
                    variance = vector(edit, Numbers(channels, 1 - epsilon), step->type);
  edit.become(node, "BatchNormalization", {x, scale, bias, means, variance}, {{"epsilon", epsilon}});
  return true;
}

}  // namespace tenon::importing
