#pragma once

#include <map>
#include <string>
#include <utility>

#include "structure.hpp"

/// The scales of a network of integers: from its graph into its layers, and out of these again.
namespace tenon::importing {

/// Constants of a DequantizeLinear: the scale of each output, and how far the stored integers are from int8.
struct Scales {
  Array scale;
  double zero = 0;
  Type type = Type::int8;  // of the integers
};

/// What is known of the values of a graph that counts in integers, under their names.
struct GraphScales {
  bool wide = false;                                           // activations have 16 bits
  std::map<std::string, Scales> weights{}, values{};           // of constants, and of what is rounded
  std::map<std::string, std::string> convolutions{};           // what became one: its weights
  std::map<std::string, std::pair<Array, double>> operands{};  // integers less their zero point, and their scale
  std::map<std::string, const Node*> makers{};                 // of each value
  std::map<std::string, const Node*> rounded{};                // of a rounded value: who made what was rounded
};

/// Writes into a unit's layers what integers have beside their numbers (the names in types/quantized_plan.hpp): a layer
/// `Layer::scale` where the file rounds, scales beside weights.
void note_scales(Unit& unit, const Units& units, const GraphScales& known);

/// Takes the layers `Layer::scale` out again, and the scales.
void remove_scales(Structure& structure, const Units& units);

}  // namespace tenon::importing
