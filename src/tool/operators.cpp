#include "operators.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "../import/layers/writer.hpp"
#include "../import/operators/call.hpp"
#include "../import/tflite_lowering.hpp"

namespace tenon::tool {

namespace {

using namespace importing;

using Names = std::set<std::string>;

/// What passes write as several operators (passes/passes.hpp): these have no layer of their own.
const Names taken_apart{"AffineGrid",
                        "Attention",
                        "Col2Im",
                        "DFT",
                        "DeformConv",
                        "Einsum",
                        "GridSample",
                        "RotaryEmbedding",
                        "NegativeLogLikelihoodLoss",
                        "SoftmaxCrossEntropyLoss"};
const Names scales{"DequantizeLinear", "QuantizeLinear"};
/// What a network may end in (layers/walk.cpp).
const Names classes{"ArgMax"};

/// What has no layer, but is computed while a file is read.
Names computed_only() {
  Names all;
  for (const auto& [name, definition] : computed_operators()) all.emplace(name);
  LayerTable layers;
  for (const LayerGroup& group : layer_groups()) group.add(layers);
  std::erase_if(all, [&](const std::string& name) {
    return layers.contains(name) || taken_apart.contains(name) || scales.contains(name) || classes.contains(name);
  });
  return all;
}

std::string header(const char* format) { return fmt::format("| in {} | |\n|---|---|\n", format); }
std::string row(const char* group, const Names& names) {
  return fmt::format("| {} | {} |\n", group, fmt::join(names, ", "));
}
std::string last_row(const Names& names) {
  return row("only where all that they read is constant, as shapes are", names);
}
std::string classes_row(const Names& names) { return row("as the last operator: the type gives the scores", names); }

std::string tflite_table(const Names& computed) {
  std::string text = header("`.tflite`");
  Names constant, last;
  for (const auto& [group, lowerings] : {std::pair{"weights and windows", tflite::layer_lowerings()},
                                         {"number by number", tflite::function_lowerings()},
                                         {"what moves or counts numbers", tflite::movement_lowerings()}}) {
    Names names;
    for (const tflite::Lowering& lowering : lowerings)
      (computed.contains(lowering.op) ? constant : classes.contains(lowering.op) ? last : names).emplace(lowering.name);
    text += row(group, names);
  }
  return text + classes_row(last) + last_row(constant);
}

std::string onnx_table(const Names& computed) {
  std::string text = header("`.onnx`");
  for (const LayerGroup& group : layer_groups()) {
    if (group.name == nullptr) continue;
    LayerTable table;
    group.add(table);
    Names names;
    for (const auto& [name, write] : table) names.insert(name);
    text += row(group.name, names);
  }
  return text + row("become several layers", taken_apart) + row("scales of networks in int8", scales) +
         classes_row(classes) + last_row(computed);
}

}  // namespace

std::string operators_text() {
  const Names computed = computed_only();
  return tflite_table(computed) + "\n" + onnx_table(computed);
}

}  // namespace tenon::tool
