#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "graph.hpp"
#include "protobuf.hpp"

namespace tenon::importing {

inline constexpr std::size_t most_tensor_axes = 64;  // PyTorch's limit: what absurd shapes can make us keep

/// The files beside a model in which the numbers of its large tensors lie.
class ExternalData {
public:
  /// "" for a model that is no file and has none beside it.
  explicit ExternalData(std::string folder) : folder_(std::move(folder)) {}

  /// What the tensor's entries `location`, `offset` and `length` stand for. A location is a path below the folder; all
  /// tensors together read no more of a file than it has, so small files that say much of a large one do not fill the
  /// memory.
  std::string read(const protobuf::Message& tensor);

private:
  std::string folder_;
  std::map<std::string, std::uint64_t> read_so_far_;  // by the name of the file
};

/// A TensorProto, whatever form its numbers have in the file. Nothing is made that the numbers there do not fill.
Array read_tensor(const protobuf::Message& tensor, ExternalData& external);

/// The inverse, as raw data: an Error where a number is none of the array's type. Floating-point ones are rounded to
/// it.
protobuf::Writer write_tensor(const std::string& name, const Array& array);

/// The type with that number in the schema; an Error says which one it is where it is not supported.
Type read_type(const protobuf::Message& message, std::int64_t code, std::string_view what);

}  // namespace tenon::importing
