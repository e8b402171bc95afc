#include "tflite_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include <tenon/error.hpp>
#include <tenon/io/dtype.hpp>

#include "../io/words.hpp"

namespace tenon::importing::tflite {
namespace {

using flatbuffer::Source;
using flatbuffer::Table;

constexpr std::size_t most_axes = 8, longest_name = 200;

/// How a type of the file lies in bytes, and what it is in the graph. No bits: it cannot be read.
struct Storage {
  std::size_t bits = 0;
  std::optional<Type> type{};
};
constexpr std::array<Storage, 19> storages{{
    {32, Type::float32},
    {16, Type::float16},
    {32, Type::int32},
    {8, Type::uint8},
    {64, Type::int64},
    {},
    {8, Type::boolean},
    {16, Type::int16},
    {},
    {8, Type::int8},
    {64, Type::float64},
    {},
    {64, Type::uint64},
    {},
    {},
    {32, Type::uint32},
    {16, Type::uint16},
    {4, Type::int8},
    {16, Type::bfloat16},
}};
Storage storage_of(TensorType type) {
  const auto i = static_cast<std::size_t>(type);
  return i < storages.size() ? storages[i] : Storage{};
}

class Reader {
public:
  explicit Reader(const Source& source) : source_(source), model_(source.root(identifier)) {}

  File read() {
    const auto version = model_.scalar<std::uint32_t>(ModelField::version);
    if (version != schema_version)
      fail(model_, fmt::format("version {} of the schema is read, not {}", schema_version, version));
    const auto graphs = model_.tables(ModelField::subgraphs);
    if (graphs.empty()) fail(model_, "the model has no subgraph");
    const Table& graph = graphs.front();
    buffers_ = model_.tables(ModelField::buffers);
    codes_ = model_.tables(ModelField::operator_codes);
    file_.source = &source_;
    file_.name = source_.name();
    for (const Table& tensor : graph.tables(SubGraphField::tensors)) file_.tensors.push_back(read_tensor(tensor));
    file_.inputs = indices(graph, SubGraphField::inputs, 0);
    file_.outputs = indices(graph, SubGraphField::outputs, 0);
    for (const Table& op : graph.tables(SubGraphField::operators)) file_.operators.push_back(read_operator(op));
    return std::move(file_);
  }

private:
  [[noreturn]] void fail(const Table& at, const std::string& why) const { source_.fail(at.offset(), why); }

  /// Tensors by their index; `least` is 0, or -1 where some may be absent.
  std::vector<std::int32_t> indices(const Table& table, std::size_t field, std::int32_t least) const {
    auto result = table.numbers<std::int32_t>(field);
    for (const std::int32_t i : result)
      if (i < least || i >= static_cast<std::int64_t>(file_.tensors.size()))
        fail(table, fmt::format("there is no tensor {}: the subgraph has {}", i, file_.tensors.size()));
    return result;
  }

  std::string unique_name(const Table& table) {
    const std::string_view given = table.text(TensorField::name);
    std::string name(given.substr(0, longest_name));
    if (name.empty() || name.size() < given.size()) name += fmt::format("#{}", file_.tensors.size());
    while (names_.contains(name)) name += fmt::format("#{}", file_.tensors.size());
    names_.insert(name);
    return name;
  }

  Tensor read_tensor(const Table& table) {
    Tensor tensor;
    tensor.name = unique_name(table);
    tensor.type = static_cast<TensorType>(table.scalar<std::int8_t>(TensorField::type));
    tensor.dims = read_dims(table);
    tensor.is_variable = table.scalar<std::uint8_t>(TensorField::is_variable) != 0;
    // tensors of real numbers may have the scale that another form of the network had
    const auto quantization = table.table(TensorField::quantization);
    if (quantization && is_integer(tensor.type)) read_quantization(*quantization, tensor);
    if (table.has(TensorField::sparsity)) tensor.refused = "is sparse";
    if (!graph_type(tensor.type)) tensor.refused = "has the type " + type_name(tensor.type);
    const auto bytes = read_buffer(table);
    const bool empty = std::ranges::find(tensor.dims, 0) != tensor.dims.end();
    if (tensor.refused.empty() && !tensor.is_variable && (empty || !bytes.empty())) set_data(table, tensor, bytes);
    return tensor;
  }

