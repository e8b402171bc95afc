#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Programs that the command writes for a type which only a compiler knows.
namespace tenon::tool {

/// Compiles `source` into `program`. The command line is what the environment variable TENON_CHECK says, as "c++ ...
/// {source} -o {program}". Where it is not set, it is that of this build or install of Tenon, with the compiler that
/// CXX names or the first that is found. "" when done, else the reason why nothing can be compiled here: no compiler,
/// no headers of Tenon or of what it needs. An Error, behind the compiler's messages on stderr if they are to be shown,
/// where the program itself is wrong.
std::string compile(const std::string& source, const std::string& program, bool show_messages = true);

/// A program for the type `name` in a header. In the text {0} is the header's path, {1} the type, {2} the header's
/// name. An Error where there is no such header, or one of the names cannot be written in a program.
std::string program_for(const std::string& header, const std::string& name, std::string_view text);

/// Makes the folder where it is not there. An Error where something else has its name, or nobody may write there.
void make_folder(const std::string& path);

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

/// Whether the program ends with 0; what it writes to stdout, if anybody wants to know. An Error where it is ended by
/// a signal.
bool run(const std::string& program, const std::vector<std::string>& arguments, std::string* output = nullptr);

}  // namespace tenon::tool
