#include "quantized_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include <tenon/edge/quantized_tables.hpp>

#include "../../io/words.hpp"
#include "../edit.hpp"
#include "../interpret.hpp"
#include "../interpret_int8.hpp"
#include "../lite_rules.hpp"
#include "../passes/kinds.hpp"
#include "quantized_plan.hpp"

namespace tenon::importing {

namespace {

/// Constants of a DequantizeLinear: the scale of each output, and how far the stored integers are from int8.
struct Scales {
  Array scale;
  double zero = 0;
  Type type = Type::int8;  // of the integers
};

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
      : graph_(graph), means_of_file_(means), wide_(has_wide_activations(graph)) {}

  Units run() {
    for (const Node& node : graph_.nodes) {
      makers_[node.outputs.at(0)] = &node;
      for (const std::string& name : node.inputs) readers_.emplace(name, &node);
    }
    for (const Node& node : graph_.nodes) {
      if (node.op == "DequantizeLinear" && node.domain.empty()) dequantize(node);
      else if (node.op == "QuantizeLinear" && node.domain.empty()) quantize(node);
      else if (node.op == "GlobalAveragePool" && (means_of_file_.contains(node.name) || changes_scale(node)))
        mean_as_convolution(node);
      else if (!node.inputs.empty() && operands_.contains(node.inputs[0]) &&
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
    for (Unit& unit : units.units) note(unit, units);
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
    operands_[node.outputs[0]] = {std::move(integers), scale->values[0]};
    graph_of_reals_.constants[node.outputs[0]] = std::move(reals);
  }

  void move_operand(const Node& node) {
    std::vector<const Array*> inputs{&operands_.at(node.inputs[0]).first};
    for (std::size_t i = 1; i < node.inputs.size(); ++i) inputs.push_back(&graph_.constants.at(node.inputs[i]));
    const double scale = operands_.at(node.inputs[0]).second;
    Array integers = evaluate(node, graph_.opset, inputs).at(0);
    inputs[0] = &graph_of_reals_.constants.at(node.inputs[0]);
    Array reals = evaluate(node, graph_.opset, inputs).at(0);
    graph_of_reals_.constants[node.outputs[0]] = std::move(reals);
    operands_[node.outputs[0]] = {std::move(integers), scale};
  }

  /// The constant that has a factor in int8 for each channel of an image; null where there is none.
  const std::pair<Array, double>* channel_factors(const Node& node) const {
    if (node.op != "Mul" || node.inputs.size() != 2) return nullptr;
    const bool first = operands_.contains(node.inputs[0]);
    const auto found = operands_.find(node.inputs[first ? 0 : 1]);
    if (found == operands_.end()) return nullptr;
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
    weights_[name] = {{Type::float32, {}, {factors.second}}, 0};
    graph_of_reals_.nodes.push_back({node.name,
                                     "Conv",
                                     "",
                                     {node.inputs[operands_.contains(node.inputs[0]) ? 1 : 0], name},
                                     node.outputs,
                                     {{"group", channels}}});
    convolutions_[node.outputs[0]] = name;
  }

  /// A convolution of each channel by itself, by one weight: what a BatchNorm that no convolution has taken up is in
  /// int8.
  bool scales_channels(const Node& node) const {
    if (graph_.format == "TFLite" || node.op != "Conv" || !node.has_input(2)) return false;
    const auto weights = graph_of_reals_.constants.find(node.inputs[1]);
    const Dims &x = *graph_.values.at(node.inputs[0]).dims, &y = *graph_.values.at(node.outputs[0]).dims;
    const auto strides = node.integers("strides");
    return weights != graph_of_reals_.constants.end() && weights_.contains(node.inputs[1]) && x == y && x[1] > 1 &&
           node.integer("group", 1) == x[1] && count_of(weights->second.dims) == x[1] &&
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
    weights_[factors] = weights_.at(node.inputs[1]);
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
    makers_[y] = &node;
    convolutions_[y] = factors;
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
    if (wide_ && type != Type::int16)
      return refuse(node, "a value of {} in a network whose activations have 16 bits", type_name(type)), false;
    if (!wide_ && type != Type::int8 && type != Type::uint8)
      return refuse(node, "values of {} are not imported; int8 and uint8 are", type_name(type)), false;
    if (scale->values.size() != 1) return refuse(node, "values have one scale, not one for each channel"), false;
    to.zero = (zero != nullptr ? zero->values.at(0) : 0) - (type == Type::uint8 ? 128 : 0);
    return true;
  }

  /// Whether the mean of an image is rounded at another scale than the image has. (In LiteRT's files it never is.)
  bool changes_scale(const Node& node) const {
    const auto from = makers_.find(node.inputs.at(0));
    if (from == makers_.end() || from->second->op != "DequantizeLinear" || graph_.format == "TFLite") return false;
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
      const auto from = makers_.find(node.inputs.at(0));
      const Node* to = rounded(node);
      if (to == nullptr || from == makers_.end() || from->second->op != "DequantizeLinear")
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
    weights_[name] = {{Type::float32, {}, {scale}}, 0};
    graph_of_reals_.nodes.push_back(
        {node.name, "Conv", "", {node.inputs[0], name}, node.outputs, {{"group", std::int64_t{image[1]}}}});
    convolutions_[node.outputs[0]] = name;
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
      weights_[node.outputs[0]] = scales;
      return;
    }
    if (!scale_of(node, scales, false)) return same(node, node.outputs[0]);
    // an input that comes in integers has its scale here
    const Node* maker = nullptr;
    std::string from = node.inputs[0];
    for (auto found = makers_.find(from); found != makers_.end(); found = makers_.find(from)) {
      maker = found->second;
      if (!is_any_of(maker->op, {"Transpose", "Reshape", "Identity"})) break;
      from = maker->inputs[0];
    }
    if (maker == nullptr || maker->op != "QuantizeLinear") values_[node.outputs[0]] = scales;
    same(node, node.outputs[0]);
  }

  void quantize(const Node& node) {
    Scales scales;
    if (scale_of(node, scales, false)) {
      values_[node.outputs[0]] = scales;
      if (const auto maker = makers_.find(node.inputs[0]); maker != makers_.end())
        names_[node.outputs[0]] = maker->second;
    }
    same(node, node.outputs[0]);
  }

  /// Writes the scales into a unit's layers.
  void note(Unit& unit, const Units& units) {
    if (const auto found = values_.find(unit.gives); found != values_.end()) {
      const Scales& s = found->second;
      const auto name = names_.find(unit.gives);
      unit.layers.push_back({name != names_.end() ? describe(*name->second) : fmt::format("'{}'", unit.gives),
                             units.shapes.at(unit.gives),
                             {{scale_name, {Type::float32, {2}, {s.scale.values[0], s.zero}}}},
                             Layer::scale});
      return;
    }
    const auto maker = makers_.find(unit.gives);
    const bool made = convolutions_.contains(unit.gives);
    if (maker != makers_.end() && maker->second->op == "LeakyRelu")
      for (Layer& layer : unit.layers)
        if (layer.text.starts_with("LeakyReLU"))
          layer.weights.emplace_back(alpha_name, Array{Type::float32, {}, {maker->second->number("alpha", 0.01)}});
    if (maker != makers_.end()) note_operand(*maker->second, unit);
    if (maker != makers_.end() && maker->second->op == "Add") note_bias(*maker->second, unit);
    if (maker != makers_.end() && maker->second->op == "LSTM") return note_recurrent(*maker->second, unit);
    for (Layer& layer : unit.layers) drop_idle_factors(layer);
    if (maker != makers_.end() && maker->second->op == "MultiheadAttention")
      return note_attention(*maker->second, unit);
    if (maker == makers_.end() || (!made && !is_any_of(maker->second->op, {"Conv", "ConvTranspose", "Gemm", "MatMul"})))
      return;
    const Node& node = *maker->second;
    for (Layer& layer : unit.layers) {
      if (std::ranges::none_of(layer.weights, [](const auto& w) { return w.first == "weight"; })) continue;
      std::erase_if(layer.weights, [](const auto& w) { return w.first.starts_with("running_"); });
      if (const auto w = weights_.find(made ? convolutions_.at(unit.gives) : node.inputs.at(1)); w != weights_.end()) {
        if (!wide_ && w->second.scale.values.size() == 1) share_scale(layer);
        layer.weights.emplace_back(scale_name, w->second.scale);
      }
      if (!node.has_input(2)) continue;
      if (const auto b = weights_.find(node.inputs[2]); b != weights_.end()) {
        layer.weights.emplace_back(bias_scale_name, b->second.scale);
        if (wide_ && b->second.type == Type::int32) layer.weights.emplace_back(short_bias_name, Array{});
      }
    }
  }

  /// A dense layer whose rows have one scale keeps it once.
  static void share_scale(Layer& layer) {
    if (!layer.text.starts_with("Dense<") || layer.gives.back() == 1) return;
    layer.text.insert(layer.text.find_first_of(",>"), ", per_tensor<true>");
  }

  /// InstanceNormalization always has factors and summands; Tenon's layer has none by itself.
  static void drop_idle_factors(Layer& layer) {
    static constexpr std::string_view affine = "InstanceNorm<affine<true>";
    if (!layer.text.starts_with(affine)) return;
    const auto is_idle = [](const auto& w) {
      return std::ranges::all_of(w.second.values, [&](double v) { return v == (w.first == "weight" ? 1 : 0); });
    };
    if (!std::ranges::all_of(layer.weights, is_idle)) return;
    const std::string rest = layer.text.substr(affine.size());
    layer.text = "InstanceNorm<" + (rest.starts_with(", ") ? rest.substr(2) : rest);
    layer.weights.clear();
  }

  /// What is added to a product may become its bias.
  void note_bias(const Node& node, Unit& unit) {
    for (const std::string& name : node.inputs)
      if (const auto b = weights_.find(name); b != weights_.end())
        for (Layer& layer : unit.layers)
          if (layer.weights.size() == 1 && layer.weights[0].first == "bias")
            layer.weights.emplace_back(bias_scale_name, b->second.scale);
  }

  /// The scales of an LSTM's rows, whose gates stand in another order in the layer.
  void note_recurrent(const Node& node, Unit& unit) {
    const auto of_rows = [&](std::size_t input) {
      const auto found = weights_.find(node.inputs.at(input));
      std::vector<double> rows;
      if (found == weights_.end()) return rows;
      const std::vector<double>& all = found->second.scale.values;
      for (const std::size_t gate : {0U, 2U, 3U, 1U})
        for (std::size_t k = 0; k < all.size() / 4; ++k) rows.push_back(all[gate * (all.size() / 4) + k]);
      return rows;
    };
    for (Layer& layer : unit.layers) {
      if (!layer.text.starts_with("LSTM<")) continue;
      for (const auto& [name, input] : {std::pair{input_scale_name, 1U}, {state_scale_name, 2U}}) {
        std::vector<double> rows = of_rows(input);
        const auto count = static_cast<std::int64_t>(rows.size());
        layer.weights.emplace_back(name, Array{Type::float32, {count}, std::move(rows)});
      }
      if (node.has_input(7))
        if (const auto found = weights_.find(node.inputs[7]); found != weights_.end())
          layer.weights.emplace_back(peephole_scale_name, found->second.scale);
      layer.weights.emplace_back(cell_scale_name, Array{Type::float32, {}, {node.number("cell_scale", 0)}});
    }
  }

  /// The scales of an attention's matrices and biases, and of what is rounded within.
  void note_attention(const Node& node, Unit& unit) {
    for (Layer& layer : unit.layers) {
      if (std::ranges::none_of(layer.weights, [](const auto& w) { return w.first == "in_proj_weight"; })) continue;
      for (const auto& [name, input] :
           {std::pair{in_scale_name, 1U}, {in_bias_scale_name, 2U}, {out_scale_name, 3U}, {out_bias_scale_name, 4U}})
        if (const auto found = weights_.find(node.inputs.at(input)); found != weights_.end())
          layer.weights.emplace_back(name, found->second.scale);
      if (const auto found = node.attributes.find("rounding"); found != node.attributes.end())
        layer.weights.emplace_back(rounding_name,
                                   Array{Type::float32, {8}, std::get<std::vector<double>>(found->second)});
    }
  }

  void note_operand(const Node& node, Unit& unit) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const auto found = operands_.find(node.inputs[i]);
      if (found == operands_.end()) continue;
      const auto& [integers, scale] = found->second;
      const bool one = std::ranges::all_of(integers.values, [&](double q) { return q == integers.values[0]; });
      for (Layer& layer : unit.layers) {
        if (node.op == "PRelu") layer.weights.emplace_back(slope_scale_name, Array{Type::float32, {}, {scale}});
        else if (one && layer.kind == Layer::formula)
          layer.weights.emplace_back(operand_name + node.op,
                                     Array{Type::float32, {3}, {integers.values[0], scale, i == 0 ? 1.0 : 0.0}});
      }
    }
  }

