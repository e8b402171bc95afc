#pragma once

#include "graph.hpp"

namespace tenon::importing {

/// Operators of opset 6 in the words of 7: axes of a second input that is spread from `axis` on, one slope of PRelu for
/// each channel, and no modes of training. What cannot be written so is refused.
void from_opset_6(Graph& graph);

}  // namespace tenon::importing
