#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Programs that the command writes for a type which only a compiler knows.
namespace tenon::tool {

/// Compiles `source` into `program` by the command in the environment variable TENON_CHECK, as "c++ ... {source} -o
/// {program}". False where there is none. An Error where the program does not compile.
bool compile(const std::string& source, const std::string& program);

/// Whether there is such a command.
bool can_compile();

/// A program for the type `name` in a header. In the text {0} is the header's path, {1} the type, {2} the header's
/// name. An Error where there is no such header, or one of the names cannot be written in a program.
std::string program_for(const std::string& header, const std::string& name, std::string_view text);

/// A folder that is gone afterwards.
class TemporaryFolder {
public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  std::string file(const char* name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

/// Whether the program ends with 0.
bool run(const std::string& program, const std::vector<std::string>& arguments);

}  // namespace tenon::tool
