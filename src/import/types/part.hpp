#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "../layers/unit.hpp"

namespace tenon::importing {

/// A network as a tree: layers, and what is put together of them.
struct Part {
  enum Kind { layer, chain, residual, gate, sum, joined, repeat };
  Kind kind = layer;
  Layer own{};                // of a layer
  std::vector<Part> parts{};  // of the others; a repeat has all its copies, which read alike
  Dims gives{};
  std::string alias{};  // written instead of all this: "Block<64>"
};

Part part_of(Layer layer);
Part made_of(Part::Kind kind, std::vector<Part> parts, Dims gives);
/// One part for a row of them.
Part as_one(std::vector<Part> parts, const Dims& takes);

bool has_weights(const Part& part);

/// A row of layers tidied: formulas that follow one another become one, shapes that follow one another the last of
/// them, and what changes nothing goes.
void tidy(std::vector<Part>& parts, const Dims& takes);

/// The name in front of the bracket: "Residual".
std::string head(const Part& part);
/// All of it in one line. `raw` has the strides of 1 that are left out: blocks with and without a stride look alike
/// then.
std::string text(const Part& part, bool raw = false);
/// The same in lines of at most `width` characters, as it stands behind `column` characters of its first line.
std::string lines(const Part& part, std::size_t column, std::size_t width);
/// "Head<first, second, ...>" in lines: several to a line while they are short.
std::string lines(const std::string& head, const std::vector<Part>& parts, std::size_t column, std::size_t width);

/// The numbers of all layers by the names that a model gives them, each behind `prefix`.
void collect_weights(const Part& part, const std::string& prefix, std::map<std::string, Array>& to);
void collect_weights(const std::vector<Part>& parts, const std::string& prefix, std::map<std::string, Array>& to);

/// Equal blocks in a row become Repeat, here and in all parts.
void find_repeats(std::vector<Part>& parts, const Dims& takes);

/// Blocks that occur several times, alike or but for numbers, get a name: the definitions, in order. The parts get
/// it as `alias`.
std::vector<std::string> name_blocks(const std::vector<std::vector<Part>*>& rows, std::size_t width);

}  // namespace tenon::importing
