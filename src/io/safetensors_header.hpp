#pragma once

#include <tenon/io/safetensors.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::detail {

inline constexpr std::size_t length_bytes = 8;              // the header's length, before it
inline constexpr std::size_t largest_header = 100'000'000;  // the format's own cap
/// What the parser and we hold of a header is at most twelve times its bytes, and this bounds what a string of it
/// costs on the way: the parser keeps two copies, which grow by doubling.
inline constexpr std::size_t longest_string = std::size_t{1} << 24;
/// An entry of a map costs twenty times what the shortest one takes in the file.
inline constexpr std::size_t most_metadata = std::size_t{1} << 16;
inline constexpr std::string_view metadata_key = "__metadata__";

struct SafeTensorsHeader {
  std::vector<TensorInfo> tensors;  // in the order of their data
  TensorMetadata metadata;
};

/// Checks everything a header can get wrong, against `data_bytes` of data behind it.
SafeTensorsHeader parse_safetensors_header(std::string_view json, std::size_t data_bytes, const std::string& origin);

class InputFile;
/// The header of a file, read from its beginning; the file stands at byte `data` then, where the tensors' data begin.
struct SafeTensorsBegin {
  SafeTensorsHeader header;
  std::size_t data = 0;
};
SafeTensorsBegin read_safetensors_begin(InputFile& input, const std::string& path);

/// Bytes of a tensor, or nothing when the product overflows.
std::optional<std::size_t> checked_bytes(std::span<const std::size_t> shape, DType dtype) noexcept;

std::string tuple_text(std::span<const std::size_t> shape);  ///< "(128, 784)"

}  // namespace tenon::detail
