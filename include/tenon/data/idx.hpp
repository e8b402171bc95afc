#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/data/dataset.hpp"

namespace tenon {

/// The element types of the IDX format, with their codes in the file.
enum class IdxType : std::uint8_t {
  uint8 = 0x08,
  int8 = 0x09,
  int16 = 0x0B,
  int32 = 0x0C,
  float32 = 0x0D,
  float64 = 0x0E
};

/// The content of an IDX file, the format of MNIST: the bytes 0, 0, element type and rank, the
/// size of every axis as a big-endian 32-bit number, then the elements, big-endian and row-major.
struct IdxTensor {
  IdxType type = IdxType::uint8;
  std::vector<size_t> shape;
  /// The elements as they stand in the file.
  std::vector<std::byte> bytes;
  /// What errors call it: the file's path.
  std::string name = "IDX tensor";

  /// The elements as numbers.
  template <std::floating_point T>
  std::vector<T> values() const {
    std::vector<T> all;
    copy_to(all);
    return all;
  }
  void copy_to(std::vector<float>& values) const;
  void copy_to(std::vector<double>& values) const;
};

/// Reads a file, plain or gzip-compressed: by its content, whatever its name. The sizes it
/// declares are checked against the bytes there are before any memory is taken for them. A packed file
/// may unpack to 64 MB or a hundred times its size, whichever is more; reading takes at most three times
/// what is there, unpacked.
IdxTensor read_idx_file(const std::string& path);

/// Reads an IDX file that is in memory; `name` stands for it in errors.
IdxTensor parse_idx(std::span<const std::byte> file, std::string_view name);

/// Writes a plain file, or none where it fails.
void write_idx_file(const std::string& path, const IdxTensor& tensor);

struct ReadOptions {
  /// What every feature is multiplied by.
  double scale = 1.0 / 255;
  size_t classes = 10;
};

/// Images and their labels:
///
///     auto train = read_idx("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz");
///
/// (count, height, width) gives samples of shape {1, height, width}, one channel;
/// (count, features) and (count, channels, height, width) stay as they are.
Dataset<float> read_idx(const std::string& images_path, const std::string& labels_path,
                        const ReadOptions& options = {});

/// The same from tensors in memory.
Dataset<float> idx_dataset(const IdxTensor& images, const IdxTensor& labels, const ReadOptions& options = {});

}  // namespace tenon
