#include "compile.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <utility>

#include <tenon/error.hpp>

#include "../io/input_file.hpp"
#include "../io/words.hpp"

namespace tenon::tool {

namespace {

namespace fs = std::filesystem;

std::string quoted_for_shell(const std::string& text) {
  std::string all = "'";
  for (const char c : text) c == '\'' ? all += "'\\''" : all += c;
  return all + "'";
}

/// `name` by the search of a shell; "" where there is none.
std::string found_in_path(const std::string& name) {
  const auto runs = [](const std::string& path) {
    return fs::is_regular_file(path) && ::access(path.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) return runs(name) ? name : "";
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const std::string file = folder + "/" + name; runs(file)) return file;
  return "";
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What a command writes to stdout.
std::string output_of(const std::string& command) {
  std::string all;
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return all;
  std::array<char, 4096> part{};
  while (const std::size_t n = std::fread(part.data(), 1, part.size(), pipe)) all.append(part.data(), n);
  ::pclose(pipe);
  return all;
}

/// Ends as the command does: its exit code, or an Error if a signal ended it, as Ctrl-C.
int exit_code_of(const std::string& line) {
  const int status = std::system(line.c_str());
  if (WIFSIGNALED(status)) throw Error(fmt::format("ended by signal {}: {}", WTERMSIG(status), line));
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// The words of the command line that compiles with this Tenon. The build writes them into the file tenon.flags, one on
/// a line: {bin} is the command's own folder, so that a tree may be moved, {compiler} any that is found.
struct CommandLine {
  std::vector<std::string> words;
  std::string reason;  // why there is none
};

std::string own_folder() {
  std::error_code none;
  return fs::read_symlink("/proc/self/exe", none).parent_path().string();
}

/// CXX may hold arguments, as "ccache g++-12" does.
std::string first_word(const std::string& text) { return text.substr(0, text.find(' ')); }

std::string compiler(const std::string& of_the_build) {
  const char* const chosen = std::getenv("CXX");
  if (chosen != nullptr && *chosen != '\0') return found_in_path(first_word(chosen)).empty() ? "" : chosen;
  for (const std::string& name : {of_the_build, std::string("g++-12"), std::string("g++"), std::string("clang++-19"),
                                  std::string("clang++"), std::string("c++")})
    if (!found_in_path(name).empty()) return quoted_for_shell(name);
  return "";
}

/// What clang needs beside the build's flags (cmake/flags.cmake says why), if it is one.
std::string extra_flags(const std::string& compiler) {
  const std::string version = output_of(compiler + " --version 2>/dev/null");
  const std::size_t at = version.find("clang version ");
  if (at == std::string::npos || std::atoi(version.c_str() + at + 14) < 19) return "";
  return " -fno-relaxed-template-template-args";
}

CommandLine own_command_line() {
  const std::string bin = own_folder();
  std::ifstream file(bin + "/tenon.flags");
  if (!file) file.open(bin + "/" TENON_FLAGS_FROM_BIN);
  if (!file) return {{}, "tenon.flags, which says how to compile, does not lie where this command was installed"};
  CommandLine line;
  for (std::string word; std::getline(file, word);) {
    if (word.empty()) continue;
    if (const std::size_t at = word.find("{bin}"); at != std::string::npos) {
      word.replace(at, 5, bin);
      const std::string path = word.starts_with("-I") ? word.substr(2) + "/tenon" : word;
      if (!fs::exists(path)) return {{}, fmt::format("there is no {}", fs::path(path).lexically_normal().string())};
    }
    line.words.push_back(word);
  }
  if (line.words.empty()) return {{}, "tenon.flags is empty"};
  const std::string found = compiler(line.words[0] == "{compiler}" ? "" : line.words[0]);
  if (found.empty()) {
    const char* const chosen = std::getenv("CXX");
    return {{},
            chosen != nullptr && *chosen != '\0' ? fmt::format("CXX names {}, which is not there", chosen)
                                                 : "no compiler is found; CXX can name one"};
  }
  line.words[0] = found + extra_flags(found);
  return line;
}

std::string from_environment() {
  const char* const command = std::getenv("TENON_CHECK");
  return command != nullptr ? command : "";
}

/// The first line of a compiler's messages which says that something is missing here, not that the program is wrong.
std::string missing_thing(const std::string& messages) {
  std::istringstream lines(messages);
  for (std::string line; std::getline(lines, line);)
    for (const char* sign : {": No such file or directory", "file not found", "cannot find -l",
                             "unable to find library", "cannot execute", "Killed signal", "virtual memory exhausted"})
      if (line.find(sign) != std::string::npos) return line;
  return "";
}

/// Whether the name stands somewhere in the text, as a word.
bool has_word(std::string_view text, std::string_view word) {
  const auto belongs = [&](std::size_t at) {
    return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '_');
  };
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1))
    if (!belongs(at + word.size()) && (at == 0 || !belongs(at - 1))) return true;
  return false;
}

/// A compiler's words for a type that is not there are many. What another header of the user's may say is left to it.
void demand_type(const std::string& header, std::string_view name) {
  const std::string text = detail::read_file(header, "a header with a network");
  if (const std::size_t colon = name.rfind(':'); colon != name.npos) name.remove_prefix(colon + 1);
  if (text.find("#include \"") == text.npos && !has_word(text, name))
    throw Error(
        fmt::format("{}: expected a type {}, which is not in it: --name says what the type is called", header, name));
}

}  // namespace

