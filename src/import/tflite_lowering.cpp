#include "tflite_lowering.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <tenon/error.hpp>

#include "../backwards.hpp"
#include "../io/words.hpp"

namespace tenon::importing::tflite {
namespace {

const Lowering* find_lowering(std::string_view name) {
  for (const auto table : {layer_lowerings(), function_lowerings(), movement_lowerings()})
    for (const Lowering& lowering : table)
      if (lowering.name == name) return &lowering;
  return nullptr;
}

void check_counts(const Operator& op, const Lowering& known) {
  demand(op.inputs.size() >= known.least_inputs && op.inputs.size() <= known.most_inputs,
         fmt::format("it has {} inputs", op.inputs.size()));
  demand(known.outputs == any_number || op.outputs.size() == known.outputs,
         fmt::format("it has {} outputs", op.outputs.size()));
  demand(!op.options || known.options == 0 || op.options_type == known.options,
         fmt::format("its options are of type {}, not {}", op.options_type, known.options));
}

bool is_whole(TensorType type) { return type == TensorType::int32 || type == TensorType::int64; }

/// Row-major numbers with the axes in another order: axis i of the result is axis order[i] of what is given.
Array permuted(const Array& from, const Integers& order) {
  const std::size_t rank = order.size();
  Integers strides(rank, 1);
  for (std::size_t i = rank; i > 1; --i) strides[i - 2] = strides[i - 1] * from.dims[i - 1];
  Array to{from.type, Dims(rank), {}};
  for (std::size_t i = 0; i < rank; ++i) to.dims[i] = from.dims[static_cast<std::size_t>(order[i])];
  to.values.reserve(from.values.size());
  Integers at(rank);
  std::int64_t place = 0;
  while (to.values.size() < from.values.size()) {
    to.values.push_back(from.values[static_cast<std::size_t>(place)]);
    for (const std::size_t i : detail::backwards(rank)) {
      const std::int64_t stride = strides[static_cast<std::size_t>(order[i])];
      place += stride;
      if (++at[i] < to.dims[i]) break;
      place -= stride * std::exchange(at[i], 0);
    }
  }
  return to;
}

constexpr std::int64_t whole = -1;  // one scale for all of a tensor
std::int64_t axis_of(const Quantization& q) { return q.scales.size() == 1 ? whole : q.axis; }
Attributes along(std::int64_t axis) { return axis == whole ? Attributes{} : Attributes{{"axis", axis}}; }

Names joined(const std::string& value, const Names& scale) {
  Names all{value};
  all.insert(all.end(), scale.begin(), scale.end());
  return all;
}

/// A float16 weight is the float32 that it is exactly.
Array widened(Array array) {
  if (array.type == Type::float16 || array.type == Type::bfloat16) array.type = Type::float32;
  return array;
}

}  // namespace

Network::Network(File file) : file_(std::move(file)), known_(file_.tensors.size()) {
  graph_.name = file_.name;
  graph_.format = "TFLite";
  graph_.opset = 17;
  for (const Tensor& tensor : file_.tensors) names_.insert(tensor.name);
  // a tensor of no numbers is a constant unless somebody gives it
  for (const std::int32_t i : file_.inputs) file_.tensors[static_cast<std::size_t>(i)].forget_nothing();
  for (const Operator& op : file_.operators)
    for (const std::int32_t i : op.outputs) file_.tensors[static_cast<std::size_t>(i)].forget_nothing();
  for (std::size_t i = 0; i < known_.size(); ++i) known_[i] = file_.tensors[i].data ? 1 : 0;
  for (const std::int32_t i : file_.inputs) {
    written(static_cast<std::size_t>(i));
    graph_.inputs.push_back(value(file_.tensors[static_cast<std::size_t>(i)]));
  }
}

Graph Network::finish(Refusals refusals) {
  constexpr std::size_t most_reasons = 100;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < file_.operators.size(); ++i) {
    const Operator& op = file_.operators[i];
    check_inputs(i);
    try {
      lower(op);
    } catch (const Refusal& refusal) {
      const std::string& output = file_.tensors[static_cast<std::size_t>(op.outputs[0])].name;
      if (++refused <= most_reasons)
        graph_.refused.push_back(
            fmt::format("operator {}, {}, which gives {}: {}", i, op.kind(), detail::quoted_text(output), refusal.why));
      graph_.lose(names_of(op.outputs), names_of(op.inputs));
    }
    for (const std::int32_t output : op.outputs) written(static_cast<std::size_t>(output));
  }
  if (refused > most_reasons) graph_.refused.push_back(fmt::format("and {} more", refused - most_reasons));
  std::string reasons;
  for (const std::string& reason : graph_.refused) reasons += "\n  " + reason;
  if (refused > 0 && refusals == Refusals::thrown)
    throw Error(fmt::format("{}: {} of {} operators cannot be imported:{}", detail::quoted_text(file_.name), refused,
                            file_.operators.size(), reasons));
  for (const std::int32_t output : file_.outputs) {
    const auto i = static_cast<std::size_t>(output);
    if (known_[i] == 0)
      throw Error(fmt::format("{}: no operator gives the output {}", detail::quoted_text(file_.name),
                              detail::quoted_text(file_.tensors[i].name)));
    if (file_.tensors[i].data) raw(i);
    graph_.outputs.push_back(value(file_.tensors[i]));
  }
  return std::move(graph_);
}

