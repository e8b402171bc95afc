#include "write_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <span>

#include <tenon/error.hpp>
#include <tenon/io/safetensors.hpp>

#include "../io/words.hpp"
#include "types/structure.hpp"
#include "types/type_text.hpp"

namespace tenon::importing {

namespace {

constexpr std::size_t width = 120;

/// Names of nodes: short, of letters, digits and _, each once.
class Names {
public:
  std::string add(const std::string& given) {
    std::string name;
    for (const char c : last_part(given)) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    while (name.size() > 1 && name.back() == '_') name.pop_back();
    while (name.size() > 1 && name.front() == '_') name.erase(0, 1);
    if (name.size() > 40) name.resize(40);
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) name = "n" + name;
    std::string unused = name;
    for (int i = 2; !used_.insert(unused).second; ++i) unused = fmt::format("{}_{}", name, i);
    return unused;
  }

private:
  /// "conv1" of "model/conv1/Conv2D;model/bn1/FusedBatchNorm"
  static std::string last_part(std::string path) {
    path = path.substr(0, path.find_first_of(";#"));
    while (path.size() > 1 && (path.back() == '/' || path.back() == ':')) path.pop_back();
    std::size_t slash = path.rfind('/');
    if (slash == std::string::npos || slash == 0) return slash == 0 ? path.substr(1) : path;
    const std::size_t before = path.rfind('/', slash - 1);
    return before == std::string::npos ? path.substr(slash + 1) : path.substr(before + 1, slash - before - 1);
  }

  std::set<std::string> used_;
};

std::string sequential(const Piece& piece, const Dims& takes, std::size_t column) {
  std::vector<Part> parts = piece.parts;
  parts.insert(parts.begin(), part_of({fmt::format("Input<{}>", list_text(takes)), takes}));
  return lines("Sequential", parts, column, width);
}

std::string graph_text(const Graph& graph, const Structure& structure, const Units& units, std::size_t column,
                       std::map<std::string, Array>& weights, bool inner = false) {
  Names names;
  std::map<std::string, std::string> name_of;  // of values
  std::vector<std::string> elements, given;
  std::string before;
  for (const Value& input : graph.inputs) {
    before = name_of[input.name] = names.add(input.name);
    elements.push_back(inner ? fmt::format("In<\"{}\">", before)
                             : fmt::format("In<\"{}\", {}>", before, list_text(units.shapes.at(input.name))));
  }
  // what is given is called as the file calls it
  for (std::size_t i = 0; i < structure.outputs.size(); ++i)
    if (!name_of.contains(structure.outputs[i])) name_of[structure.outputs[i]] = names.add(structure.outputs[i]);
  for (const Piece& piece : structure.pieces) {
    const auto output = name_of.find(piece.gives);
    const std::string name = output != name_of.end() ? output->second : names.add(piece.name);
    name_of[piece.gives] = name;
    std::string reads;
    for (const std::string& read : piece.reads) reads += fmt::format(", \"{}\"", name_of.at(read));
    if (piece.reads.size() == 1 && name_of.at(piece.reads[0]) == before) reads.clear();
    const Dims& takes = units.shapes.contains(piece.reads[0]) ? units.shapes.at(piece.reads[0]) : piece.parts[0].gives;
    const Part whole = as_one(piece.parts, takes);
    const std::string begin = fmt::format("Node<\"{}\", ", name);
    elements.push_back(begin + lines(whole, column + begin.size() + 6, width - reads.size()) + reads + ">");
    collect_weights(whole, name + ".", weights);
    before = name;
  }
  for (const std::string& output : structure.outputs) given.push_back(fmt::format("\"{}\"", name_of.at(output)));
  elements.push_back(fmt::format("Out<{}>", fmt::join(given, ", ")));
  return fmt::format("Graph<{}>", fmt::join(elements, ",\n" + std::string(column + 6, ' ')));
}

/// Shapes have at most four axes.
void check_axes(const Part& part, const std::string& name, std::vector<std::string>& refused) {
  constexpr std::size_t most_axes = 4;
  if (part.gives.size() > most_axes || part.own.gives.size() > most_axes)
    refused.push_back(fmt::format("node {}: gives samples of {} axes ({}); shapes have at most {}",
                                  detail::quoted_text(name), std::max(part.gives.size(), part.own.gives.size()),
                                  list_text(part.gives), most_axes));
  else
    for (const Part& inner : part.parts) check_axes(inner, name, refused);
}

/// Numbers of weights kept apart while the type is found, which moves and copies the layers but looks at no number:
/// large networks are kept once.
class Aside {
public:
  explicit Aside(Units& units) {
    for (Unit& unit : units.units)
      for (Layer& layer : unit.layers)
        for (auto& [name, array] : layer.weights) {
          numbers_.push_back(std::move(array.values));
          array.values = {static_cast<double>(numbers_.size() - 1)};
        }
  }
  void put_back(std::map<std::string, Array>& weights) {
    std::vector<std::size_t> readers(numbers_.size());
    for (const auto& [name, array] : weights) ++readers[place(array)];
    for (auto& [name, array] : weights) {
      const std::size_t own = place(array);
      if (--readers[own] == 0) array.values = std::move(numbers_[own]);
      else array.values = numbers_[own];
    }
  }

private:
  static std::size_t place(const Array& array) { return static_cast<std::size_t>(array.values.at(0)); }

