#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>
#include <tenon/io/safetensors.hpp>

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
using Json = nlohmann::json;

std::string axes_text(const std::vector<std::size_t>& shape) { return fmt::format("{}", fmt::join(shape, " x ")); }

/// Names of files are bytes; what is no UTF-8 is written as \xNN.
std::string safe(const std::string& text) { return detail::escaped_text(text); }

std::string shortened(const std::string& name) {
  return name.size() <= 40 ? name : "..." + name.substr(name.size() - 37);
}

int summarize_tensors(const Look& what) {
  const SafeTensors file = read_tensors(what.file);
  std::vector<Row> rows{{"tensor", "shape", "type", "numbers", "bytes"}};
  std::size_t numbers = 0, bytes = 0;
  Json list = Json::array();
  for (const TensorInfo& t : file.tensors()) {
    rows.push_back({safe(t.name), axes_text(t.shape), std::string(dtype_name(t.dtype)), std::to_string(t.size()),
                    std::to_string(t.bytes)});
    list.push_back({{"name", safe(t.name)}, {"shape", t.shape}, {"type", dtype_name(t.dtype)}, {"bytes", t.bytes}});
    numbers += t.size();
    bytes += t.bytes;
  }
  if (what.json) {
    print_json(Json{{"tensors", list}, {"numbers", numbers}, {"bytes", bytes}});
  } else {
    print_table(rows, 3);
    fmt::print("{} tensors, {} numbers, {} bytes\n", file.tensors().size(), numbers, bytes);
  }
  return 0;
}

/// A network as it is in the file, and as types are written from it.
struct Both {
  Graph original, simplified;
};
Both read_both(const Look& what) {
  Phases phases;
  phases.begin("reading");
  Both both{read_network(what.file, what.sets, Refusals::kept), {}};
  both.simplified = both.original;
  phases.begin("rewriting");
  Simplify options = shapes_of(what.shapes);
  options.refusals = Refusals::kept;
  simplify(both.simplified, options);
  phases.pause();
  throw_refused(both.simplified);
  return both;
}

/// The RAM of a network as `Frozen`, or why it is not known.
struct Ram {
  std::optional<std::size_t> bytes{};
  std::string reason{};
};

/// Of a network of integers: by the plan which the import lays it out by.
Ram ram_in_int8(const Both& network) {
  try {
    return {write_quantized(network.original, network.simplified, "Net", 0).ram_bytes};
  } catch (const Error& error) {
    return {std::nullopt, error.what()};
  }
}

constexpr char frozen_text[] = R"(#include <cstdio>

#include <tenon/edge/frozen.hpp>

#include "{0}"

int main(int argc, char** argv) {{
  std::FILE* const file = argc == 2 ? std::fopen(argv[1], "w") : nullptr;
  if (file == nullptr) return 2;
  std::fprintf(file, "%zu", tenon::Frozen<{1}>::ram_bytes);
  return std::fclose(file) == 0 ? 0 : 2;
}}
)";

/// Of a network of floats only a compiler knows it, with the network's type.
Ram ram_in_float(const Both& network, Phases& phases) {
  try {
    const TemporaryFolder folder;
    const auto write = [&](const char* file, const std::string& text) {
      write_file_atomically(folder.file(file), std::as_bytes(std::span(text)));
    };
    write("net.hpp", write_network(network.simplified, "Net", has_batch(network.simplified)).header);
    write("frozen.cpp", program_for(folder.file("net.hpp"), "Net", frozen_text));
    phases.begin("compiling");
    if (std::string reason = compile(folder.file("frozen.cpp"), folder.file("frozen"), false); !reason.empty())
      return {std::nullopt, std::move(reason)};
    std::size_t bytes = 0;
    if (run(folder.file("frozen"), {folder.file("bytes")}) && std::ifstream(folder.file("bytes")) >> bytes)
      return {bytes};
    return {std::nullopt, "the program that says it failed"};
  } catch (const Error& error) {  // it cannot be imported, or not be frozen
    return {std::nullopt, error.what()};
  }
}

std::string value_text(const Value& v) {
  if (!v.dims) return safe(v.name);
  if (v.dims->empty()) return fmt::format("{} ({}, one number)", safe(v.name), type_name(v.type));
  Row axes;
  for (std::size_t k = 0; k < v.dims->size(); ++k) {
    const std::string name = k < v.axis_names.size() ? v.axis_names[k] : "";
    axes.push_back((*v.dims)[k] != importing::free ? std::to_string((*v.dims)[k]) : name.empty() ? "?" : safe(name));
  }
  return fmt::format("{} ({}, {})", safe(v.name), type_name(v.type), fmt::join(axes, " x "));
}

/// A text within quotes of DOT.
std::string dot_text(const std::string& text) {
  std::string all;
  for (const char c : safe(text)) {
    if (c == '"' || c == '\\') all += '\\';
    all += c;
  }
  return "\"" + all + "\"";
}

}  // namespace

