#include "unit/zoo/round_trip.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <tenon/edge/quantized_digest.hpp>
#include <tenon/error.hpp>

#include "import/interpret.hpp"
#include "import/onnx.hpp"
#include "import/simplify.hpp"
#include "import/types/quantized_graph.hpp"
#include "import/types/quantized_plan.hpp"
#include "import/write_network.hpp"
#include "import/write_quantized.hpp"

namespace tenon::zoo {

using namespace importing;
using importing::Graph;

namespace {

/// Rows of several values, one behind the other, as arrays with the batch in front.
std::vector<Array> arrays(std::span<const float> rows, std::size_t samples, const Exported::Axes& all) {
  const std::size_t width = rows.size() / samples;
  std::vector<Array> result;
  std::size_t first = 0;
  for (const auto& axes : all) {
    Array& array = result.emplace_back(Array{Type::float32, {static_cast<std::int64_t>(samples)}, {}});
    array.dims.insert(array.dims.end(), axes.begin(), axes.end());
    const std::size_t size = static_cast<std::size_t>(count_of(array.dims)) / samples;
    for (std::size_t i = 0; i < samples; ++i)
      for (std::size_t j = 0; j < size; ++j) array.values.push_back(static_cast<double>(rows[i * width + first + j]));
    first += size;
  }
  return result;
}

void write_json(std::ostream& out, const Array& array) {
  out << "{\"dims\": [";
  for (std::size_t i = 0; i < array.dims.size(); ++i) out << (i > 0 ? "," : "") << array.dims[i];
  out << "], \"values\": [";
  for (std::size_t i = 0; i < array.values.size(); ++i) out << (i > 0 ? "," : "") << array.values[i];
  out << "]}";
}
/// `steps`: of a network in int8 what each number of an output row may be apart.
void keep(const std::string& path, const std::vector<Value>& inputs, const std::vector<Array>& given,
          const std::vector<Array>& gives, std::span<const float> steps = {}) {
  std::ofstream out(path);
  out.precision(9);
  out << "{\"inputs\": {";
  for (std::size_t k = 0; k < given.size(); ++k) {
    out << (k > 0 ? ", " : "") << '"' << inputs[k].name << "\": ";
    write_json(out, given[k]);
  }
  out << "}, \"outputs\": [";
  for (std::size_t k = 0; k < gives.size(); ++k) {
    out << (k > 0 ? ", " : "");
    write_json(out, gives[k]);
  }
  out << ']';
  for (std::size_t i = 0; i < steps.size(); ++i) out << (i > 0 ? "," : ", \"steps\": [") << steps[i];
  out << (steps.empty() ? "}\n" : "]}\n");
}

std::vector<double> sorted(std::vector<double> values) {
  std::ranges::sort(values);
  return values;
}

/// What was refused first: the importer lists everything, a line each.
std::string first_reason(const std::string& message) {
  const std::size_t begin = message.find(": ") == std::string::npos ? 0 : message.find(": ") + 2;
  std::string reason = message.substr(begin, message.find_first_of(";\n", begin) - begin);
  std::ranges::replace(reason, '|', '/');
  return reason;
}

}  // namespace

namespace {

/// How the importer reads the numbers of a network in int8; an Error where it does not.
QuantizedLayout imported(const Graph& original) {
  Graph graph = original;
  simplify(graph);
  write_quantized(original, graph, "Net", 1);  // what it refuses
  const Units units = quantized_units(graph, {});
  std::vector<std::string> inputs;
  for (const Value& input : graph.inputs) inputs.push_back(input.name);
  return lay_out_quantized(find_structure(graph, units), inputs, units, false, Rounding::once);
}

/// The first of two rows of numbers that differ; "" for none. What is known of `wanted` alone is filling.
template <class A, class B>
std::string difference(const char* what, const A& wanted, const B& got) {
  for (std::size_t i = 0; i < got.size(); ++i)
    if (i >= wanted.size() || wanted[i] != got[i]) return std::string("WRONG ") + what + " " + std::to_string(i);
  return "";
}

}  // namespace

std::string round_trip(const ExportedInt8& net) {
  const Graph original = read_onnx(net.path);
  const std::vector<Array> given = arrays(net.x, net.samples, net.inputs),
                           expected = arrays(net.y, net.samples, net.outputs);
  if (!kept_folder().empty())
    keep(std::filesystem::path(net.path).replace_extension("json").string(), original.inputs, given, expected,
         net.steps);
  std::map<std::string, Array> inputs;
  for (std::size_t k = 0; k < given.size(); ++k) inputs.emplace(original.inputs.at(k).name, given[k]);
  const std::vector<Array> got = interpret(original, inputs);
  for (std::size_t o = 0, first = 0; o < expected.size(); ++o) {
    if (got.at(o).dims != expected[o].dims) return "WRONG axes of output " + std::to_string(o);
    const std::size_t size = expected[o].values.size() / net.samples;
    for (std::size_t i = 0; i < expected[o].values.size(); ++i) {
      const double apart = std::abs(got[o].values[i] - expected[o].values[i]);
      const double step = static_cast<double>(net.steps[first + i % size]);
      if (!(apart <= (net.most_steps + 0.01) * step))
        return "WRONG numbers of output " + std::to_string(o) + ": " + std::to_string(apart / step) + " steps";
    }
    first += size;
  }

  try {
    const QuantizedLayout layout = imported(original);
    if (edge::plan_digest(layout.plan()) != net.digest) return "yes, other steps";
    for (const std::string& found :
         {difference("weights", net.weights, layout.weights), difference("biases", net.bias, layout.bias),
          difference("scales of weights", net.weight_scale, layout.weight_scale),
          difference("scales", net.scale, layout.scale), difference("zero points", net.zero, layout.zero)})
      if (!found.empty()) return found;
    return "yes";
  } catch (const Error& error) {
    return "yes, no import: " + first_reason(error.what());
  }
}

std::string kept_folder() {
  const char* const kept = std::getenv("TENON_ONNX_FOLDER");
  return kept != nullptr ? kept : "";
}

std::string round_trip(const Exported& net) {
  const Graph original = read_onnx(net.path);
  std::set<std::vector<double>> tensors;
  for (const auto& [name, values] : net.parameters) {
    const auto found = original.constants.find(std::string(name));
    if (found == original.constants.end() || !std::ranges::equal(values, found->second.values))
      return "WRONG parameter " + std::string(name);
    tensors.insert(sorted(found->second.values));
  }

  const std::vector<Array> given = arrays(net.x, net.samples, net.inputs),
                           expected = arrays(net.y, net.samples, net.outputs);
  if (!kept_folder().empty())
    keep(std::filesystem::path(net.path).replace_extension("json").string(), original.inputs, given, expected);
  std::map<std::string, Array> inputs;
  for (std::size_t k = 0; k < given.size(); ++k) inputs.emplace(original.inputs.at(k).name, given[k]);
  const std::vector<Array> got = interpret(original, inputs);
  for (std::size_t o = 0; o < expected.size(); ++o) {
    if (got.at(o).dims != expected[o].dims) return "WRONG axes of output " + std::to_string(o);
    for (std::size_t i = 0; i < expected[o].values.size(); ++i) {
      const double a = got[o].values[i], b = expected[o].values[i];
      if (!(std::abs(a - b) <= 2e-5 * (1 + std::abs(b)))) return "WRONG numbers of output " + std::to_string(o);
    }
  }

  Written written;
  try {
    Graph graph = original;
    simplify(graph);
    written = write_network(graph, "Net");
  } catch (const Error& error) {
    return "no import: " + first_reason(error.what());
  }
  for (const auto& [name, array] : written.weights)
    if (array.dims.size() > 0) tensors.erase(sorted(array.values));
  if (tensors.empty()) return "yes";
  return "yes, but " + std::to_string(tensors.size()) + (tensors.size() == 1 ? " tensor" : " tensors");
}

}  // namespace tenon::zoo
