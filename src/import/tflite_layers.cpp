// Convolutions, pools, dense layers, resizing and the LSTM.
#include <algorithm>
#include <array>
#include <cmath>

#include "tflite_lowering.hpp"

namespace tenon::importing::tflite {
namespace {

/// Down, then across.
using Pair = std::array<std::int64_t, 2>;
struct Window {
  Pair size, stride, dilation{1, 1};
};

/// Options of windows in the schema: the padding is field 0, strides are 1 and 2, across first.
Window window_of(const Call& call, const Pair& size, std::size_t dilation_field) {
  Window window{size, {call.option<std::int32_t>(2), call.option<std::int32_t>(1)}};
  if (dilation_field != none)
    window.dilation = {call.option<std::int32_t>(dilation_field + 1, 1), call.option<std::int32_t>(dilation_field, 1)};
  for (const Pair& pair : {window.size, window.stride, window.dilation})
    demand(pair[0] > 0 && pair[1] > 0, "sizes, strides and dilations of its window have to be positive");
  return window;
}

bool is_same(const Call& call) {
  const auto padding = static_cast<Padding>(call.option<std::int8_t>(0));
  demand(padding == Padding::same || padding == Padding::valid, "its padding is not known");
  return padding == Padding::same;
}

/// TensorFlow's "same": ceil(size / stride) windows; what they need beyond the image is shared, the odd one at the end.
/// An image whose size is open is left to ONNX's word for it.
Attributes attributes_of(const Call& call, const Tensor& image, const Window& window) {
  Attributes attributes{{"kernel_shape", Integers{window.size[0], window.size[1]}},
                        {"strides", Integers{window.stride[0], window.stride[1]}}};
  if (window.dilation != Pair{1, 1}) attributes["dilations"] = Integers{window.dilation[0], window.dilation[1]};
  Integers pads(4);
  if (is_same(call)) {
    for (std::size_t i = 0; i < 2; ++i) {
      const std::int64_t size = image.dims[1 + i], stride = window.stride[i],
                         reach = (window.size[i] - 1) * window.dilation[i] + 1;
      if (size == free) return attributes["auto_pad"] = "SAME_UPPER", attributes;
      const std::int64_t steps = (size + stride - 1) / stride,
                         all = std::max<std::int64_t>(0, (steps - 1) * stride + reach - size);
      pads[i] = all / 2;
      pads[i + 2] = all - all / 2;
    }
  }
  attributes["pads"] = pads;
  return attributes;
}

const Tensor& weights_of(const Call& call, std::size_t i, std::size_t rank) {
  const Tensor& weights = call.in(i);
  demand(weights.rank() == rank,
         "its weights have " + std::to_string(weights.rank()) + " axes, not " + std::to_string(rank));
  demand(weights.is_quantized() || is_float(weights.type), "its weights are integers without a scale");
  demand(std::ranges::all_of(weights.dims, [](std::int64_t size) { return size > 0; }),
         "the sizes of its weights have to be positive");
  return weights;
}

void convolve(Call& call, Names inputs, std::size_t bias, const Attributes& attributes) {
  if (call.has(bias)) inputs.push_back(call.bias(bias, 0, 1));
  call.give_channels_last("Conv", std::move(inputs), attributes);
}

/// Weights: out, height, width, in / groups.
void conv(Call& call) {
  const Tensor& x = call.image(0);
  const Dims w = weights_of(call, 1, 4).dims;
  demand(x.dims[3] % w[3] == 0, "its input's channels do not fit its weights");
  Attributes attributes = attributes_of(call, x, window_of(call, {w[1], w[2]}, 4));
  if (x.dims[3] != w[3]) attributes["group"] = x.dims[3] / w[3];
  const std::string image = call.to_channels_first(call.real(0));
  convolve(call, {image, call.weights(1, {0, 3, 1, 2})}, 2, attributes);
}

/// Weights: 1, height, width, out; output channel c belongs to input channel c / (out / in), as in ONNX's groups.
void depthwise_conv(Call& call) {
  const Tensor& x = call.image(0);
  const Dims w = weights_of(call, 1, 4).dims;
  demand(w[0] == 1 && x.dims[3] > 0 && w[3] % x.dims[3] == 0, "its input's channels do not fit its weights");
  Attributes attributes = attributes_of(call, x, window_of(call, {w[1], w[2]}, 5));
  attributes["group"] = x.dims[3];
  const std::string image = call.to_channels_first(call.real(0));
  convolve(call, {image, call.weights(1, {3, 0, 1, 2})}, 2, attributes);
}

/// Weights: out, height, width, in. The output's size is an input; from "same" padding of the convolution that this is
/// the transpose of follows what is cut off before, and the rest is cut off (or left out) behind:
/// size = stride (in - 1) + kernel - before - behind + output_padding.
void transpose_conv(Call& call) {
  const Tensor& x = call.image(2);
  const Dims w = weights_of(call, 1, 4).dims;
  const Integers size = call.integers(0);
  demand(size.size() == 4 && x.dims[3] == w[3], "its input's channels and its output's shape do not fit its weights");
  const Window window = window_of(call, {w[1], w[2]}, none);
  const bool same = is_same(call);
  Integers pads(4), extra(2);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t in = x.dims[1 + i], out = size[1 + i], stride = window.stride[i], kernel = window.size[i];
    demand(in > 0 && out > 0, "the size of its image is open");
    const std::int64_t all = std::max<std::int64_t>(0, ((out + stride - 1) / stride - 1) * stride + kernel - out);
    pads[i] = same ? all / 2 : 0;
    const std::int64_t behind = stride * (in - 1) + kernel - pads[i] - out;
    pads[i + 2] = std::max<std::int64_t>(0, behind);
    extra[i] = std::max<std::int64_t>(0, -behind);
    demand(extra[i] < stride, "its output's shape does not fit its input");
  }
  Attributes attributes{{"kernel_shape", Integers{w[1], w[2]}},
                        {"strides", Integers{window.stride[0], window.stride[1]}},
                        {"pads", pads}};
  if (extra != Integers{0, 0}) attributes["output_padding"] = extra;
  Names inputs{call.to_channels_first(call.real(2)), call.weights(1, {3, 0, 1, 2})};
  if (call.has(3)) inputs.push_back(call.bias(3, 2, 1));
  call.give_channels_last("ConvTranspose", std::move(inputs), attributes);
}

void pool(Call& call) {
  const Tensor& x = call.image(0);
  const Window window = window_of(call, {call.option<std::int32_t>(4), call.option<std::int32_t>(3)}, none);
  call.give_channels_last(call.op(), {call.to_channels_first(call.real(0))},
                          attributes_of(call, x, window));  // padding is not counted
}

/// Rows of as many numbers as the weights (out, in) take; a bias that is absent is none.
void fully_connected(Call& call) {
  const Tensor& x = call.in(0);
  const Dims w = weights_of(call, 1, 2).dims;
  demand(call.option<std::int8_t>(1) == 0, "its weights are shuffled");
  demand(!x.dims.empty() && (x.rank() != 2 || x.dims[1] == free || x.dims[1] == w[1] || !call.flag(2)),
         "its input does not fit its weights");
  std::string rows = call.real(0);
  if (x.rank() != 2 || x.dims[1] != w[1]) rows = call.emit("Reshape", {rows, call.list("rows", {-1, w[1]})});
  Names inputs{rows, call.real(1)};
  if (call.has(2)) inputs.push_back(call.bias(2, 0, 1));
  const Attributes attributes{{"transB", 1}};
  if (call.out().rank() == 2) return call.give("Gemm", std::move(inputs), attributes);
  call.give("Reshape", {call.emit("Gemm", std::move(inputs), attributes), call.shape(call.out())});
}

/// adj_x and adj_y turn the last two axes around.
void batch_matmul(Call& call) {
  Names inputs = call.reals();
  for (std::size_t i = 0; i < 2; ++i) {
    if (!call.flag(i)) continue;
    const std::size_t rank = call.in(i).rank();
    demand(rank >= 2, "its inputs have to be matrices");
    Integers order(rank);
    for (std::size_t a = 0; a < rank; ++a) order[a] = static_cast<std::int64_t>(a);
    std::swap(order[rank - 1], order[rank - 2]);
    inputs[i] = call.emit("Transpose", {inputs[i]}, {{"perm", order}});
  }
  call.give("MatMul", std::move(inputs));
}

/// The first two axes are the image's own, so that an open batch stays open.
void resize(Call& call, const std::string& mode, const std::string& place, const std::string& rounding) {
  call.image(0);
  const Integers size = call.integers(1);
  demand(size.size() == 2 && size[0] > 0 && size[1] > 0, "its size has to be two positive numbers");
  Attributes attributes{{"mode", mode}, {"coordinate_transformation_mode", place}};
  if (!rounding.empty()) attributes["nearest_mode"] = rounding;
  const std::string image = call.to_channels_first(call.real(0));
  const std::string outer = call.emit("Shape", {image}, {{"start", 0}, {"end", 2}});
  const std::string sizes = call.emit("Concat", {outer, call.list("size", size)}, {{"axis", 0}});
  call.give_channels_last("Resize", {image, "", "", sizes}, attributes);
}

const char* place_of(const Call& call, std::size_t align_corners) {
  const bool corners = call.flag(align_corners), half = call.flag(align_corners + 1);
  demand(!corners || !half, "align_corners and half_pixel_centers exclude each other");
  return corners ? "align_corners" : half ? "half_pixel" : "asymmetric";
}

void resize_bilinear(Call& call) { resize(call, "linear", place_of(call, 2), {}); }

/// TensorFlow rounds halves up: floor(scale (i + 1/2)) is round(scale (i + 1/2) - 1/2) so.
void resize_nearest(Call& call) {
  const std::string place = place_of(call, 0);
  resize(call, "nearest", place, place == "asymmetric" ? "floor" : "round_prefer_ceil");
}

/// Weights of four gates of which each is a tensor, as the one that ONNX has: axes 1, all gates, rest.
struct Stack {
  Array array{Type::float32, {1, 0}, {}};
  Quantization q{{}, {}, 1};
  TensorType type = TensorType::float32;

