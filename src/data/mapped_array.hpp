#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tenon/io/dtype.hpp>

namespace tenon::detail {

/// A file in the address space; its pages are read as they are looked at.
struct MappedFile {
  std::span<const std::byte> bytes{};
  std::shared_ptr<const void> keep{};

  /// Gives back the pages that were read; looked at again, they come from the file.
  void forget() const noexcept;
};
/// Of so many bytes, as was seen while it was read before: an Error where it has changed.
MappedFile map_file(const std::string& path, std::size_t size, const char* what);

/// An array of such a file, of numbers that `widen` knows.
struct MappedArray {
  std::string path;
  DType type = DType::f32;
  std::vector<std::size_t> shape;
  std::span<const std::byte> bytes{};
  MappedFile file{};
};
MappedArray map_npy(const std::string& path);
MappedArray map_safetensors(const std::string& path, const std::string& tensor);

}  // namespace tenon::detail
