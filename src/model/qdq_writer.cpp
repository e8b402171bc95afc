#include <tenon/model/qdq_writer.hpp>

#include <algorithm>
#include <cmath>

#include <tenon/edge/quantized_ports.hpp>

#include "qdq_axes.hpp"

namespace tenon::detail {

using qdq::size_of, qdq::whole;

namespace {

using Axes = QdqWriter::Axes;

constexpr std::int64_t as_int64 = 7;  // TensorProto's number, for Cast

std::string inside(const std::string& path, const std::string& name) { return path.empty() ? name : path + "." + name; }

}  // namespace

std::string QdqWriter::parameter_name(const std::string& path, std::size_t place, std::size_t size,
                                      const std::string& otherwise) const {
  const auto found = q_.parameters.find(place);
  const bool whole_one = found != q_.parameters.end() && size_of(found->second.axes) == size;
  return whole_one ? found->second.name : inside(path, otherwise);
}

std::string QdqWriter::dequantized(OnnxLayer& to, const std::string& integers, double scale, int zero) {
  return to.node("DequantizeLinear",
                 {integers, to.number(scale), file_.constant({}, {static_cast<double>(zero)}, OnnxType::int8)});
}

std::string QdqWriter::quantized(OnnxLayer& to, std::size_t tensor, const std::string& value) {
  const auto scale = static_cast<double>(q_.scale[tensor]);
  const int zero = q_.zero[tensor];
  const std::string integers = to.node(
      "QuantizeLinear", {value, to.number(scale), file_.constant({}, {static_cast<double>(zero)}, OnnxType::int8)});
  return dequantized(to, integers, scale, zero);
}

void QdqWriter::input(std::size_t tensor, const std::string& name, const Axes& axes, std::span<const float> center,
                      std::span<const float> spread) {
  OnnxLayer to = layer(name, {name});
  std::string value = name;
  if (!spread.empty()) {
    const auto numbers = [&](std::span<const float> all) {
      return to.numbers({whole(all.size())}, {all.begin(), all.end()});
    };
    std::vector<float> divisor;  // a feature's step becomes the tensor's scale
    for (const float step : spread) divisor.push_back(step / q_.scale[tensor]);
    value = to.node("Div", {to.node("Sub", {value, numbers(center)}), numbers(divisor)});
  }
  tensors_[tensor] = {quantized(to, tensor, value), axes};
}

void QdqWriter::tokens(std::size_t tensor, const std::string& name, const Axes& axes) {
  tensors_[tensor] = {name, axes};
}

std::string QdqWriter::unscaled(const std::string& value, std::size_t tensor, std::span<const float> center,
                                std::span<const float> step) {
  OnnxLayer to = layer("output", {value});
  std::vector<double> unit;
  for (const float s : step) unit.push_back(static_cast<double>(s / q_.scale[tensor]));
  const Axes axes{whole(unit.size())};
  return to.node("Add",
                 {to.node("Mul", {value, to.numbers(axes, unit)}), to.numbers(axes, {center.begin(), center.end()})});
}

std::string QdqWriter::value(std::size_t tensor, const Axes& axes, std::size_t rows) {
  const Tensor& own = tensors_[tensor];
  if (own.axes == axes && own.rows == rows) return own.value;
  // called after the value that is seen otherwise
  return layer(own.value, {own.value}).reshape(own.value, axes);
}

void QdqWriter::give(const std::string& path, std::size_t k, std::string value, const Axes& axes, std::size_t rows) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto [low, high] = std::pair{step(k).pattern.low, step(k).pattern.high};
  OnnxLayer to = layer(path, {value});
  const auto bound = [&](double b) { return std::isinf(b) ? "" : to.number(b); };
  if (low == 0 && high == infinity) value = to.node("Relu", {value});
  else if (low > -infinity || high < infinity) value = to.node("Clip", {value, bound(low), bound(high)});
  tensors_[k + 1] = {quantized(to, k + 1, value), axes, rows};
}

