#include "tenon/data/npy.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "../io/input_file.hpp"
#include "../io/words.hpp"
#include "mapped_array.hpp"
#include "npy.hpp"
#include "tenon/error.hpp"
#include "tenon/io/atomic_file.hpp"
#include "tenon/io/safetensors.hpp"
#include "text.hpp"

namespace tenon {
namespace {

constexpr std::array<std::pair<std::string_view, DType>, 5> types{
    {{"<f4", DType::f32}, {"<f8", DType::f64}, {"<i4", DType::i32}, {"<i8", DType::i64}, {"|u1", DType::u8}}};

/// The header's dictionary, as far as numpy writes one: three keys, in any order.
class HeaderText {
public:
  HeaderText(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  void parse(detail::NpyHeader& header) {
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!take('}')) {
      const std::string_view key = string();
      expect(':');
      if (key == "descr" && !std::exchange(descr, true)) header.type = type();
      else if (key == "fortran_order" && !std::exchange(order, true)) c_order();
      else if (key == "shape" && !std::exchange(shape, true)) header.shape = tuple();
      else fail(fmt::format("the keys descr, fortran_order and shape, once each, got {}", detail::quoted_text(key)));
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    blanks();
    if (!text_.empty()) fail("nothing behind the dictionary, got more");
    if (!descr || !order || !shape) fail("the keys descr, fortran_order and shape, got fewer");
  }

private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(fmt::format("{}: bad npy header: expected {}", name_, what));
  }
  void blanks() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\n')) text_.remove_prefix(1);
  }
  bool take(char c) {
    blanks();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c))
      fail(text_.empty() ? fmt::format("'{}', got its end", c)
                         : fmt::format("'{}', got {}", c, detail::quoted_text(text_.substr(0, 20))));
  }
  std::string_view string() {
    blanks();
    const char quote = text_.empty() ? '\0' : text_.front();
    if (quote != '\'' && quote != '"') fail("a string in quotes, got something else");
    text_.remove_prefix(1);
    const std::size_t end = text_.find(quote);
    if (end == text_.npos) fail("a closing quote, got its end");
    const std::string_view word = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return word;
  }
  DType type() {
    blanks();
    if (text_.starts_with('['))
      throw Error(fmt::format("{}: a structured array is not supported: expected one of <f4 <f8 <i4 <i8 |u1", name_));
    const std::string_view word = string();
    for (const auto& [text, type] : types)
      if (word == text) return type;
    const bool object = word.find('O') != word.npos;
    throw Error(fmt::format("{}: {} is not supported: expected one of <f4 <f8 <i4 <i8 |u1, got {}", name_,
                            object ? "an array of Python objects" : "this element type", detail::quoted_text(word)));
  }
  void c_order() {
    blanks();
    if (text_.starts_with("False")) return text_.remove_prefix(5);
    if (text_.starts_with("True"))
      throw Error(fmt::format(
          "{}: Fortran order is not supported: expected an array in C order (numpy.ascontiguousarray)", name_));
    fail("fortran_order to be True or False");
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> all;
    expect('(');
    while (!take(')')) {
      blanks();
      std::size_t extent = 0;
      const auto [end, failure] = std::from_chars(text_.data(), text_.data() + text_.size(), extent);
      if (failure != std::errc{}) fail("extents in shape");
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
      if (all.size() == 32) fail("at most 32 axes, got more");
      all.push_back(extent);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return all;
  }

  std::string_view text_, name_;
};

constexpr std::string_view magic("\x93NUMPY", 6);

std::size_t bytes_of(DType type, const std::vector<std::size_t>& shape, std::string_view name) {
  std::size_t count = dtype_bits(type) / 8;
  for (const std::size_t extent : shape) {
    if (extent != 0 && count > std::numeric_limits<std::size_t>::max() / 2 / extent)
      throw Error(fmt::format("{}: impossible size: no memory holds {} elements", name, detail::shape_text(shape)));
    count *= extent;
  }
  return count;
}

template <class Element>
NpyArray& fill(NpyArray& array, DType type, std::vector<std::size_t> dims, std::span<const Element> values) {
  static_assert(std::endian::native == std::endian::little);
  array.type = type;
  array.shape = std::move(dims);
  if (bytes_of(type, array.shape, array.name) != values.size_bytes())
    throw Error(fmt::format("NpyArray: expected numbers for a shape of {}, got {}", detail::shape_text(array.shape),
                            values.size()));
  const auto bytes = std::as_bytes(values);
  array.bytes.assign(bytes.begin(), bytes.end());
  return array;
}

