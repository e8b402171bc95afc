#pragma once

#include <string>

#include "graph.hpp"

namespace tenon::importing {

/// Brings nodes into an order in which each reads only what is above it, those of the bodies of If, Loop and Scan
/// included; nodes that are in such an order stay where they are. On the way every name is checked: an Error says,
/// after the name of the file, which value is given twice (in a body: or hides one from around it), which is read and
/// never given, and which nodes wait for each other.
void put_in_order(Graph& graph, const std::string& file);

}  // namespace tenon::importing
