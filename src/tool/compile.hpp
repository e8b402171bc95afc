#pragma once

#include <string>
#include <vector>

/// Programs that the command writes for a type which only a compiler knows.
namespace tenon::tool {

/// Compiles `source` into `program` by the command in the environment variable TENON_CHECK, as "c++ ... {source} -o
/// {program}". False where there is none. An Error where the program does not compile.
bool compile(const std::string& source, const std::string& program);

/// Whether the program ends with 0.
bool run(const std::string& program, const std::vector<std::string>& arguments);

}  // namespace tenon::tool
