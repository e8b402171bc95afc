#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>
#include <tenon/io/load_tensors.hpp>

#include "../io/load_names.hpp"
#include "../io/prefix_hint.hpp"
#include "../io/words.hpp"
#include "commands.hpp"
#include "compile.hpp"
#include "network_file.hpp"
#include "phases.hpp"
#include "table.hpp"

namespace tenon::tool {

namespace {

namespace fs = std::filesystem;
using Shape = std::vector<std::size_t>;
using Renames = std::vector<std::pair<std::string, std::string>>;

// {0}: the header, {1}: the type, {2}: the header's name
constexpr char parameters_text[] = R"(// Writes what parameters {1} of {2} has: a line for each, its name and axes.
#include <cstdio>

#include <tenon/net/parameters.hpp>

#include "{0}"

int main(int argc, char** argv) {{
  std::FILE* file = argc == 2 ? std::fopen(argv[1], "w") : nullptr;
  if (file == nullptr) return 2;
  for (const tenon::ParameterEntry& entry : tenon::parameter_table<{1}>) {{
    std::fprintf(file, "%.*s", static_cast<int>(entry.name.size()), entry.name.data());
    for (std::size_t i = 0; i < entry.rank; ++i) std::fprintf(file, "\t%zu", entry.dims[i]);
    std::fputc('\n', file);
  }}
  return std::fclose(file) == 0 ? 0 : 2;
}}
)";

struct Parameter {
  std::string name;
  Shape shape;
};

std::vector<Parameter> parameters_of(const Into& what) {
  const std::string text = program_for(what.header, what.name, parameters_text);
  Phases phases;
  phases.begin("compiling");
  const TemporaryFolder folder;
  write_file_atomically(folder.file("parameters.cpp"), std::as_bytes(std::span(text)));
  if (const std::string reason = compile(folder.file("parameters.cpp"), folder.file("parameters")); !reason.empty())
    throw Error(fmt::format("{}: which parameters {} has only a compiler knows: {}", what.header, what.name, reason));
  if (!run(folder.file("parameters"), {folder.file("list")}))
    throw Error(fmt::format("{}: the program that lists the parameters of {} failed", what.header, what.name));
  std::ifstream list(folder.file("list"));
  std::vector<Parameter> all;
  for (std::string line; std::getline(list, line);) {
    std::istringstream words(line);
    Parameter parameter;
    words >> parameter.name;
    for (std::size_t n = 0; words >> n;) parameter.shape.push_back(n);
    all.push_back(std::move(parameter));
  }
  return all;
}

Renames renames_of(const std::vector<std::string>& arguments) {
  Renames all;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(fmt::format("--rename {}: expected FROM=TO, as fc=head.0", detail::quoted_text(argument)));
    all.emplace_back(argument.substr(0, equals), argument.substr(equals + 1));
  }
  return all;
}

/// Each parameter with its tensor, or none; and the tensors that nobody asked for.
struct Fit {
  std::vector<const TensorInfo*> found;
  std::vector<const TensorInfo*> left_over;
  std::vector<std::string> twice;  // names of which there are several
  std::size_t fitting = 0;

  bool all() const { return fitting == found.size() && left_over.empty() && twice.empty(); }
};

bool is_floating(DType type) {
  return type == DType::f16 || type == DType::bf16 || type == DType::f32 || type == DType::f64;
}

const char* state_of(const Parameter& parameter, const TensorInfo* tensor) {
  if (tensor == nullptr) return "missing";
  if (tensor->shape != parameter.shape) return "other shape";
  return is_floating(tensor->dtype) ? "loaded" : "other type";
}

Fit fit_of(const SafeTensors& file, const std::vector<Parameter>& parameters, const LoadOptions& options) {
  std::map<std::string, const TensorInfo*> there;
  Fit fit;
  for (const TensorInfo& tensor : file.tensors()) {
    const std::string name = detail::name_in_network(tensor.name, options);
    if (name.empty() || name.ends_with("num_batches_tracked")) continue;
    if (!there.emplace(name, &tensor).second) fit.twice.push_back(name);
  }
  for (const Parameter& parameter : parameters) {
    const auto at = there.find(parameter.name);
    fit.found.push_back(at == there.end() ? nullptr : at->second);
    if (state_of(parameter, fit.found.back()) == std::string_view("loaded")) ++fit.fitting;
    if (at != there.end()) there.erase(at);
  }
  for (const TensorInfo& tensor : file.tensors())
    if (std::ranges::any_of(there, [&](const auto& left) { return left.second == &tensor; }))
      fit.left_over.push_back(&tensor);
  return fit;
}

std::string last_part(const std::string& name) { return std::string(detail::behind_last('.', name)); }

