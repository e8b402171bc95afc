#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "structure.hpp"

namespace tenon::importing {

/// A network's type as text.
struct TypeText {
  std::string definitions;  // of blocks that occur several times, a line end behind each
  std::string body;         // "Sequential<Input<4>, Dense<2>>", as it stands behind `column` characters
  std::map<std::string, Array> weights;
};
TypeText write_type(const Graph& graph, Structure structure, const Units& units, std::size_t column);

/// The type of a network within another's: its input has the shape that is given there.
TypeText write_inner_type(const Graph& graph, const Structure& structure, const Units& units);

/// What a type cannot have: axes that are too many, inputs that nothing reads.
std::vector<std::string> refusals(const Graph& graph, const Structure& structure, const Units& units);

/// Throws one Error with all reasons; does nothing where there are none.
void refuse_all(const Graph& graph, const std::vector<std::string>& refused);

/// An Error where that cannot be the name of a type: it is none in C++, or stands for something else in what is
/// written.
void check_type_name(const std::string& name);
/// The same where a part of this type is called so.
void check_type_name(const std::string& name, const TypeText& type);

}  // namespace tenon::importing
