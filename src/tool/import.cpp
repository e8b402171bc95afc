#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include "../import/simplify.hpp"
#include "../import/write_network.hpp"
#include "../import/write_quantized.hpp"
#include "../io/words.hpp"
#include "commands.hpp"
#include "compile.hpp"
#include "network_file.hpp"
#include "phases.hpp"
#include "table.hpp"

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

/// Compiles and runs the checking program.
enum class Checked { right, wrong, not_run };
Checked run_check(const std::string& folder, Phases& phases) {
  const std::string program = folder + "/check";
  phases.begin("compiling the check");
  if (!compile(folder + "/check.cpp", program)) return Checked::not_run;
  phases.pause();
  return run(program, {folder}) ? Checked::right : Checked::wrong;
}

/// A network of integers: its numbers are constants in the header.
int import_quantized(const Import& what, const Graph& original, const Graph& graph, Phases& phases) {
  phases.begin("writing the type and what it has to give");
  const WrittenQuantized written = write_quantized(original, graph, what.name, 4,
                                                   what.rounding == "double" ? Rounding::twice : Rounding::once);
  std::filesystem::create_directories(what.folder);
  const std::string header = what.folder + "/net_int8.hpp", check = what.folder + "/check.cpp";
  write_text(header, written.header);
  write_text(check, written.check);
  const Checked checked = what.check ? run_check(what.folder, phases) : Checked::not_run;
  phases.pause();
  if (what.json) {
    nlohmann::json j{{"header", header},
                     {"check", check},
                     {"type", what.name},
                     {"weight_bytes", written.weight_bytes},
                     {"ram_bytes", written.ram_bytes},
                     {"macs", written.macs}};
    j["checked"] = checked == Checked::not_run ? nlohmann::json(nullptr) : nlohmann::json(checked == Checked::right);
    print_json(j);
  } else {
    fmt::print("{}: {} in int8, {} bytes of weights, {} bytes of RAM, {} multiplications\n", header, what.name,
               written.weight_bytes, written.ram_bytes, written.macs);
    if (checked == Checked::not_run)
      fmt::print("{} compares its bytes with the file's: compile it with Tenon's headers and run it\n", check);
  }
  return checked == Checked::wrong ? 1 : 0;
}

}  // namespace

int import_network(const Import& what) {
  Phases phases;
  phases.begin("reading");
  Graph graph = read_network(what.file, what.sets);
  phases.begin("rewriting");
  simplify(graph, shapes_of(what.shapes));
  if (is_quantized(graph)) return import_quantized(what, read_network(what.file, what.sets), graph, phases);
  if (what.rounding != "single") throw Error("--rounding double: the network has no integers");
  phases.begin("writing the type");
  const Written written = write_network(graph, what.name, has_batch(graph));
  // The numbers of a large network take much memory: no more than two copies of them are there at a time.
  for (auto& [name, array] : graph.constants) std::vector<double>().swap(array.values);
  phases.begin("computing what it has to give");
  const std::string check = write_check(read_network(what.file, what.sets), graph, what.name, written.batch_axes);

  phases.begin("writing the files");
  std::filesystem::create_directories(what.folder);
  write_weights(what.folder + "/net.safetensors", written.weights);
  write_text(what.folder + "/net.hpp", written.header);
  write_text(what.folder + "/check.cpp", check);
  const Checked checked = what.check ? run_check(what.folder, phases) : Checked::not_run;
  phases.pause();

  if (what.json) {
    nlohmann::json j{{"header", what.folder + "/net.hpp"},  {"weights", what.folder + "/net.safetensors"},
                     {"check", what.folder + "/check.cpp"}, {"type", what.name},
                     {"tensors", written.weights.size()},   {"parameters", count(written.weights)}};
    j["checked"] = checked == Checked::not_run ? nlohmann::json(nullptr) : nlohmann::json(checked == Checked::right);
    print_json(j);
  } else {
    fmt::print("{}/net.hpp: {}, {} parameters in {} tensors\n", what.folder, what.name, count(written.weights),
               written.weights.size());
    for (const Value& output : graph.outputs)
      if (scores_of_classes(graph, output.name) != nullptr)
        fmt::print("the file ends in ArgMax: of {} the type gives the scores, predict_class the class\n",
                   detail::quoted_text(output.name));
    if (checked == Checked::not_run)
      fmt::print("{}/check.cpp compares it with the file: compile it with Tenon and run it there\n", what.folder);
  }
  return checked == Checked::wrong ? 1 : 0;
}

}  // namespace tenon::tool
