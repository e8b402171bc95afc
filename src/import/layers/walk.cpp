#include <optional>

#include "../interpret.hpp"
#include "writer.hpp"

namespace tenon::importing {

std::span<const LayerGroup> layer_groups() {
  static constexpr LayerGroup groups[]{{"convolutions, pools, resizing", add_windows},
                                       {"products", add_products},
                                       {"number by number", add_functions},
                                       {"of several values", add_arithmetic},
                                       {"normalisations", add_normalization},
                                       {"what moves numbers", add_movement},
                                       {"what moves numbers by constant indices", add_places},
                                       {"reductions", add_reductions},
                                       {"recurrent layers", add_recurrent},
                                       {"comparisons and choices", add_conditions},
                                       {nullptr, add_steps},
                                       {nullptr, add_multihead},
                                       {nullptr, add_units}};
  return groups;
}

namespace {

const LayerTable& layer_table() {
  static const LayerTable table = [] {
    LayerTable t;
    for (const LayerGroup& group : layer_groups()) group.add(t);
    return t;
  }();
  return table;
}

/// Whether no number that a node gives is below 0.
bool never_negative(const Walk& walk, const Node& node) {
  static const std::set<std::string> made{"Relu", "Sigmoid", "Softmax", "HardSigmoid",
                                          "Exp",  "Abs",     "Sqrt",    "Softplus"};
  static const std::set<std::string> kept{
      "MaxPool",   "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Concat", "Add", "Mul", "Sum",   "Reshape",
      "Transpose", "LRN",         "Dropout",           "Identity",      "Resize", "Max", "Pad", "Slice", "Split"};
  if (made.contains(node.op)) return true;
  const auto fine = [&](const std::string& name) {
    const Array* constant = walk.constant(name);
    if (constant == nullptr) return name.empty() || walk.not_negative.contains(name);
    return std::all_of(constant->values.begin(), constant->values.end(), [](double v) { return v >= 0; });
  };
  if (node.op == "Clip")
    return node.has_input(1) ? walk.constant(node.inputs[1]) != nullptr && fine(node.inputs[1])
                             : node.number("min", -1) >= 0;
  if (!kept.contains(node.op)) return false;
  if (node.op == "Resize" && (node.text("mode", "nearest") == "cubic" || node.number("extrapolation_value", 0) < 0))
    return false;
  if (node.op == "Pad" && (node.number("value", 0) < 0 || (node.has_input(2) && !fine(node.inputs[2])))) return false;
  const std::size_t data = node.op == "Concat" || node.op == "Add" || node.op == "Mul" || node.op == "Sum" ||
                                   node.op == "Max"
                               ? node.inputs.size()
                               : 1;
  return std::all_of(node.inputs.begin(),
                     node.inputs.begin() + static_cast<std::ptrdiff_t>(std::min(data, node.inputs.size())), fine);
}

bool is_quantized(const Node& node) {
  return node.op.find("uantizeLinear") != std::string::npos || node.op.starts_with("QLinear") ||
         node.op.ends_with("Integer");
}

std::string reason_for_unknown(const Node& node) {
  if (!node.domain.empty()) return "an operator of another domain than ONNX's has no layer";
  return "there is no layer for this operator; write it as a Map<...> or a layer of your own and put it between what "
         "is imported";
}

void refuse(Walk& walk, const Node& node, const std::string& reason) {
  walk.units.refused.push_back(describe(node) + ": " + reason);
  walk.refused_values.insert(node.outputs.begin(), node.outputs.end());
}

/// Weights in int8 between values in float are read as floats.
bool unpack(Walk& walk, const Node& node) {
  if (node.op != "DequantizeLinear") return false;
  std::vector<const Array*> inputs;
  for (const std::string& name : node.inputs) {
    inputs.push_back(name.empty() ? nullptr : walk.constant(name));
    if (!name.empty() && inputs.back() == nullptr) return false;
  }
  walk.unpacked[node.outputs.at(0)] = evaluate(node, walk.graph.opset, inputs).at(0);
  return true;
}

/// Classes as the last thing that a network gives: the type gives the scores. TFLite has a Cast behind them.
bool gives_classes(const Walk& walk, const Node& node) {
  if (!node.domain.empty()) return false;
  if (node.op == "ArgMax") return true;
  const auto before = node.op == "Cast" ? walk.producers.find(node.inputs.at(0)) : walk.producers.end();
  return before != walk.producers.end() && before->second->op == "ArgMax";
}
bool is_last(const Walk& walk, const Node& node) {
  const std::string& value = node.outputs.at(0);
  if (!walk.readers.contains(value)) return true;
  return std::ranges::all_of(walk.graph.nodes, [&](const Node& reader) {
    const bool reads = std::ranges::find(reader.inputs, value) != reader.inputs.end();
    return !reads || (node.op == "ArgMax" && reader.op == "Cast" && is_last(walk, reader));
  });
}

void take_scores(Walk& walk, const Node& node) {
  const std::string &scores = node.inputs.at(0), &classes = node.outputs.at(0);
  const Place& place = walk.places.at(scores);
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw Refused(what);
  };
  require(is_last(walk, node), "is not the last operator; a type can give the scores, not go on with the class");
  if (node.op == "ArgMax") {
    require(walk.producers.contains(scores), "the scores are an input of the network: nothing is left to be a type");
    require(place.sample().size() == 1, "takes scores of several axes; a type gives the class of a vector of scores");
    const std::int64_t axis = node.integer("axis", 0), rank = static_cast<std::int64_t>(place.dims.size());
    require(static_cast<std::size_t>(axis < 0 ? axis + rank : axis) != place.batch, "compares the samples of a batch");
    require(node.integer("select_last_index", 0) == 0,
            "select_last_index = 1: predict_class takes the first of equals");
  } else {
    const auto type = walk.graph.values.find(classes);
    require(type != walk.graph.values.end() && (type->second.type == Type::int32 || type->second.type == Type::int64),
            "classes are whole numbers");
  }
  walk.units.units.push_back({node.name.empty() ? node.op : node.name, {scores}, classes});
  walk.places[classes] = place;
  walk.units.shapes[classes] = walk.units.shapes.at(scores);
  walk.units.batch_axes[classes] = place.batch;
}

/// Layers of images, whose first axis ONNX calls the batch.
bool stands_in_batch(const Node& node) {
  static const std::set<std::string> known{"Conv",
                                           "ConvTranspose",
                                           "MaxPool",
                                           "AveragePool",
                                           "LpPool",
                                           "GlobalMaxPool",
                                           "GlobalAveragePool",
                                           "BatchNormalization",
                                           "InstanceNormalization",
                                           "GroupNormalization"};
  return known.contains(node.op);
}

void place_inputs(Walk& walk, bool batched) {
  for (const Value& input : walk.graph.inputs) {
    if (!input.dims || (batched && input.dims->empty()) ||
        std::any_of(input.dims->begin(), input.dims->end(), [](auto d) { return d <= 0; })) {
      walk.units.refused.push_back(
          fmt::format("input '{}': its shape has to be known{}", input.name, batched ? ", the batch first" : ""));
      walk.refused_values.insert(input.name);
      continue;
    }
    // a sequence for recurrent layers alone may come with time first, as ONNX has it
    bool time_first = false;
    for (const Node& node : walk.graph.nodes)
      for (const std::string& read : node.inputs)
        if (read == input.name)
          time_first = (node.op == "LSTM" || node.op == "GRU" || node.op == "RNN") && node.integer("layout", 0) == 0;
    walk.places[input.name] = {*input.dims, !batched ? no_batch : time_first ? 1U : 0U};
    walk.units.batch_axes[input.name] = walk.places[input.name].batch;
    walk.units.shapes[input.name] = in_type(walk.places[input.name].sample());
  }
}

}  // namespace