  void add(const Call& call, std::size_t i, const Dims& dims) {
    const Tensor& tensor = call.in(i);
    demand(tensor.dims == dims, "its weights are not all of the size that its first ones say");
    demand(array.values.empty() || (tensor.type == type && tensor.is_quantized() != q.scales.empty()),
           "its weights are of different types");
    demand(tensor.is_quantized() || is_float(tensor.type), "its weights are integers without a scale");
    const Array values = call.array(i);
    array.type = values.type;
    type = tensor.type;
    array.values.insert(array.values.end(), values.values.begin(), values.values.end());
    array.dims.resize(1);
    array.dims.insert(array.dims.end(), dims.begin(), dims.end());
    array.dims[1] = static_cast<std::int64_t>(array.values.size()) / (count_of(dims) / dims[0]);
    if (!tensor.is_quantized()) return;
    demand(tensor.quantization.scales.size() == 1, "its weights have more than one scale");
    q.scales.resize(static_cast<std::size_t>(array.dims[1]), tensor.quantization.scales[0]);
    q.zero_points.resize(q.scales.size(), tensor.quantization.zero_points[0]);
  }
  std::string value(Call& call, const std::string& label) && {
    return q.scales.empty() ? call.constant(label, std::move(array)) : call.quantized(label, std::move(array), q, type);
  }
};

/// ONNX has the gates in the order input, output, forget, cell, TFLite input, forget, cell, output; it has two biases,
/// of which the second is 0 here. The state begins with zeros. TFLite can hold the cell between -clip and clip; where
/// the sequence is short enough for that to change nothing (|c| grows by at most 1 a step) it is left out, else the
/// node has the attribute `cell_clip`, which is not one of ONNX's (whose `clip` is another thing).
/// An LSTM of integers also has the attributes `hidden_scale`, of its int8 state, and `cell_scale`, of its memory in 16
/// bits: LiteRT rounds both at every step. (What it does with a zero point of the state differs from version to
/// version.)
Attributes integer_scales(Call& call) {
  const Tensor &hidden = call.in(18), &cell = call.in(19), &out = call.out();
  if (call.has(9)) demand(call.in(9).type == TensorType::int16, "its peepholes are not integers of 16 bits");
  demand(call.in(0).type == TensorType::int8 && hidden.type == TensorType::int8 && cell.type == TensorType::int16,
         "its integers are of 16 bits, or its state has none: int8 with a memory of 16 bits is imported");
  const auto of = [](const Tensor& tensor) {
    demand(tensor.quantization.scales.size() == 1, "its state has not one scale");
    demand(tensor.quantization.zero_points[0] == 0, "its state has a zero point");
    return tensor.quantization.scales[0];
  };
  const double scale = of(cell);
  int bits = 0;
  demand(std::frexp(scale, &bits) == 0.5 && bits <= -8 && bits >= -14,
         "its memory's scale is not 2^-9, 2^-10, ... 2^-15");
  demand(of(hidden) == of(out), "its state has another scale than what it gives");
  return {{"hidden_scale", of(hidden)}, {"cell_scale", scale}};
}

void lstm(Call& call) {
  const Tensor& x = call.in(0);
  demand(x.rank() == 3, "its input has " + std::to_string(x.rank()) + " axes, not 3");
  demand(call.has(1) && call.has(5), "input and forget gate are coupled");
  for (std::size_t i = 16; i < call.input_count(); ++i)
    demand(i == 18 || i == 19 || !call.has(i), i < 18 ? "it has a projection" : "its layers are normalized");
  demand(call.in(18).is_variable && call.in(19).is_variable, "its state is an input");
  demand(static_cast<Activation>(call.option<std::int8_t>(0)) == Activation::tanh, "its activation is not tanh");
  demand(!call.flag(5), "its recurrent weights are diagonal");
  const Dims w = weights_of(call, 2, 2).dims, r = weights_of(call, 6, 2).dims;
  demand(r[0] == w[0] && r[1] == w[0], "its recurrent weights do not fit its weights");

  Stack weights, recurrent, bias, peepholes;
  for (const std::size_t i : std::to_array<std::size_t>({1, 4, 2, 3})) weights.add(call, i, w);
  for (const std::size_t i : std::to_array<std::size_t>({5, 8, 6, 7})) recurrent.add(call, i, r);
  for (const std::size_t i : std::to_array<std::size_t>({12, 15, 13, 14})) bias.add(call, i, {w[0]});
  bias.array.values.resize(2 * bias.array.values.size());
  bias.array.dims[1] *= 2;
  if (!bias.q.scales.empty()) {
    bias.q.scales.insert(bias.q.scales.end(), bias.q.scales.begin(), bias.q.scales.begin() + bias.array.dims[1] / 2);
    bias.q.zero_points.resize(bias.q.scales.size());
  }
  const bool batch_first = !call.flag(3);
  std::string value = call.real(0);
  if (batch_first) value = call.emit("Transpose", {value}, {{"perm", Integers{1, 0, 2}}});
  Names inputs{value, std::move(weights).value(call, "weights"), std::move(recurrent).value(call, "recurrent"),
               std::move(bias).value(call, "bias")};
  if (call.has(9)) {
    for (const std::size_t i : std::to_array<std::size_t>({9, 11, 10})) peepholes.add(call, i, {w[0]});
    inputs.insert(inputs.end(), {"", "", "", std::move(peepholes).value(call, "peepholes")});
  }
  Attributes attributes{{"hidden_size", w[0]}};
  const double clip = call.option<float>(1);
  const std::int64_t steps = x.dims[batch_first ? 1 : 0];
  if (clip > 0 && (steps == free || static_cast<double>(steps) > clip)) attributes["cell_clip"] = clip;
  if (x.is_quantized()) attributes.merge(integer_scales(call));
  const std::string states = call.emit("LSTM", std::move(inputs), attributes);
  const Names squeezed{states, call.list("directions", {1})};
  if (!batch_first) return call.give("Squeeze", squeezed);
  call.give("Transpose", {call.emit("Squeeze", squeezed)}, {{"perm", Integers{1, 0, 2}}});
}

constexpr Lowering table[]{
    // name, inputs, options, field of the activation, function
    {"CONV_2D", 2, 3, 1, 3, conv},
    {"DEPTHWISE_CONV_2D", 2, 3, 2, 4, depthwise_conv},
    {"TRANSPOSE_CONV", 3, 4, 49, 3, transpose_conv},
    {"AVERAGE_POOL_2D", 1, 1, 5, 5, pool, "AveragePool"},
    {"MAX_POOL_2D", 1, 1, 5, 5, pool, "MaxPool"},
    {"FULLY_CONNECTED", 2, 3, 8, 0, fully_connected},
    {"BATCH_MATMUL", 2, 2, 101, none, batch_matmul},
    {"RESIZE_BILINEAR", 2, 2, 15, none, resize_bilinear},
    {"RESIZE_NEAREST_NEIGHBOR", 2, 2, 74, none, resize_nearest},
    {"UNIDIRECTIONAL_SEQUENCE_LSTM", 20, 24, 71, none, lstm},
};

}  // namespace

std::span<const Lowering> layer_lowerings() { return table; }

}  // namespace tenon::importing::tflite
