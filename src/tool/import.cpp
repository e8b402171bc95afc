#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include "../import/simplify.hpp"
#include "../import/write_network.hpp"
#include "commands.hpp"
#include "network_file.hpp"

namespace tenon::tool {

namespace {

using namespace importing;

void write_text(const std::string& path, const std::string& text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

std::int64_t count(const std::map<std::string, Array>& weights) {
  std::int64_t all = 0;
  for (const auto& [name, array] : weights) all += count_of(array.dims);
  return all;
}

std::string quoted_for_shell(const std::string& text) {
  std::string all = "'";
  for (const char c : text) c == '\'' ? all += "'\\''" : all += c;
  return all + "'";
}

/// Compiles and runs the checking program, by the command in TENON_CHECK if there is one: "c++ ... {program} ...
/// {source}".
enum class Checked { right, wrong, not_run };
Checked run_check(const std::string& folder) {
  const char* command = std::getenv("TENON_CHECK");
  if (command == nullptr || *command == '\0') return Checked::not_run;
  const std::string program = folder + "/check", source = folder + "/check.cpp";
  std::string line = command;
  for (const auto& [word, path] : {std::pair{std::string("{source}"), source}, {std::string("{program}"), program}})
    for (std::size_t at; (at = line.find(word)) != std::string::npos;)
      line.replace(at, word.size(), quoted_for_shell(path));
  if (std::system(line.c_str()) != 0) throw Error("the checking program does not compile: " + line);
  return std::system((quoted_for_shell(program) + " " + quoted_for_shell(folder)).c_str()) == 0 ? Checked::right
                                                                                                : Checked::wrong;
}

}  // namespace

int import_network(const Import& what) {
  const Graph original = read_network(what.file);
  Graph graph = original;
  simplify(graph, shapes_of(what.shapes));
  const Written written = write_network(graph, what.name);
  const std::string check = write_check(original, graph, what.name);

  std::filesystem::create_directories(what.folder);
  write_weights(what.folder + "/net.safetensors", written.weights);
  write_text(what.folder + "/net.hpp", written.header);
  write_text(what.folder + "/check.cpp", check);
  const Checked checked = what.check ? run_check(what.folder) : Checked::not_run;

  if (what.json) {
    nlohmann::json j{{"header", what.folder + "/net.hpp"},  {"weights", what.folder + "/net.safetensors"},
                     {"check", what.folder + "/check.cpp"}, {"type", what.name},
                     {"tensors", written.weights.size()},   {"parameters", count(written.weights)}};
    j["checked"] = checked == Checked::not_run ? nlohmann::json(nullptr) : nlohmann::json(checked == Checked::right);
    fmt::print("{}\n", j.dump());
  } else {
    fmt::print("{}/net.hpp: {}, {} parameters in {} tensors\n", what.folder, what.name, count(written.weights),
               written.weights.size());
    if (checked == Checked::not_run)
      fmt::print("{}/check.cpp compares it with the file: compile it with Tenon and run it there\n", what.folder);
  }
  return checked == Checked::wrong ? 1 : 0;
}

}  // namespace tenon::tool
