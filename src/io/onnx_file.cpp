#include <tenon/io/onnx_file.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include "../import/graph.hpp"
#include "../import/onnx_write.hpp"

namespace tenon {
namespace {

constexpr std::int64_t opset = 17;
constexpr std::size_t most_bytes = 0x7fffffff;  // of a protobuf message

importing::Value value_of_batch(const std::string& name, const OnnxFile::Axes& axes) {
  importing::Dims dims{importing::free};
  dims.insert(dims.end(), axes.begin(), axes.end());
  return {.name = name, .type = importing::Type::float32, .dims = std::move(dims), .axis_names = {"batch"}};
}

importing::Type type_of(OnnxType type) {
  switch (type) {
  case OnnxType::int64:
    return importing::Type::int64;
  case OnnxType::int32:
    return importing::Type::int32;
  case OnnxType::int8:
    return importing::Type::int8;
  default:
    return importing::Type::float32;
  }
}

}  // namespace

struct OnnxFile::Names {
  std::set<std::string> taken;
  std::set<std::string> parameters;
  std::map<std::string, std::size_t> made_by;  // which node gives a value
  std::map<std::pair<OnnxType, std::pair<Axes, std::vector<double>>>, std::string> constants;
};

OnnxFile::OnnxFile(const std::string& name)
    : graph_(std::make_unique<importing::Graph>()), names_(std::make_unique<Names>()) {
  graph_->name = name;
  graph_->format = "ONNX";
  graph_->opset = opset;
}
OnnxFile::~OnnxFile() = default;

std::string OnnxFile::free_name(const std::string& wanted) {
  std::string name = wanted;
  for (std::size_t i = 1; !names_->taken.insert(name).second; ++i) name = wanted + "_" + std::to_string(i);
  return name;
}

void OnnxFile::input(const std::string& name, const Axes& axes) {
  names_->taken.insert(name);
  graph_->inputs.push_back(value_of_batch(name, axes));
}

void OnnxFile::output(const std::string& wanted, const std::string& value, const Axes& axes) {
  const auto is_output = [&](const importing::Value& v) { return v.name == value; };
  const auto maker = names_->made_by.find(value);
  // an input that is given back rounded is another value, and cannot have its name
  const bool is_input = std::ranges::find(graph_->inputs, wanted, &importing::Value::name) != graph_->inputs.end();
  const std::string name = is_input && wanted != value ? free_name(wanted) : wanted;
  if (name != value && (maker == names_->made_by.end() || std::ranges::any_of(graph_->outputs, is_output))) {
    graph_->nodes.push_back({.name = name, .op = "Identity", .inputs = {value}, .outputs = {name}});
  } else if (name != value) {
    for (std::string& given : graph_->nodes[maker->second].outputs)
      if (given == value) given = name;
    for (importing::Node& node : graph_->nodes) std::ranges::replace(node.inputs, value, name);
    names_->made_by.emplace(name, maker->second);
  }
  names_->taken.insert(name);
  graph_->outputs.push_back(value_of_batch(name, axes));
}

void OnnxFile::parameter(const std::string& name, const Axes& axes, std::vector<double> values) {
  names_->taken.insert(name);
  names_->parameters.insert(name);
  graph_->constants[name] = {importing::Type::float32, axes, std::move(values)};
}

bool OnnxFile::has_parameter(const std::string& name) const { return names_->parameters.contains(name); }

std::string OnnxFile::constant(const Axes& axes, const std::vector<double>& values, OnnxType type) {
  std::string& name = names_->constants[{type, {axes, values}}];
  if (name.empty()) name = constant("constant/" + std::to_string(names_->constants.size() - 1), axes, values, type);
  return name;
}

std::string OnnxFile::constant(const std::string& name, const Axes& axes, std::vector<double> values, OnnxType type) {
  std::string own = free_name(name);
  graph_->constants[own] = {type_of(type), axes, std::move(values)};
  return own;
}

std::vector<std::string> OnnxFile::add(const std::string& name, std::string_view op,
                                       const std::vector<std::string>& inputs,
                                       const std::vector<OnnxAttribute>& attributes, std::size_t outputs) {
  const std::string own = free_name(name);
  std::vector<std::string> given{own};
  while (given.size() < outputs) given.push_back(free_name(own + "." + std::to_string(given.size())));
  importing::Node node{.name = own, .op = std::string(op), .inputs = inputs, .outputs = given};
  for (const OnnxAttribute& a : attributes)
    std::visit([&](const auto& value) { node.attributes.emplace(a.name, value); }, a.value);
  for (const std::string& value : given) names_->made_by.emplace(value, graph_->nodes.size());
  graph_->nodes.push_back(std::move(node));
  return given;
}

void OnnxFile::write(const std::string& path) const {
  std::size_t numbers = 0;
  for (const auto& [name, array] : graph_->constants) numbers += array.values.size();
  if (numbers > most_bytes / sizeof(float))
    throw Error("export_onnx: expected numbers for at most 2 GiB, which an ONNX file has room for, got " +
                std::to_string(numbers) + " for " + path);
  const std::string bytes = importing::to_onnx(*graph_);
  write_file_atomically(path, std::as_bytes(std::span(bytes)));
}

}  // namespace tenon