/// Names that may mean the same: of a parameter that is missing and a tensor left over, by shape, the last part of the
/// name ("weight") and order; parts that both end with are left out.
Renames suggestions(const std::vector<Parameter>& parameters, const Fit& fit, const LoadOptions& options) {
  Renames all;
  std::vector<const TensorInfo*> left = fit.left_over;
  for (const bool alike : {true, false})
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      const Parameter& parameter = parameters[k];
      const auto goes = [&](const std::pair<std::string, std::string>& rename) {
        return parameter.name == rename.second || parameter.name.starts_with(rename.second + ".");
      };
      if (fit.found[k] != nullptr || (!alike && std::ranges::any_of(all, goes))) continue;
      const auto tensor = std::ranges::find_if(left, [&](const TensorInfo* t) {
        return t->shape == parameter.shape && (!alike || last_part(t->name) == last_part(parameter.name));
      });
      if (tensor == left.end()) continue;
      std::string from = (*tensor)->name.substr(options.prefix.size()), to = parameter.name;
      left.erase(tensor);
      while (from.find('.') != std::string::npos && to.find('.') != std::string::npos &&
             last_part(from) == last_part(to))
        from.erase(from.rfind('.')), to.erase(to.rfind('.'));
      if (std::pair rename{from, to}; std::ranges::find(all, rename) == all.end()) all.push_back(std::move(rename));
    }
  return all;
}

std::string axes_text(const Shape& shape) { return shape.empty() ? "one" : fmt::format("{}", fmt::join(shape, " x ")); }

/// The prefix with which everything would be there.
std::string prefix_of(const SafeTensors& file, const std::vector<Parameter>& parameters) {
  std::vector<Expected> expected;
  for (const Parameter& p : parameters) expected.push_back({.name = p.name, .shape = p.shape});
  return detail::found_prefix(file, expected);
}

}  // namespace

int import_into(const Into& what) {
  LoadOptions options{.prefix = what.prefix, .rename = renames_of(what.renames)};
  const SafeTensors file = read_weights(what.file);
  const std::vector<Parameter> parameters = parameters_of(what);
  const Fit fit = fit_of(file, parameters, options);

  const std::string prefix = fit.fitting < parameters.size() && what.prefix.empty() ? prefix_of(file, parameters) : "";
  LoadOptions better = options;
  Renames renames;
  if (!prefix.empty()) better.prefix = prefix;
  else renames = suggestions(parameters, fit, options);
  better.rename.insert(better.rename.end(), renames.begin(), renames.end());
  const Fit then = fit_of(file, parameters, better);

  nlohmann::json list = nlohmann::json::array(), left = nlohmann::json::array(), names = nlohmann::json::array();
  std::vector<Row> rows{{"parameter", "wanted", "found", "", ""}};
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    const TensorInfo* tensor = fit.found[k];
    const char* state = state_of(parameters[k], tensor);
    const std::string name = tensor == nullptr ? "" : detail::escaped_text(tensor->name);
    rows.push_back({parameters[k].name, axes_text(parameters[k].shape),
                    tensor == nullptr ? "" : axes_text(tensor->shape), state, name == parameters[k].name ? "" : name});
    nlohmann::json one{
        {"name", parameters[k].name}, {"wanted", parameters[k].shape}, {"found", nullptr}, {"state", state}};
    if (tensor != nullptr) one["found"] = tensor->shape, one["tensor"] = name, one["type"] = dtype_name(tensor->dtype);
    list.push_back(std::move(one));
  }
  for (const TensorInfo* tensor : fit.left_over) {
    rows.push_back({"", "", axes_text(tensor->shape), "left over", detail::escaped_text(tensor->name)});
    left.push_back({{"name", detail::escaped_text(tensor->name)}, {"shape", tensor->shape}});
  }
  for (const auto& [from, to] : renames) names.push_back({{"from", detail::escaped_text(from)}, {"to", to}});
  if (what.json) {
    print_json(nlohmann::json{{"fits", fit.all()},
                              {"parameters", list},
                              {"left_over", left},
                              {"prefix", detail::escaped_text(prefix)},
                              {"renames", names},
                              {"loaded", fit.fitting},
                              {"loaded_then", then.fitting}});
    return fit.all() ? 0 : 1;
  }
  print_table(rows, 5);
  for (const std::string& name : fit.twice) fmt::print("several tensors become {}\n", detail::escaped_text(name));
  fmt::print("{} of {} parameters loaded, {} tensors left over\n", fit.fitting, parameters.size(),
             fit.left_over.size());
  if (then.fitting > fit.fitting) {
    fmt::print("equal {} would be loaded with", prefix.empty() ? "shapes: more" : "names: all");
    if (!prefix.empty()) fmt::print(" --prefix {}", detail::escaped_text(prefix));
    for (const auto& [from, to] : renames) fmt::print(" --rename {}={}", detail::escaped_text(from), to);
    fmt::print(" ({} of {}, {} left over)\n", then.fitting, parameters.size(), then.left_over.size());
  }
  return fit.all() ? 0 : 1;
}

}  // namespace tenon::tool