template <class Element, class T>
void widen_as(std::span<const std::byte> bytes, T* to) {
  using Word = std::conditional_t<sizeof(Element) == 8, std::uint64_t,
                                  std::conditional_t<sizeof(Element) == 4, std::uint32_t, std::uint8_t>>;
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(Element))
    *to++ = static_cast<T>(std::bit_cast<Element>(detail::little_endian<Word>(bytes.data() + i)));
}

}  // namespace

namespace detail {

NpyHeader parse_npy_header(std::span<const std::byte> begin, std::size_t file_size, std::string_view name) {
  const std::string_view text(reinterpret_cast<const char*>(begin.data()), begin.size());
  if (!text.starts_with(magic)) {
    const std::string seems = seems_to_be(begin.first(std::min(begin.size(), telling_bytes)));
    throw Error(fmt::format("{}: expected an npy file, beginning \\x93NUMPY, got another{}", name,
                            seems.empty() ? seems : " (it seems to be " + seems + ")"));
  }
  if (begin.size() < 12)
    throw Error(fmt::format("{}: truncated npy header: expected at least 12 bytes, got {}", name, begin.size()));
  const auto version = std::to_integer<unsigned>(begin[6]);
  if (version < 1 || version > 3)
    throw Error(fmt::format("{}: expected version 1, 2 or 3 of the npy format, got {}", name, version));
  const std::size_t first = version == 1 ? 10 : 12;
  const std::size_t length = version == 1 ? little_endian<std::uint16_t>(begin.data() + 8)
                                          : little_endian<std::uint32_t>(begin.data() + 8);
  if (length > most_npy_header - first)
    throw Error(
        fmt::format("{}: expected an npy header of at most {} bytes, got {}", name, most_npy_header - first, length));
  if (begin.size() < first + length)
    throw Error(fmt::format("{}: truncated npy header: expected {} bytes, got {}", name, first + length, begin.size()));
  NpyHeader header;
  HeaderText(text.substr(first, length), name).parse(header);
  header.offset = first + length;
  header.bytes = bytes_of(header.type, header.shape, name);
  if (file_size - header.offset != header.bytes)
    throw Error(fmt::format("{}: expected {} bytes of elements ({}), got {}", name, header.bytes,
                            shape_text(header.shape), file_size - header.offset));
  return header;
}

std::string npy_header(DType type, const std::vector<std::size_t>& shape, const std::string& name) {
  const auto* const found = std::ranges::find(types, type, &std::pair<std::string_view, DType>::second);
  if (found == types.end())
    throw Error(
        fmt::format("{}: expected elements F32, F64, I32, I64 or U8 for an npy file, got {}", name, dtype_name(type)));
  std::string axes;
  for (const std::size_t extent : shape) axes += fmt::format("{}{}", axes.empty() ? "" : ", ", extent);
  if (shape.size() == 1) axes += ',';
  std::string dictionary = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", found->first,
                                       axes);
  // spaces and a line end, so that the elements begin at a multiple of 64
  dictionary.append((64 - (10 + dictionary.size() + 1) % 64) % 64, ' ');
  dictionary += '\n';
  std::string header(magic);
  header += '\1';
  header += '\0';
  append_little_endian(header, static_cast<std::uint16_t>(dictionary.size()));
  return header + dictionary;
}

template <class T>
void widen(DType type, std::span<const std::byte> bytes, T* to) {
  switch (type) {
  case DType::f32:
    return widen_as<float>(bytes, to);
  case DType::f64:
    return widen_as<double>(bytes, to);
  case DType::i32:
    return widen_as<std::int32_t>(bytes, to);
  case DType::i64:
    return widen_as<std::int64_t>(bytes, to);
  default:
    return widen_as<std::uint8_t>(bytes, to);
  }
}
template void widen(DType, std::span<const std::byte>, float*);
template void widen(DType, std::span<const std::byte>, double*);

}  // namespace detail