  const Graph& graph_;
  const std::set<std::string>& means_of_file_;  // what TFLite calls MEAN
  bool wide_;                                   // activations have 16 bits
  Graph graph_of_reals_;
  std::map<std::string, const Node*> makers_, names_;
  std::multimap<std::string, const Node*> readers_;
  std::map<std::string, std::string> convolutions_;  // what became one: its weights
  std::map<std::string, Scales> weights_, values_;
  std::map<std::string, Value> added_;                        // values that the graph does not have
  std::map<std::string, std::pair<Array, double>> operands_;  // integers less their zero point, and their scale
  std::vector<std::string> refused_;
};

void remove_scales(std::vector<Part>& parts, const Dims& takes) {
  std::vector<Part> kept;
  Dims before = takes;
  for (Part& part : parts) {
    const bool leaf = part.kind == Part::layer;
    if (leaf && part.own.kind == Layer::scale) continue;
    if (leaf) std::erase_if(part.own.weights, [](const auto& w) { return w.first.starts_with('#'); });
    const bool branches = part.kind == Part::sum || part.kind == Part::joined;
    for (Part& inner : part.parts) {
      if (!branches) break;
      std::vector<Part> row = inner.kind == Part::chain ? std::move(inner.parts) : std::vector<Part>{std::move(inner)};
      remove_scales(row, before);
      inner = as_one(std::move(row), before);
    }
    if (!leaf && !branches) remove_scales(part.parts, before);
    before = part.gives;
    const bool reshape = leaf && part.own.kind == Layer::reshape;
    if (reshape && !kept.empty() && kept.back().kind == Part::layer && kept.back().own.kind == Layer::reshape)
      kept.pop_back();
    if (reshape && part.gives == (kept.empty() ? takes : kept.back().gives)) continue;
    kept.push_back(std::move(part));
  }
  parts = std::move(kept);
}

}  // namespace

