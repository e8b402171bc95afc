#include "onnx.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include <tenon/error.hpp>

#include "../io/input_file.hpp"
#include "../io/words.hpp"
#include "onnx_opset6.hpp"
#include "onnx_schema.hpp"
#include "onnx_tensor.hpp"
#include "order.hpp"
#include "protobuf.hpp"

namespace tenon::importing {
namespace {

using detail::quoted_text;
using protobuf::Message;

/// What the parts of a model share.
struct Context {
  ExternalData external;
  std::int64_t opset = 0;
  int depth = 0;  // of the graph that is being read: 0 is the model's, the others are bodies
};
constexpr int most_nested = 16;  // bodies within bodies

std::string domain_of(const std::string& text) { return text == "ai.onnx" ? std::string() : text; }

Graph read_graph(const Message& message, Context& context);

Attribute read_attribute(const Message& message, const std::string& what, Context& context) {
  using namespace schema::attribute;
  const auto fail = [&](const std::string& why) { message.fail(what + " " + why); };
  const auto kind = std::ranges::find(schema::kinds, message.integer(type), &schema::Kind::code);
  if (message.has(ref_attr_name))
    message.refuse(what + " refers to one of a local function, and these are not supported");
  if (kind == std::end(schema::kinds)) fail(fmt::format("is of no known kind: its type is {}", message.integer(type)));
  for (const schema::Kind& other : schema::kinds)
    if (other.code != kind->code && message.has(other.field))
      fail(fmt::format("is declared as {} and is {}", kind->name, other.name));

  switch (kind->field) {
  case f:
    return static_cast<double>(message.number(f));
  case i:
    return message.integer(i);
  case s:
    return message.text(s);
  case ints:
    return message.integers(ints);
  case strings:
    return message.texts(strings);
  case floats: {
    const std::vector<float> values = message.floats(floats);
    return std::vector<double>(values.begin(), values.end());
  }
  case t: {
    const auto tensor = message.message(t);
    if (!tensor) fail("has no tensor");
    return read_tensor(*tensor, context.external);
  }
  case g:
  case graphs: {
    std::vector<Graph> bodies;
    const std::vector<Message> parts = message.messages(kind->field);
    bodies.reserve(parts.size());
    for (const Message& body : parts) bodies.push_back(read_graph(body, context));
    if (kind->field == g && bodies.size() != 1) fail(fmt::format("is declared as a graph and has {}", bodies.size()));
    return bodies;
  }
  default:
    message.refuse(fmt::format("{} is {}, which is not supported", what, kind->name));
  }
}

/// `place` counts the nodes of the graph in the file, Constants too.
Node read_node(const Message& message, std::size_t place, Context& context) {
  using namespace schema::node;
  Node node{message.text(name), message.text(op_type), domain_of(message.text(domain)), message.texts(input),
            message.texts(output)};
  if (node.op.empty()) message.fail(fmt::format("node {} has no operator", place));
  if (node.name.empty()) node.name = fmt::format("{}_{}", node.op, place);
  const std::string what = describe(node);
  if (std::ranges::all_of(node.outputs, &std::string::empty)) message.fail(what + " has no output");
  if (node.domain.empty() && context.opset == 0) message.fail(what + ": the file does not say of which opset it is");
  for (const Message& part : message.messages(attribute)) {
    const std::string key = part.text(schema::attribute::name);
    if (key.empty()) part.fail(what + " has an attribute without a name");
    if (node.has(key)) part.fail(what + " has the attribute " + quoted_text(key) + " twice");
    node.attributes.emplace(key, read_attribute(part, what + ": the attribute " + quoted_text(key), context));
  }
  return node;
}

/// What a Constant gives. Of its attributes (value, value_float, ...) it has one, whose kind says which.
Array constant_of(Node& node, const Message& message) {
  if (node.attributes.size() != 1 || node.outputs.size() != 1 || node.outputs[0].empty())
    message.fail(describe(node) + ": expected one attribute and one output");
  Attribute& value = node.attributes.begin()->second;
  if (auto* array = std::get_if<Array>(&value)) return std::move(*array);
  if (auto* number = std::get_if<double>(&value)) return {Type::float32, {}, {*number}};
  if (auto* integer = std::get_if<std::int64_t>(&value)) return {Type::int64, {}, {static_cast<double>(*integer)}};
  if (auto* numbers = std::get_if<std::vector<double>>(&value))
    return {Type::float32, {std::ssize(*numbers)}, std::move(*numbers)};
  if (auto* integers = std::get_if<std::vector<std::int64_t>>(&value))
    return {Type::int64, {std::ssize(*integers)}, {integers->begin(), integers->end()}};
  message.refuse(describe(node) + ": expected a tensor, numbers or integers; others are not supported");
}

Dims read_axes(const Message& shape, Value& value) {
  using namespace schema::dimension;
  const std::vector<Message> axes = shape.messages(schema::shape::dim);
  if (axes.size() > most_tensor_axes)
    shape.fail(
        fmt::format("expected at most {} axes, got {} for {}", most_tensor_axes, axes.size(), quoted_text(value.name)));
  Dims dims;
  for (const Message& axis : axes) {
    const std::string name = axis.text(param);
    dims.push_back(name.empty() && axis.has(schema::dimension::value) ? axis.integer(schema::dimension::value) : free);
    if (dims.back() < free)
      axis.fail(fmt::format("the value {} has an axis of size {}", quoted_text(value.name), dims.back()));
    if (name.empty()) continue;
    value.axis_names.resize(dims.size());
    value.axis_names.back() = name;
  }
  return dims;
}

/// `typed`: one whose type the file has to say.
Value read_value(const Message& message, bool typed) {
  Value value;
  value.name = message.text(schema::value_info::name);
  if (value.name.empty()) message.fail("expected the name of a value, got none");
  const std::string what = "the value " + quoted_text(value.name);
  const std::optional<Message> type = message.message(schema::value_info::type);
  if (type)
    for (const auto& [field, words] : schema::other_types)
      if (type->has(field)) message.refuse(fmt::format("{} is {}, which is not supported", what, words));
  const std::optional<Message> tensor = type ? type->message(schema::type::tensor) : std::nullopt;
  const std::int64_t code = tensor ? tensor->integer(schema::tensor_type::elem_type) : 0;
  if (typed && code == 0) message.fail(what + " has no type");
  if (code != 0) value.type = read_type(message, code, what);
  if (const auto shape = tensor ? tensor->message(schema::tensor_type::shape) : std::nullopt)
    value.dims = read_axes(*shape, value);
  return value;
}

Graph read_graph(const Message& message, Context& context) {
  using namespace schema::graph;
  if (context.depth > most_nested) message.fail(fmt::format("graphs are nested more than {} deep", most_nested));
  const bool typed = context.depth++ == 0;
  Graph graph;
  graph.name = message.text(name);
  graph.format = "ONNX";
  graph.opset = context.opset;
  const auto add_constant = [&](const Message& part, const std::string& key, Array array) {
    if (key.empty()) part.fail("expected the name of a constant, got none");
    if (!graph.constants.emplace(key, std::move(array)).second)
      part.fail("the constant " + quoted_text(key) + " is given twice");
  };

  // In a body the node around it is what is refused.
  const auto or_refuse = [&](auto read, const std::vector<std::string>& gives, const std::vector<std::string>& reads) {
    try {
      read();
    } catch (const protobuf::Unsupported& reason) {
      if (!typed) throw;
      graph.refuse(reason.what(), gives, reads);
    }
  };
  for (const Message& part : message.messages(initializer)) {
    const std::string key = part.text(schema::tensor::name);
    or_refuse([&] { add_constant(part, key, read_tensor(part, context.external)); }, {key}, {});
  }
  for (const Message& part : message.messages(sparse_initializer)) {
    const std::optional<Message> values = part.message(schema::sparse::values);
    const std::string key = values ? values->text(schema::tensor::name) : std::string();
    or_refuse([&] { part.refuse("the constant " + quoted_text(key) + " is sparse, which is not supported"); }, {key},
              {});
  }
  for (const Message& part : message.messages(input)) {
    const std::string key = part.text(schema::value_info::name);
    if (!graph.lost.contains(key))
      or_refuse(
          [&] {
            if (Value value = read_value(part, typed); !graph.constants.contains(value.name))
              graph.inputs.push_back(std::move(value));
          },
          {key}, {});
  }
  for (const Message& part : message.messages(output))
    or_refuse([&] { graph.outputs.push_back(read_value(part, typed)); }, {}, {part.text(schema::value_info::name)});
  if (graph.outputs.empty() && graph.refused.empty()) message.fail("expected a graph with outputs, got none");
  for (const Message& part : message.messages(value_info))
    or_refuse(
        [&] {
          const Value value = read_value(part, false);
          if (!graph.values.emplace(value.name, value).second)
            part.fail("the value " + quoted_text(value.name) + " is described twice");
        },
        {}, {});

  std::size_t place = 0;
  for (const Message& part : message.messages(node)) {
    const int depth = context.depth;
    or_refuse(
        [&] {
          Node next = read_node(part, place, context);
          if (next.op == "Constant" && next.domain.empty()) {
            add_constant(part, next.outputs[0], constant_of(next, part));
          } else {
            graph.nodes.push_back(std::move(next));
          }
        },
        part.texts(schema::node::output), part.texts(schema::node::input));
    context.depth = depth;
    ++place;
  }
  --context.depth;
  return graph;
}

std::int64_t read_opset(const Message& model) {
  using namespace schema::opset;
  const std::vector<Message> sets = model.messages(schema::model::opset_import);
  const auto fail = [](const Message& place, const std::string& what) {
    place.fail(fmt::format("expected operators of opset {} to {}, got {}", oldest_opset, newest_opset, what));
  };
  if (sets.empty()) fail(model, "no opset at all: the file is very old, or cut off");
  std::int64_t opset = 0;
  for (const Message& set : sets) {
    if (!domain_of(set.text(domain)).empty()) continue;
    if (opset != 0) set.fail("the opset of ONNX's operators is there twice");
    opset = set.integer(version);
    if (opset < oldest_opset || opset > newest_opset) fail(set, fmt::format("opset {}", opset));
  }
  return opset;
}

/// Every writer begins with the version of the format, field 1. What begins otherwise may be something well known.
void expect_onnx(std::span<const std::byte> bytes, const std::string& name) {
  if (bytes.empty()) throw Error(name + ": expected an ONNX model, got an empty file");
  if (bytes[0] == std::byte{schema::model::ir_version << 3}) return;
  if (const std::string other = detail::seems_to_be(bytes); !other.empty())
    throw Error(fmt::format("{}: expected an ONNX model, got a file that seems to be {}", name, other));
}

Graph read_model(std::span<const std::byte> bytes, const std::string& name, const std::string& folder,
                 Refusals refusals) {
  expect_onnx(bytes, name);
  const Message model(bytes, name);
  const std::optional<Message> main = model.message(schema::model::graph);
  if (!main) model.fail("expected an ONNX model, got a file without a graph");
  Context context{ExternalData(folder), read_opset(model)};
  Graph graph = read_graph(*main, context);
  for (const Message& function : model.messages(schema::model::functions)) {
    try {
      function.refuse(quoted_text(function.text(schema::function::name)) +
                      " is a local function, which is not supported");
    } catch (const protobuf::Unsupported& reason) {
      graph.refuse(reason.what(), {}, {});
    }
  }
  if (refusals == Refusals::thrown) throw_refused(graph);
  put_in_order(graph, name);
  if (graph.opset == 6) from_opset_6(graph);
  return graph;
}

}  // namespace

Graph read_onnx(const std::string& path, Refusals refusals) {
  return detail::within_memory(path, [&] {
    const std::string content = detail::read_file(path, "an ONNX model");
    const std::string folder = std::filesystem::path(path).parent_path().string();
    return read_model(std::as_bytes(std::span(content)), path, folder.empty() ? "." : folder, refusals);
  });
}

Graph parse_onnx(std::span<const std::byte> bytes, const std::string& name, const std::string& folder,
                 Refusals refusals) {
  return detail::within_memory(name, [&] { return read_model(bytes, name, folder, refusals); });
}

Array parse_onnx_tensor(std::span<const std::byte> bytes, const std::string& name) {
  return detail::within_memory(name, [&] {
    ExternalData nowhere{""};
    return read_tensor(Message(bytes, name), nowhere);
  });
}

}  // namespace tenon::importing
