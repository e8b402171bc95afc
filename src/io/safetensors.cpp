#include "input_file.hpp"
#include "prefix_hint.hpp"
#include "safetensors_header.hpp"
#include "words.hpp"

#include <tenon/error.hpp>
#include <tenon/io/safetensors.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <type_traits>
#include <utility>

namespace tenon {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian and read without swapping");

/// " (it seems to be ...)", where the file's first bytes are known from elsewhere.
std::string hint(std::span<const std::byte> begin) {
  const std::string words = detail::seems_to_be(begin);
  return words.empty() ? words : " (it seems to be " + words + ")";
}

/// The header's length, after the checks that need nothing but the file's size. `begin`: what the file begins with.
std::size_t header_length(std::span<const std::byte> begin, std::size_t file_size, const std::string& origin) {
  if (file_size < detail::length_bytes)
    throw Error(fmt::format("{}: expected a safetensors file of at least {} bytes, got {}{}", origin,
                            detail::length_bytes, file_size, hint(begin)));
  std::uint64_t length = 0;
  std::memcpy(&length, begin.data(), detail::length_bytes);
  if (length > detail::largest_header)
    throw Error(fmt::format("{}: expected a safetensors header of at most {} bytes, got {} as its length{}", origin,
                            detail::largest_header, length, hint(begin)));
  if (length > file_size - detail::length_bytes)
    throw Error(fmt::format("{}: expected a header of {} bytes after the first {}, got a file of only {}{}", origin,
                            length, detail::length_bytes, file_size, hint(begin)));
  return static_cast<std::size_t>(length);
}

bool is_floating(DType dtype) noexcept {
  return dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f32 || dtype == DType::f64;
}

template <class Stored, class Value, class Convert>
void convert(std::span<const std::byte> bytes, std::span<Value> out, Convert to_value) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored stored;  // the data have no alignment
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    out[i] = static_cast<Value>(to_value(stored));
  }
}

template <class Value>
void convert(DType dtype, std::span<const std::byte> bytes, std::span<Value> out) {
  const auto same = [](auto value) { return value; };
  if (dtype == DType::f16) return convert<std::uint16_t>(bytes, out, half_to_float);
  if (dtype == DType::bf16) return convert<std::uint16_t>(bytes, out, bfloat16_to_float);
  if (dtype == DType::f64) return convert<double>(bytes, out, same);
  convert<float>(bytes, out, same);
}

/// The first finite F64 that float cannot hold, as an Error.
void check_range(const TensorInfo& tensor, std::span<const std::byte> bytes, const std::string& origin) {
  if (tensor.dtype != DType::f64) return;
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    double value;
    std::memcpy(&value, bytes.data() + i * sizeof(value), sizeof(value));
    if (std::isfinite(value) && !std::isfinite(static_cast<float>(value)))
      throw Error(fmt::format("{}: expected tensor {} to hold numbers in the range of float, got {} at index {}",
                              origin, detail::quoted_text(tensor.name), value, i));
  }
}

template <class Value>
void check_copy(const TensorInfo& tensor, std::span<const std::byte> bytes, std::size_t size,
                const std::string& origin) {
  if (!is_floating(tensor.dtype))
    throw Error(fmt::format("{}: expected tensor {} to be F16, BF16, F32 or F64, got {}", origin,
                            detail::quoted_text(tensor.name), dtype_name(tensor.dtype)));
  if (size != tensor.size())
    throw Error(fmt::format("{}: expected room for the {} numbers of tensor {}, got {}", origin, tensor.size(),
                            detail::quoted_text(tensor.name), size));
  if constexpr (std::is_same_v<Value, float>) check_range(tensor, bytes, origin);
}

}  // namespace

detail::SafeTensorsBegin detail::read_safetensors_begin(InputFile& input, const std::string& path) {
  std::array<std::byte, telling_bytes> begin{};
  const auto begun = std::span(begin).first(std::min(begin.size(), input.size()));
  input.read(begun);
  const auto length = header_length(begun, input.size(), path);
  input.rewind();
  input.read(std::span(begin).first(length_bytes));
  std::string json(length, '\0');
  input.read(std::as_writable_bytes(std::span(json)));
  const std::size_t data = length_bytes + length;
  return {parse_safetensors_header(json, input.size() - data, path), data};
}

SafeTensors SafeTensors::read(const std::string& path) {
  return detail::within_memory(path, [&] {
    detail::InputFile input(path, "a safetensors file");
    SafeTensors file;
    file.origin_ = path;
    std::size_t data_bytes = 0;
    {
      auto begin = detail::read_safetensors_begin(input, path);
      data_bytes = input.size() - begin.data;
      file.tensors_ = std::move(begin.header.tensors);
      file.metadata_ = std::move(begin.header.metadata);
    }
    file.index();
    file.data_.resize(data_bytes);  // only now: no header that lies makes us allocate
    input.read(file.data_);
    return file;
  });
}

