#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/io/dtype.hpp>

#include "../backwards.hpp"

namespace tenon::detail {

/// What stands before the elements of a .npy file.
struct NpyHeader {
  DType type = DType::f32;
  std::vector<std::size_t> shape;
  std::size_t offset = 0, bytes = 0;  // of the elements
};
/// Of a file of so many bytes, of which `begin` are the first (enough for a header, or all).
NpyHeader parse_npy_header(std::span<const std::byte> begin, std::size_t file_size, std::string_view name);
std::string npy_header(DType type, const std::vector<std::size_t>& shape, const std::string& name);
inline constexpr std::size_t most_npy_header = std::size_t{1} << 16;

template <class Word>
Word little_endian(const std::byte* bytes) {
  std::uint64_t word = 0;
  for (const std::size_t i : detail::backwards(sizeof(Word)))
    word = word << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return static_cast<Word>(word);
}
template <class Word>
void append_little_endian(std::string& to, Word word) {
  for (std::size_t i = 0; i < sizeof(Word); ++i)
    to += static_cast<char>(static_cast<std::uint64_t>(word) >> 8 * i & 0xff);
}

/// Elements as numbers.
template <class T>
void widen(DType type, std::span<const std::byte> bytes, T* to);

}  // namespace tenon::detail
