#include "compile.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <tenon/error.hpp>

#include "../io/words.hpp"

namespace tenon::tool {

namespace {

std::string quoted_for_shell(const std::string& text) {
  std::string all = "'";
  for (const char c : text) c == '\'' ? all += "'\\''" : all += c;
  return all + "'";
}

}  // namespace

std::string program_for(const std::string& header, const std::string& name, std::string_view text) {
  namespace fs = std::filesystem;
  if (!fs::is_regular_file(header)) throw Error(fmt::format("{}: expected a header with a network", header));
  const std::string path = fs::absolute(header).string();
  if (path.find_first_of("\"\n\\") != std::string::npos)
    throw Error(fmt::format("{}: cannot be written in an #include", detail::quoted_text(path)));
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != ':')
      throw Error(fmt::format("{} is no name of a type", detail::quoted_text(name)));
  return fmt::format(fmt::runtime(text), path, name, fs::path(header).filename().string());
}

bool can_compile() {
  const char* command = std::getenv("TENON_CHECK");
  return command != nullptr && *command != '\0';
}

bool compile(const std::string& source, const std::string& program) {
  if (!can_compile()) return false;
  std::string line = std::getenv("TENON_CHECK");
  for (const auto& [word, path] : {std::pair{std::string("{source}"), source}, {std::string("{program}"), program}})
    for (std::size_t at; (at = line.find(word)) != std::string::npos;)
      line.replace(at, word.size(), quoted_for_shell(path));
  if (std::system(line.c_str()) != 0) throw Error("the program that was written does not compile: " + line);
  return true;
}

bool run(const std::string& program, const std::vector<std::string>& arguments) {
  std::string line = quoted_for_shell(program);
  for (const std::string& argument : arguments) line += " " + quoted_for_shell(argument);
  return std::system(line.c_str()) == 0;
}

TemporaryFolder::TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "tenon.XXXXXX").string()) {
  if (::mkdtemp(path_.data()) == nullptr) throw Error(fmt::format("{}: cannot be made", path_));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tenon::tool
