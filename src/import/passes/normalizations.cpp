#include <algorithm>

#include "../interpret.hpp"
#include "kinds.hpp"
#include "passes.hpp"

namespace tenon::importing {

namespace {

/// The last so many axes that a ReduceMean with keepdims goes over; 0 where it is another node, or goes over others.
std::size_t averaged_axes(const Edit& edit, const Node* node) {
  if (node == nullptr || node->op != "ReduceMean" || node->integer("keepdims", 1) == 0) return 0;
  const auto rank = static_cast<std::int64_t>(edit.dims(node->inputs[0]).size());
  const auto axes = edit.integers(*node, "axes", 1);
  if (!axes) return 0;
  const auto count = static_cast<std::int64_t>(axes->size());
  const auto is_last = [&](std::int64_t axis) { return (axis < 0 ? axis + rank : axis) >= rank - count; };
  return std::ranges::all_of(*axes, is_last) ? axes->size() : 0;
}

/// The x of x², "" for anything else.
std::string root_of_square(const Edit& edit, const std::string& value) {
  const Node* node = edit.maker(value);
  if (node == nullptr || node->inputs.size() != 2) return {};
  const bool square = (node->op == "Mul" && node->inputs[0] == node->inputs[1]) ||
                      (node->op == "Pow" && edit.is_scalar(node->inputs[1], 2));
  return square ? node->inputs[0] : std::string();
}

/// s of sqrt(s) or 1 / sqrt(s), by the exponent 0.5 or -0.5; "" for anything else.
std::string power_of(const Edit& edit, const std::string& value, double exponent) {
  const Node* node = edit.maker(value);
  if (node == nullptr) return {};
  if (node->op == "Pow" && edit.is_scalar(node->inputs[1], exponent)) return node->inputs[0];
  if (exponent > 0) return node->op == "Sqrt" ? node->inputs[0] : std::string();
  if (node->op == "Reciprocal") return power_of(edit, node->inputs[0], -exponent);
  return node->op == "Div" && edit.is_scalar(node->inputs[0], 1) ? power_of(edit, node->inputs[1], -exponent)
                                                                 : std::string();
}

/// x - mean(x) over the last axes: x, and how many axes.
std::pair<std::string, std::size_t> centred(const Edit& edit, const std::string& value) {
  const Node* node = edit.maker(value, "Sub");
  const Node* mean = node != nullptr ? edit.maker(node->inputs[1]) : nullptr;
  const std::size_t axes = averaged_axes(edit, mean);
  if (axes == 0 || mean->inputs[0] != node->inputs[0]) return {};
  return {node->inputs[0], axes};
}

/// mean(value²) + epsilon over the last axes, which is a variance where the value is x - mean(x).
struct Power {
  std::string value;
  std::size_t axes;
  double epsilon;
};

std::optional<Power> mean_power(const Edit& edit, const std::string& sum) {
  const Node* add = edit.maker(sum, "Add");
  for (const std::size_t i : {0U, 1U}) {
    const auto epsilon = add != nullptr ? edit.scalar(add->inputs[1 - i]) : std::nullopt;
    const Node* mean = epsilon ? edit.maker(add->inputs[i]) : nullptr;
    const std::size_t axes = averaged_axes(edit, mean);
    if (axes == 0) continue;
    if (const std::string value = root_of_square(edit, mean->inputs[0]); !value.empty())
      return Power{value, axes, *epsilon};
  }
  return std::nullopt;
}

struct Normalized {
  std::string x;
  std::size_t axes;
  double epsilon;
  bool centred;
  std::string scale{}, bias{};
};

/// `numerator` / sqrt(mean(numerator²) + epsilon), where the numerator may be x - mean(x).
std::optional<Normalized> normalized(const Edit& edit, const std::string& numerator, const std::string& sum) {
  const auto power = mean_power(edit, sum);
  if (!power) return std::nullopt;
  const auto above = centred(edit, numerator), below = centred(edit, power->value);
  if (above.second == power->axes && above == below) return Normalized{above.first, power->axes, power->epsilon, true};
  if (power->value == numerator) return Normalized{numerator, power->axes, power->epsilon, false};
  return std::nullopt;
}

/// Is the value r or r times a constant, with r = 1 / sqrt(variance + epsilon)?
std::optional<Normalized> root_of_variance(const Edit& edit, const std::string& value) {
  const Node* product = edit.maker(value, "Mul");
  for (const std::size_t i : {0U, 1U}) {
    const bool scaled = product != nullptr && edit.constant(product->inputs[1 - i]) != nullptr;
    const auto power = mean_power(edit, power_of(edit, scaled ? product->inputs[i] : value, -0.5));
    const auto of = power ? centred(edit, power->value) : std::pair<std::string, std::size_t>();
    if (!power || of.second != power->axes) continue;
    return Normalized{of.first, power->axes, power->epsilon, true, scaled ? product->inputs[1 - i] : std::string()};
  }
  return std::nullopt;
}

/// As Keras writes it: x r + (bias - mean(x) r), with r as above.
std::optional<Normalized> normalized_by_parts(const Edit& edit, const Node& node) {
  for (const std::size_t i : {0U, 1U}) {
    const Node *first = edit.maker(node.inputs[i], "Mul"), *rest = edit.maker(node.inputs[1 - i], "Sub");
    const Node* second = rest != nullptr ? edit.maker(rest->inputs[1], "Mul") : nullptr;
    if (first == nullptr || second == nullptr || edit.constant(rest->inputs[0]) == nullptr) continue;
    for (const std::size_t k : {0U, 1U}) {
      auto found = root_of_variance(edit, first->inputs[1 - k]);
      if (!found || found->x != first->inputs[k]) continue;
      const std::string& mean = second->inputs[second->inputs[0] == first->inputs[1 - k] ? 1 : 0];
      const Node* average = edit.maker(mean, "ReduceMean");
      if (std::ranges::find(second->inputs, first->inputs[1 - k]) == second->inputs.end()) continue;
      if (average == nullptr || average->inputs[0] != found->x || averaged_axes(edit, average) != found->axes) continue;
      found->bias = rest->inputs[0];
      return found;
    }
  }
  return std::nullopt;
}

std::optional<Normalized> normalized(const Edit& edit, const Node& node) {
  if (node.op == "Div") return normalized(edit, node.inputs[0], power_of(edit, node.inputs[1], 0.5));
  if (node.op == "Add") return normalized_by_parts(edit, node);
  if (node.op != "Mul") return std::nullopt;
  auto result = normalized(edit, node.inputs[0], power_of(edit, node.inputs[1], -0.5));
  return result ? result : normalized(edit, node.inputs[1], power_of(edit, node.inputs[0], -0.5));
}

std::string filled(Edit& edit, Dims dims, double value, Type type) {
  const auto count = static_cast<std::size_t>(count_of(dims));
  return edit.add(Array{type, std::move(dims), std::vector<double>(count, value)});
}

/// Scale and bias behind a normalization that has none.
bool join_scale(Edit& edit, Node& node) {
  if (!is_any_of(node.op, {"Mul", "Add"})) return false;
  for (const std::size_t i : {0U, 1U}) {
    const Node* layer = edit.maker(node.inputs[i]);
    const Array* array = edit.constant(node.inputs[1 - i]);
    if (layer == nullptr || array == nullptr || !edit.read_once(node.inputs[i]) || layer->outputs.size() != 1) continue;
    const bool centres = layer->op == "LayerNormalization";
    if ((!centres && layer->op != "RMSNormalization") || layer->has_input(2)) continue;
    const Array* scale = edit.constant(layer->inputs[1]);
    if (scale == nullptr || array->dims != scale->dims) continue;
    const bool no_scale = std::ranges::all_of(scale->values, [](double value) { return value == 1; });
    Names inputs = layer->inputs;
    if (node.op == "Add") {
      if (!centres) continue;
      inputs.resize(2);
      inputs.push_back(node.inputs[1 - i]);
    } else {
      if (!no_scale) continue;
      inputs[1] = node.inputs[1 - i];
    }
    edit.become(node, layer->op, inputs, Attributes(layer->attributes));
    return true;
  }
  return false;
}

}  // namespace

bool normalize_layer(Edit& edit, Node& node) {
  if (!node.domain.empty() || node.inputs.size() != 2) return false;
  if (join_scale(edit, node)) return true;
  const auto found = normalized(edit, node);
  if (!found || edit.dims(node.outputs[0]) != edit.dims(found->x)) return false;
  const Dims dims = edit.dims(found->x);
  const Type type = edit.type(found->x);
  const Dims last(dims.end() - static_cast<std::ptrdiff_t>(found->axes), dims.end());
  const auto axis = -static_cast<std::int64_t>(found->axes);
  // Keras's scale and bias have to be of the axes that are averaged.
  const auto fits = [&](const std::string& name) { return name.empty() || edit.dims(name) == last; };
  if (!fits(found->scale) || !fits(found->bias)) return false;
  // Over all places of an image but not over its channels, each channel is normalized for itself.
  if (found->centred && found->bias.empty() && found->axes > 1 && found->axes + 2 == dims.size()) {
    edit.become(node, "InstanceNormalization",
                {found->x, filled(edit, {dims[1]}, 1, type), filled(edit, {dims[1]}, 0, type)},
                {{"epsilon", found->epsilon}});
    return true;
  }
  const std::string op = found->centred ? "LayerNormalization" : "RMSNormalization";
  if (!interprets({{}, op})) return false;
  Names inputs{found->x, found->scale.empty() ? filled(edit, last, 1, type) : found->scale};
  if (!found->bias.empty()) inputs.push_back(found->bias);
  edit.become(node, op, inputs, {{"axis", axis}, {"epsilon", found->epsilon}});
  return true;
}

/// Rows of a matrix that are groups of channels, normalised without factors: what is cut into them and put together
/// again is a GroupNormalization, whose factors are those of channels (passes/channels.cpp).
bool name_groups(Edit& edit, Node& node) {
  if (!node.domain.empty() || node.op != "Reshape") return false;
  const Node* const rows = edit.maker(node.inputs[0]);
  if (rows == nullptr || !edit.read_once(node.inputs[0]) || rows->outputs.size() != 1) return false;
  const Node* const cut = edit.maker(rows->inputs[0], "Reshape");
  const Dims matrix = edit.dims(node.inputs[0]), dims = edit.dims(node.outputs[0]);
  if (cut == nullptr || edit.dims(cut->inputs[0]) != dims || matrix.size() != 3 || dims.size() < 3) return false;
  if (!edit.is_batch(dims[0]) || matrix[0] != dims[0] || dims[1] % matrix[1] != 0) return false;
  if (rows->op == "LayerNormalization" ? rows->integer("axis", -1) != -1 && rows->integer("axis", -1) != 2
                                       : rows->op != "InstanceNormalization")
    return false;
  const auto all = [&](std::size_t input, double number) {
    const Array* const given = rows->has_input(input) ? edit.constant(rows->inputs[input]) : nullptr;
    return given != nullptr && std::ranges::all_of(given->values, [&](double v) { return v == number; });
  };
  if (!all(1, 1) || (rows->has_input(2) && !all(2, 0))) return false;
  const Type type = edit.type(cut->inputs[0]);
  const Names inputs{cut->inputs[0], filled(edit, {dims[1]}, 1, type), filled(edit, {dims[1]}, 0, type)};
  Attributes attributes{{"epsilon", rows->number("epsilon", 1e-5)}};
  if (matrix[1] == dims[1]) return edit.become(node, "InstanceNormalization", inputs, attributes), true;
  attributes["num_groups"] = matrix[1];
  return edit.become(node, "GroupNormalization", inputs, attributes), true;
}

}  // namespace tenon::importing