SafeTensors SafeTensors::parse(std::span<const std::byte> bytes, std::string origin) {
  const std::string name = origin;
  return detail::within_memory(name, [&] {
    SafeTensors file;
    file.origin_ = std::move(origin);
    const auto length = header_length(bytes, bytes.size(), file.origin_);
    const auto json = bytes.subspan(detail::length_bytes, length);
    const auto data = bytes.subspan(detail::length_bytes + length);
    auto header = detail::parse_safetensors_header({reinterpret_cast<const char*>(json.data()), json.size()},
                                                   data.size(), file.origin_);
    file.data_.assign(data.begin(), data.end());
    file.tensors_ = std::move(header.tensors);
    file.metadata_ = std::move(header.metadata);
    file.index();
    return file;
  });
}

void SafeTensors::index() {
  by_name_.resize(tensors_.size());
  std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
  std::ranges::sort(by_name_, {}, [this](std::size_t i) -> const std::string& { return tensors_[i].name; });
}

const TensorInfo* SafeTensors::find(std::string_view name) const noexcept {
  const auto name_of = [this](std::size_t i) -> std::string_view { return tensors_[i].name; };
  const auto found = std::ranges::lower_bound(by_name_, name, {}, name_of);
  return found != by_name_.end() && name_of(*found) == name ? &tensors_[*found] : nullptr;
}

std::span<const std::byte> SafeTensors::bytes(const TensorInfo& tensor) const {
  if (tensor.offset > data_.size() || tensor.bytes > data_.size() - tensor.offset)
    throw Error(fmt::format("{}: expected a tensor of this file, got {} of another", origin_,
                            detail::quoted_text(tensor.name)));
  return std::span(data_).subspan(tensor.offset, tensor.bytes);
}

void SafeTensors::copy_to(const TensorInfo& tensor, std::span<float> out) const {
  const auto stored = bytes(tensor);
  check_copy<float>(tensor, stored, out.size(), origin_);
  convert(tensor.dtype, stored, out);
}

void SafeTensors::copy_to(const TensorInfo& tensor, std::span<double> out) const {
  const auto stored = bytes(tensor);
  check_copy<double>(tensor, stored, out.size(), origin_);
  convert(tensor.dtype, stored, out);
}

namespace {

/// `missing: "a", "b" and 3 more`, of a list that may be long.
std::string listing(std::string_view what, std::span<const std::string> items) {
  constexpr std::size_t most = 8;
  const auto shown = items.first(std::min(items.size(), most));
  auto text = fmt::format("{}: {}", what, fmt::join(shown, ", "));
  if (items.size() > most) text += fmt::format(" and {} more", items.size() - most);
  return text;
}

std::size_t element_count(std::span<const std::size_t> shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

void load(const SafeTensors& file, std::span<const Expected> expected) {
  std::vector<std::string> missing, unexpected, wrong;
  std::vector<const TensorInfo*> found;
  found.reserve(expected.size());
  for (const auto& want : expected) {
    const auto* tensor = file.find(want.name);
    found.push_back(tensor);
    if (tensor == nullptr) missing.push_back(detail::quoted_text(want.name));
    else if (!std::ranges::equal(tensor->shape, want.shape))
      wrong.push_back(fmt::format("{} is {} instead of {}", detail::quoted_text(want.name),
                                  detail::tuple_text(tensor->shape), detail::tuple_text(want.shape)));
    else if (!is_floating(tensor->dtype))
      wrong.push_back(fmt::format("{} is {} instead of F16, BF16, F32 or F64", detail::quoted_text(want.name),
                                  dtype_name(tensor->dtype)));
  }

  std::vector<std::string_view> names;
  names.reserve(expected.size());
  for (const auto& want : expected) names.push_back(want.name);
  std::ranges::sort(names);
  for (const auto& tensor : file.tensors())
    if (!std::ranges::binary_search(names, std::string_view(tensor.name)) &&
        !tensor.name.ends_with("num_batches_tracked"))
      unexpected.push_back(detail::quoted_text(tensor.name) + " " + detail::tuple_text(tensor.shape));

  std::vector<std::string> faults;
  if (!missing.empty()) faults.push_back(listing("missing", missing));
  if (!unexpected.empty()) faults.push_back(listing("not expected", unexpected));
  if (!wrong.empty()) faults.push_back(listing("wrong", wrong));
  if (!faults.empty())
    throw Error(fmt::format("{}: expected exactly the {} tensors of this network, got {} ({}){}", file.origin(),
                            expected.size(), file.tensors().size(), fmt::join(faults, "; "),
                            missing.empty() ? "" : detail::prefix_hint(file, expected)));

  for (std::size_t i = 0; i < expected.size(); ++i)
    if (expected[i].f64 == nullptr) check_range(*found[i], file.bytes(*found[i]), file.origin());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto size = element_count(expected[i].shape);
    if (expected[i].f64 != nullptr) convert(found[i]->dtype, file.bytes(*found[i]), std::span(expected[i].f64, size));
    else convert(found[i]->dtype, file.bytes(*found[i]), std::span(expected[i].f32, size));
  }
}

}  // namespace

void load_exact(const SafeTensors& file, std::span<const Expected> expected) {
  detail::within_memory(file.origin(), [&] { load(file, expected); });
}

}  // namespace tenon