std::string program_for(const std::string& header, const std::string& name, std::string_view text) {
  if (!fs::is_regular_file(header)) throw Error(fmt::format("{}: expected a header with a network", header));
  const std::string path = fs::absolute(header).string();
  if (path.find_first_of("\"\n\\") != std::string::npos)
    throw Error(fmt::format("{}: cannot be written in an #include", detail::quoted_text(path)));
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != ':')
      throw Error(fmt::format("{} is no name of a type", detail::quoted_text(name)));
  demand_type(header, name);
  return fmt::format(fmt::runtime(text), path, name, fs::path(header).filename().string());
}

std::string compile(const std::string& source, const std::string& program, bool show_messages) {
  std::string line = from_environment();
  const bool own = line.empty();
  if (own) {
    const CommandLine command = own_command_line();
    if (!command.reason.empty()) return command.reason;
    line = command.words[0];
    for (std::size_t i = 1; i < command.words.size(); ++i)
      line += command.words[i].starts_with('{') ? " " + command.words[i] : " " + quoted_for_shell(command.words[i]);
  }
  for (const auto& [word, path] : {std::pair{std::string("{source}"), source}, {std::string("{program}"), program}})
    for (std::size_t at; (at = line.find(word)) != std::string::npos;)
      line.replace(at, word.size(), quoted_for_shell(path));
  const TemporaryFolder folder;
  const std::string log = folder.file("messages");
  // With braces, the redirection is of all commands that TENON_CHECK may hold.
  if (exit_code_of("{ " + line + "\n} > " + quoted_for_shell(log) + " 2>&1") == 0) return "";
  const std::string messages = content_of(log);
  if (const std::string missing = missing_thing(messages); own && !missing.empty()) return missing;
  if (show_messages) std::fputs(messages.c_str(), stderr);
  throw Error("the program that was written does not compile: " + line);
}

bool run(const std::string& program, const std::vector<std::string>& arguments, std::string* output) {
  std::string line = quoted_for_shell(program);
  for (const std::string& argument : arguments) line += " " + quoted_for_shell(argument);
  if (output == nullptr) return exit_code_of(line) == 0;
  const TemporaryFolder folder;
  const bool fine = exit_code_of(line + " > " + quoted_for_shell(folder.file("output"))) == 0;
  *output = content_of(folder.file("output"));
  return fine;
}

void make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error && !fs::is_directory(path)) error = std::make_error_code(std::errc::not_a_directory);
  if (error) throw Error(fmt::format("{}: cannot be made as a folder: {}", path, error.message()));
}

TemporaryFolder::TemporaryFolder() : path_((fs::temp_directory_path() / "tenon.XXXXXX").string()) {
  if (::mkdtemp(path_.data()) == nullptr) throw Error(fmt::format("{}: cannot be made", path_));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace tenon::tool
