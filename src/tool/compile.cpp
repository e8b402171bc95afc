#include "compile.hpp"

#include <cstdlib>
#include <utility>

#include <tenon/error.hpp>

namespace tenon::tool {

namespace {

std::string quoted_for_shell(const std::string& text) {
  std::string all = "'";
  for (const char c : text) c == '\'' ? all += "'\\''" : all += c;
  return all + "'";
}

}  // namespace

bool compile(const std::string& source, const std::string& program) {
  const char* command = std::getenv("TENON_CHECK");
  if (command == nullptr || *command == '\0') return false;
  std::string line = command;
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

}  // namespace tenon::tool
