#pragma once

#include <string>
#include <utility>
#include <vector>

#include "../graph.hpp"

namespace tenon::importing {

/// One layer of a type that is written: its text, the shape that a sample has behind it, and its numbers.
struct Layer {
  enum Kind {
    plain,    // "Conv2D<16, 3>"
    reshape,  // no number moves: Flatten or Reshape, as `gives` says
    formula,  // the text is a formula of x, for Map
    scale     // how what stands before it is quantised: no layer (types/quantized_plan.hpp)
  };
  std::string text;
  Dims gives;
  std::vector<std::pair<std::string, Array>> weights{};  // by the names and with the shapes that Tenon gives them
  Kind kind = plain;
};

/// What becomes of a node: layers one after the other. One that reads several values begins with a layer that joins
/// them.
struct Unit {
  std::string name;
  std::vector<std::string> reads;
  std::string gives;
  std::vector<Layer> layers{};
};

/// All nodes of a graph as units, in its order. `shapes` are those of a sample, by the name of the value. `refused`
/// says, one entry for each, which nodes have no layers and why.
struct Units {
  std::vector<Unit> units;
  std::map<std::string, Dims> shapes;
  std::vector<std::string> refused;
  std::map<std::string, std::size_t>
      batch_axes{};  // of the graph's inputs and of what units give; no_batch where there is none
};
/// Without `batched` the first axis of the inputs is no batch: what they hold is one sample. `scores_for_classes`: an
/// ArgMax over vectors of scores that is an output has no layers, and its shape is that of the scores.
/// `spent`: the graph's own constants, where their numbers are needed no more; large ones go when they are in a layer.
Units write_units(const Graph& graph, bool batched = true, bool scores_for_classes = false,
                  std::map<std::string, Array>* spent = nullptr);
inline constexpr std::size_t no_batch = static_cast<std::size_t>(-1);

/// A number as C++ text: the shortest that is the same float.
std::string number_text(double value);

/// "1, 28, 28"
std::string list_text(const Dims& dims);

}  // namespace tenon::importing
