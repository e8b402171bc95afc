#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "graph.hpp"

/// A plain interpreter of graphs, in double and one loop after the other: what every rewrite and every type is compared
/// with.
namespace tenon::importing {

/// A value of which only type and axes are known: its numbers are left out. Operators take such values and give such
/// values with the right axes, so one set of definitions gives shapes and numbers. Shape, Size and EyeLike know their
/// result anyway. A value of no numbers (an axis of size 0) is known.
inline bool numbers_known(const Array& array) { return !array.values.empty() || count_of(array.dims) == 0; }

/// Is there a definition of this operator? `operators/` has them, one table for each group.
bool interprets(const Node& node);

/// One operator, by the meaning it has in that opset. `inputs` are in its order, null where an optional one is absent;
/// results may be more than the node names. Results are computed in double; integers wrap around as their type does,
/// halves are rounded, float is not, but for Cast, QuantizeLinear and what decides ties there.
/// Errors name the node and what does not fit. If is run by the functions below, which know what its bodies read.
std::vector<Array> evaluate(const Node& node, std::int64_t opset, const std::vector<const Array*>& inputs);

/// The whole graph: inputs by name (with or without numbers), all values by name, constants too. An input that is also
/// a constant may be left out. Of an If that body is run which its condition, a known one, chooses.
std::map<std::string, Array> interpret_all(const Graph& graph, std::map<std::string, Array> inputs);

/// The same, outputs alone, in their order; intermediate values are let go as soon as nobody reads them.
std::vector<Array> interpret(const Graph& graph, std::map<std::string, Array> inputs);

/// The same, but every number of float that depends on an input is off by up to half of its last place in float, at
/// random: how far the outputs are from those of `interpret` is what rounding can do to them. Operators are off by as
/// much each, whatever many sums they add up.
std::vector<Array> interpret_rounded(const Graph& graph, std::map<std::string, Array> inputs);

}  // namespace tenon::importing