bool is_mean_of_images(const Graph& simplified, const Node& mean) {
  return std::ranges::any_of(simplified.nodes, [&](const Node& node) {
    return node.name == mean.name && node.op == "GlobalAveragePool" && node.domain.empty();
  });
}

Units quantized_units(const Graph& graph, const std::set<std::string>& means) { return Rewriter(graph, means).run(); }

void remove_scales(Structure& structure, const Units& units) {
  std::map<std::string, std::string> same;  // what a piece gave that held a scale alone: what it read
  std::vector<Piece> kept;
  for (Piece& piece : structure.pieces) {
    for (std::string& name : piece.reads)
      if (const auto before = same.find(name); before != same.end()) name = before->second;
    const auto known = units.shapes.find(piece.reads[0]);
    const Dims takes = known != units.shapes.end() ? known->second : piece.parts.front().gives;
    remove_scales(piece.parts, takes);
    if (piece.parts.empty() && std::ranges::find(structure.outputs, piece.gives) == structure.outputs.end()) {
      same[piece.gives] = piece.reads[0];
      continue;
    }
    if (piece.parts.empty()) piece.parts.push_back(part_of({"Identity", takes}));
    find_repeats(piece.parts, takes);
    kept.push_back(std::move(piece));
  }
  structure.pieces = std::move(kept);
}

}  // namespace tenon::importing