bool QdqWriter::reorders(std::size_t k) {
  const edge::QuantizedStep& s = step(k);
  if (s.pattern.kind == edge::StepKind::input) return true;
  if (s.pattern.kind != edge::StepKind::move || s.padded || s.moves != 1 || s.in != s.out) return false;
  const edge::TensorOrder& from = q_.orders[s.source];
  const edge::TensorOrder& to = q_.orders[k + 1];
  std::vector<std::size_t> number_at(s.in);  // of the network's own order
  for (std::size_t i = 0; i < s.in; ++i) number_at[from.place(i)] = i;
  const kernels::Int8Move& way = q_.moves[s.first_move].way;
  bool same = true;
  for (std::size_t a = 0; a < way.count[0]; ++a)
    for (std::size_t b = 0; b < way.count[1]; ++b)
      for (std::size_t c = 0; c < way.count[2]; ++c)
        for (std::size_t d = 0; d < way.count[3]; ++d) {
          const auto place = [&](const auto& step) { return a * step[0] + b * step[1] + c * step[2] + d * step[3]; };
          const std::size_t i = number_at[way.from + place(way.from_step)];
          same = same && to.place(i) == way.to + place(way.to_step);
        }
  if (same) tensors_[k + 1] = tensors_[s.source];
  return same;
}

std::int32_t QdqWriter::weight(const edge::QuantizedStep& s, std::size_t output, std::size_t column) const {
  const std::size_t at = s.packed_place(output, s.packed_column(column));
  if (!s.stored().in_four_bits) return q_.weights[at];
  // as kernels::put_four_bits puts it
  const std::size_t place = at - s.weights, groups = s.packed_columns() / 4, block = place / 16;
  const std::size_t first = s.weights + kernels::stored_bytes(block / groups, groups, true);
  const std::int32_t both = q_.weights[first + block % groups / 2 * 16 + place % 16];
  return block % groups % 2 == 0 ? ((both & 15) ^ 8) - 8 : both >> 4;
}

std::string QdqWriter::weights(OnnxLayer& to, const std::string& path, std::size_t k, const Axes& axes,
                               std::int64_t axis, bool transposed) {
  const edge::QuantizedStep& s = step(k);
  const std::size_t rows = s.outputs(), columns = s.columns();
  std::vector<double> integers(rows * columns), scales;
  for (std::size_t o = 0; o < rows; ++o) {
    scales.push_back(static_cast<double>(q_.weight_scale[s.row + s.packed_row(o)]));
    for (std::size_t i = 0; i < columns; ++i)
      integers[transposed ? i * rows + o : s.weight_place(o, i)] = weight(s, o, i);
  }
  const std::string name = s.affine ? inside(path, "weight")
                                    : parameter_name(path, s.weight_source, rows * columns, "weight");
  const bool one = s.stored().one_scale;
  if (one) scales.resize(1);
  const Axes of_scale = one ? Axes{} : Axes{whole(rows)};
  const std::string given = file_.constant(name, axes, std::move(integers), OnnxType::int8);
  const std::vector<double> zeros(scales.size());
  return to.node("DequantizeLinear",
                 {given, file_.constant(given + "_scale", of_scale, std::move(scales), OnnxType::float32),
                  file_.constant(of_scale, zeros, OnnxType::int8)},
                 one ? std::vector<OnnxAttribute>{} : std::vector<OnnxAttribute>{{"axis", axis}});
}

std::string QdqWriter::biases(OnnxLayer& to, const std::string& path, std::size_t k) {
  const edge::QuantizedStep& s = step(k);
  if (!s.pattern.has_bias) return "";
  std::vector<double> integers, scales;
  for (std::size_t o = 0; o < s.outputs(); ++o) {
    const std::size_t row = s.row + s.packed_row(o);
    integers.push_back(q_.bias[row]);
    scales.push_back(static_cast<double>(q_.scale[s.source] * q_.weight_scale[row]));
  }
  const std::string name = s.affine ? inside(path, "bias") : parameter_name(path, s.bias_source, s.outputs(), "bias");
  const Axes axes{whole(s.outputs())};
  const std::string given = file_.constant(name, axes, std::move(integers), OnnxType::int32);
  return to.node("DequantizeLinear",
                 {given, file_.constant(given + "_scale", axes, std::move(scales), OnnxType::float32)}, {{"axis", 0}});
}

