// Imports ONNX's own tests as types and writes programs that run these and compare their outputs with what the tests
// expect:
//     make_conformance TESTS FOLDER TESTS-IN-A-PROGRAM [NAMES]
// TESTS is the folder in which they are unpacked; NAMES a file with a name in each line, for some of them. Into FOLDER
// go programs (part_0.cpp, ...), and for each test its weights (.safetensors) and its numbers (.bin). What cannot be a
// type is a line of FOLDER/refused: name, whether all is float32 of constant axes, operators, reason, with tabs in
// between.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <tenon/error.hpp>

#include "import/interpret.hpp"
#include "import/layers/unit.hpp"
#include "import/onnx.hpp"
#include "import/simplify.hpp"
#include "import/write_network.hpp"
#include "typed_programs.hpp"

namespace {

namespace fs = std::filesystem;
using namespace tenon::importing;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Array tensor_of(const fs::path& path) {
  const std::string bytes = bytes_of(path);
  return parse_onnx_tensor(std::as_bytes(std::span(bytes)), path.filename().string());
}

/// A test as a type.
struct Typed {
  Written written;
  Graph graph;
  std::size_t samples = 1;
};

struct Test {
  std::string name;
  Graph graph;
  std::map<std::string, Array> inputs;
  std::vector<Array> outputs;

  explicit Test(const fs::path& folder) : name(folder.filename().string()) {
    const std::string bytes = bytes_of(folder / "model.onnx");
    graph = parse_onnx(std::as_bytes(std::span(bytes)), name, folder.string());
    const fs::path data = folder / "test_data_set_0";
    for (std::size_t i = 0; i < graph.inputs.size(); ++i)
      if (const fs::path file = data / fmt::format("input_{}.pb", i); fs::exists(file))
        inputs.emplace(graph.inputs[i].name, tensor_of(file));
    for (std::size_t i = 0; i < graph.outputs.size(); ++i)
      if (const fs::path file = data / fmt::format("output_{}.pb", i); fs::exists(file))
        outputs.push_back(tensor_of(file));
    if (outputs.size() != graph.outputs.size()) throw tenon::Error("there is nothing to compare with");
  }

  /// Whether all that is computed with is float32: only limits, axes and sizes may be whole numbers.
  bool is_float() const {
    const bool reads = std::any_of(inputs.begin(), inputs.end(),
                                   [](const auto& i) { return i.second.type == Type::float32; });
    return reads &&
           std::all_of(inputs.begin(), inputs.end(),
                       [](const auto& i) { return i.second.type == Type::float32 || i.second.type == Type::int64; }) &&
           std::all_of(outputs.begin(), outputs.end(), [](const Array& a) { return a.type == Type::float32; });
  }

  std::string operators() const {
    std::set<std::string> all;
    for (const Node& n : graph.nodes) all.insert(n.op);
    return fmt::format("{}", fmt::join(all, " "));
  }

  /// `values` are the inputs that the network has; the others are constants of it, as weights are.
  Typed write(const std::set<std::string>& values, bool batched) const {
    Typed t{{}, graph};
    for (const auto& [input, array] : inputs)
      if (!values.contains(input)) t.graph.constants[input] = array;
    Simplify options;
    for (const Value& v : t.graph.inputs)
      if (values.contains(v.name) && inputs.contains(v.name)) options.shapes[v.name] = inputs.at(v.name).dims;
    for (Value& v : t.graph.inputs)
      if (options.shapes.contains(v.name) && v.dims) v.dims = options.shapes.at(v.name);
    simplify(t.graph, options);
    for (const Array& output : outputs)
      if (output.type != Type::float32)
        throw tenon::Error(fmt::format("gives {}: networks give float", type_name(output.type)));
    t.written = write_network(t.graph, "Net", batched);
    std::optional<std::size_t> samples;
    const auto count = [&](const std::string& of, const Dims& dims) {
      const std::size_t axis = t.written.batch_axes.at(of),
                        own = axis == no_batch ? 1 : static_cast<std::size_t>(dims.at(axis));
      if (samples.value_or(own) != own) throw tenon::Error("its inputs and outputs have other numbers of samples");
      samples = own;
    };
    for (const Value& v : t.graph.inputs) count(v.name, inputs.at(v.name).dims);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!t.written.batch_axes.contains(t.graph.outputs[i].name))
        throw tenon::Error("gives what no input has a part in");
      count(t.graph.outputs[i].name, outputs[i].dims);
    }
    t.samples = samples.value_or(1);
    if (t.samples == 0) throw tenon::Error("has no samples");
    return t;
  }

  /// The first way of seeing its inputs that can be written; an Error is that of the last.
  Typed typed() const {
    std::set<std::string> all, floats, first, first_two, first_three;
    for (const Value& v : graph.inputs) {
      if (!inputs.contains(v.name)) continue;
      all.insert(v.name);
      if (inputs.at(v.name).type == Type::float32) floats.insert(v.name);
      if (first.empty()) first.insert(v.name);
      if (first_two.size() < 2) first_two.insert(v.name);
      if (first_three.size() < 3) first_three.insert(v.name);
    }
    std::vector<std::string> reasons;
    std::set<std::set<std::string>> seen;
    for (const auto& values : {all, floats, first_three, first_two, first}) {
      if (values.empty() || !seen.insert(values).second) continue;
      for (const bool batched : {true, false}) try {
          return write(values, batched);
        } catch (const std::exception& error) {
          reasons.push_back(error.what());
        }
    }
    // what one axis too few says is of no interest where another way has a reason of its own
    for (auto reason = reasons.rbegin(); reason != reasons.rend(); ++reason)
      if (reason->find("has to have a batch") == std::string::npos) throw tenon::Error(*reason);
    throw tenon::Error(reasons.empty() ? "has no inputs" : reasons.back());
  }
};

