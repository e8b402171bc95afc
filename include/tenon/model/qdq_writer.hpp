#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <tenon/edge/step_plan.hpp>
#include <tenon/model/onnx_layer.hpp>

/// The nodes of a network in int8 as an ONNX file: each layer computes in float, between the DequantizeLinear of what
/// it reads and the QuantizeLinear of what it gives.
namespace tenon::detail {

/// A layer of a network in int8, with the steps that it is made of.
struct QdqLayer {
  std::string path{};                 // "encoder.2"
  std::vector<size_t> reads{};        // the numbers of the tensors it reads
  size_t first_step = 0, behind = 0;  // its steps, those which only reorder numbers included
  size_t rows = 1;                    // steps of a sequence that the layer does one by one
};

/// Pieces of an axis, as edge::detail::Pieces: `outer` blocks of `length` pieces of `inner` numbers, of which `taken`
/// neighbours at each place are taken.
struct QdqPieces {
  size_t outer = 1, length = 1, inner = 1, taken = 1;
  std::vector<size_t> places{};
};

/// The numbers of a `QuantizedNumbers<Net>`, with the plan of its steps.
struct QdqNumbers {
  struct Parameter {
    std::string name{};  // "encoder.2.weight"
    OnnxFile::Axes axes{};
  };

  std::span<const edge::QuantizedStep> steps{};
  std::span<const edge::TensorMove> moves{};
  std::span<const edge::TensorOrder> orders{};
  std::span<const std::int8_t> weights{}, zero{};
  std::span<const std::int32_t> bias{};
  std::span<const float> weight_scale{}, scale{};
  std::map<size_t, Parameter> parameters{};  // by their place among the float numbers
};

class QdqWriter {
public:
  using Axes = OnnxFile::Axes;

  QdqWriter(OnnxFile& file, const QdqNumbers& numbers)
      : file_(file), q_(numbers), tensors_(numbers.scale.size()), tables_(numbers.scale.size()) {}

  const edge::QuantizedStep& step(size_t k) const { return q_.steps[k]; }
  OnnxLayer layer(const std::string& path, std::vector<std::string> inputs, std::vector<Axes> axes = {}) {
    return OnnxLayer(file_, path, path.empty() ? "" : path + ".", std::move(inputs), std::move(axes));
  }

  /// An input, whose numbers may first be brought to (x - center) / spread times the tensor's scale.
  void input(size_t tensor, const std::string& name, const Axes& axes, std::span<const float> center = {},
             std::span<const float> spread = {});
  /// An input of tokens, which stay as they are.
  void tokens(size_t tensor, const std::string& name, const Axes& axes);
  /// What stands for the tensor in float, with these axes behind the batch; with `rows` in each sample as samples of
  /// their own.
  std::string value(size_t tensor, const Axes& axes, size_t rows = 1);
  /// The numbers of the output in the user's unit: center + step (q - zero).
  std::string unscaled(const std::string& value, size_t tensor, std::span<const float> center,
                       std::span<const float> step);
  /// What step k gives in float: bounded, quantised, and dequantised again.
  void give(const std::string& path, size_t k, std::string value, const Axes& axes, size_t rows = 1);
  /// Whether step k only brings numbers into the order in which int8 has them: ONNX has one order. The tensor then is
  /// what it was made of.
  bool reorders(size_t k);

  /// y = x W^T + b, of a vector, or of every step of a sequence (`axes`: of x).
  void dense(const QdqLayer& at, size_t k, const Axes& axes);
  /// A convolution of an image or a signal.
  void convolve(const QdqLayer& at, size_t k, size_t axes);
  /// A transposed one, of the layer's input with the axes `x`, as these windows and groups say.
  void convolve_back(const QdqLayer& at, size_t k, const Axes& x, const Axes& y,
                     const std::vector<OnnxAttribute>& attributes);
  /// A factor and a summand for each channel.
  void scale_channels(const QdqLayer& at, size_t k, const Axes& axes, size_t rows);
  /// y = x above 0 and slope x below, as PReLU.
  void slopes(const QdqLayer& at, size_t k, const Axes& axes, const Axes& slopes);
  void softmax(const QdqLayer& at, size_t k, const Axes& axes);
  /// Bounds as a step of their own: ReLU, ReLU6 or HardTanh.
  void bound(const QdqLayer& at, size_t k, const Axes& axes);
  void take(const std::string& path, size_t k, size_t x, const Axes& axes, const QdqPieces& pieces);
  void sum(const std::string& path, size_t k, size_t a, size_t b, const Axes& axes);
  void join(const std::string& path, size_t k, const std::vector<size_t>& parts, const Axes& axes);
  /// A row for each token, and the scores of tokens by that table.
  void embed(const QdqLayer& at, size_t k, const Axes& axes);
  void score(const QdqLayer& at, size_t k);
  /// y = x + c, the numbers c being constants.
  void shift(const QdqLayer& at, size_t k, const Axes& axes);
  /// Rows brought to mean 0 and variance 1, or to a mean square of 1. `by_channels`: a factor for each channel of an
  /// input with these axes, not for each number of a row.
  void normalize(const QdqLayer& at, size_t k, const Axes& axes, bool by_channels);
  /// What queries see, of queries, keys and values that are there.
  void attend(const QdqLayer& at, size_t k);
  /// Zeros in front of steps, so that the result has these axes.
  void put_behind_zeros(const QdqLayer& at, size_t k, const Axes& axes);

private:
  struct Tensor {
    std::string value{};
    Axes axes{};
    size_t rows = 1;
  };

  /// The name of a parameter of the float network of so many numbers, or what it would be called.
  std::string parameter_name(const std::string& path, size_t place, size_t size, const std::string& otherwise) const;
  std::string quantized(OnnxLayer& to, size_t tensor, const std::string& value);
  std::string dequantized(OnnxLayer& to, const std::string& integers, double scale, int zero);
  /// The weights of a step in float, as the float network has them; each output along `axis` with its scale.
  std::string weights(OnnxLayer& to, const std::string& path, size_t k, const Axes& axes, std::int64_t axis,
                      bool transposed = false);
  /// Its biases; "" where it has none.
  std::string biases(OnnxLayer& to, const std::string& path, size_t k);
  std::int32_t weight(const edge::QuantizedStep& step, size_t output, size_t column) const;

  OnnxFile& file_;
  const QdqNumbers& q_;
  std::vector<Tensor> tensors_;
  std::vector<std::string> tables_;  // of embeddings, in float, by the tensor they give
};

}  // namespace tenon::detail
