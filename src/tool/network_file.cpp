#include "network_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <span>

#include <tenon/error.hpp>

#include "../import/onnx.hpp"
#include "../import/tflite.hpp"
#include "../import/tflite_file.hpp"
#include "../io/input_file.hpp"
#include "../io/words.hpp"

namespace tenon::tool {

using namespace importing;

namespace {

/// None: it is neither a network nor weights.
std::optional<FileKind> known_kind(const std::string& path) {
  detail::InputFile file(path, "a network or weights");
  std::array<char, 16> begin{};
  file.read(std::as_writable_bytes(std::span(begin).first(std::min(begin.size(), file.size()))));
  const std::string_view text(begin.data(), begin.size());
  if (text.substr(4, 4) == "TFL3") return FileKind::tflite;
  for (const FileKind kind : {FileKind::onnx, FileKind::tflite, FileKind::safetensors, FileKind::pth})
    if (path.ends_with(fmt::format(".{}", kind_name(kind)))) return kind;
  if (path.ends_with(".pt")) return FileKind::pth;
  if (text[8] == '{') return FileKind::safetensors;  // behind the length of its header
  if (text[0] == '\x08') return FileKind::onnx;      // its version, the first field
  if (text.starts_with("PK\x03\x04")) return FileKind::pth;
  return {};
}

}  // namespace

FileKind kind_of_file(const std::string& path) {
  if (const auto kind = known_kind(path)) return *kind;
  throw Error(fmt::format("{}: expected a file .onnx, .tflite, .safetensors or .pth", path));
}

SafeTensors read_weights(const std::string& path) {
  if (const auto kind = known_kind(path); kind && !has_tensors(*kind))
    throw Error(fmt::format("{}: is a network, expected a file .safetensors or .pth; import writes a network's weights "
                            "to net.safetensors",
                            path));
  return read_tensors(path);
}

const char* kind_name(FileKind kind) {
  constexpr std::array names{"onnx", "tflite", "safetensors", "pth"};
  return names[static_cast<std::size_t>(kind)];
}

namespace {

/// The numbers of "1,2.5,-3"; none where that is no list of numbers.
std::vector<double> numbers_of(const std::string& text) {
  std::vector<double> all;
  for (const char* at = text.c_str();;) {
    char* end = nullptr;
    all.push_back(std::strtod(at, &end));
    if (end == at || (*end != ',' && *end != '\0')) return {};
    if (*end == '\0') return all;
    at = end + 1;
  }
}

Graph read_file(const std::string& path, Refusals refusals) {
  switch (kind_of_file(path)) {
  case FileKind::onnx:
    return read_onnx(path, refusals);
  case FileKind::tflite:
    return read_tflite(path, refusals);
  default:
    throw Error(fmt::format("{}: has weights alone: a network is a file .onnx or .tflite; "
                            "import --into net.hpp says what of the weights fits into a type",
                            path));
  }
}

}  // namespace

Graph read_network(const std::string& path, const std::vector<std::string>& sets, Refusals refusals) {
  Graph graph = read_file(path, refusals);
  for (const std::string& set : sets) {
    const std::size_t equals = set.rfind('=');
    const std::vector<double> numbers = equals == std::string::npos ? std::vector<double>{}
                                                                    : numbers_of(set.substr(equals + 1));
    if (numbers.empty())
      throw Error(fmt::format("--set {}: expected a name and a number, as sr=16000, or several with commas between",
                              detail::quoted_text(set)));
    set_input(graph, set.substr(0, equals), numbers);
  }
  return graph;
}

std::vector<std::string> operators_in(const std::string& path, const Graph& graph) {
  std::vector<std::string> all;
  if (kind_of_file(path) == FileKind::tflite) {
    const std::string bytes = detail::read_file(path, "a .tflite file");
    const flatbuffer::Source source(std::as_bytes(std::span(bytes)), path);
    for (const tflite::Operator& op : tflite::read_file(source).operators) all.push_back(op.kind());
  } else {
    for (const Node& node : graph.nodes) all.push_back(node.op);
  }
  return all;
}

Simplify shapes_of(const std::vector<std::string>& arguments) {
  Simplify options;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.rfind('=');
    Dims dims;
    std::size_t at = equals == std::string::npos ? argument.size() : equals + 1;
    bool fits = at < argument.size();
    while (fits && at <= argument.size()) {
      const std::size_t end = std::min(argument.find_first_of("x,", at), argument.size());
      const std::string number = argument.substr(at, end - at);
      fits = !number.empty() && number.size() < 10 &&
             std::all_of(number.begin(), number.end(), [](unsigned char c) { return std::isdigit(c) != 0; }) &&
             std::stol(number) > 0;
      if (fits) dims.push_back(std::stol(number));
      at = end + 1;
    }
    if (!fits)
      throw Error(
          fmt::format("--shape {}: expected a name and its axes, as input=1x3x224x224", detail::quoted_text(argument)));
    options.shapes[argument.substr(0, equals)] = std::move(dims);
  }
  return options;
}

