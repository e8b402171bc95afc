#include <fmt/format.h>

#include <algorithm>

#include <tenon/error.hpp>

#include "../../io/words.hpp"
#include "../operators/call.hpp"
#include "passes.hpp"

namespace tenon::importing {

namespace {

std::string shape_text(const Dims& dims) {
  std::string text;
  for (const std::int64_t size : dims) text += (text.empty() ? "" : "x") + (size == free ? "?" : std::to_string(size));
  return text;
}

/// "input: axis 2 (height), axis 3 (width): --shape input=1x3x?x?", empty where nothing is to be asked.
std::string question(const Value& input) {
  if (!input.dims) return fmt::format("{}: how many axes it has is not known: --shape {}=?x?", input.name, input.name);
  std::string axes;
  for (std::size_t i = 0; i < input.dims->size(); ++i) {
    if ((*input.dims)[i] != free) continue;
    axes += fmt::format("{}axis {}", axes.empty() ? "" : ", ", i);
    if (i < input.axis_names.size() && !input.axis_names[i].empty()) axes += " (" + input.axis_names[i] + ")";
  }
  return axes.empty() ? ""
                      : fmt::format("{}: {}: --shape {}={}", input.name, axes, input.name, shape_text(*input.dims));
}

void give(Value& input, const Dims& dims) {
  const auto fits = [](std::int64_t file, std::int64_t given) { return file == free || file == given; };
  if (std::ranges::any_of(dims, [](std::int64_t size) { return size < 0; }))
    throw Error(fmt::format("--shape {}={}: sizes have to be at least 0", input.name, shape_text(dims)));
  if (input.dims && !std::ranges::equal(*input.dims, dims, fits))
    throw Error(fmt::format("--shape {}={}: the file says {}", input.name, shape_text(dims), shape_text(*input.dims)));
  input.dims = dims;
}

}  // namespace

void set_input(Graph& graph, const std::string& name, const std::vector<double>& numbers) {
  const auto input = std::ranges::find_if(graph.inputs, [&](const Value& v) { return v.name == name; });
  if (input == graph.inputs.end()) throw Error(fmt::format("--set {}: the network has no input of that name", name));
  const auto count = static_cast<std::int64_t>(numbers.size());
  Dims dims = input->dims.value_or(count == 1 ? Dims{} : Dims{count});
  const auto open = std::ranges::find(dims, free);
  std::ranges::replace(dims, free, 1);
  if (const std::int64_t others = count_of(dims); open != dims.end() && others > 0) *open = count / others;
  if (count_of(dims) != count)
    throw Error(fmt::format("--set {}: {} numbers are given, the file says {}", name, count,
                            input->dims->empty() ? "one" : shape_text(*input->dims)));
  for (const double number : numbers)
    if (stored(input->type, number) != number && is_integer(input->type))
      throw Error(fmt::format("--set {}={}: is no {}", name, number, type_name(input->type)));
  graph.constants[name] = {input->type, std::move(dims), numbers};
  graph.inputs.erase(input);
}

bool settle_inputs(Graph& graph, const Simplify& options) {
  std::erase_if(graph.inputs, [&](const Value& input) { return graph.constants.contains(input.name); });
  for (const auto& [name, dims] : options.shapes)
    if (std::ranges::none_of(graph.inputs, [&](const Value& input) { return input.name == name; }))
      throw Error(fmt::format("--shape {}={}: the network has no input of that name", name, shape_text(dims)));
  std::string questions;
  std::vector<std::string> open_inputs;
  bool batched = !graph.inputs.empty();
  for (Value& input : graph.inputs) {
    bool open = input.dims && !input.dims->empty() && input.dims->front() == free;
    if (const auto given = options.shapes.find(input.name); given != options.shapes.end()) {
      give(input, given->second);
      open = open && input.dims->front() == 1;
    } else if (open) {
      input.dims->front() = 1;
    }
    batched = batched && open;
    const std::string text = question(input);
    if (text.empty()) graph.values[input.name] = input;
    else questions += "\n  " + text, open_inputs.push_back(input.name);
  }
  if (questions.empty()) return batched;
  questions.insert(0, "the sizes of these axes are not in the file and have to be given (a number for each ?):");
  if (options.refusals == Refusals::thrown) throw Error(questions);
  graph.refuse(questions, open_inputs, {});
  std::erase_if(graph.inputs, [&](const Value& input) { return graph.lost.contains(input.name); });
  return batched;
}

}  // namespace tenon::importing
