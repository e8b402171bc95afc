#include "quantized_scales.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "../passes/kinds.hpp"
#include "quantized_plan.hpp"

namespace tenon::importing {

namespace {

/// A value that is rounded is a layer of its own.
void note_rounding(Unit& unit, const Units& units, const Scales& scales, const GraphScales& known) {
  const auto maker = known.rounded.find(unit.gives);
  unit.layers.push_back({maker != known.rounded.end() ? describe(*maker->second) : fmt::format("'{}'", unit.gives),
                         units.shapes.at(unit.gives),
                         {{scale_name, {Type::float32, {2}, {scales.scale.values[0], scales.zero}}}},
                         Layer::scale});
}

void note_slope(const Node& node, Unit& unit) {
  for (Layer& layer : unit.layers)
    if (layer.text.starts_with("LeakyReLU"))
      layer.weights.emplace_back(alpha_name, Array{Type::float32, {}, {node.number("alpha", 0.01)}});
}

/// A constant that every number meets.
void note_operand(const Node& node, Unit& unit, const GraphScales& known) {
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const auto found = known.operands.find(node.inputs[i]);
    if (found == known.operands.end()) continue;
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

/// What is added to a product may become its bias.
void note_bias(const Node& node, Unit& unit, const GraphScales& known) {
  for (const std::string& name : node.inputs)
    if (const auto b = known.weights.find(name); b != known.weights.end())
      for (Layer& layer : unit.layers)
        if (layer.weights.size() == 1 && layer.weights[0].first == "bias")
          layer.weights.emplace_back(bias_scale_name, b->second.scale);
}

/// The scales of an LSTM's rows, whose gates stand in another order in the layer.
void note_recurrent(const Node& node, Unit& unit, const GraphScales& known) {
  const auto of_rows = [&](std::size_t input) {
    const auto found = known.weights.find(node.inputs.at(input));
    std::vector<double> rows;
    if (found == known.weights.end()) return rows;
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
      if (const auto found = known.weights.find(node.inputs[7]); found != known.weights.end())
        layer.weights.emplace_back(peephole_scale_name, found->second.scale);
    layer.weights.emplace_back(cell_scale_name, Array{Type::float32, {}, {node.number("cell_scale", 0)}});
  }
}

/// The scales of an attention's matrices and biases, and of what is rounded within.
void note_attention(const Node& node, Unit& unit, const GraphScales& known) {
  for (Layer& layer : unit.layers) {
    if (std::ranges::none_of(layer.weights, [](const auto& w) { return w.first == "in_proj_weight"; })) continue;
    for (const auto& [name, input] :
         {std::pair{in_scale_name, 1U}, {in_bias_scale_name, 2U}, {out_scale_name, 3U}, {out_bias_scale_name, 4U}})
      if (const auto found = known.weights.find(node.inputs.at(input)); found != known.weights.end())
        layer.weights.emplace_back(name, found->second.scale);
    if (const auto found = node.attributes.find("rounding"); found != node.attributes.end())
      layer.weights.emplace_back(rounding_name,
                                 Array{Type::float32, {8}, std::get<std::vector<double>>(found->second)});
  }
}

/// InstanceNormalization always has factors and summands; Tenon's layer has none by itself.
void drop_idle_factors(Layer& layer) {
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

/// A dense layer whose rows have one scale keeps it once.
void share_scale(Layer& layer) {
  if (!layer.text.starts_with("Dense<") || layer.gives.back() == 1) return;
  layer.text.insert(layer.text.find_first_of(",>"), ", per_tensor<true>");
}

/// The scales of the weights and of the bias of a product. `weights` are those of the node, or of the convolution that
/// it became.
void note_product(const Node& node, Unit& unit, const std::string& weights, const GraphScales& known) {
  for (Layer& layer : unit.layers) {
    if (std::ranges::none_of(layer.weights, [](const auto& w) { return w.first == "weight"; })) continue;
    std::erase_if(layer.weights, [](const auto& w) { return w.first.starts_with("running_"); });
    if (const auto w = known.weights.find(weights); w != known.weights.end()) {
      if (!known.wide && w->second.scale.values.size() == 1) share_scale(layer);
      layer.weights.emplace_back(scale_name, w->second.scale);
    }
    if (!node.has_input(2)) continue;
    if (const auto b = known.weights.find(node.inputs[2]); b != known.weights.end()) {
      layer.weights.emplace_back(bias_scale_name, b->second.scale);
      if (known.wide && b->second.type == Type::int32) layer.weights.emplace_back(short_bias_name, Array{});
    }
  }
}

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

void note_scales(Unit& unit, const Units& units, const GraphScales& known) {
  if (const auto found = known.values.find(unit.gives); found != known.values.end())
    return note_rounding(unit, units, found->second, known);
  const auto maker = known.makers.find(unit.gives);
  if (maker == known.makers.end()) {
    for (Layer& layer : unit.layers) drop_idle_factors(layer);
    return;
  }
  const Node& node = *maker->second;
  if (node.op == "LeakyRelu") note_slope(node, unit);
  note_operand(node, unit, known);
  if (node.op == "Add") note_bias(node, unit, known);
  if (node.op == "LSTM") return note_recurrent(node, unit, known);
  for (Layer& layer : unit.layers) drop_idle_factors(layer);
  if (node.op == "MultiheadAttention") return note_attention(node, unit, known);
  if (const auto made = known.convolutions.find(unit.gives); made != known.convolutions.end())
    note_product(node, unit, made->second, known);
  else if (is_any_of(node.op, {"Conv", "ConvTranspose", "Gemm", "MatMul"}))
    note_product(node, unit, node.inputs.at(1), known);
}

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
