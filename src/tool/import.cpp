#include <fmt/format.h>

#include <algorithm>
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

/// The last line that the checking program has written, or why it was not run.
struct Checked {
  enum { right, wrong, not_run } is = not_run;
  std::string line{};

  /// `program`: where check.cpp is, unless it was left out.
  void add_to(nlohmann::json& j, const std::string& program) const {
    j["check"] = std::filesystem::exists(program) ? nlohmann::json(program) : nlohmann::json(nullptr);
    j["checked"] = is == not_run ? nlohmann::json(nullptr) : nlohmann::json(is == right);
    j["check_says"] = line;
  }
  void print() const {
    fmt::print("{}{}\n", is == right ? "checked: " : is == wrong ? "wrong: " : "not checked: ", line);
  }
  int exit_code() const { return is == wrong ? 1 : 0; }
};

std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

/// Writes the checking program, compiles and runs it, where that is wanted and can be.
Checked check(const Import& what, const WrittenCheck& written, Phases& phases) {
  const std::string source = what.folder + "/check.cpp";
  std::filesystem::remove(source);  // of an earlier import
  if (written.program.empty()) return {Checked::not_run, written.left_out};
  write_text(source, written.program);
  const std::string by_hand = fmt::format("{} compares it with the file: compile it with Tenon and run it there",
                                          source);
  if (!what.check) return {Checked::not_run, by_hand};
  phases.begin("compiling the check");
  const TemporaryFolder folder;
  if (const std::string reason = compile(source, folder.file("check")); !reason.empty())
    return {Checked::not_run, fmt::format("{}; {}", reason, by_hand)};
  phases.begin("running the check");
  std::string output;
  const bool right = run(folder.file("check"), {what.folder}, &output);
  return {right ? Checked::right : Checked::wrong, last_line(output)};
}

/// A network of integers: its numbers are constants in the header.
int import_quantized(const Import& what, const Graph& original, const Graph& graph, Phases& phases) {
  phases.begin("writing the type and what it has to give");
  constexpr std::size_t most_samples = 4;
  const double work = std::max(1.0, work_of(graph));
  const auto samples = static_cast<std::size_t>(std::clamp(most_check_work / work, 0.0, double{most_samples}));
  WrittenQuantized written = write_quantized(original, graph, what.name, samples,
                                             what.rounding == "double" ? Rounding::twice : Rounding::once);
  make_folder(what.folder);
  const std::string header = what.folder + "/net_int8.hpp";
  write_text(header, written.header);
  const WrittenCheck program = samples > 0 ? WrittenCheck{std::move(written.check), ""}
                                           : WrittenCheck{"", too_much_work(work, "one sample")};
  const Checked checked = check(what, program, phases);
  phases.pause();
  if (what.json) {
    nlohmann::json j{{"header", header},
                     {"type", what.name},
                     {"activation_bits", written.activation_bits},
                     {"weight_bytes", written.weight_bytes},
                     {"ram_bytes", written.ram_bytes},
                     {"macs", written.macs}};
    checked.add_to(j, what.folder + "/check.cpp");
    print_json(j);
  } else {
    fmt::print("{}: {} in int8{}, {} bytes of weights, {} bytes of RAM, {} multiplications\n", header, what.name,
               written.activation_bits == 16 ? " with activations of 16 bits" : "", written.weight_bytes,
               written.ram_bytes, written.macs);
    checked.print();
  }
  return checked.exit_code();
}

}  // namespace

int import_network(const Import& what) {
  Phases phases;
  phases.begin("reading");
  Graph graph = read_network(what.file, what.sets, Refusals::kept);
  phases.begin("rewriting");
  Simplify options = shapes_of(what.shapes);
  options.refusals = Refusals::kept;
  simplify(graph, options);
  if (is_quantized(graph))
    return import_quantized(what, read_network(what.file, what.sets, Refusals::kept), graph, phases);
  if (what.rounding != "single") throw Error("--rounding double: the network has no integers");
  phases.begin("writing the type");
  // The numbers of a large network take much memory: as doubles they are there once at a time.
  Written written = write_network(graph, what.name, has_batch(graph), &graph.constants);
  for (auto& [name, array] : graph.constants) std::vector<double>().swap(array.values);
  const WeightsFile weights(std::move(written.weights));
  phases.begin("computing what it has to give");
  const WrittenCheck program = write_check(read_network(what.file, what.sets), graph, what.name, written.batch_axes);

  phases.begin("writing the files");
  make_folder(what.folder);
  weights.write(what.folder + "/net.safetensors");
  write_text(what.folder + "/net.hpp", written.header);
  const Checked checked = check(what, program, phases);
  phases.pause();

  if (what.json) {
    nlohmann::json j{{"header", what.folder + "/net.hpp"},
                     {"weights", what.folder + "/net.safetensors"},
                     {"type", what.name},
                     {"tensors", weights.tensors()},
                     {"parameters", weights.numbers()}};
    checked.add_to(j, what.folder + "/check.cpp");
    print_json(j);
  } else {
    fmt::print("{}/net.hpp: {}, {} parameters in {} tensors\n", what.folder, what.name, weights.numbers(),
               weights.tensors());
    for (const Value& output : graph.outputs)
      if (scores_of_classes(graph, output.name) != nullptr)
        fmt::print("the file ends in ArgMax: of {} the type gives the scores, predict_class the class\n",
                   detail::quoted_text(output.name));
    checked.print();
  }
  return checked.exit_code();
}

}  // namespace tenon::tool