Names Network::names_of(const std::vector<std::int32_t>& tensors) const {
  Names names;
  for (const std::int32_t i : tensors)
    if (i >= 0) names.push_back(file_.tensors[static_cast<std::size_t>(i)].name);
  return names;
}

void Network::lower(const Operator& op) {
  const Lowering* known = op.custom.empty() ? find_lowering(operator_name(op.code)) : nullptr;
  demand(known != nullptr, "it has no counterpart among ONNX's operators");
  check_counts(op, *known);
  for (const auto* tensors : {&op.inputs, &op.outputs})
    for (const std::int32_t i : *tensors) {
      if (i < 0) continue;
      const Tensor& tensor = file_.tensors[static_cast<std::size_t>(i)];
      demand(tensor.refused.empty(), fmt::format("the tensor {} {}", detail::quoted_text(tensor.name), tensor.refused));
    }
  for (const std::int32_t i : op.outputs) {
    const Tensor& tensor = file_.tensors[static_cast<std::size_t>(i)];
    graph_.values.emplace(tensor.name, value(tensor));
  }
  Call call(*this, op, *known);
  known->lower(call);
}

/// Variables are for the operator that they are the state of.
void Network::check_inputs(std::size_t index) const {
  for (const std::int32_t i : file_.operators[index].inputs) {
    if (i < 0 || known_[static_cast<std::size_t>(i)] != 0 || file_.tensors[static_cast<std::size_t>(i)].is_variable)
      continue;
    throw Error(fmt::format("{}: operator {} reads the tensor {}, which nothing above it gives",
                            detail::quoted_text(file_.name), index,
                            detail::quoted_text(file_.tensors[static_cast<std::size_t>(i)].name)));
  }
}

void Network::written(std::size_t index) {
  const Tensor& tensor = file_.tensors[index];
  if (std::exchange(known_[index], std::uint8_t{1}) != 0)
    throw Error(fmt::format("{}: the tensor {} is given twice", detail::quoted_text(file_.name),
                            detail::quoted_text(tensor.name)));
}

Value Network::value(const Tensor& tensor) const {
  Value value{tensor.name, graph_type(tensor.type).value_or(Type::string), tensor.dims};
  if (!tensor.dims.empty() && tensor.dims[0] == free) value.axis_names = {"batch"};
  return value;
}

std::string Network::fresh(const std::string& base) {
  std::string name = base;
  while (!names_.insert(name).second) name = fmt::format("{}_{}", base, ++counts_[base]);
  return name;
}

std::string Network::constant(const std::string& name, Array array) {
  graph_.constants.emplace(name, std::move(array));
  return name;
}

std::string Network::raw(std::size_t index) {
  const Tensor& tensor = file_.tensors[index];
  demand(known_[index] != 0, fmt::format("the tensor {} is a variable", detail::quoted_text(tensor.name)));
  if (tensor.data && !graph_.constants.contains(tensor.name)) constant(tensor.name, widened(file_.array(tensor)));
  return tensor.name;
}

