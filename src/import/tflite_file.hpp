#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flatbuffer.hpp"
#include "graph.hpp"
#include "tflite_schema.hpp"

/// A .tflite file as it is: its first subgraph's tensors and operators, with all indices and sizes checked.
namespace tenon::importing::tflite {

/// What integers stand for: scale * (q - zero point), per tensor or per slice along an axis. No scales: not quantised.
struct Quantization {
  std::vector<float> scales;
  std::vector<std::int64_t> zero_points;  // as many as scales
  std::int64_t axis = 0;
};

struct Tensor {
  std::string name;  // the file's, made unique: where it is taken, empty or long, the tensor's index is added
  TensorType type = TensorType::float32;
  Dims dims;                                       // `free` where the signature says so
  std::optional<std::span<const std::byte>> data;  // of constants
  Quantization quantization;
  bool is_variable = false;
  std::string refused;  // why no operator can read it; empty for almost all

  bool is_quantized() const { return !quantization.scales.empty(); }
  std::size_t rank() const { return dims.size(); }
  void forget_nothing() {
    if (data && data->empty()) data.reset();
  }
};

struct Operator {
  std::int32_t code = 0;
  std::string custom;
  std::vector<std::int32_t> inputs, outputs;  // tensors; -1 where an optional one is absent
  std::uint8_t options_type = 0;
  std::optional<flatbuffer::Table> options;

  std::string kind() const;  // "CONV_2D", "CUSTOM FlexErf"
};

struct File {
  const flatbuffer::Source* source = nullptr;
  std::string name;
  std::vector<Tensor> tensors;
  std::vector<Operator> operators;
  std::vector<std::int32_t> inputs, outputs;

  /// The numbers of a constant, which count as read. 4-bit ones become int8; float16 stays what it is.
  Array array(const Tensor& tensor) const;
};

/// The source has to outlive the file.
File read_file(const flatbuffer::Source& source);

/// The type in the graph's words; none for those that ONNX does not have.
std::optional<Type> graph_type(TensorType type);

}  // namespace tenon::importing::tflite
