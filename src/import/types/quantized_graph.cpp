#include "quantized_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include <tenon/edge/quantized_tables.hpp>

#include "../../io/words.hpp"
#include "../edit.hpp"
#include "../interpret.hpp"
#include "../interpret_int8.hpp"
#include "../lite_rules.hpp"
#include "../passes/kinds.hpp"
#include "quantized_scales.hpp"

namespace tenon::importing {

namespace {

/// Equal weights of a convolution over `count` integers that gives what LiteRT's MEAN gives.
struct MeanWeights {
  double integer = 0;
  float scale = 0;  // of the weights; 0: there are none
};

/// The multiplier of a convolution follows from the scale of its weights, a float, which is too coarse for one that has
/// 31 bits. So the weights may be larger than 1: with one of the 127 integers both rules give the same for every sum
/// that there can be. That is tried out, not proved.
MeanWeights mean_weights(float in, float out, std::int64_t count) {
  const MeanMultiplier wanted(static_cast<double>(in), static_cast<double>(out), count);
  const std::int64_t most = 255 * count;
  for (std::int64_t q = 1; q <= 127 && q * most < std::int64_t{1} << 31; ++q) {
    const float scale = static_cast<float>(1 / static_cast<double>(q * count));
    const double real = static_cast<double>(in) * static_cast<double>(scale) / static_cast<double>(out);
    if (real >= 0x1p29) break;
    const kernels::Requantizer own = edge::requantizer(real);
    const auto same = [&](std::int64_t sum) {
      return static_cast<double>(own(static_cast<std::int32_t>(q * sum))) == wanted(static_cast<double>(sum));
    };
    bool all = true;
    for (std::int64_t sum = 0; all && sum <= most; ++sum) all = same(sum) && same(-sum);
    if (all) return {static_cast<double>(q), scale};
  }
  return {};
}

class Rewriter {
public:
  Rewriter(const Graph& graph, const std::set<std::string>& means)
      : graph_(graph), means_of_file_(means), known_{.wide = has_wide_activations(graph)} {}

  Units run() {
    for (const Node& node : graph_.nodes) {
      known_.makers[node.outputs.at(0)] = &node;
      for (const std::string& name : node.inputs) readers_.emplace(name, &node);
    }
    for (const Node& node : graph_.nodes) {
      if (node.op == "DequantizeLinear" && node.domain.empty()) dequantize(node);
      else if (node.op == "QuantizeLinear" && node.domain.empty()) quantize(node);
      else if (node.op == "GlobalAveragePool" && (means_of_file_.contains(node.name) || changes_scale(node)))
        mean_as_convolution(node);
      else if (!node.inputs.empty() && known_.operands.contains(node.inputs[0]) &&
               is_any_of(node.op, {"Transpose", "Reshape"}))
        move_operand(node);
      else if (const auto* factors = channel_factors(node)) factors_as_convolution(node, *factors);
      else if (scales_channels(node)) convolution_as_factors(node);
      else graph_of_reals_.nodes.push_back(node);
    }
    graph_of_reals_.name = graph_.name;
    graph_of_reals_.format = graph_.format;
    graph_of_reals_.opset = graph_.opset;
    graph_of_reals_.inputs = graph_.inputs;
    graph_of_reals_.outputs = graph_.outputs;
    graph_of_reals_.values = graph_.values;
    for (const auto& [name, value] : added_) graph_of_reals_.values[name] = value;
    for (const auto& [name, array] : graph_.constants) graph_of_reals_.constants.try_emplace(name, array);
    for (const auto& [name, array] : graph_of_reals_.constants) graph_of_reals_.values.erase(name);
    for (auto* all : {&graph_of_reals_.inputs, &graph_of_reals_.outputs})
      for (Value& v : *all) v.type = Type::float32;
    for (auto& [name, value] : graph_of_reals_.values) value.type = Type::float32;

    Units units = write_units(graph_of_reals_);
    for (Unit& unit : units.units) note_scales(unit, units, known_);
    units.refused.insert(units.refused.end(), refused_.begin(), refused_.end());
    return units;
  }

private:
  template <class... Args>
  void refuse(const Node& node, fmt::format_string<Args...> what, Args&&... args) {
    refused_.push_back(describe(node) + ": " + fmt::format(what, std::forward<Args>(args)...));
  }
  const Array* constant(const std::string& name) const {
    const auto found = graph_.constants.find(name);
    return found == graph_.constants.end() ? nullptr : &found->second;
  }

