#include "quantized_reader.hpp"

namespace tenon::importing {

using edge::QuantizedStep;
using edge::StepKind;
using edge::StepPattern;
using edge::TensorOrder;

std::string lite_function(const Layer& layer, const std::string& name) {
  if (layer.kind == Layer::formula) return layer.text == "exp(x)" ? "Exp" : "";
  static const std::map<std::string, std::string> known{
      {"HardSwish", "HardSwish"}, {"LeakyReLU", "LeakyRelu"}, {"ELU", "Elu"}, {"Sigmoid", "Sigmoid"}, {"Tanh", "Tanh"}};
  const auto found = known.find(name);
  return found == known.end() ? "" : found->second;
}

/// The compiler makes one table of neighbouring functions of one number, and of bounds before them.
std::size_t QuantizedReader::add_table(std::size_t x, const std::string& function, TableStage stage) {
  if (joins_table(x)) {
    if (!exact_) refuse("two functions of one number with a rounding in between");
    plan().steps[x - 1].fixed_scale = 0;
    return add_stage(x, std::move(stage));
  }
  QuantizedStep step{.pattern = {.kind = StepKind::table}, .in = plan().sizes[x], .out = plan().sizes[x], .source = x};
  if (function == "Sigmoid") step.fixed_scale = 1.0 / 256, step.fixed_zero = -128;
  if (function == "Tanh") step.fixed_scale = 1.0 / 128;
  std::vector<TableStage> stages;
  if (x > 0 && bounded_.tensor == x) {
    StepPattern& pattern = plan().steps[x - 1].pattern;
    stages.push_back({.low = pattern.low, .high = pattern.high, .bounds = true});
    pattern.low = bounded_.before.low, pattern.high = bounded_.before.high;
    if (pattern.kind == StepKind::clamp)
      refuse("bounds of a value that is read without them too, and a function of one number behind");
    step.fixed_scale = 0;
  }
  stages.push_back(std::move(stage));
  x = reader().add(step, plan().orders[x]);
  reading_.tables[x - 1] = std::move(stages);
  table_.tensor = x;
  return x;
}

/// Of 16 bits. The compiler fills the table, which is LiteRT's where nothing joins it, and where the scale is no power
/// of two with which LiteRT computes it otherwise.
std::size_t QuantizedReader::read_squash(const Layer& layer, std::size_t x) {
  if (joins_table(x) || (x > 0 && bounded_.tensor == x))
    return refuse("{}: with activations of 16 bits it is not imported behind bounds or another function of one number",
                  layer.text),
           x;
  QuantizedStep step{.pattern = {.kind = StepKind::table},
                     .in = plan().sizes[x],
                     .out = plan().sizes[x],
                     .source = x,
                     .fixed_scale = 0x1p-15};
  x = reader().add(step, plan().orders[x]);
  table_.tensor = x;
  return x;
}

bool QuantizedReader::joins_table(std::size_t x) {
  return x > 0 && table_.tensor == x && x == plan().count && !reader().held[x];
}

/// Between two stages the numbers have the scale that the file has there.
std::size_t QuantizedReader::add_stage(std::size_t x, TableStage stage) {
  std::vector<TableStage>& stages = reading_.tables.at(x - 1);
  if (const auto known = reading_.scales.find(x); known != reading_.scales.end()) {
    stages.back().scale = known->second;
    reading_.scales.erase(known);
  }
  stages.push_back(std::move(stage));
  return x;
}

std::size_t QuantizedReader::read_bounds(std::size_t x, const StepPattern& pattern) {
  if (joins_table(x)) return add_stage(x, {.low = pattern.low, .high = pattern.high, .bounds = true});
  const StepPattern before = x > 0 ? plan().steps[x - 1].pattern : StepPattern{};
  const std::size_t y = reader().read_bounds(x, 0, pattern);
  if (bounded_.tensor != y) bounded_ = {y, before};
  return y;
}

std::size_t QuantizedReader::read_table(const Layer& layer, const std::string& function, std::size_t x) {
  double alpha = 0;
  for (const auto& [name, array] : layer.weights)
    if (name == alpha_name) alpha = array.values.at(0);
  return add_table(x, function, {.name = function, .alpha = alpha});
}

IntegerOperand operand_of(const Layer& layer) {
  for (const auto& [name, array] : layer.weights)
    if (name.starts_with(operand_name))
      return {name.substr(operand_name.size()), array.values.at(0), static_cast<float>(array.values.at(1)),
              array.values.at(2) != 0};
  return {};
}

bool is_slopes(const Layer& layer) {
  return std::ranges::any_of(layer.weights, [](const auto& w) { return w.first == slope_scale_name; }) &&
         std::ranges::any_of(layer.weights, [](const auto& w) { return w.first == "weight"; });
}

/// One slope, or one for each channel or feature.
std::size_t QuantizedReader::read_slopes(const Layer& layer, std::size_t x, const Dims& takes) {
  std::size_t slopes = 0;
  for (const auto& [name, array] : layer.weights)
    if (name == "weight") slopes = array.values.size();
  TensorOrder order = plan().orders[x];
  if (slopes > 1 && takes.size() == 3) order = {at(takes, 0), size_of(takes) / at(takes, 0)};
  else if (slopes > 1) order = {};
  if (slopes > 1 && slopes != at(takes, 0))
    return refuse("PRELU of {} slopes: one, or one for each channel", slopes), x;
  x = reader().read_slopes(x, {.kind = StepKind::slopes}, slopes, order, 0, 0);
  reading_.layers[plan().count - 1] = &layer;
  return x;
}

}  // namespace tenon::importing