NpyArray::NpyArray(std::vector<std::size_t> dims, std::span<const float> values) {
  fill(*this, DType::f32, std::move(dims), values);
}
NpyArray::NpyArray(std::vector<std::size_t> dims, std::span<const double> values) {
  fill(*this, DType::f64, std::move(dims), values);
}
NpyArray::NpyArray(std::vector<std::size_t> dims, std::span<const std::int32_t> values) {
  fill(*this, DType::i32, std::move(dims), values);
}
NpyArray::NpyArray(std::vector<std::size_t> dims, std::span<const std::int64_t> values) {
  fill(*this, DType::i64, std::move(dims), values);
}
NpyArray::NpyArray(std::vector<std::size_t> dims, std::span<const std::uint8_t> values) {
  fill(*this, DType::u8, std::move(dims), values);
}
NpyArray NpyArray::named(std::string called) && {
  name = std::move(called);
  return std::move(*this);
}

namespace {

template <class T>
void widen(const NpyArray& array, std::vector<T>& values) {
  std::size_t expected = dtype_bits(array.type) / 8;
  for (const std::size_t extent : array.shape) expected *= extent;
  if (expected != array.bytes.size())
    throw Error(fmt::format("{}: expected {} bytes for a shape of {}, got {}", array.name, expected,
                            array.shape.empty() ? "()" : detail::shape_text(array.shape), array.bytes.size()));
  values.resize(array.size());
  detail::widen(array.type, array.bytes, values.data());
}

}  // namespace

void NpyArray::copy_to(std::vector<float>& values) const { widen(*this, values); }
void NpyArray::copy_to(std::vector<double>& values) const { widen(*this, values); }

NpyArray parse_npy(std::span<const std::byte> file, std::string_view name) {
  return detail::within_memory(std::string(name), [&] {
    detail::NpyHeader header = detail::parse_npy_header(file.first(std::min(file.size(), detail::most_npy_header)),
                                                        file.size(), name);
    NpyArray array;
    array.type = header.type;
    array.shape = std::move(header.shape);
    array.bytes.assign(file.begin() + static_cast<std::ptrdiff_t>(header.offset), file.end());
    array.name = name;
    return array;
  });
}

NpyArray read_npy(const std::string& path) {
  const std::string content = detail::read_file(path, "an npy file");
  return parse_npy(std::as_bytes(std::span(content)), path);
}

void write_npy(const std::string& path, const NpyArray& array) {
  const std::string header = detail::npy_header(array.type, array.shape, path);
  if (bytes_of(array.type, array.shape, path) != array.bytes.size())
    throw Error(fmt::format("{}: expected {} bytes for {} elements, got {}", path,
                            bytes_of(array.type, array.shape, path), detail::shape_text(array.shape),
                            array.bytes.size()));
  const std::array<std::span<const std::byte>, 2> pieces{std::as_bytes(std::span(header)), array.bytes};
  write_file_atomically(path, pieces);
}

const NpyArray& find_array(std::span<const NpyArray> arrays, std::string_view name) {
  std::string names;
  for (const NpyArray& a : arrays) {
    if (a.name == name) return a;
    names += (names.empty() ? "" : ", ") + detail::escaped_text(a.name);
  }
  throw Error(fmt::format("expected an array called {}, got {}", name, names.empty() ? "none" : names));
}

MappedNpy::MappedNpy(const std::string& path) {
  detail::within_memory(path, [&] {
    path_ = path;
    detail::InputFile file(path, "an npy file");  // refuses what is no regular file, in the words of all readers
    const std::size_t size = file.size();
    std::vector<std::byte> begin(std::min(size, detail::most_npy_header));
    file.read(begin);
    detail::NpyHeader header = detail::parse_npy_header(begin, size, path);
    type_ = header.type;
    shape_ = std::move(header.shape);
    for (std::size_t axis = 1; axis < shape_.size(); ++axis) row_size_ *= shape_[axis];
    const detail::MappedFile mapped = detail::map_file(path, size, "an npy file");
    mapping_ = mapped.keep;
    bytes_ = mapped.bytes.subspan(header.offset);
  });
}

std::span<const std::byte> MappedNpy::row_bytes(std::size_t index, std::size_t numbers) const {
  if (index >= rows())
    throw Error(fmt::format("{}: expected a row from 0 to {}, got {}", path_, rows() == 0 ? 0 : rows() - 1, index));
  if (numbers != row_size_)
    throw Error(fmt::format("{}: expected room for {} numbers, got {}", path_, row_size_, numbers));
  const std::size_t size = row_size_ * dtype_bits(type_) / 8;
  return bytes_.subspan(index * size, size);
}
void MappedNpy::read_row(std::size_t index, std::span<float> out) const {
  detail::widen(type_, row_bytes(index, out.size()), out.data());
}
void MappedNpy::read_row(std::size_t index, std::span<double> out) const {
  detail::widen(type_, row_bytes(index, out.size()), out.data());
}