  Dims read_dims(const Table& table) const {
    const auto shape = table.numbers<std::int32_t>(TensorField::shape);
    const auto signature = table.numbers<std::int32_t>(TensorField::shape_signature);
    if (shape.size() > most_axes)
      fail(table, fmt::format("a tensor of {} axes: at most {} are read", shape.size(), most_axes));
    Dims dims(shape.begin(), shape.end());
    if (std::ranges::any_of(shape, [](std::int32_t size) { return size < 0; }))
      fail(table, fmt::format("a tensor of {} numbers", fmt::join(shape, " x ")));
    if (signature.size() != shape.size()) return dims;
    for (std::size_t i = 0; i < dims.size(); ++i)
      if (signature[i] == -1) dims[i] = free;
    return dims;
  }

  void read_quantization(const Table& table, Tensor& tensor) const {
    Quantization& q = tensor.quantization;
    q.scales = table.numbers<float>(QuantizationField::scale);
    q.zero_points = table.numbers<std::int64_t>(QuantizationField::zero_point);
    q.axis = table.scalar<std::int32_t>(QuantizationField::quantized_dimension);
    if (table.scalar<std::uint8_t>(QuantizationField::details_type) != 0)
      tensor.refused = "is quantized in a way of its own";
    if (q.scales.empty()) return;
    if (q.zero_points.size() <= 1) q.zero_points.resize(q.scales.size(), q.zero_points.empty() ? 0 : q.zero_points[0]);
    if (q.zero_points.size() != q.scales.size())
      fail(table, fmt::format("{} scales, but {} zero points", q.scales.size(), q.zero_points.size()));
    if (!std::ranges::all_of(q.scales, [](float scale) { return scale > 0 && scale <= 3e38F; }))
      fail(table, "every scale has to be a positive number");
    if (q.scales.size() == 1) return;
    const bool fits = q.axis >= 0 && q.axis < static_cast<std::int64_t>(tensor.rank()) &&
                      tensor.dims[static_cast<std::size_t>(q.axis)] == static_cast<std::int64_t>(q.scales.size());
    if (!fits)
      fail(table, fmt::format("{} scales along axis {} of a tensor of {} numbers", q.scales.size(), q.axis,
                              fmt::join(tensor.dims, " x ")));
  }

  /// In the file's vector, or (files above 2 GB) at a place counted from the file's beginning.
  std::span<const std::byte> read_buffer(const Table& tensor) const {
    const auto index = tensor.scalar<std::uint32_t>(TensorField::buffer);
    if (index == 0 && buffers_.empty()) return {};
    if (index >= buffers_.size())
      fail(tensor, fmt::format("there is no buffer {}: the model has {}", index, buffers_.size()));
    const auto offset = buffers_[index].scalar<std::uint64_t>(BufferField::offset);
    if (offset <= 1) return buffers_[index].bytes(BufferField::data);
    return source_.bytes(offset, buffers_[index].scalar<std::uint64_t>(BufferField::size));
  }

  void set_data(const Table& table, Tensor& tensor, std::span<const std::byte> bytes) const {
    std::int64_t count = 0;
    try {
      count = count_of(tensor.dims);
    } catch (const Error& error) {
      fail(table, error.what());
    }
    const std::uint64_t bits = storage_of(tensor.type).bits;
    const bool fits = static_cast<std::uint64_t>(count) <= 8 * std::uint64_t{bytes.size()} &&
                      (static_cast<std::uint64_t>(count) * bits + 7) / 8 == bytes.size();
    if (!fits)
      fail(table, fmt::format("the tensor {} has {} numbers of type {}, but its buffer has {} bytes",
                              detail::quoted_text(tensor.name), fmt::join(tensor.dims, " x "), type_name(tensor.type),
                              bytes.size()));
    tensor.data = bytes;
  }