  /// Whether a constant is what numbers meet one by one, which may have a zero point, as weights may not.
  bool is_operand(const std::string& constant) const {
    const auto [from, to] = readers_.equal_range(constant);
    return graph_.format == "TFLite" && from != to && std::all_of(from, to, [&](const auto& reader) {
             const Node& node = *reader.second;
             if (is_any_of(node.op, {"Transpose", "Reshape"})) return is_operand(node.outputs.at(0));
             return is_any_of(node.op, {"Add", "Sub", "Mul", "PRelu"});
           });
  }
  /// The integers become the numbers that they stand for, less their zero point they are kept for LiteRT's rules.
  void keep_operand(const Node& node, const Array& numbers) {
    const Array *scale = constant(node.inputs.at(1)), *zero = node.has_input(2) ? constant(node.inputs[2]) : nullptr;
    if (scale == nullptr || scale->values.size() != 1) return refuse(node, "constants have one scale here");
    Array integers = numbers, reals{Type::float32, numbers.dims, {}};
    integers.type = Type::float32;
    for (double& q : integers.values) {
      if (zero != nullptr) q -= zero->values.at(0);
      reals.values.push_back(static_cast<double>(static_cast<float>(q * scale->values[0])));
    }
    known_.operands[node.outputs[0]] = {std::move(integers), scale->values[0]};
    graph_of_reals_.constants[node.outputs[0]] = std::move(reals);
  }

  void move_operand(const Node& node) {
    std::vector<const Array*> inputs{&known_.operands.at(node.inputs[0]).first};
    for (std::size_t i = 1; i < node.inputs.size(); ++i) inputs.push_back(&graph_.constants.at(node.inputs[i]));
    const double scale = known_.operands.at(node.inputs[0]).second;
    Array integers = evaluate(node, graph_.opset, inputs).at(0);
    inputs[0] = &graph_of_reals_.constants.at(node.inputs[0]);
    Array reals = evaluate(node, graph_.opset, inputs).at(0);
    graph_of_reals_.constants[node.outputs[0]] = std::move(reals);
    known_.operands[node.outputs[0]] = {std::move(integers), scale};
  }

  /// The constant that has a factor in int8 for each channel of an image; null where there is none.
  const std::pair<Array, double>* channel_factors(const Node& node) const {
    if (node.op != "Mul" || node.inputs.size() != 2) return nullptr;
    const bool first = known_.operands.contains(node.inputs[0]);
    const auto found = known_.operands.find(node.inputs[first ? 0 : 1]);
    if (found == known_.operands.end()) return nullptr;
    const Array& factors = found->second.first;
    const Dims& image = graph_.values.at(node.inputs[first ? 1 : 0]).dims.value();
    if (image.size() != 4 || image[1] < 2 || factors.dims != Dims{1, image[1], 1, 1}) return nullptr;
    const bool fit = std::ranges::all_of(factors.values, [](double q) { return q >= -128 && q <= 127; });
    return fit ? &found->second : nullptr;
  }
  /// Each channel by itself, by one weight.
  void factors_as_convolution(const Node& node, const std::pair<Array, double>& factors) {
    const std::string name = node.outputs[0] + "#factors";
    const std::int64_t channels = factors.first.dims[1];
    graph_of_reals_.constants[name] = {Type::float32, {channels, 1, 1, 1}, factors.first.values};
    known_.weights[name] = {{Type::float32, {}, {factors.second}}, 0};
    graph_of_reals_.nodes.push_back({node.name,
                                     "Conv",
                                     "",
                                     {node.inputs[known_.operands.contains(node.inputs[0]) ? 1 : 0], name},
                                     node.outputs,
                                     {{"group", channels}}});
    known_.convolutions[node.outputs[0]] = name;
  }

