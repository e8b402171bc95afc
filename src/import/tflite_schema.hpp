#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

/// Facts of TensorFlow Lite's public schema, version 3: the numbers of the fields that are read, and of types and
/// operators.
namespace tenon::importing::tflite {

inline constexpr const char* identifier = "TFL3";
inline constexpr std::uint32_t schema_version = 3;

struct ModelField {
  enum : std::size_t { version, operator_codes, subgraphs, description, buffers };
};
struct OperatorCodeField {
  enum : std::size_t { deprecated_builtin_code, custom_code, version, builtin_code };
};
struct SubGraphField {
  enum : std::size_t { tensors, inputs, outputs, operators, name };
};
struct BufferField {
  enum : std::size_t { data, offset, size };
};
struct TensorField {
  enum : std::size_t { shape, type, buffer, name, quantization, is_variable, sparsity, shape_signature };
};
struct QuantizationField {
  enum : std::size_t { min, max, scale, zero_point, details_type, details, quantized_dimension };
};
struct OperatorField {
  enum : std::size_t { opcode_index, inputs, outputs, builtin_options_type, builtin_options, intermediates = 8 };
};

enum class TensorType : std::int8_t {
  float32,
  float16,
  int32,
  uint8,
  int64,
  string,
  boolean,
  int16,
  complex64,
  int8,
  float64,
  complex128,
  uint64,
  resource,
  variant,
  uint32,
  uint16,
  int4,
  bfloat16
};
inline bool is_float(TensorType type) {
  return type == TensorType::float32 || type == TensorType::float16 || type == TensorType::bfloat16;
}
inline bool is_integer(TensorType type) {
  return type == TensorType::int8 || type == TensorType::uint8 || type == TensorType::int16 ||
         type == TensorType::int32 || type == TensorType::int64 || type == TensorType::int4;
}

enum class Padding : std::int8_t { same, valid };
enum class Activation : std::int8_t { none, relu, relu_n1_to_1, relu6, tanh, sign_bit };

/// An operator's code in the file's own word ("CONV_2D"); of one without a word, its number.
std::string operator_name(std::int32_t code);
std::string type_name(TensorType type);

}  // namespace tenon::importing::tflite
