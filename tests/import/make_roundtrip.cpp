// Imports networks that were exported and writes programs that compare the types with what the networks gave:
//     make_roundtrip EXPORTED FOLDER NETWORKS-IN-A-PROGRAM [NAME...]
// EXPORTED is what the tests unit.model.export_onnx* write with TENON_ONNX_FOLDER: NAME.onnx, and NAME.json with inputs
// and outputs of the network in float. Into FOLDER go programs (part_0.cpp, ...), and for each network its weights and
// numbers. `written` has lines: name, program, number in it, tensors, and how many of these are a tensor of the file
// bit for bit; `refused`: name, reason.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
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

namespace {

namespace fs = std::filesystem;
using namespace tenon::importing;
using Json = nlohmann::json;

Array array_of(const Json& json) { return {Type::float32, json.at("dims").get<Dims>(), json.at("values")}; }

/// The numbers of sample s, where axis `batch` counts samples.
void append_sample(std::vector<float>& to, const Array& a, std::size_t batch, std::size_t s) {
  std::size_t inner = 1;
  for (std::size_t k = batch + 1; k < a.dims.size(); ++k) inner *= static_cast<std::size_t>(a.dims[k]);
  const auto count = static_cast<std::size_t>(a.dims.at(batch));
  for (std::size_t i = 0; i < a.values.size(); ++i)
    if (i / inner % count == s) to.push_back(static_cast<float>(a.values[i]));
}

std::vector<float> sorted(const Array& a) {
  std::vector<float> all(a.values.begin(), a.values.end());
  std::ranges::sort(all);
  return all;
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.flush()) throw tenon::Error("cannot write " + path.string());
}

std::string namespace_of(const std::string& name) {
  std::string all = "in_";
  for (const char c : name) all += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return all;
}

constexpr const char* program_text = R"(// Written by make_roundtrip.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <tenon/tenon.hpp>

using namespace tenon;

static int only = -1, faults = 0;

template <class Net> void run_test(int number, const char* name, std::size_t samples) {
  if (only >= 0 && only != number) return;
  ++faults;
  try {
    Model<Net> model;
    if (std::ifstream(std::string(name) + ".safetensors")) model.load(std::string(name) + ".safetensors");
    std::ifstream file(std::string(name) + ".bin", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::vector<float> x(samples * input_shape<Net>::size), y(samples * output_shape<Net>::size), expected(y.size());
    if (bytes.size() != (x.size() + y.size()) * sizeof(float)) return void(std::printf("%s\twrong\tother sizes\n", name));
    std::memcpy(x.data(), bytes.data(), x.size() * sizeof(float));
    std::memcpy(expected.data(), bytes.data() + x.size() * sizeof(float), y.size() * sizeof(float));
    model.predict(x, y);
    double largest = 0, worst = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double off = std::abs(static_cast<double>(y[i]) - static_cast<double>(expected[i]));
      largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
      worst = off <= worst ? worst : off;  // NaN stays
    }
    const bool equal = worst <= 1e-6 * largest;
    if (equal) --faults;
    std::printf("%s\t%s\tlargest difference %.3g of the largest\n", name, equal ? "equal" : "wrong", largest > 0 ? worst / largest : worst);
  } catch (const std::exception& error) {
    std::printf("%s\twrong\t%s\n", name, error.what());
  }
}

)";

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

int make(const fs::path& exported, const fs::path& to, std::size_t in_a_program, const std::set<std::string>& names) {
  fs::create_directories(to);
  std::set<std::string> all;
  for (const auto& entry : fs::directory_iterator(exported))
    if (const std::string name = entry.path().stem().string(); entry.path().extension() == ".json")
      if (names.empty() || names.contains(name)) all.insert(name);
  std::string parts, calls, written, refused;
  std::size_t count = 0, programs = 0;
  const auto finish = [&] {
    if (count == 0) return;
    write_text(to / fmt::format("part_{}.cpp", programs++),
               fmt::format("{}{}int main(int argc, char** argv) {{\n  if (argc > 1) only = std::atoi(argv[1]);\n{}  "
                           "return faults;\n}}\n",
                           program_text, parts, calls));
    parts.clear(), calls.clear(), count = 0;
  };
  for (const std::string& name : all) try {
      const Typed typed(exported, name);
      const std::string& header = typed.written.header;
      if (!typed.written.weights.empty()) write_weights((to / (name + ".safetensors")).string(), typed.written.weights);
      write_text(to / (name + ".bin"), {reinterpret_cast<const char*>(typed.numbers.data()), typed.numbers.size() * 4});
      parts += fmt::format("namespace {} {{\n{}}}\n", namespace_of(name),
                           header.substr(header.find("using namespace tenon;") + 22));
      calls += fmt::format("  run_test<{}::Net>({}, \"{}\", {});\n", namespace_of(name), count, name, typed.samples);
      written += fmt::format("{}\t{}\t{}\t{}\t{}\n", name, programs, count, typed.tensors, typed.same);
      if (++count == in_a_program) finish();
    } catch (const std::exception& error) {
      std::string reason = error.what();
      std::ranges::replace(reason, '\n', ' ');
      refused += fmt::format("{}\t{}\n", name, reason);
    }
  finish();
  write_text(to / "written", written);
  write_text(to / "refused", refused);
  fmt::print("{} networks, {} of them as types in {} programs\n", all.size(), std::ranges::count(written, '\n'),
             programs);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 4) throw tenon::Error("usage: make_roundtrip EXPORTED FOLDER NETWORKS-IN-A-PROGRAM [NAME...]");
  return make(argv[1], argv[2], std::stoul(argv[3]), std::set<std::string>(argv + 4, argv + argc));
} catch (const std::exception& error) {
  std::fprintf(stderr, "make_roundtrip: %s\n", error.what());
  return 2;
}
