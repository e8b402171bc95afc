#include "mapped_array.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <tenon/error.hpp>

#include "../io/input_file.hpp"
#include "../io/safetensors_header.hpp"
#include "../io/words.hpp"
#include "npy.hpp"

namespace tenon::detail {

void MappedFile::forget() const noexcept {
  if (keep) ::madvise(const_cast<std::byte*>(bytes.data()), bytes.size(), MADV_DONTNEED);
}

MappedFile map_file(const std::string& path, std::size_t size, const char* what) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0 || static_cast<std::size_t>(status.st_size) != size) {
    if (descriptor >= 0) ::close(descriptor);
    throw Error(fmt::format("{}: expected {} that stays as it is, but it changed while being opened", path, what));
  }
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  ::close(descriptor);
  if (memory == MAP_FAILED)
    throw Error(fmt::format("{}: expected {} that can be mapped, but the system refuses", path, what));
  MappedFile file;
  file.keep = std::shared_ptr<const void>(memory, [size](const void* m) { ::munmap(const_cast<void*>(m), size); });
  file.bytes = std::span(static_cast<const std::byte*>(memory), size);
  return file;
}

MappedArray map_npy(const std::string& path) {
  return within_memory(path, [&] {
    InputFile input(path, "an npy file");
    std::vector<std::byte> begin(std::min(input.size(), most_npy_header));
    input.read(begin);
    NpyHeader header = parse_npy_header(begin, input.size(), path);
    MappedArray array{path, header.type, std::move(header.shape)};
    array.file = map_file(path, input.size(), "an npy file");
    array.bytes = array.file.bytes.subspan(header.offset, header.bytes);
    return array;
  });
}

MappedArray map_safetensors(const std::string& path, const std::string& tensor) {
  return within_memory(path, [&] {
    InputFile input(path, "a safetensors file");
    const SafeTensorsBegin begin = read_safetensors_begin(input, path);
    const std::vector<TensorInfo>& tensors = begin.header.tensors;
    const auto found = std::ranges::find(tensors, tensor, &TensorInfo::name);
    if (found == tensors.end()) {
      std::string names;
      for (const TensorInfo& t : tensors)
        if (names.size() < 500) names += (names.empty() ? "" : ", ") + escaped_text(t.name);
      throw Error(
          fmt::format("{}: expected a tensor {}, got {}", path, quoted_text(tensor), names.empty() ? "none" : names));
    }
    constexpr std::array readable{DType::f32, DType::f64, DType::i32, DType::i64, DType::u8};
    if (std::ranges::find(readable, found->dtype) == readable.end())
      throw Error(fmt::format("{}: expected a tensor {} of F32, F64, I32, I64 or U8, got {}", path, quoted_text(tensor),
                              dtype_name(found->dtype)));
    MappedArray array{path, found->dtype, found->shape};
    array.file = map_file(path, input.size(), "a safetensors file");
    array.bytes = array.file.bytes.subspan(begin.data + found->offset, found->bytes);
    return array;
  });
}

}  // namespace tenon::detail
