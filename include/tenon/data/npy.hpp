#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/data/dataset.hpp>
#include <tenon/io/dtype.hpp>

/// Arrays as numpy saves them.
namespace tenon {

/// An array of a .npy file: '<f4', '<f8', '<i4', '<i8' or '|u1', in C order.
struct NpyArray {
  DType type = DType::f32;  // f32, f64, i32, i64 or u8
  std::vector<size_t> shape;
  std::vector<std::byte> bytes{};  // as they stand in the file: row-major, little-endian
  std::string name = "npy array";  // the file's path, or the array's name in an .npz file

  NpyArray() = default;
  NpyArray(std::vector<size_t> dims, std::span<const float> values);
  NpyArray(std::vector<size_t> dims, std::span<const double> values);
  NpyArray(std::vector<size_t> dims, std::span<const std::int32_t> values);
  NpyArray(std::vector<size_t> dims, std::span<const std::int64_t> values);
  NpyArray(std::vector<size_t> dims, std::span<const std::uint8_t> values);
  /// `NpyArray({2, 3}, numbers).named("x")`, for an .npz file
  NpyArray named(std::string called) &&;

  size_t size() const noexcept { return bytes.size() * 8 / dtype_bits(type); }
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

/// An array of a file. What numpy writes and this does not read (Fortran order, other element types or byte orders,
/// objects) is an Error by its name. Reading takes at most three times the file's bytes and 1 MB.
NpyArray read_npy(const std::string& path);
NpyArray parse_npy(std::span<const std::byte> file, std::string_view name);
/// As numpy.save does, or no file where it fails.
void write_npy(const std::string& path, const NpyArray& array);

/// The arrays of an .npz file, in its order, called as numpy.load calls them: numpy.savez's, or
/// numpy.savez_compressed's, which may unpack to 64 MB or a hundred times the file's size, whichever is more.
/// Everything is read, checked by its checksum, or nothing.
std::vector<NpyArray> read_npz(const std::string& path);
std::vector<NpyArray> parse_npz(std::span<const std::byte> file, std::string_view name);
/// As numpy.savez does: each array under its own name. Error: a name twice, or empty; 4 GiB.
void write_npz(const std::string& path, std::span<const NpyArray> arrays);
/// The array of that name; an Error with the names there are.
const NpyArray& find_array(std::span<const NpyArray> arrays, std::string_view name);

/// A .npy file that stays on the disk: pages are read as they are looked at, so it may be larger than memory. A file
/// that another program makes shorter meanwhile ends this one, as any mapping does.
class MappedNpy {
public:
  explicit MappedNpy(const std::string& path);

  DType type() const noexcept { return type_; }
  const std::vector<size_t>& shape() const noexcept { return shape_; }
  /// The length of the first axis, and how many numbers each of its rows has.
  size_t rows() const noexcept { return shape_.empty() ? 1 : shape_[0]; }
  size_t row_size() const noexcept { return row_size_; }
  /// A row as numbers, which fill `out`; an Error where that has another size or there is no such row.
  template <std::floating_point T>
  void row(size_t index, std::span<T> out) const {
    read_row(index, out);
  }
  std::span<const std::byte> bytes() const noexcept { return bytes_; }

private:
  void read_row(size_t index, std::span<float> out) const;
  void read_row(size_t index, std::span<double> out) const;
  std::span<const std::byte> row_bytes(size_t index, size_t numbers) const;

  std::string path_;
  DType type_ = DType::f32;
  std::vector<size_t> shape_;
  size_t row_size_ = 1;
  std::shared_ptr<const void> mapping_;
  std::span<const std::byte> bytes_;
};

/// Arrays whose first axis counts samples, as data: features alone, with class labels (i4, i8 or u1), or with numbers
/// to predict.
///
///     const auto arrays = read_npz("set.npz");
///     const auto data = npy_dataset(find_array(arrays, "x"), find_array(arrays, "y"), 10);
template <class T = float>
Dataset<T> npy_dataset(const NpyArray& features);
template <class T = float>
Dataset<T> npy_dataset(const NpyArray& features, const NpyArray& labels, size_t classes);
template <class T = float>
Dataset<T> npy_dataset(const NpyArray& features, const NpyArray& targets);

extern template Dataset<float> npy_dataset(const NpyArray&);
extern template Dataset<double> npy_dataset(const NpyArray&);
extern template Dataset<float> npy_dataset(const NpyArray&, const NpyArray&, size_t);
extern template Dataset<double> npy_dataset(const NpyArray&, const NpyArray&, size_t);
extern template Dataset<float> npy_dataset(const NpyArray&, const NpyArray&);
extern template Dataset<double> npy_dataset(const NpyArray&, const NpyArray&);

/// The tensors of a safetensors file that are called so, as arrays (F32, F64, I32, I64 and U8).
NpyArray read_safetensors_array(const std::string& path, std::string_view tensor);

}  // namespace tenon
