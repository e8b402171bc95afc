#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/model/export_onnx.hpp>
#include <tenon/tenon.hpp>

#include "import/interpret.hpp"
#include "import/onnx.hpp"
#include "support/network_inputs.hpp"

/// Networks of all kinds are written as ONNX files, read again, and run by the importer's interpreter in double, which
/// knows nothing of what they were made from. With TENON_ONNX_FOLDER the files are kept there with their inputs and
/// outputs, for tests/interop/onnxruntime.mjs.
namespace tenon::test {

using importing::Array;

inline constexpr std::size_t batch = 3;

/// One network, its numbers, a batch of inputs and what it gives for them.
template <class Net>
struct Specimen {
  using M = Model<Net>;
  M model{5};
  std::vector<float> x = std::vector<float>(batch * M::input::size), y = std::vector<float>(batch * M::output::size);

  explicit Specimen(std::size_t tokens) {
    std::mt19937 random(17);
    std::normal_distribution<float> normal;
    std::uniform_real_distribution<float> around_one(0.5F, 1.5F);
    for (const ParameterEntry& entry : parameter_table<Net>)  // so that ones and zeros are seen too
      for (float& v : model.values(entry)) v = entry.running ? around_one(random) : v + 0.1F * normal(random);
    for (float& v : x) v = tokens > 0 ? static_cast<float>(random() % tokens) : normal(random);
    model.predict(std::span<const float>(x), std::span<float>(y));
  }
};

inline std::string folder() {
  const char* const kept = std::getenv("TENON_ONNX_FOLDER");
  const std::filesystem::path path = kept != nullptr ? kept
                                                     : std::filesystem::temp_directory_path() / "tenon_export_onnx";
  std::filesystem::create_directories(path);
  return path.string();
}

/// Some columns of rows as an array with these axes behind the batch.
inline Array columns(const std::vector<float>& rows, std::size_t width, std::size_t first, const OnnxFile::Axes& axes) {
  Array array{importing::Type::float32, {static_cast<std::int64_t>(batch)}, {}};
  std::size_t size = 1;
  for (const std::int64_t axis : axes) {
    array.dims.push_back(axis);
    size *= static_cast<std::size_t>(axis);
  }
  for (std::size_t i = 0; i < batch; ++i)
    for (std::size_t j = 0; j < size; ++j) array.values.push_back(static_cast<double>(rows[i * width + first + j]));
  return array;
}

template <class S>
std::vector<Array> parts(const std::vector<float>& rows) {
  std::vector<Array> all;
  std::size_t first = 0;
  for (const OnnxFile::Axes& axes : detail::onnx_axes<S>::value()) {
    all.push_back(columns(rows, S::size, first, axes));
    first += all.back().values.size() / batch;
  }
  return all;
}

inline void keep(const std::string& name, const std::vector<importing::Value>& inputs, const std::vector<Array>& given,
                 const std::vector<Array>& gives) {
  std::ofstream out(folder() + "/" + name + ".json");
  out.precision(9);
  const auto write = [&](const Array& array) {
    out << "{\"dims\": [";
    for (std::size_t i = 0; i < array.dims.size(); ++i) out << (i > 0 ? "," : "") << array.dims[i];
    out << "], \"values\": [";
    for (std::size_t i = 0; i < array.values.size(); ++i) out << (i > 0 ? "," : "") << array.values[i];
    out << "]}";
  };
  out << "{\"inputs\": {";
  for (std::size_t k = 0; k < given.size(); ++k) {
    out << (k > 0 ? ", " : "") << '"' << inputs[k].name << "\": ";
    write(given[k]);
  }
  out << "}, \"outputs\": [";
  for (std::size_t k = 0; k < gives.size(); ++k) {
    out << (k > 0 ? ", " : "");
    write(gives[k]);
  }
  out << "]}\n";
}

template <class Net>
importing::Graph exported(const Model<Net>& model, const std::string& name) {
  const std::string path = folder() + "/" + name + ".onnx";
  export_onnx(model, path);
  return importing::read_onnx(path);
}

/// The network gives the same as its file does, and the file has its parameters. `tokens`: inputs are below.
template <class Net>
importing::Graph check(const std::string& name, std::size_t tokens = 0) {
  INFO(name);
  const auto specimen = std::make_unique<Specimen<Net>>(tokens);
  const importing::Graph graph = exported(specimen->model, name);
  CHECK(graph.opset == 17);
  for (const ParameterEntry& entry : parameter_table<Net>) {
    INFO(entry.name);
    const auto found = graph.constants.find(std::string(entry.name));
    REQUIRE(found != graph.constants.end());
    CHECK(found->second.dims == importing::Dims(entry.dims, entry.dims + entry.rank));
    const auto values = specimen->model.values(entry);
    CHECK(std::equal(values.begin(), values.end(), found->second.values.begin(), found->second.values.end()));
  }

  using In = input_shape<Net>;
  using Out = output_shape<Net>;
  const std::vector<Array> given = parts<In>(specimen->x), expected = parts<Out>(specimen->y);
  REQUIRE(graph.inputs.size() == given.size());
  std::map<std::string, Array> inputs;
  for (std::size_t k = 0; k < given.size(); ++k) {
    CHECK(graph.inputs[k].dims->front() == importing::free);
    CHECK(graph.inputs[k].axis_names.front() == "batch");
    inputs.emplace(graph.inputs[k].name, given[k]);
  }
  std::vector<Array> outputs;
  REQUIRE_NOTHROW(outputs = importing::interpret(graph, inputs));
  REQUIRE(outputs.size() == expected.size());
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    CHECK(outputs[o].dims == expected[o].dims);
    REQUIRE(outputs[o].values.size() == expected[o].values.size());
    double largest = 1e-3, difference = 0;
    for (std::size_t i = 0; i < outputs[o].values.size(); ++i) {
      largest = std::max(largest, std::abs(expected[o].values[i]));
      difference = std::max(difference, std::abs(outputs[o].values[i] - expected[o].values[i]));
      REQUIRE(std::isfinite(outputs[o].values[i]));
    }
    CHECK(difference <= 1e-5 * largest);
  }
  if (std::getenv("TENON_ONNX_FOLDER") != nullptr) keep(name, graph.inputs, given, expected);
  return graph;
}

/// How often an operator occurs.
inline std::size_t count(const importing::Graph& graph, std::string_view op) {
  return static_cast<std::size_t>(std::ranges::count(graph.nodes, op, &importing::Node::op));
}

}  // namespace tenon::test