  Operator read_operator(const Table& table) const {
    Operator op;
    const auto index = table.scalar<std::uint32_t>(OperatorField::opcode_index);
    if (index >= codes_.size())
      fail(table, fmt::format("there is no operator code {}: the model has {}", index, codes_.size()));
    // the old field has one byte; files from before the new one have 0 there
    const Table& code = codes_[index];
    op.code = std::max<std::int32_t>(code.scalar<std::int8_t>(OperatorCodeField::deprecated_builtin_code),
                                     code.scalar<std::int32_t>(OperatorCodeField::builtin_code));
    op.custom = code.text(OperatorCodeField::custom_code).substr(0, longest_name);
    op.inputs = indices(table, OperatorField::inputs, -1);
    op.outputs = indices(table, OperatorField::outputs, 0);
    if (op.outputs.empty()) fail(table, "an operator without an output");
    op.options_type = table.scalar<std::uint8_t>(OperatorField::builtin_options_type);
    op.options = table.table(OperatorField::builtin_options);
    return op;
  }

  const Source& source_;
  Table model_;
  std::vector<Table> buffers_, codes_;
  std::unordered_set<std::string> names_;
  File file_;
};

template <class T>
double load(std::span<const std::byte> bytes, std::size_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
  return static_cast<double>(value);
}

double load(std::span<const std::byte> bytes, TensorType type, std::size_t i) {
  switch (type) {
  case TensorType::float32:
    return load<float>(bytes, i);
  case TensorType::float64:
    return load<double>(bytes, i);
  case TensorType::int8:
    return load<std::int8_t>(bytes, i);
  case TensorType::uint8:
    return load<std::uint8_t>(bytes, i);
  case TensorType::int16:
    return load<std::int16_t>(bytes, i);
  case TensorType::uint16:
    return load<std::uint16_t>(bytes, i);
  case TensorType::int32:
    return load<std::int32_t>(bytes, i);
  case TensorType::uint32:
    return load<std::uint32_t>(bytes, i);
  case TensorType::int64:
    return load<std::int64_t>(bytes, i);
  case TensorType::uint64:
    return load<std::uint64_t>(bytes, i);
  case TensorType::boolean:
    return bytes[i] != std::byte{0} ? 1 : 0;
  case TensorType::float16:
    return half_to_float(static_cast<std::uint16_t>(load<std::uint16_t>(bytes, i)));
  case TensorType::bfloat16:
    return bfloat16_to_float(static_cast<std::uint16_t>(load<std::uint16_t>(bytes, i)));
  case TensorType::int4: {  // the even ones in the lower half, in two's complement
    const int nibble = (std::to_integer<int>(bytes[i / 2]) >> (i % 2 * 4)) & 15;
    return nibble < 8 ? nibble : nibble - 16;
  }
  default:
    throw Error("a tensor of the type " + type_name(type) + " has no numbers");
  }
}

}  // namespace

std::string Operator::kind() const {
  return custom.empty() ? operator_name(code) : operator_name(code) + " " + detail::quoted_text(custom);
}

std::optional<Type> graph_type(TensorType type) { return storage_of(type).type; }

File read_file(const Source& source) { return Reader(source).read(); }

Array File::array(const Tensor& tensor) const {
  source->count(tensor.data.value());
  Array array{graph_type(tensor.type).value(), tensor.dims,
              std::vector<double>(static_cast<std::size_t>(count_of(tensor.dims)))};
  for (std::size_t i = 0; i < array.values.size(); ++i) array.values[i] = load(*tensor.data, tensor.type, i);
  return array;
}

}  // namespace tenon::importing::tflite
