#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "../../src/import/tflite_schema.hpp"
#include "flatbuffer_builder.hpp"

namespace tenon::test {

/// What a tensor is beside its name and shape.
struct TfliteTensor {
  importing::tflite::TensorType type = importing::tflite::TensorType::float32;
  std::vector<float> scales{};
  std::vector<std::int64_t> zero_points{};
  std::int32_t axis = 0;
  std::vector<std::int32_t> signature{};
  bool variable = false;
};

/// A .tflite file that a test writes.
class TfliteFile {
  using Type = importing::tflite::TensorType;
  using TensorField = importing::tflite::TensorField;

public:
  using Dims = std::vector<std::int32_t>;
  using More = TfliteTensor;

  std::int32_t tensor(std::string_view name, const Dims& dims, const More& more = {}, std::uint32_t buffer = 0) {
    Object object;
    object.numbers(TensorField::shape, dims).scalar(TensorField::type, static_cast<std::int8_t>(more.type));
    object.scalar(TensorField::buffer, buffer).text(TensorField::name, name);
    if (!more.scales.empty()) {
      using Field = importing::tflite::QuantizationField;
      Object q;
      q.numbers(Field::scale, more.scales)
          .numbers(Field::zero_point, more.zero_points)
          .scalar(Field::quantized_dimension, more.axis);
      object.table(TensorField::quantization, q);
    }
    if (!more.signature.empty()) object.numbers(TensorField::shape_signature, more.signature);
    if (more.variable) object.scalar(TensorField::is_variable, std::uint8_t{1});
    tensors.push_back(object);
    return static_cast<std::int32_t>(tensors.size()) - 1;
  }

  std::int32_t input(std::string_view name, const Dims& dims, const More& more = {}) {
    inputs.push_back(tensor(name, dims, more));
    return inputs.back();
  }

  template <class T>
  std::int32_t constant(std::string_view name, const Dims& dims, const std::vector<T>& values, const More& more = {}) {
    std::vector<std::uint8_t> bytes(values.size() * sizeof(T));
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    buffers.push_back(Object().numbers(importing::tflite::BufferField::data, bytes));
    return tensor(name, dims, more, static_cast<std::uint32_t>(buffers.size()) - 1);
  }
  std::int32_t floats(std::string_view name, const Dims& dims, const std::vector<float>& values) {
    return constant(name, dims, values);
  }
  std::int32_t ints(std::string_view name, const Dims& dims, const std::vector<std::int32_t>& values, More more = {}) {
    more.type = Type::int32;
    return constant(name, dims, values, more);
  }

  void op(std::string_view name, const std::vector<std::int32_t>& reads, const std::vector<std::int32_t>& gives,
          std::uint8_t type = 0, const Object& options = {}, const std::vector<std::int32_t>& intermediates = {}) {
    std::int32_t code = 0;
    while (importing::tflite::operator_name(code) != name) ++code;
    op(code, reads, gives, type, options, {}, intermediates);
  }
  void op(std::int32_t code, const std::vector<std::int32_t>& reads, const std::vector<std::int32_t>& gives,
          std::uint8_t type = 0, const Object& options = {}, std::string_view custom = {},
          const std::vector<std::int32_t>& intermediates = {}) {
    using CodeField = importing::tflite::OperatorCodeField;
    using Field = importing::tflite::OperatorField;
    Object c;
    // as TensorFlow writes them: the old field for small codes, both for all
    c.scalar(CodeField::deprecated_builtin_code, static_cast<std::int8_t>(code < 127 ? code : 127));
    if (code >= 127) c.scalar(CodeField::builtin_code, code);
    if (!custom.empty()) c.text(CodeField::custom_code, custom);
    codes.push_back(c);
    Object o;
    o.scalar(Field::opcode_index, static_cast<std::uint32_t>(codes.size()) - 1)
        .numbers(Field::inputs, reads)
        .numbers(Field::outputs, gives);
    if (type != 0) o.scalar(Field::builtin_options_type, type).table(Field::builtin_options, options);
    if (!intermediates.empty()) o.numbers(Field::intermediates, intermediates);  // which only LiteRT reads
    operators.push_back(o);
  }

  void output(std::int32_t tensor) { outputs.push_back(tensor); }

  std::string file(std::string_view identifier = importing::tflite::identifier) const {
    using namespace importing::tflite;
    Object graph;
    graph.tables(SubGraphField::tensors, tensors)
        .numbers(SubGraphField::inputs, inputs)
        .numbers(SubGraphField::outputs, outputs);
    graph.tables(SubGraphField::operators, operators);
    Object model;
    model.scalar(ModelField::version, version)
        .tables(ModelField::operator_codes, codes)
        .tables(ModelField::subgraphs, {graph});
    return model.tables(ModelField::buffers, buffers).file(identifier);
  }

  std::uint32_t version = importing::tflite::schema_version;
  std::vector<Object> tensors, operators, codes, buffers{Object()};
  std::vector<std::int32_t> inputs, outputs;
};

}  // namespace tenon::test
