#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <unistd.h>

#include <catch2/catch.hpp>

#include <tenon/error.hpp>

#include "import/interpret.hpp"
#include "import/onnx.hpp"

/// ONNX's own tests: a model, its inputs and what has to come out.
/// TENON_CONFORMANCE is the folder of all of them unpacked; with TENON_DATA alone a few of them are unpacked and run.
namespace fs = std::filesystem;
using namespace tenon::importing;

namespace {

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Array tensor_of(const fs::path& path) {
  const std::string bytes = bytes_of(path);
  return parse_onnx_tensor(std::as_bytes(std::span(bytes)), path.filename().string());
}

/// In ONNX's own tests: rtol 1e-3, atol 1e-7. "" where both agree.
std::string difference(const Array& found, const Array& expected) {
  if (found.type != expected.type)
    return "type " + std::string(type_name(found.type)) + " instead of " + std::string(type_name(expected.type));
  if (found.dims != expected.dims || found.values.size() != expected.values.size()) return "other axes";
  for (std::size_t i = 0; i < found.values.size(); ++i) {
    const double a = found.values[i], b = expected.values[i];
    const bool agrees = a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-7 + 1e-3 * std::abs(b);
    if (!agrees) return "at " + std::to_string(i) + " " + std::to_string(a) + " instead of " + std::to_string(b);
  }
  return "";
}

struct Outcome {
  enum class Kind { passed, refused, wrong } kind = Kind::passed;
  std::string why{};
};

Outcome run_data(const Graph& graph, const fs::path& data) {
  std::map<std::string, Array> inputs;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i)
    if (const fs::path file = data / ("input_" + std::to_string(i) + ".pb"); fs::exists(file))
      inputs.emplace(graph.inputs[i].name, tensor_of(file));
  const std::vector<Array> outputs = interpret(graph, inputs);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (const fs::path file = data / ("output_" + std::to_string(i) + ".pb"); fs::exists(file))
      if (const std::string why = difference(outputs[i], tensor_of(file)); !why.empty())
        return {Outcome::Kind::wrong, graph.outputs[i].name + ": " + why};
  return {};
}

Outcome run_test(const fs::path& folder) {
  try {
    const std::string bytes = bytes_of(folder / "model.onnx");
    const Graph graph = parse_onnx(std::as_bytes(std::span(bytes)), folder.filename().string(), folder.string());
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.is_directory())
        if (const Outcome outcome = run_data(graph, entry.path()); outcome.kind != Outcome::Kind::passed) return outcome;
    return {};
  } catch (const tenon::Error& error) {
    return {Outcome::Kind::refused, error.what()};
  }
}

}  // namespace

TEST_CASE("all of ONNX's tests agree or are refused") {
  const char* const folder = std::getenv("TENON_CONFORMANCE");
  if (folder == nullptr) {
    WARN("skipped: TENON_CONFORMANCE names no folder");
    return;
  }
  std::map<Outcome::Kind, int> counts;
  for (const char* const group : {"node", "simple", "pytorch-operator", "pytorch-converted"}) {
    std::vector<fs::path> tests;
    for (const auto& entry : fs::directory_iterator(fs::path(folder) / group)) tests.push_back(entry.path());
    std::sort(tests.begin(), tests.end());
    for (const fs::path& test : tests) {
      if (!fs::exists(test / "model.onnx")) continue;
      const Outcome outcome = run_test(test);
      ++counts[outcome.kind];
      if (std::getenv("TENON_VERBOSE") != nullptr && outcome.kind == Outcome::Kind::refused)
        std::cout << test.filename().string() << ": " << outcome.why << "\n";
      if (outcome.kind == Outcome::Kind::wrong) FAIL_CHECK(test.filename().string() << ": " << outcome.why);
    }
  }
  std::cout << "agree " << counts[Outcome::Kind::passed] << ", refused " << counts[Outcome::Kind::refused] << ", wrong "
            << counts[Outcome::Kind::wrong] << "\n";
}