void QdqWriter::dense(const QdqLayer& at, std::size_t k, const Axes& axes) {
  const edge::QuantizedStep& s = step(k);
  const Axes of_weights{whole(s.outputs()), whole(s.columns())};
  OnnxLayer to = layer(at.path, {});
  if (axes.size() == 2 && axes[0] > 1) {  // a product with each step
    const std::string x = value(s.source, axes, at.rows),
                      w = weights(to, at.path, k, {of_weights[1], of_weights[0]}, 1, true), b = biases(to, at.path, k);
    const std::string product = to.node("MatMul", {x, w});
    return give(at.path, k, b.empty() ? product : to.node("Add", {product, b}), {axes[0], of_weights[0]}, at.rows);
  }
  const std::size_t rows = s.in / s.columns();
  const std::string x = value(s.source, {of_weights[1]}, rows), w = weights(to, at.path, k, of_weights, 0);
  give(at.path, k, to.node("Gemm", {x, w, biases(to, at.path, k)}, {{"transB", 1}}), {of_weights[0]}, rows);
}

void QdqWriter::convolve(const QdqLayer& at, std::size_t k, std::size_t axes) {
  const edge::QuantizedStep& s = step(k);
  const kernels::Convolution& c = s.image;
  OnnxLayer to = layer(at.path, {});
  const auto on_axes = [&](std::size_t first, std::size_t second, std::size_t third) {
    return axes == 2 ? Axes{whole(first), whole(second), whole(third)} : Axes{whole(first), whole(third)};
  };
  Axes of_weights = on_axes(c.group_channels(), c.y.kernel, c.x.kernel);
  of_weights.insert(of_weights.begin(), whole(c.features));
  auto attributes = to.windows(axes, c.y, c.x);
  attributes.emplace_back("group", c.groups);
  const std::string x = value(s.source, on_axes(c.channels, c.y.image, c.x.image), at.rows),
                    w = weights(to, at.path, k, of_weights, 0);
  give(at.path, k, to.node("Conv", {x, w, biases(to, at.path, k)}, attributes), on_axes(c.features, c.y.map, c.x.map),
       at.rows);
}

void QdqWriter::convolve_back(const QdqLayer& at, std::size_t k, const Axes& x, const Axes& y,
                              const std::vector<OnnxAttribute>& attributes) {
  OnnxLayer to = layer(at.path, {});
  const std::string from = value(at.reads.at(0), x, at.rows),
                    w = weights(to, at.path, k, q_.parameters.at(step(k).weight_source).axes, 1);
  give(at.path, k, to.node("ConvTranspose", {from, w, biases(to, at.path, k)}, attributes), y, at.rows);
}

void QdqWriter::scale_channels(const QdqLayer& at, std::size_t k, const Axes& axes, std::size_t rows) {
  OnnxLayer to = layer(at.path, {});
  Axes of_weights(axes.size() + 1, 1);
  of_weights[0] = axes[0];
  const std::string x = value(step(k).source, axes, rows), w = weights(to, at.path, k, of_weights, 0);
  give(at.path, k, to.node("Conv", {x, w, biases(to, at.path, k)}, {{"group", axes[0]}}), axes, rows);
}

void QdqWriter::slopes(const QdqLayer& at, std::size_t k, const Axes& axes, const Axes& slopes) {
  const edge::QuantizedStep& s = step(k);
  OnnxLayer to = layer(at.path, {});
  std::vector<double> all;
  for (std::size_t o = 0; o < s.factors; ++o) all.push_back(static_cast<double>(q_.weight_scale[s.row + o]));
  const std::string name = file_.constant(parameter_name(at.path, s.weight_source, s.factors, "weight"), slopes,
                                          std::move(all), OnnxType::float32);
  give(at.path, k, to.node("PRelu", {value(s.source, axes, at.rows), name}), axes, at.rows);
}

void QdqWriter::softmax(const QdqLayer& at, std::size_t k, const Axes& axes) {
  const edge::QuantizedStep& s = step(k);
  const bool whole_axis = axes.back() == whole(s.width);
  const Axes own = whole_axis ? axes : Axes{whole(s.width)};
  const std::size_t rows = whole_axis ? at.rows : s.in / s.width;
  const char* const op = s.pattern.kind == edge::StepKind::softmax ? "Softmax" : "LogSoftmax";
  OnnxLayer to = layer(at.path, {});
  give(at.path, k, to.node(op, {value(s.source, own, rows)}, {{"axis", -1}}), own, rows);
}

