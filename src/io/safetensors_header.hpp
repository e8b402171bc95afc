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
inline constexpr std::string_view metadata_key = "__metadata__";

struct SafeTensorsHeader {
  std::vector<TensorInfo> tensors;  // in the order of their data
  TensorMetadata metadata;
};

/// Checks everything a header can get wrong, against `data_bytes` of data behind it.
SafeTensorsHeader parse_safetensors_header(std::string_view json, std::size_t data_bytes, const std::string& origin);

/// Bytes of a tensor, or nothing when the product overflows.
std::optional<std::size_t> checked_bytes(std::span<const std::size_t> shape, DType dtype) noexcept;

/// A text from a file, fit for a message: in quotes, control characters escaped, long ones shortened.
std::string quoted_text(std::string_view text);

std::string shape_text(std::span<const std::size_t> shape);  ///< "(128, 784)"

}  // namespace tenon::detail