  /// A convolution of each channel by itself, by one weight: what a BatchNorm that no convolution has taken up is in
  /// int8.
  bool scales_channels(const Node& node) const {
    if (graph_.format == "TFLite" || node.op != "Conv" || !node.has_input(2)) return false;
    const auto weights = graph_of_reals_.constants.find(node.inputs[1]);
    const Dims &x = *graph_.values.at(node.inputs[0]).dims, &y = *graph_.values.at(node.outputs[0]).dims;
    const auto strides = node.integers("strides");
    return weights != graph_of_reals_.constants.end() && known_.weights.contains(node.inputs[1]) && x == y &&
           x[1] > 1 && node.integer("group", 1) == x[1] && count_of(weights->second.dims) == x[1] &&
           std::ranges::all_of(strides, [](std::int64_t stride) { return stride == 1; });
  }
  /// With a mean of 0 and a variance of 1. A vector has come as an image of one pixel.
  void convolution_as_factors(const Node& node) {
    const std::string& gives = node.outputs[0];
    const Dims& dims = *graph_.values.at(gives).dims;
    const std::int64_t channels = dims[1];
    const auto given = [&](const char* name, std::vector<double> values) {
      graph_of_reals_.constants[gives + name] = {Type::float32, {channels}, std::move(values)};
      return gives + name;
    };
    const auto all = [&](double value) { return std::vector<double>(static_cast<std::size_t>(channels), value); };
    const std::string factors = given("#factors", graph_of_reals_.constants.at(node.inputs[1]).values);
    known_.weights[factors] = known_.weights.at(node.inputs[1]);
    std::string x = node.inputs[0], y = gives;
    const bool one_pixel = dims.size() == 3 && dims[2] == 1;
    const auto reshaped = [&](const std::string& from, const std::string& to, Dims axes) {
      graph_of_reals_.constants[to + "#axes"] = {Type::int64, {std::ssize(axes)}, {axes.begin(), axes.end()}};
      graph_of_reals_.nodes.push_back({node.name, "Reshape", "", {from, to + "#axes"}, {to}, {}});
    };
    if (one_pixel) {
      x = gives + "#from";
      y = gives + "#vector";
      added_[x] = {x, Type::float32, Dims{dims[0], channels}};
      added_[y] = {y, Type::float32, Dims{dims[0], channels}};
      reshaped(node.inputs[0], x, {0, channels});
    }
    const Names inputs{x, factors, node.inputs[2], given("#means", all(0)), given("#variances", all(1))};
    graph_of_reals_.nodes.push_back({node.name, "BatchNormalization", "", inputs, {y}, {}});
    if (one_pixel) reshaped(y, gives, {0, channels, 1});
    known_.makers[y] = &node;
    known_.convolutions[y] = factors;
  }

  /// Scale and zero point as int8 has them: uint8 less 128.
  bool scale_of(const Node& node, Scales& to, bool weights) {
    const Array *scale = constant(node.inputs.at(1)), *zero = node.has_input(2) ? constant(node.inputs[2]) : nullptr;
    if (scale == nullptr || (node.has_input(2) && zero == nullptr))
      return refuse(node, "its scale is computed by the network"), false;
    if (node.integer("block_size", 0) != 0) return refuse(node, "is quantised in blocks"), false;
    const Type type = zero != nullptr ? zero->type : Type::uint8;
    to.scale = *scale;
    to.type = type;
    if (weights) {
      if (zero != nullptr && std::ranges::any_of(zero->values, [](double z) { return z != 0; }))
        return refuse(node, "weights with a zero point are not imported; int8 has 0"), false;
      return true;
    }
    if (known_.wide && type != Type::int16)
      return refuse(node, "a value of {} in a network whose activations have 16 bits", type_name(type)), false;
    if (!known_.wide && type != Type::int8 && type != Type::uint8)
      return refuse(node, "values of {} are not imported; int8 and uint8 are", type_name(type)), false;
    if (scale->values.size() != 1) return refuse(node, "values have one scale, not one for each channel"), false;
    to.zero = (zero != nullptr ? zero->values.at(0) : 0) - (type == Type::uint8 ? 128 : 0);
    return true;
  }

