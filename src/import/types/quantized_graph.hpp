#pragma once

#include <map>
#include <string>
#include <vector>

#include "structure.hpp"

namespace tenon::importing {

/// A network of integers as layers: the same as for its float form, but that weights are integers, that their scales
/// stand beside them, and that a layer `Layer::scale` stands where the file rounds (types/quantized_plan.hpp).
/// `refused` says what stands between that has no integers.
Units quantized_units(const Graph& graph);

/// Takes the layers `Layer::scale` out again, and the scales.
void remove_scales(Structure& structure, const Units& units);

}  // namespace tenon::importing