namespace {

std::vector<std::size_t> sample_shape(const NpyArray& features) {
  if (features.shape.size() < 2)
    throw Error(fmt::format("{}: expected an array of samples, of at least two axes, got {}", features.name,
                            features.shape.empty() ? "a number" : detail::shape_text(features.shape)));
  return {features.shape.begin() + 1, features.shape.end()};
}
void require_rows(const NpyArray& features, const NpyArray& other) {
  if (other.shape.empty() || other.shape[0] != features.shape[0])
    throw Error(fmt::format("{}: expected {} rows, as many as there are samples in {}, got {}", other.name,
                            features.shape[0], features.name, other.shape.empty() ? 1 : other.shape[0]));
}

}  // namespace

template <class T>
Dataset<T> npy_dataset(const NpyArray& features) {
  return {sample_shape(features), features.values<T>()};
}
template <class T>
Dataset<T> npy_dataset(const NpyArray& features, const NpyArray& labels, std::size_t classes) {
  auto shape = sample_shape(features);
  require_rows(features, labels);
  if (labels.type == DType::f32 || labels.type == DType::f64)
    throw Error(fmt::format("{}: expected integer labels, got floating-point numbers", labels.name));
  std::vector<std::int32_t> values;
  values.reserve(labels.size());
  for (const double label : labels.values<double>()) {
    if (label < 0 || label >= static_cast<double>(classes))
      throw Error(
          fmt::format("{}: label {} at {} is outside the {} classes", labels.name, label, values.size(), classes));
    values.push_back(static_cast<std::int32_t>(label));
  }
  const std::size_t each = labels.shape[0] == 0 ? 1 : values.size() / labels.shape[0];
  return {std::move(shape), features.values<T>(), Labels{std::move(values), classes, each}};
}
template <class T>
Dataset<T> npy_dataset(const NpyArray& features, const NpyArray& targets) {
  auto shape = sample_shape(features);
  require_rows(features, targets);
  std::vector<std::size_t> dims(targets.shape.begin() + 1, targets.shape.end());
  if (dims.empty()) dims.push_back(1);
  std::size_t size = 1;
  for (const std::size_t extent : dims) size *= extent;
  return {std::move(shape), features.values<T>(), Targets<T>{targets.values<T>(), size}.shaped(std::move(dims))};
}
template Dataset<float> npy_dataset(const NpyArray&);
template Dataset<double> npy_dataset(const NpyArray&);
template Dataset<float> npy_dataset(const NpyArray&, const NpyArray&, std::size_t);
template Dataset<double> npy_dataset(const NpyArray&, const NpyArray&, std::size_t);
template Dataset<float> npy_dataset(const NpyArray&, const NpyArray&);
template Dataset<double> npy_dataset(const NpyArray&, const NpyArray&);

NpyArray read_safetensors_array(const std::string& path, std::string_view tensor) {
  const SafeTensors file = SafeTensors::read(path);
  const TensorInfo* const info = file.find(tensor);
  if (!info) {
    std::string names;
    for (const TensorInfo& t : file.tensors())
      if (names.size() < 500) names += (names.empty() ? "" : ", ") + detail::escaped_text(t.name);
    throw Error(fmt::format("{}: expected a tensor {}, got {}", path, detail::quoted_text(tensor),
                            names.empty() ? "none" : names));
  }
  if (std::ranges::find(types, info->dtype, &std::pair<std::string_view, DType>::second) == types.end())
    throw Error(fmt::format("{}: expected a tensor {} of F32, F64, I32, I64 or U8, got {}", path,
                            detail::quoted_text(tensor), dtype_name(info->dtype)));
  return detail::within_memory(path, [&] {
    NpyArray array;
    array.type = info->dtype;
    array.shape = info->shape;
    const auto bytes = file.bytes(*info);
    array.bytes.assign(bytes.begin(), bytes.end());
    array.name = tensor;
    return array;
  });
}

}  // namespace tenon
