#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph.hpp"
#include "lite_rules.hpp"

/// What a network of integers computes, by the rules of LiteRT and not in real numbers: byte for byte.
///
/// Between a DequantizeLinear and a QuantizeLinear numbers stay integers:
/// - convolutions, matrix products: sums in int32, times s_x s_w / s_y, rounded;
/// - Add: both brought to twice the larger scale with 20 bits to spare, then to the result's;
/// - means of windows: of the stored integers, halves away from zero; at another scale a sum times its scale;
/// - Softmax along the last axis: a table of exp in float, scale 1/256;
/// - what moves numbers, bounds and the largest of windows: exact.
/// Anything else is computed in double and rounded by QuantizeLinear.
///
/// Where activations have 16 bits (LiteRT's 16x8, zero points 0) sums are of 64 bits and meet multipliers of 15, but of
/// 31 where the bias has 32 bits; Add has 15 bits to spare, and Softmax tables of whole numbers, scale 2^-15.
namespace tenon::importing {

/// Whether values between layers have 16 bits, as TFLite's 16x8 has them.
bool has_wide_activations(const Graph& graph);

/// The outputs in their order. Where the file gives real numbers they are integers all the same: those in front of the
/// last DequantizeLinear or, behind a Softmax, its probabilities at 1/256 with zero point -128. uint8 becomes int8,
/// 128 less; 16 bits stay. An Error where an output is neither.
std::vector<Array> interpret_int8(const Graph& graph, const std::map<std::string, Array>& inputs,
                                  Rounding rounding = Rounding::once);

}  // namespace tenon::importing
