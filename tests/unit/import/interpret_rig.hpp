#pragma once

#include <catch2/catch.hpp>

#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "import/interpret.hpp"

/// How tests write down uses of operators and what has to come out.
namespace tenon::test {

using namespace tenon::importing;

inline Array floats(Dims dims, std::vector<double> values) {
  return {Type::float32, std::move(dims), std::move(values)};
}
inline Array ints(std::vector<double> values) {
  return {Type::int64, {static_cast<std::int64_t>(values.size())}, std::move(values)};
}
inline Array counted(Dims dims) {
  Array array{Type::float32, dims, {}};
  for (std::int64_t i = 0; i < count_of(dims); ++i) array.values.push_back(static_cast<double>(i));
  return array;
}
inline Array unknown(Dims dims, Type type = Type::float32) { return {type, std::move(dims), {}}; }

inline Value named(std::string name) {
  Value value;
  value.name = std::move(name);
  return value;
}

using Attributes = std::map<std::string, Attribute>;

/// All results of an operator; std::nullopt stands for an optional input that is absent.
inline std::vector<Array> all(const std::string& op, const std::vector<std::optional<Array>>& inputs,
                              const Attributes& attributes = {}, std::int64_t opset = 17, std::size_t outputs = 1) {
  Node node{"n", op};
  std::vector<const Array*> pointers;
  for (const auto& input : inputs) {
    node.inputs.push_back(input ? "x" : "");
    pointers.push_back(input ? &*input : nullptr);
  }
  node.outputs.assign(outputs, "y");
  node.attributes = attributes;
  return evaluate(node, opset, pointers);
}

inline Array one(const std::string& op, const std::vector<std::optional<Array>>& inputs,
                 const Attributes& attributes = {}, std::int64_t opset = 17) {
  return all(op, inputs, attributes, opset).at(0);
}

inline void check(const Array& found, const Dims& dims, const std::vector<double>& values) {
  CHECK(found.dims == dims);
  REQUIRE(found.values.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(i);
    if (std::isnan(values[i])) CHECK(std::isnan(found.values[i]));
    else CHECK(found.values[i] == Approx(values[i]).margin(1e-9));
  }
}

using Integers = std::vector<std::int64_t>;
inline std::int64_t integer(std::int64_t value) { return value; }

}  // namespace tenon::test
