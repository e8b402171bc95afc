#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "graph.hpp"
#include "tflite_file.hpp"

/// From TFLite's operators to ONNX's, opset 17 (DequantizeLinear and QuantizeLinear of int16 as of opset 21).
///
/// An operator on quantised tensors is written in QDQ form: DequantizeLinear of what it reads, the operator on real
/// numbers, QuantizeLinear of what it gives; an int32 bias is dequantised with the product of the input's and the
/// weights' scales. This is exactly what the file means; LiteRT's integer kernels differ from it by how they round,
/// which is a step here and there. Weights in integers beside real inputs are dequantised too, where LiteRT would round
/// the inputs to integers on the way.
///
/// Images lie pixel by pixel (NHWC) in the file, channel by channel (NCHW) in ONNX: Transpose stands before and after
/// what looks at them, and constants are permuted at reading. All nodes of an operator bear the name of its output.
namespace tenon::importing::tflite {

using Attributes = std::map<std::string, Attribute>;
using Names = std::vector<std::string>;
using Integers = std::vector<std::int64_t>;

/// Why an operator cannot be written in ONNX. Collected: all of them become one Error.
struct Refusal {
  std::string why;
};
inline void demand(bool holds, const std::string& why) {
  if (!holds) throw Refusal{why};
}

class Call;

/// An operator that can be read: how many inputs it has, the type of its options in the schema and the field of the
/// fused activation in them (`none` where it has none), and what it becomes.
inline constexpr std::size_t none = static_cast<std::size_t>(-1), any_number = static_cast<std::size_t>(-1);
struct Lowering {
  std::string_view name;
  std::size_t least_inputs, most_inputs;
  std::uint8_t options;
  std::size_t activation;
  void (*lower)(Call&);
  const char* op = "";  // what `lower` makes of it, where one function serves several
  std::size_t outputs = 1;
};
std::span<const Lowering> layer_lowerings();     // tflite_layers.cpp: what has weights or windows
std::span<const Lowering> function_lowerings();  // tflite_functions.cpp: number by number
std::span<const Lowering> movement_lowerings();  // tflite_movements.cpp: what moves numbers or counts them

/// The graph while it is made.
class Network {
public:
  explicit Network(File file);

  /// All operators; those that cannot be are listed in one Error, or kept in the graph.
  Graph finish(Refusals refusals);

private:
  friend class Call;

  void lower(const Operator& op);
  void check_inputs(std::size_t index) const;
  void written(std::size_t index);
  Names names_of(const std::vector<std::int32_t>& tensors) const;
  Value value(const Tensor& tensor) const;
  std::string fresh(const std::string& base);
  std::string raw(std::size_t tensor);   // a value as it is in the file
  std::string real(std::size_t tensor);  // what it stands for
  std::string constant(const std::string& name, Array array);
  std::string dequantized(const std::string& value, const Names& scale, std::int64_t axis, const std::string& node,
                          const std::string& result = {});
  Names scale(const Quantization& q, TensorType type, const std::string& name);  // and zero point
  const Names& scale_of(std::size_t tensor);

  File file_;
  Graph graph_;
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, std::size_t> counts_;  // of names that were taken
  // what was made of a tensor, so that all its readers share it
  std::unordered_map<std::size_t, std::string> reals_;
  std::unordered_map<std::size_t, Names> scales_;
  std::map<std::pair<std::size_t, Integers>, std::string> permuted_;
  std::vector<std::uint8_t> known_;  // 1 for tensors that have a value: inputs, constants, what operators gave
};

/// One operator while it is lowered.
class Call {
public:
  Call(Network& network, const Operator& op, const Lowering& lowering)
      : network_(network), op_(op), lowering_(lowering) {}

  const char* op() const { return lowering_.op; }
  std::size_t input_count() const { return op_.inputs.size(); }
  std::size_t output_count() const { return op_.outputs.size(); }
  bool has(std::size_t i) const { return i < op_.inputs.size() && op_.inputs[i] >= 0; }
  const Tensor& in(std::size_t i) const { return network_.file_.tensors[input(i)]; }
  const Tensor& out(std::size_t i = 0) const { return network_.file_.tensors[output(i)]; }
  /// An input of 4 axes whose channels are counted.
  const Tensor& image(std::size_t i) const;

  template <class T>
  T option(std::size_t field, T otherwise = {}) const {
    return op_.options ? op_.options->scalar<T>(field, otherwise) : otherwise;
  }
  std::vector<std::int32_t> list_option(std::size_t field) const {
    return op_.options ? op_.options->numbers<std::int32_t>(field) : std::vector<std::int32_t>{};
  }
  bool flag(std::size_t field) const { return option<std::uint8_t>(field) != 0; }

  /// The numbers of an input that has to be a constant.
  Array array(std::size_t i) const;
  Integers integers(std::size_t i) const;
  std::int64_t integer(std::size_t i) const;

  std::string raw(std::size_t i) { return network_.raw(input(i)); }
  std::string real(std::size_t i) { return network_.real(input(i)); }
  Names reals();
  /// Weights as real numbers with their axes in another order.
  std::string weights(std::size_t i, const Integers& order);
  /// A bias, in the scale of the products that it is added to.
  std::string bias(std::size_t i, std::size_t input, std::size_t weights);
  /// A constant of real numbers that are kept in integers.
  std::string quantized(const std::string& label, Array array, const Quantization& q, TensorType type);

  std::string constant(const std::string& label, Array array);
  std::string number(const std::string& label, double value) { return constant(label, {Type::float32, {}, {value}}); }
  std::string list(const std::string& label, const Integers& values);
  /// The second input of a Reshape that makes a tensor of these axes.
  std::string shape(const Tensor& tensor);

  /// A node in between; its value.
  std::string emit(const std::string& op, Names inputs, Attributes attributes = {});
  std::string to_channels_first(const std::string& value) {
    return emit("Transpose", {value}, {{"perm", Integers{0, 3, 1, 2}}});
  }

  /// The last node. What it gives goes through the fused activation and becomes the output, quantised where that is.
  void give(const std::string& op, Names inputs, Attributes attributes = {}, std::size_t output = 0);
  /// The same of a node that gives an image channel by channel.
  void give_channels_last(const std::string& op, Names inputs, Attributes attributes);
  /// A last node that gives all outputs.
  void give_all(const std::string& op, Names inputs, Attributes attributes = {});
  /// What an input stands for is the output, or becomes it when quantised.
  void give_real(std::size_t input);
  void give_quantized(std::size_t input) { quantize(0, real(input)); }
  /// The output is what an input is: no node at all.
  void give_constant(std::size_t input);

private:
  std::size_t input(std::size_t i) const;
  std::size_t output(std::size_t i) const { return static_cast<std::size_t>(op_.outputs[i]); }
  void node(const std::string& op, Names inputs, Names outputs, Attributes attributes);
  std::string result(std::size_t output);
  void quantize(std::size_t output, const std::string& value);

  Network& network_;
  const Operator& op_;
  const Lowering& lowering_;
};

}  // namespace tenon::importing::tflite