void QdqWriter::bound(const QdqLayer& at, std::size_t k, const Axes& axes) {
  give(at.path, k, value(step(k).source, axes, at.rows), axes, at.rows);
}

void QdqWriter::take(const std::string& path, std::size_t k, std::size_t x, const Axes& axes, const QdqPieces& p) {
  // along an axis of the tensor, where the pieces are those of one
  Axes seen = axes;
  std::size_t axis = axes.size(), outer = 1;
  for (std::size_t a = 0; a < axes.size(); outer *= static_cast<std::size_t>(axes[a++]))
    if (outer == p.outer && axes[a] == whole(p.length) && outer * p.length * p.inner == size_of(axes)) axis = a;
  if (axis == axes.size()) {
    seen = {whole(p.outer), whole(p.length), whole(p.inner)};
    axis = 1;
  }
  OnnxLayer to = layer(path, {});
  const std::string from = value(x, seen);
  std::string y;
  if (p.places.size() == 1) {
    y = to.node("Slice", {from, to.integers({whole(p.places[0])}), to.integers({whole(p.places[0] + p.taken)}),
                          to.integers({whole(axis + 1)})});
  } else {
    y = to.node("Gather", {from, to.integers({p.places.begin(), p.places.end()})}, {{"axis", axis + 1}});
  }
  seen[axis] = whole(p.places.size() * p.taken);
  if (step(k).of_tokens) tensors_[k + 1] = {y, seen};
  else give(path, k, y, seen);
}

void QdqWriter::sum(const std::string& path, std::size_t k, std::size_t a, std::size_t b, const Axes& axes) {
  OnnxLayer to = layer(path, {});
  give(path, k, to.node("Add", {value(a, axes), value(b, axes)}), axes);
}

void QdqWriter::join(const std::string& path, std::size_t k, const std::vector<std::size_t>& parts, const Axes& axes) {
  OnnxLayer to = layer(path, {});
  std::vector<std::string> values;
  const std::size_t inner = size_of(axes) / static_cast<std::size_t>(axes[0]);
  for (const std::size_t part : parts) {
    Axes own = axes;
    own[0] = whole(size_of(tensors_[part].axes) * tensors_[part].rows / inner);
    values.push_back(value(part, own));
  }
  give(path, k, to.node("Concat", values, {{"axis", 1}}), axes);
}

void QdqWriter::embed(const QdqLayer& at, std::size_t k, const Axes& axes) {
  const edge::QuantizedStep& s = step(k);
  OnnxLayer to = layer(at.path, {});
  const auto rows = q_.weights.subspan(s.weights, s.tokens * s.width);
  const std::string name = file_.constant(parameter_name(at.path, s.weight_source, rows.size(), "weight"),
                                          {whole(s.tokens), whole(s.width)}, {rows.begin(), rows.end()},
                                          OnnxType::int8);
  tables_[k + 1] = dequantized(to, name, static_cast<double>(q_.scale[k + 1]), q_.zero[k + 1]);
  const std::string ids = to.node("Cast", {tensors_[s.source].value}, {{"to", as_int64}});
  give(at.path, k, to.node("Gather", {tables_[k + 1], ids}), axes);
}

void QdqWriter::score(const QdqLayer& at, std::size_t k) {
  const edge::QuantizedStep& s = step(k);
  OnnxLayer to = layer(at.path, {});
  const std::string x = value(s.source, {whole(s.in / s.width), whole(s.width)}),
                    w = to.node("Transpose", {tables_[s.other]}, {{"perm", {1, 0}}});
  give(at.path, k, to.node("MatMul", {x, w}), {whole(s.in / s.width), whole(s.tokens)});
}

void QdqWriter::shift(const QdqLayer& at, std::size_t k, const Axes& axes) {
  const edge::QuantizedStep& s = step(k);
  OnnxLayer to = layer(at.path, {});
  const auto added = q_.weights.subspan(s.weights, s.out);
  const std::string name = file_.constant(inside(at.path, "added"), axes, {added.begin(), added.end()}, OnnxType::int8);
  const std::string summand = dequantized(to, name, static_cast<double>(q_.weight_scale[s.row]), 0);
  give(at.path, k, to.node("Add", {value(s.source, axes), summand}), axes);
}

}  // namespace tenon::detail
