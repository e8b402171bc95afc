#pragma once

#include <tenon/io/dtype.hpp>

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// One tensor of a file. `offset` counts from the first byte after the header.
struct TensorInfo {
  std::string name;
  DType dtype = DType::f32;
  std::vector<size_t> shape;
  size_t offset = 0;
  size_t bytes = 0;

  size_t size() const noexcept { return bytes * 8 / dtype_bits(dtype); }  ///< number of elements
};

/// Texts about a file, by name: safetensors' __metadata__.
using TensorMetadata = std::map<std::string, std::string>;

/// A safetensors file in memory: 8 bytes little-endian header length N, N bytes of JSON, then the tensors' data.
/// The format is enforced to the letter (no holes, overlaps, duplicate names or trailing bytes, header at most
/// 100 MB), because a file that says two things can be read two ways. Whatever is wrong, Error says where. Reading
/// takes at most the bytes of the data and twelve times those of the header, whatever the header says, and 128 MB for
/// strings of it, each of which has at most 16 MiB; there are at most 65536 entries of metadata.
class SafeTensors {
public:
  static SafeTensors read(const std::string& path);

  /// The same for a file that is already in memory (weights without a file system); `origin` names it in errors.
  static SafeTensors parse(std::span<const std::byte> file, std::string origin);

  const std::string& origin() const noexcept { return origin_; }
  const std::vector<TensorInfo>& tensors() const noexcept { return tensors_; }  ///< in the order of their data
  const TensorMetadata& metadata() const noexcept { return metadata_; }

  const TensorInfo* find(std::string_view name) const noexcept;  ///< null when there is none

  /// The tensor as it is stored: row-major, little-endian, at no particular alignment.
  std::span<const std::byte> bytes(const TensorInfo& tensor) const;

  /// Copies a floating-point tensor, widening F16 and BF16. F64 rounds to float; a finite number that would become
  /// infinite is an Error, and then nothing has been written.
  void copy_to(const TensorInfo& tensor, std::span<float> out) const;
  void copy_to(const TensorInfo& tensor, std::span<double> out) const;

private:
  SafeTensors() = default;
  friend SafeTensors parse_pth(std::span<const std::byte> file, std::string origin);
  void index();  // fills by_name_

  std::string origin_;
  std::vector<TensorInfo> tensors_;
  std::vector<size_t> by_name_;  // indices into tensors_, sorted by name
  TensorMetadata metadata_;
  std::vector<std::byte> data_;
};

/// The tensors of a file of weights: safetensors, or a .pth or .pt of torch.save (tenon/io/pth.hpp), by what it
/// begins with and is called.
SafeTensors read_tensors(const std::string& path);

/// A tensor to load: what it must be called, its shape, and where its numbers go (one of the two pointers, to as many
/// numbers as the shape says).
struct Expected {
  std::string_view name;
  std::span<const size_t> shape;
  float* f32 = nullptr;
  double* f64 = nullptr;
};

/// Loads exactly these tensors: all of them or, when one is missing, left over, of another shape or not of a
/// floating-point type, none, and the Error lists every such tensor. PyTorch's `num_batches_tracked` counters may be
/// left over.
void load_exact(const SafeTensors& file, std::span<const Expected> expected);

/// A tensor to save; it does not own its data.
struct TensorView {
  TensorView(std::string name, std::vector<size_t> shape, std::span<const float> values);
  TensorView(std::string name, std::vector<size_t> shape, std::span<const double> values);
  TensorView(std::string name, std::vector<size_t> shape, DType dtype, std::span<const std::byte> bytes);

  std::string name;
  std::vector<size_t> shape;
  DType dtype;
  std::span<const std::byte> bytes;
};

namespace detail {

/// One more tensor to save.
void add_tensor(std::vector<TensorView>& tensors, std::string_view name, std::span<const size_t> shape,
                std::span<const float> values);
void add_tensor(std::vector<TensorView>& tensors, std::string_view name, std::span<const size_t> shape,
                std::span<const double> values);

}  // namespace detail

/// Writes the file atomically (see write_file_atomically). The same tensors and metadata give the same bytes. Larger
/// elements come first, otherwise the given order stays; the data begin 8-byte aligned, so every tensor is aligned to
/// its element.
void write_safetensors(const std::string& path, std::span<const TensorView> tensors,
                       const TensorMetadata& metadata = {});
/// The same with PyTorch's word for its own files as metadata: the parameters of a model.
void write_parameters(const std::string& path, const std::vector<TensorView>& tensors);

}  // namespace tenon