std::string Network::real(std::size_t index) {
  const Tensor& tensor = file_.tensors[index];
  if (!tensor.is_quantized()) return raw(index);
  std::string& known = reals_[index];
  if (known.empty()) known = dequantized(raw(index), scale_of(index), axis_of(tensor.quantization), tensor.name);
  return known;
}

Names Network::scale(const Quantization& q, TensorType type, const std::string& name) {
  const Dims dims = q.scales.size() == 1 ? Dims{} : Dims{static_cast<std::int64_t>(q.scales.size())};
  return {constant(fresh(name + "/scale"), {Type::float32, dims, {q.scales.begin(), q.scales.end()}}),
          constant(fresh(name + "/zero_point"),
                   {graph_type(type).value(), dims, {q.zero_points.begin(), q.zero_points.end()}})};
}

const Names& Network::scale_of(std::size_t index) {
  const Tensor& tensor = file_.tensors[index];
  Names& known = scales_[index];
  if (known.empty()) known = scale(tensor.quantization, tensor.type, tensor.name);
  return known;
}

/// `axis` is that of the scales, or `whole`; a result without a name is given one.
std::string Network::dequantized(const std::string& value, const Names& scale, std::int64_t axis,
                                 const std::string& node, const std::string& result) {
  graph_.nodes.push_back({node,
                          "DequantizeLinear",
                          "",
                          joined(value, scale),
                          {result.empty() ? fresh(value + "/real") : result},
                          along(axis)});
  return graph_.nodes.back().outputs[0];
}

std::size_t Call::input(std::size_t i) const {
  demand(has(i), fmt::format("its input {} is missing", i));
  return static_cast<std::size_t>(op_.inputs[i]);
}

const Tensor& Call::image(std::size_t i) const {
  const Tensor& tensor = in(i);
  demand(tensor.rank() == 4, fmt::format("its input {} has {} axes, not 4", i, tensor.rank()));
  demand(tensor.dims[3] != free, fmt::format("the number of channels of its input {} is open", i));
  return tensor;
}

Array Call::array(std::size_t i) const {
  demand(in(i).data.has_value(), fmt::format("its input {} has to be a constant", i));
  return widened(network_.file_.array(in(i)));
}

Integers Call::integers(std::size_t i) const {
  demand(is_whole(in(i).type), fmt::format("its input {} has to be of whole numbers", i));
  const Array numbers = array(i);
  Integers result(numbers.values.size());
  std::ranges::transform(numbers.values, result.begin(),
                         [](double v) { return static_cast<std::int64_t>(std::clamp(v, -0x1p53, 0x1p53)); });
  return result;
}

std::int64_t Call::integer(std::size_t i) const {
  const Integers all = integers(i);
  demand(all.size() == 1, fmt::format("its input {} has to be one number", i));
  return all[0];
}

Names Call::reals() {
  Names names;
  for (std::size_t i = 0; i < input_count(); ++i) names.push_back(real(i));
  return names;
}

std::string Call::weights(std::size_t i, const Integers& order) {
  const Tensor& tensor = in(i);
  std::string value;
  if (tensor.data) {
    std::string& known = network_.permuted_[{input(i), order}];
    if (known.empty()) known = network_.constant(network_.fresh(tensor.name + "/permuted"), permuted(array(i), order));
    value = known;
  } else {
    value = emit("Transpose", {raw(i)}, {{"perm", order}});
  }
  if (!tensor.is_quantized()) return value;
  std::int64_t axis = axis_of(tensor.quantization);
  if (axis != whole) axis = std::ranges::find(order, axis) - order.begin();
  return network_.dequantized(value, network_.scale_of(input(i)), axis, tensor.name);
}

std::string Call::bias(std::size_t i, std::size_t input, std::size_t weights) {
  const Tensor& tensor = in(i);
  if (!is_whole(tensor.type)) return real(i);
  demand(in(input).is_quantized() && in(weights).is_quantized(),
         "its bias is of integers, but not its input and weights");
  demand(tensor.data.has_value(), "its bias has to be a constant");
  network_.file_.source->count(*tensor.data);  // its scales are made anew
  Quantization q{in(weights).quantization.scales, Integers(in(weights).quantization.scales.size()), 0};
  demand(q.scales.size() == 1 || tensor.dims == Dims{static_cast<std::int64_t>(q.scales.size())},
         "its bias does not fit the scales of its weights");
  for (float& scale : q.scales) scale *= in(input).quantization.scales[0];
  return network_.dequantized(raw(i), network_.scale(q, tensor.type, tensor.name), axis_of(q), tensor.name);
}