Units write_units(const Graph& graph, bool batched, bool scores_for_classes, std::map<std::string, Array>* spent) {
  Walk walk{graph};
  place_inputs(walk, batched);
  for (const Node& node : graph.nodes) {
    for (const std::string& output : node.outputs) walk.producers[output] = &node;
    for (const std::string& input : node.inputs) ++walk.readers[input];
  }
  std::map<std::string, std::size_t> still_read = walk.readers;
  std::size_t quantized = 0;
  const auto write = [&](const Node& node) {
    if (unpack(walk, node)) return;
    if (is_quantized(node)) {
      ++quantized;
      walk.refused_values.insert(node.outputs.begin(), node.outputs.end());
      return;
    }
    // what stands behind a refused node is not judged
    const bool behind = std::any_of(node.inputs.begin(), node.inputs.end(),
                                    [&](const auto& name) { return walk.refused_values.contains(name); });
    const auto found = layer_table().find(node.op);
    const bool classes = scores_for_classes && gives_classes(walk, node),
               known = classes || (found != layer_table().end() && node.domain.empty());
    if (!known) refuse(walk, node, reason_for_unknown(node));
    if (behind) walk.refused_values.insert(node.outputs.begin(), node.outputs.end());
    if (!known || behind) return;
    try {
      if (classes) return take_scores(walk, node);
      Writer writer(walk, node);
      if (stands_in_batch(node)) writer.take_front_as_batch();
      found->second(writer);
      writer.finish();
      if (never_negative(walk, node)) walk.not_negative.insert(node.outputs.begin(), node.outputs.end());
    } catch (const Refused& reason) {
      refuse(walk, node, reason.what());
    } catch (const Error& error) {  // of what it shares with the interpreter, which names the node itself
      walk.units.refused.push_back(error.what());
      walk.refused_values.insert(node.outputs.begin(), node.outputs.end());
    } catch (const std::out_of_range&) {
      refuse(walk, node, "is not as the operator is defined");
    }
  };
  constexpr std::size_t large = 1 << 16;
  for (const Node& node : graph.nodes) {
    write(node);
    for (const std::string& input : node.inputs) {
      if (spent == nullptr || --still_read[input] > 0) continue;
      if (const auto weight = spent->find(input); weight != spent->end() && weight->second.values.size() >= large)
        std::vector<double>().swap(weight->second.values);
    }
  }
  if (quantized > 0)
    walk.units.refused.push_back(fmt::format("{} quantised operators with integers of their own: what is imported in "
                                             "int8 are operators of floats between DequantizeLinear and QuantizeLinear",
                                             quantized));
  return std::move(walk.units);
}

}  // namespace tenon::importing