std::vector<float> numbers_of(const Test& test, const Typed& typed) {
  std::vector<float> numbers;
  for (std::size_t s = 0; s < typed.samples; ++s)
    for (const Value& v : typed.graph.inputs)
      append_sample(numbers, test.inputs.at(v.name), typed.written.batch_axes.at(v.name), s);
  for (std::size_t s = 0; s < typed.samples; ++s)
    for (std::size_t i = 0; i < test.outputs.size(); ++i)
      append_sample(numbers, test.outputs[i], typed.written.batch_axes.at(typed.graph.outputs[i].name), s);
  return numbers;
}

std::vector<fs::path> folders(const fs::path& top, const std::set<std::string>& names) {
  std::vector<fs::path> found;
  for (const char* const group : {"node", "simple", "pytorch-operator", "pytorch-converted"})
    if (fs::exists(top / group))
      for (const auto& entry : fs::directory_iterator(top / group))
        if (fs::exists(entry.path() / "model.onnx") &&
            (names.empty() || names.contains(entry.path().filename().string())))
          found.push_back(entry.path());
  std::sort(found.begin(), found.end(),
            [](const fs::path& a, const fs::path& b) { return a.filename() < b.filename(); });
  return found;
}

int make(const fs::path& tests, const fs::path& to, std::size_t in_a_program, const std::set<std::string>& names) {
  TypedPrograms programs(to, in_a_program, {.absolute = 1e-7, .of_largest = 1e-6, .relative = 1e-3});
  std::string written, refused;
  std::size_t all = 0;
  for (const fs::path& folder : folders(tests, names)) {
    ++all;
    const std::string name = folder.filename().string();
    std::optional<Test> test;
    try {
      test.emplace(folder);
      const Typed typed = test->typed();
      const std::string place = programs.add(name, typed.written, typed.samples, numbers_of(*test, typed));
      written += fmt::format("{}\t{}\t{}\t{}\n", name, test->is_float() ? "float" : "other", test->operators(), place);
    } catch (const std::exception& error) {
      refused += fmt::format("{}\t{}\t{}\t{}\n", name, test && test->is_float() ? "float" : "other",
                             test ? test->operators() : "", one_line(error.what()));
    }
  }
  programs.finish();
  write_text(to / "written", written);
  write_text(to / "refused", refused);
  fmt::print("{} tests, {} of them as types in {} programs\n", all, std::count(written.begin(), written.end(), '\n'),
             programs.programs());
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 4) throw tenon::Error("usage: make_conformance TESTS FOLDER TESTS-IN-A-PROGRAM [NAMES]");
  std::set<std::string> names;
  if (argc > 4) {
    std::ifstream file(argv[4]);
    for (std::string name; std::getline(file, name);)
      if (!name.empty()) names.insert(name);
  }
  return make(argv[1], argv[2], std::stoul(argv[3]), names);
} catch (const std::exception& error) {
  std::fprintf(stderr, "make_conformance: %s\n", error.what());
  return 2;
}
