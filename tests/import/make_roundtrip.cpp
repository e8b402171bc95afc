// Imports networks that were exported and writes programs that compare the types with what the networks gave:
//     make_roundtrip [--all] EXPORTED FOLDER NETWORKS-IN-A-PROGRAM [NAME...]
// EXPORTED is what the tests unit.model.export_onnx* and unit.zoo.* write with TENON_ONNX_FOLDER: NAME.onnx, and
// NAME.json with inputs and outputs of the network in float. With --all none may be refused. Into FOLDER go programs
// (part_0.cpp, ...), and for each network its weights and numbers. `written` has lines: name, program, number in it,
// tensors, and how many of these are a tensor of the file bit for bit; `refused`: name, reason.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include <tenon/error.hpp>

#include "import/layers/unit.hpp"
#include "import/onnx.hpp"
#include "import/simplify.hpp"
#include "import/write_network.hpp"
#include "typed_programs.hpp"

namespace {

namespace fs = std::filesystem;
using namespace tenon::importing;
using Json = nlohmann::json;

Array array_of(const Json& json) { return {Type::float32, json.at("dims").get<Dims>(), json.at("values")}; }

std::vector<float> sorted(const Array& a) {
  std::vector<float> all(a.values.begin(), a.values.end());
  std::ranges::sort(all);
  return all;
}

/// A network as a type: its text in a program, and a line of what is called.
struct Typed {
  Written written;
  std::size_t tensors = 0, same = 0, samples = 0;
  std::vector<float> numbers;

  Typed(const fs::path& exported, const std::string& name) {
    const Graph original = read_onnx((exported / (name + ".onnx")).string());
    Graph graph = original;
    simplify(graph);
    written = write_network(graph, "Net");

    std::set<std::vector<float>> there;
    for (const auto& [constant, array] : original.constants)
      if (array.type == Type::float32) there.insert(sorted(array));
    tensors = written.weights.size();
    for (const auto& [weight, array] : written.weights) same += there.contains(sorted(array)) ? 1 : 0;

    std::ifstream file(exported / (name + ".json"));
    const Json json = Json::parse(file);
    std::vector<std::pair<Array, std::size_t>> given, gives;
    for (const Value& v : graph.inputs)
      given.emplace_back(array_of(json.at("inputs").at(v.name)), written.batch_axes.at(v.name));
    for (std::size_t k = 0; k < graph.outputs.size(); ++k)
      gives.emplace_back(array_of(json.at("outputs").at(k)), written.batch_axes.at(graph.outputs[k].name));
    samples = static_cast<std::size_t>(given.at(0).first.dims.at(0));
    for (const auto* all : {&given, &gives})
      for (std::size_t s = 0; s < samples; ++s)
        for (const auto& [array, batch] : *all) append_sample(numbers, array, batch, s);
  }
};

int make(const fs::path& exported, const fs::path& to, std::size_t in_a_program, const std::set<std::string>& names,
         bool every) {
  std::set<std::string> all;
  for (const auto& entry : fs::directory_iterator(exported))
    if (const std::string name = entry.path().stem().string(); entry.path().extension() == ".json")
      if (names.empty() || names.contains(name)) all.insert(name);
  for (const std::string& name : names)
    if (!all.contains(name)) throw tenon::Error("no network was exported as " + name);
  TypedPrograms programs(to, in_a_program, {.of_largest = 1e-6});
  std::string written, refused;
  for (const std::string& name : all) try {
      const Typed typed(exported, name);
      const std::string place = programs.add(name, typed.written, typed.samples, typed.numbers);
      written += fmt::format("{}\t{}\t{}\t{}\n", name, place, typed.tensors, typed.same);
    } catch (const std::exception& error) {
      if (every) throw tenon::Error(name + ": " + error.what());
      refused += fmt::format("{}\t{}\n", name, one_line(error.what()));
    }
  programs.finish();
  write_text(to / "written", written);
  write_text(to / "refused", refused);
  fmt::print("{} networks, {} of them as types in {} programs\n", all.size(), std::ranges::count(written, '\n'),
             programs.programs());
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool every = !arguments.empty() && arguments[0] == "--all";
  if (every) arguments.erase(arguments.begin());
  if (arguments.size() < 3)
    throw tenon::Error("usage: make_roundtrip [--all] EXPORTED FOLDER NETWORKS-IN-A-PROGRAM [NAME...]");
  return make(arguments[0], arguments[1], std::stoul(arguments[2]), {arguments.begin() + 3, arguments.end()}, every);
} catch (const std::exception& error) {
  std::fprintf(stderr, "make_roundtrip: %s\n", error.what());
  return 2;
}