  /// Whether the mean of an image is rounded at another scale than the image has. (In LiteRT's files it never is.)
  bool changes_scale(const Node& node) const {
    const auto from = known_.makers.find(node.inputs.at(0));
    if (from == known_.makers.end() || from->second->op != "DequantizeLinear" || graph_.format == "TFLite")
      return false;
    const Node* to = rounded(node);
    if (to == nullptr) return false;
    for (const std::size_t i : {1U, 2U}) {
      const Array *a = constant(from->second->inputs.at(i)), *b = constant(to->inputs.at(i));
      if (a == nullptr || b == nullptr || a->values != b->values) return true;
    }
    return false;
  }
  /// The QuantizeLinear behind the node; none where there is another operator between.
  const Node* rounded(const Node& node) const {
    const Node* to = &node;
    while (readers_.count(to->outputs[0]) == 1) {
      to = readers_.find(to->outputs[0])->second;
      if (!is_any_of(to->op, {"Reshape", "Flatten", "Squeeze", "Transpose"})) break;
    }
    return to->op == "QuantizeLinear" ? to : nullptr;
  }
  /// Then it is a sum of ones times their scale 1/n, rounded once: a convolution of each channel by itself.
  void mean_as_convolution(const Node& node) {
    const Dims& image = graph_.values.at(node.inputs[0]).dims.value();
    Dims dims = image;
    dims[0] = image[1];
    dims[1] = 1;
    const std::string name = node.outputs[0] + "#ones";
    const std::int64_t window = count_of(dims) / dims[0];
    double weight = 1, scale = 1 / static_cast<double>(window);
    if (graph_.format == "TFLite") {
      const auto from = known_.makers.find(node.inputs.at(0));
      const Node* to = rounded(node);
      if (to == nullptr || from == known_.makers.end() || from->second->op != "DequantizeLinear")
        return refuse(node, "MEAN has no scale of what it reads or gives");
      const Array *in = constant(from->second->inputs.at(1)), *out = constant(to->inputs.at(1));
      if (in == nullptr || out == nullptr) return refuse(node, "its scale is computed by the network");
      const MeanWeights found = mean_weights(static_cast<float>(in->values.at(0)),
                                             static_cast<float>(out->values.at(0)), window);
      if (found.scale == 0) return refuse(node, "no weights give what LiteRT's MEAN gives for every sum");
      weight = found.integer;
      scale = static_cast<double>(found.scale);
    }
    graph_of_reals_.constants[name] = {Type::float32, dims,
                                       std::vector<double>(static_cast<std::size_t>(count_of(dims)), weight)};
    known_.weights[name] = {{Type::float32, {}, {scale}}, 0};
    graph_of_reals_.nodes.push_back(
        {node.name, "Conv", "", {node.inputs[0], name}, node.outputs, {{"group", std::int64_t{image[1]}}}});
    known_.convolutions[node.outputs[0]] = name;
  }

  void same(const Node& node, const std::string& to) {
    graph_of_reals_.nodes.push_back({node.name, "Identity", "", {node.inputs[0]}, {to}, {}});
  }

  void dequantize(const Node& node) {
    Scales scales;
    if (const Array* numbers = constant(node.inputs.at(0))) {
      if (is_operand(node.outputs[0])) return keep_operand(node, *numbers);
      graph_of_reals_.constants[node.outputs[0]] = {Type::float32, numbers->dims, numbers->values};
      if (!scale_of(node, scales, true)) return;
      scales.type = numbers->type;
      known_.weights[node.outputs[0]] = scales;
      return;
    }
    if (!scale_of(node, scales, false)) return same(node, node.outputs[0]);
    // an input that comes in integers has its scale here
    const Node* maker = nullptr;
    std::string from = node.inputs[0];
    for (auto found = known_.makers.find(from); found != known_.makers.end(); found = known_.makers.find(from)) {
      maker = found->second;
      if (!is_any_of(maker->op, {"Transpose", "Reshape", "Identity"})) break;
      from = maker->inputs[0];
    }
    if (maker == nullptr || maker->op != "QuantizeLinear") known_.values[node.outputs[0]] = scales;
    same(node, node.outputs[0]);
  }

  void quantize(const Node& node) {
    Scales scales;
    if (scale_of(node, scales, false)) {
      known_.values[node.outputs[0]] = scales;
      if (const auto maker = known_.makers.find(node.inputs[0]); maker != known_.makers.end())
        known_.rounded[node.outputs[0]] = maker->second;
    }
    same(node, node.outputs[0]);
  }

  const Graph& graph_;
  const std::set<std::string>& means_of_file_;  // what TFLite calls MEAN
  Graph graph_of_reals_;
  GraphScales known_;
  std::multimap<std::string, const Node*> readers_;
  std::map<std::string, Value> added_;  // values that the graph does not have
  std::vector<std::string> refused_;
};

}  // namespace

bool is_mean_of_images(const Graph& simplified, const Node& mean) {
  return std::ranges::any_of(simplified.nodes, [&](const Node& node) {
    return node.name == mean.name && node.op == "GlobalAveragePool" && node.domain.empty();
  });
}

Units quantized_units(const Graph& graph, const std::set<std::string>& means) { return Rewriter(graph, means).run(); }

}  // namespace tenon::importing
