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

bool has_constants(const Edit& edit, const Node& node, std::size_t from) {
  for (std::size_t i = from; i < node.inputs.size(); ++i)
    if (node.has_input(i) && edit.constant(node.inputs[i]) == nullptr) return false;
  return true;
}

}  // namespace

/// Behind a convolution what is added becomes its bias. What is multiplied becomes a BatchNormalization, y = (x - mean)
/// / sqrt(variance + epsilon) scale + bias, with variance + epsilon = 1, and so does what is subtracted in front of
/// that; what follows goes into its scale and bias.
bool scale_channels(Edit& edit, Node& node) {
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
    if (is_any_of(from.op, {"BatchNormalization", "InstanceNormalization"}) && has_constants(edit, from, 1)) {
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
