#include "onnx_schema.hpp"

#include <algorithm>
#include <array>

namespace tenon::importing::schema {
namespace {

struct DataType {
  std::string_view name;
  std::optional<Type> type;
};

constexpr auto none = std::nullopt;
constexpr std::array<DataType, 27> data_types{{
    // in the order of TensorProto.DataType
    {"undefined", none},
    {"float", Type::float32},
    {"uint8", Type::uint8},
    {"int8", Type::int8},
    {"uint16", Type::uint16},
    {"int16", Type::int16},
    {"int32", Type::int32},
    {"int64", Type::int64},
    {"string", Type::string},
    {"bool", Type::boolean},
    {"float16", Type::float16},
    {"double", Type::float64},
    {"uint32", Type::uint32},
    {"uint64", Type::uint64},
    {"complex64", none},
    {"complex128", none},
    {"bfloat16", Type::bfloat16},
    {"float8e4m3fn", none},
    {"float8e4m3fnuz", none},
    {"float8e5m2", none},
    {"float8e5m2fnuz", none},
    {"uint4", none},
    {"int4", none},
    {"float4e2m1", none},
    {"float8e8m0", none},
    {"uint2", none},
    {"int2", none},
}};

bool known(std::int64_t code) { return code >= 0 && code < static_cast<std::int64_t>(data_types.size()); }

}  // namespace

std::int64_t code_of(Type type) {
  return std::ranges::find(data_types, std::optional(type), &DataType::type) - data_types.begin();
}

std::optional<Type> type_of(std::int64_t code) {
  return known(code) ? data_types[static_cast<std::size_t>(code)].type : std::nullopt;
}

std::string name_of(std::int64_t code) {
  return known(code) ? std::string(data_types[static_cast<std::size_t>(code)].name) : "number " + std::to_string(code);
}

}  // namespace tenon::importing::schema