int summarize(const Look& what) {
  if (has_tensors(kind_of_file(what.file))) return summarize_tensors(what);
  const Both network = read_both(what);
  const std::vector<Cost> all = costs(network.simplified);
  const bool integers = is_quantized(network.simplified);
  Phases phases;
  const Ram ram = integers ? ram_in_int8(network) : ram_in_float(network, phases);
  phases.pause();
  const std::size_t alive = live_bytes(network.simplified);
  std::vector<Row> rows{{"node", "operator", "gives", "parameters", "MACs"}};
  std::int64_t parameters = 0, bytes_in_int8 = 0, macs = 0;
  Json list = Json::array();
  for (const Cost& c : all) {
    rows.push_back({shortened(c.name), c.op, c.shape, std::to_string(c.parameters), std::to_string(c.macs)});
    list.push_back(
        {{"node", c.name}, {"operator", c.op}, {"gives", c.shape}, {"parameters", c.parameters}, {"macs", c.macs}});
    parameters += c.parameters;
    bytes_in_int8 += c.bytes_in_int8;
    macs += c.macs;
  }
  if (what.json) {
    Json j{{"nodes", list},
           {"parameters", parameters},
           {"macs", macs},
           {"bytes_float", 4 * parameters},
           {"bytes_int8", bytes_in_int8},
           {"ram_bytes", nullptr}};
    if (!integers) j["live_bytes"] = alive;
    if (ram.bytes) j["ram_bytes"] = *ram.bytes;
    print_json(j);
  } else {
    print_table(rows, 3);
    fmt::print("{} operators, {} parameters ({} bytes in float, {} in int8), {} MACs for a sample\n", all.size(),
               parameters, 4 * parameters, bytes_in_int8, macs);
    if (!integers) fmt::print("{} bytes of values are alive at once in float\n", alive);
    if (ram.bytes) fmt::print("frozen in {}: {} bytes of RAM\n", integers ? "int8" : "float", *ram.bytes);
    else fmt::print("what it takes frozen is not known: {}\n", ram.reason);
  }
  return 0;
}

int draw(const Look& what) {
  const Graph graph = read_both(what).simplified;
  std::string all = "digraph network {\n  node [shape=box, fontname=\"sans-serif\"];\n";
  std::map<std::string, std::string> producer;
  for (const Value& input : graph.inputs) {
    producer[input.name] = fmt::format("in{}", producer.size());
    all += fmt::format("  {} [label={}, shape=ellipse];\n", producer[input.name], dot_text(value_text(input)));
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    all += fmt::format("  n{} [label={}];\n", i,
                       dot_text(node.op + (node.name.empty() ? "" : " " + shortened(node.name))));
    for (const std::string& input : node.inputs)
      if (producer.contains(input)) all += fmt::format("  {} -> n{};\n", producer[input], i);
    for (const std::string& output : node.outputs) producer[output] = fmt::format("n{}", i);
  }
  for (std::size_t i = 0; i < graph.outputs.size(); ++i)
    all += fmt::format("  out{0} [label={1}, shape=ellipse];\n  {2} -> out{0};\n", i,
                       dot_text(value_text(graph.outputs[i])), producer[graph.outputs[i].name]);
  fmt::print("{}}}\n", all);
  return 0;
}

int inform(const Look& what) {
  const FileKind kind = kind_of_file(what.file);
  const auto bytes = std::filesystem::file_size(what.file);
  if (has_tensors(kind)) {
    const SafeTensors file = read_tensors(what.file);
    Json j{{"format", kind_name(kind)},
           {"bytes", bytes},
           {"tensors", file.tensors().size()},
           {"metadata", Json::object()}};
    for (const auto& [key, text] : file.metadata()) j["metadata"][safe(key)] = safe(text);
    if (what.json) print_json(j);
    else {
      fmt::print("{}, {} bytes, {} tensors\n", kind_name(kind), bytes, file.tensors().size());
      for (const auto& [key, text] : file.metadata()) fmt::print("{}: {}\n", safe(key), safe(text));
    }
    return 0;
  }
  const Graph graph = read_network(what.file);
  const std::vector<std::string> names = operators_in(what.file, graph);
  std::map<std::string, std::size_t> operators;
  for (const std::string& op : names) ++operators[safe(op)];
  const Json opset = kind == FileKind::onnx ? Json(graph.opset) : Json(nullptr);
  Json in = Json::array(), out = Json::array();
  for (const Value& v : graph.inputs) in.push_back(value_text(v));
  for (const Value& v : graph.outputs) out.push_back(value_text(v));
  if (what.json) {
    print_json(Json{{"format", graph.format},
                    {"name", safe(graph.name)},
                    {"opset", opset},
                    {"bytes", bytes},
                    {"inputs", in},
                    {"outputs", out},
                    {"operators", operators}});
    return 0;
  }
  fmt::print("{} network {}, {}{} bytes\n", graph.format, detail::quoted_text(graph.name),
             opset.is_null() ? "" : fmt::format("operators of opset {}, ", graph.opset), bytes);
  for (const Value& v : graph.inputs) fmt::print("  in:  {}\n", value_text(v));
  for (const Value& v : graph.outputs) fmt::print("  out: {}\n", value_text(v));
  Row counts;
  for (const auto& [op, count] : operators) counts.push_back(fmt::format("{} {}", count, op));
  fmt::print("  {} operators: {}\n", names.size(), fmt::join(counts, ", "));
  return 0;
}

}  // namespace tenon::tool
