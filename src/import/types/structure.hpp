#pragma once

#include <string>
#include <vector>

#include "part.hpp"

namespace tenon::importing {

/// A row of parts from values to a value: a node of a Graph.
struct Piece {
  std::string name;
  std::vector<std::string> reads;
  std::string gives;
  std::vector<Part> parts;
};

/// A network as few pieces: rows of layers are joined, and branches that begin at one value and meet again become
/// Residual, Gate, Add and Concat. Of a graph that is series and parallel one piece is left.
struct Structure {
  std::vector<Piece> pieces;
  std::vector<std::string> outputs;  // the values that the network gives
};
Structure find_structure(const Graph& graph, const Units& units);

}  // namespace tenon::importing