  std::vector<std::vector<double>> numbers_;
};

}  // namespace

void refuse_all(const Graph& graph, const std::vector<std::string>& refused) {
  if (refused.empty()) return;
  if (refused.size() == 1)
    throw Error(fmt::format("{} cannot be written as a type: {}",
                            graph.format.empty() ? "the network" : "this " + graph.format + " network", refused[0]));
  std::string all = fmt::format("{} reasons why this network cannot be written as a type:", refused.size());
  for (const std::string& one : refused) all += "\n  " + one;
  throw Error(all);
}

std::vector<std::string> refusals(const Graph& graph, const Structure& structure, const Units& units) {
  std::vector<std::string> refused;
  for (const Piece& piece : structure.pieces)
    for (const Part& part : piece.parts) check_axes(part, piece.name, refused);
  for (const Value& input : graph.inputs) {
    if (units.shapes.at(input.name).size() > 4)
      refused.push_back(fmt::format("input {}: samples of {}; shapes have at most four axes",
                                    detail::quoted_text(input.name), list_text(units.shapes.at(input.name))));
    const bool read = std::any_of(structure.pieces.begin(), structure.pieces.end(), [&](const Piece& p) {
      return std::find(p.reads.begin(), p.reads.end(), input.name) != p.reads.end();
    });
    if (!read) refused.push_back(fmt::format("input {}: nothing reads it", detail::quoted_text(input.name)));
  }
  return refused;
}

TypeText write_type(const Graph& graph, Structure structure, const Units& units, std::size_t column) {
  TypeText written;
  std::vector<std::vector<Part>*> rows;
  for (Piece& piece : structure.pieces) rows.push_back(&piece.parts);
  for (const std::string& definition : name_blocks(rows, width)) written.definitions += definition + "\n";
  const bool row = structure.pieces.size() == 1 && graph.inputs.size() == 1 && structure.outputs.size() == 1;
  if (row) {
    written.body = sequential(structure.pieces[0], units.shapes.at(graph.inputs[0].name), column);
    collect_weights(structure.pieces[0].parts, "", written.weights);
  } else {
    written.body = graph_text(graph, structure, units, column, written.weights);
  }
  return written;
}

TypeText write_inner_type(const Graph& graph, const Structure& structure, const Units& units) {
  TypeText written;
  if (structure.pieces.size() == 1) {
    const Part whole = as_one(structure.pieces[0].parts, units.shapes.at(graph.inputs[0].name));
    written.body = text(whole);
    collect_weights(whole, "", written.weights);
  } else {
    written.body = graph_text(graph, structure, units, 0, written.weights, true);
    std::erase(written.body, '\n');
  }
  return written;
}