namespace {

std::string shape_text(const Graph& graph, const std::string& value) {
  const auto found = graph.values.find(value);
  if (found == graph.values.end() || !found->second.dims) return "?";
  return fmt::format("{}", fmt::join(*found->second.dims, " x "));
}

Dims dims_of(const Graph& graph, const std::string& value) {
  if (const auto constant = graph.constants.find(value); constant != graph.constants.end())
    return constant->second.dims;
  if (const auto known = graph.values.find(value); known != graph.values.end() && known->second.dims)
    return *known->second.dims;
  for (const Value& input : graph.inputs)
    if (input.name == value && input.dims) return *input.dims;
  return {};
}

/// Multiplications of a sample; those of layers without products are not counted.
std::int64_t macs_of(const Graph& graph, const Node& node) {
  const auto dims = [&](std::size_t i) { return node.has_input(i) ? dims_of(graph, node.inputs[i]) : Dims{}; };
  const Dims w = dims(1), out = dims_of(graph, node.outputs.at(0));
  if (w.empty() || out.empty()) return 0;
  if (node.op == "Conv") return count_of(out) / out[0] * (count_of(w) / w[0]);
  if (node.op == "ConvTranspose") return count_of(dims(0)) / out[0] * (count_of(w) / w[0]);
  if (node.op == "Gemm" || node.op == "MatMul") {
    const Dims a = dims(0);
    return a.empty() ? 0 : count_of(out) / out[0] * (node.integer("transA", 0) != 0 ? a[0] : a.back());
  }
  if (node.op == "MultiheadAttention") {
    const Dims seen = node.has_input(5) ? dims(5) : dims(0);
    const auto steps = [&](const Dims& x, const char* axis) {
      return x.size() > 1 ? x[x.size() == 3 && node.integer(axis, 0) == 1 ? 1 : 0] : 0;
    };
    const std::int64_t width = out.back(), queries = steps(out, "time"),
                       keys = steps(seen, node.has_input(5) ? "memory_time" : "time");
    return 2 * width * (width * (queries + keys) + queries * keys);
  }
  if (node.op == "LSTM" || node.op == "GRU" || node.op == "RNN") {
    const Dims x = dims(0);
    return x.empty() ? 0 : (count_of(w) + count_of(dims(2))) * x[node.integer("layout", 0) != 0 ? 1 : 0];
  }
  return 0;
}

/// Biases are int32 where weights are int8.
bool is_bias(const Node& node, std::size_t input) {
  if (node.op == "Conv" || node.op == "ConvTranspose" || node.op == "Gemm") return input == 2;
  return (node.op == "LSTM" || node.op == "GRU" || node.op == "RNN") && input == 3;
}

}  // namespace

std::vector<Cost> costs(const Graph& graph) {
  std::vector<Cost> all;
  std::set<std::string> counted;                 // weights that several nodes share are counted once
  std::map<std::string, std::string> stored_as;  // what says only how a value is stored: the value
  for (const Node& node : graph.nodes) {
    if (node.op == "QuantizeLinear" || node.op == "DequantizeLinear") {
      const auto before = stored_as.find(node.inputs.at(0));
      stored_as[node.outputs.at(0)] = before != stored_as.end() ? before->second : node.inputs[0];
      continue;
    }
    Cost cost{detail::escaped_text(node.name), node.op, shape_text(graph, node.outputs.at(0))};
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const auto stored = stored_as.find(node.inputs[i]);
      const std::string& name = stored != stored_as.end() ? stored->second : node.inputs[i];
      const auto weight = graph.constants.find(name);
      if (weight == graph.constants.end() || (weight->second.type == Type::int64 && !is_bias(node, i)) ||
          !counted.insert(name).second)
        continue;
      const std::int64_t numbers = count_of(weight->second.dims);
      cost.parameters += numbers;
      cost.bytes_in_int8 += is_bias(node, i) ? 4 * numbers : numbers;
    }
    cost.macs = macs_of(graph, node);
    all.push_back(std::move(cost));
  }
  return all;
}

std::size_t live_bytes(const Graph& graph) {
  static const std::set<std::string> same{"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"};
  std::map<std::string, std::string> place;  // of a value that is another one seen otherwise
  const auto placed = [&](const std::string& name) { return place.contains(name) ? place.at(name) : name; };
  std::map<std::string, std::size_t> last;  // the node that is the last to read a value
  for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
    const Node& node = graph.nodes[k];
    for (const std::string& name : node.inputs)
      if (!name.empty() && !graph.constants.contains(name)) last[placed(name)] = k;
    if (same.contains(node.op) && last.contains(placed(node.inputs.at(0))))
      place[node.outputs.at(0)] = placed(node.inputs[0]);
  }
  for (const Value& output : graph.outputs) last[placed(output.name)] = graph.nodes.size();
  const auto bytes = [&](const std::string& name) {
    std::size_t numbers = 1;
    for (const std::int64_t size : dims_of(graph, name)) numbers *= static_cast<std::size_t>(size > 0 ? size : 1);
    return 4 * numbers;
  };
  std::size_t now = 0, most = 0;
  std::map<std::string, std::size_t> alive;
  const auto begin = [&](const std::string& name) {
    if (last.contains(name) && alive.try_emplace(name, bytes(name)).second) now += alive.at(name);
  };
  for (const Value& input : graph.inputs) begin(input.name);
  for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
    for (const std::string& name : graph.nodes[k].outputs)
      if (!name.empty() && !place.contains(name)) begin(name);
    most = std::max(most, now);
    std::erase_if(alive, [&](const auto& value) {
      if (last.at(value.first) > k) return false;
      now -= value.second;
      return true;
    });
  }
  return std::max(most, now);
}

}  // namespace tenon::tool
