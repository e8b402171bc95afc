#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "graph.hpp"

/// What ONNX's own schema (onnx/onnx.proto) numbers: the fields of its messages and the members of its enumerations, in
/// the words of that file. The reader and the writer stand on it.
namespace tenon::importing::schema {

namespace model {
enum : std::uint32_t { ir_version = 1, producer_name = 2, graph = 7, opset_import = 8, functions = 25 };
}
namespace opset {
enum : std::uint32_t { domain = 1, version = 2 };
}
namespace function {
enum : std::uint32_t { name = 1 };
}
namespace graph {
enum : std::uint32_t {
  node = 1,
  name = 2,
  initializer = 5,
  input = 11,
  output = 12,
  value_info = 13,
  sparse_initializer = 15
};
}
namespace sparse {
enum : std::uint32_t { values = 1 };  // a tensor, which bears the name
}
namespace node {
enum : std::uint32_t { input = 1, output = 2, name = 3, op_type = 4, attribute = 5, domain = 7 };
}
namespace attribute {
enum : std::uint32_t {
  name = 1,
  f = 2,
  i = 3,
  s = 4,
  t = 5,
  g = 6,
  floats = 7,
  ints = 8,
  strings = 9,
  tensors = 10,
  graphs = 11,
  tp = 14,
  type_protos = 15,
  type = 20,
  ref_attr_name = 21,
  sparse_tensor = 22,
  sparse_tensors = 23
};
}
namespace tensor {
enum : std::uint32_t {
  dims = 1,
  data_type = 2,
  segment = 3,
  float_data = 4,
  int32_data = 5,
  string_data = 6,
  int64_data = 7,
  name = 8,
  raw_data = 9,
  double_data = 10,
  uint64_data = 11,
  external_data = 13,
  data_location = 14
};
}
namespace entry {
enum : std::uint32_t { key = 1, value = 2 };
}
namespace value_info {
enum : std::uint32_t { name = 1, type = 2 };
}
namespace type {
enum : std::uint32_t { tensor = 1, sequence = 4, map = 5, opaque = 7, sparse_tensor = 8, optional = 9 };
}
namespace tensor_type {
enum : std::uint32_t { elem_type = 1, shape = 2 };
}
namespace shape {
enum : std::uint32_t { dim = 1 };
}
namespace dimension {
enum : std::uint32_t { value = 1, param = 2 };
}

/// What a value may be beside a tensor, by the field of TypeProto.
inline constexpr std::pair<std::uint32_t, std::string_view> other_types[]{
    {type::sequence, "a sequence"},           {type::map, "a map"},         {type::opaque, "opaque"},
    {type::sparse_tensor, "a sparse tensor"}, {type::optional, "optional"},
};

/// TensorProto.DataType: its number for one of our types, and what it calls a number that may be no type of ours.
std::int64_t code_of(Type type);
std::optional<Type> type_of(std::int64_t code);
std::string name_of(std::int64_t code);

/// AttributeProto.AttributeType: what an attribute is, and the field in which its content lies.
struct Kind {
  std::int64_t code;
  std::uint32_t field;
  std::string_view name;
};
inline constexpr Kind kinds[]{
    {1, attribute::f, "a number"},
    {2, attribute::i, "an integer"},
    {3, attribute::s, "a text"},
    {4, attribute::t, "a tensor"},
    {5, attribute::g, "a graph"},
    {6, attribute::floats, "numbers"},
    {7, attribute::ints, "integers"},
    {8, attribute::strings, "texts"},
    {9, attribute::tensors, "tensors"},
    {10, attribute::graphs, "graphs"},
    {11, attribute::sparse_tensor, "a sparse tensor"},
    {12, attribute::sparse_tensors, "sparse tensors"},
    {13, attribute::tp, "a type"},
    {14, attribute::type_protos, "types"},
};

}  // namespace tenon::importing::schema