std::string Call::quantized(const std::string& label, Array array, const Quantization& q, TensorType type) {
  const std::string value = constant(label, std::move(array));
  return network_.dequantized(value, network_.scale(q, type, value), axis_of(q), out().name);
}

std::string Call::constant(const std::string& label, Array array) {
  return network_.constant(network_.fresh(out().name + "/" + label), std::move(array));
}

std::string Call::list(const std::string& label, const Integers& values) {
  return constant(label, {Type::int64, {static_cast<std::int64_t>(values.size())}, {values.begin(), values.end()}});
}

std::string Call::shape(const Tensor& tensor) {
  demand(std::ranges::count(tensor.dims, free) <= 1, "more than one axis of its output is open");
  return list("shape", tensor.dims);  // -1 is what Reshape finds out itself
}

void Call::node(const std::string& op, Names inputs, Names outputs, Attributes attributes) {
  network_.graph_.nodes.push_back({out().name, op, "", std::move(inputs), std::move(outputs), std::move(attributes)});
}

std::string Call::emit(const std::string& op, Names inputs, Attributes attributes) {
  std::string value = network_.fresh(out().name + "/" + op);
  node(op, std::move(inputs), {value}, std::move(attributes));
  return value;
}

std::string Call::result(std::size_t i) {
  return out(i).is_quantized() ? network_.fresh(out(i).name + "/real") : out(i).name;
}

void Call::quantize(std::size_t i, const std::string& value) {
  if (!out(i).is_quantized()) return;
  node("QuantizeLinear", joined(value, network_.scale_of(output(i))), {out(i).name},
       along(axis_of(out(i).quantization)));
}

void Call::give(const std::string& op, Names inputs, Attributes attributes, std::size_t output) {
  const auto last = [&](const std::string& name, Names read, Attributes of_last) {
    const std::string value = result(output);
    node(name, std::move(read), {value}, std::move(of_last));
    quantize(output, value);
  };
  const auto between = [&] { return emit(op, std::move(inputs), std::move(attributes)); };
  const auto clip = [&](double least, double most) {
    const std::string value = between();
    last("Clip", {value, number("min", least), number("max", most)}, {});
  };
  switch (lowering_.activation == none ? Activation::none
                                       : static_cast<Activation>(option<std::int8_t>(lowering_.activation))) {
  case Activation::none:
    return last(op, std::move(inputs), std::move(attributes));
  case Activation::relu:
    return last("Relu", {between()}, {});
  case Activation::relu_n1_to_1:
    return clip(-1, 1);
  case Activation::relu6:
    return clip(0, 6);
  case Activation::tanh:
    return last("Tanh", {between()}, {});
  default:
    throw Refusal{"its fused activation is not known"};
  }
}

void Call::give_channels_last(const std::string& op, Names inputs, Attributes attributes) {
  give("Transpose", {emit(op, std::move(inputs), std::move(attributes))}, {{"perm", Integers{0, 2, 3, 1}}});
}

void Call::give_all(const std::string& op, Names inputs, Attributes attributes) {
  Names values;
  for (std::size_t i = 0; i < output_count(); ++i) values.push_back(result(i));
  node(op, std::move(inputs), values, std::move(attributes));
  for (std::size_t i = 0; i < output_count(); ++i) quantize(i, values[i]);
}

void Call::give_real(std::size_t i) {
  std::string& known = network_.reals_[input(i)];
  if (!known.empty()) return give("Identity", {known});
  known = network_.dequantized(raw(i), network_.scale_of(input(i)), axis_of(in(i).quantization), out().name,
                               out().name);
}

void Call::give_constant(std::size_t i) {
  Tensor& tensor = network_.file_.tensors[output(0)];
  const Tensor& from = in(i);
  tensor.data = from.data;
  tensor.type = from.type;
  tensor.dims = from.dims;
  tensor.quantization = from.quantization;
  network_.graph_.values.erase(tensor.name);
}

}  // namespace tenon::importing::tflite
