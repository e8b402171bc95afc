#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "import/tflite.hpp"
#include "tflite_builder.hpp"

/// Files of one operator, and what tests ask of the graph that is made of one.
namespace tenon::test::tflite {

using namespace importing;
using Kind = importing::tflite::TensorType;
using I8 = std::int8_t;
using I32 = std::int32_t;
using Flag = std::uint8_t;
using Ints = std::vector<std::int64_t>;
using Numbers = std::vector<double>;

inline Graph parse(const std::string& bytes) { return parse_tflite(std::as_bytes(std::span(bytes)), "net.tflite"); }

/// The operators of a graph, in their order.
inline std::string ops(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes) text += (text.empty() ? "" : " ") + node.op;
  return text;
}

inline const Node& node(const Graph& graph, const std::string& op, std::size_t which = 0) {
  for (const Node& n : graph.nodes)
    if (n.op == op && which-- == 0) return n;
  throw std::runtime_error("no " + op + " in: " + ops(graph));
}
inline const Array& constant(const Graph& graph, const Node& n, std::size_t input) {
  return graph.constants.at(n.inputs.at(input));
}
inline Numbers numbers(const Graph& graph, const Node& n, std::size_t input) {
  return constant(graph, n, input).values;
}

/// Every value that a node reads is an input, a constant or given above it, once; and so is every output.
inline bool holds_together(const Graph& graph) {
  std::vector<std::string> known{""};
  const auto is_known = [&](const std::string& name) {
    return std::ranges::find(known, name) != known.end() || graph.constants.contains(name);
  };
  for (const Value& v : graph.inputs) known.push_back(v.name);
  for (const Node& n : graph.nodes) {
    if (!std::ranges::all_of(n.inputs, is_known) || std::ranges::any_of(n.outputs, is_known)) return false;
    known.insert(known.end(), n.outputs.begin(), n.outputs.end());
  }
  return std::ranges::all_of(graph.outputs, [&](const Value& v) { return is_known(v.name); });
}

/// A file of one operator: what the tests below differ in is what they say of it.
struct One {
  TfliteFile file;
  std::vector<std::int32_t> reads;

  One& in(const TfliteFile::Dims& dims, const TfliteFile::More& more = {}) {
    reads.push_back(file.input("in" + std::to_string(reads.size()), dims, more));
    return *this;
  }
  One& floats(const TfliteFile::Dims& dims, const std::vector<float>& values) {
    reads.push_back(file.floats("c" + std::to_string(reads.size()), dims, values));
    return *this;
  }
  One& ints(const std::vector<std::int32_t>& values, TfliteFile::More more = {}) {
    reads.push_back(
        file.ints("c" + std::to_string(reads.size()), {static_cast<std::int32_t>(values.size())}, values, more));
    return *this;
  }
  One& absent() {
    reads.push_back(-1);
    return *this;
  }
  std::string bytes(const std::string& name, const TfliteFile::Dims& dims, std::uint8_t type = 0,
                    const Object& options = {}, const TfliteFile::More& more = {}) {
    const auto out = file.tensor("out", dims, more);
    file.op(name, reads, {out}, type, options);
    file.output(out);
    return file.file();
  }
  Graph graph(const std::string& name, const TfliteFile::Dims& dims, std::uint8_t type = 0, const Object& options = {},
              const TfliteFile::More& more = {}) {
    Graph graph = parse(bytes(name, dims, type, options, more));
    CHECK(holds_together(graph));
    CHECK(graph.outputs.at(0).name == "out");
    CHECK(std::ranges::any_of(graph.nodes, [](const Node& n) { return n.name == "out"; }));
    return graph;
  }
};

/// Conv2DOptions and the like: padding, stride across and down.
inline Object window(I8 padding, I32 across, I32 down) {
  return Object().scalar(0, padding).scalar(1, across).scalar(2, down);
}
constexpr I8 same = 0, valid = 1;

inline std::vector<float> counted(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return values;
}

inline TfliteFile::More quantized(std::vector<float> scales, std::vector<std::int64_t> zeros, std::int32_t axis = 0,
                                  Kind type = Kind::int8) {
  return {.type = type, .scales = std::move(scales), .zero_points = std::move(zeros), .axis = axis};
}

}  // namespace tenon::test::tflite