bool has_batch(const Graph& simplified) {
  return std::ranges::all_of(simplified.inputs, [&](const Value& input) {
    const auto& own = input.dims;
    const auto& first = simplified.inputs.front().dims;
    return own && !own->empty() && first && !first->empty() && own->front() == first->front();
  });
}

const std::string* scores_of_classes(const Graph& simplified, const std::string& output) {
  for (const Node& node : simplified.nodes) {
    if (std::ranges::find(node.outputs, output) == node.outputs.end()) continue;
    if (node.op == "ArgMax") return &node.inputs.at(0);
    return node.op == "Cast" ? scores_of_classes(simplified, node.inputs.at(0)) : nullptr;
  }
  return nullptr;
}

Written write_network(const Graph& graph, const std::string& name, bool batched, std::map<std::string, Array>* spent) {
  check_type_name(name);
  Units units = write_units(graph, batched, true, spent);
  std::vector<std::string> refused = graph.refused;
  refused.insert(refused.end(), units.refused.begin(), units.refused.end());
  if (graph.outputs.empty() && refused.empty()) refused.push_back("it gives nothing");
  refuse_all(graph, refused);
  Aside numbers(units);
  Structure structure = find_structure(graph, units);
  refuse_all(graph, refusals(graph, structure, units));

  Written written;
  for (const Value& v : graph.inputs) written.batch_axes[v.name] = units.batch_axes.at(v.name);
  for (const Value& v : graph.outputs)
    if (const auto known = units.batch_axes.find(v.name); known != units.batch_axes.end())
      written.batch_axes[v.name] = known->second;
  const std::string begin = fmt::format("using {} = ", name);
  TypeText type = write_type(graph, std::move(structure), units, begin.size());
  check_type_name(name, type);
  written.weights = std::move(type.weights);
  numbers.put_back(written.weights);
  std::string from = graph.format.empty() ? "a file" : fmt::format("a file in the format {}", graph.format);
  if (!graph.name.empty())
    from += fmt::format(", where it is called {}", detail::quoted_text(detail::behind_last('/', graph.name)));
  std::string classes;
  for (const Value& output : graph.outputs)
    if (scores_of_classes(graph, output.name) != nullptr)
      classes += fmt::format("/// The file ends in ArgMax: of {} the type gives the scores{}.\n",
                             detail::quoted_text(output.name),
                             graph.outputs.size() == 1 ? ", and predict_class(model, x) the class" : "");
  written.header = fmt::format("#pragma once\n\n#include <tenon/tenon.hpp>\n\nusing namespace tenon;\n\n{0}"
                               "/// Imported from {1}.\n/// Its numbers are beside it:\n///\n///     Model<{2}> "
                               "model;\n///     model.load(\"net.safetensors\");\n"
                               "{5}{3}{4};\n",
                               type.definitions, from, name, begin, type.body, classes);
  return written;
}

WeightsFile::WeightsFile(std::map<std::string, Array> weights) {
  for (auto& [name, array] : weights) {
    tensors_.push_back({name, {array.dims.begin(), array.dims.end()}, {array.values.begin(), array.values.end()}});
    std::vector<double>().swap(array.values);
  }
}

void WeightsFile::write(const std::string& path) const {
  std::vector<TensorView> views;
  for (const Tensor& tensor : tensors_)
    views.emplace_back(tensor.name, tensor.shape, std::span<const float>(tensor.numbers));
  write_safetensors(path, views);
}

std::size_t WeightsFile::numbers() const {
  std::size_t all = 0;
  for (const Tensor& tensor : tensors_) all += tensor.numbers.size();
  return all;
}

void write_weights(const std::string& path, const std::map<std::string, Array>& weights) {
  WeightsFile(weights).write(path);
}

}  // namespace tenon::importing
