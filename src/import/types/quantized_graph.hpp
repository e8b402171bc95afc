#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "structure.hpp"

namespace tenon::importing {

/// A network of integers as layers: the same as for its float form, but that weights are integers, that their scales
/// stand beside them, and that a layer `Layer::scale` stands where the file rounds (types/quantized_plan.hpp).
/// `refused` says what stands between that has no integers.
/// `means`: the names of the nodes that TFLite calls MEAN, which it rounds otherwise than an average pool.
Units quantized_units(const Graph& graph, const std::set<std::string>& means);

/// Whether TFLite's MEAN has become a GlobalAveragePool of this name. As a layer it is a convolution with equal
/// weights: their integer and scale are such that every sum gives what LiteRT makes of it.
bool is_mean_of_images(const Graph& simplified, const Node& mean);

}  // namespace tenon::importing
