#include "safetensors_header.hpp"
#include "words.hpp"

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>
#include <tenon/io/safetensors.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <bit>

namespace tenon {

TensorView::TensorView(std::string name_, std::vector<std::size_t> shape_, std::span<const float> values)
    : TensorView(std::move(name_), std::move(shape_), DType::f32, std::as_bytes(values)) {}

TensorView::TensorView(std::string name_, std::vector<std::size_t> shape_, std::span<const double> values)
    : TensorView(std::move(name_), std::move(shape_), DType::f64, std::as_bytes(values)) {}

TensorView::TensorView(std::string name_, std::vector<std::size_t> shape_, DType dtype_,
                       std::span<const std::byte> bytes_)
    : name(std::move(name_)), shape(std::move(shape_)), dtype(dtype_), bytes(bytes_) {}

namespace detail {

void add_tensor(std::vector<TensorView>& tensors, std::string_view name, std::span<const std::size_t> shape,
                std::span<const float> values) {
  tensors.emplace_back(std::string(name), std::vector<std::size_t>(shape.begin(), shape.end()), values);
}
void add_tensor(std::vector<TensorView>& tensors, std::string_view name, std::span<const std::size_t> shape,
                std::span<const double> values) {
  tensors.emplace_back(std::string(name), std::vector<std::size_t>(shape.begin(), shape.end()), values);
}

}  // namespace detail

namespace {

std::string json_string(const std::string& text, const std::string& path) try {
  return nlohmann::json(text).dump();
} catch (const nlohmann::json::exception&) {
  throw Error(fmt::format("{}: expected names and metadata in UTF-8, got {}", path,
                          nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace)));
}

void check(std::span<const TensorView> tensors, const std::string& path) {
  std::vector<std::string_view> names;
  for (const auto& tensor : tensors) {
    if (tensor.name == detail::metadata_key)
      throw Error(fmt::format("{}: expected a tensor name, got {}, which the format reserves", path, tensor.name));
    if (detail::checked_bytes(tensor.shape, tensor.dtype) != tensor.bytes.size())
      throw Error(fmt::format("{}: expected tensor {} to have the size its shape {} of {} says, got {} bytes", path,
                              detail::quoted_text(tensor.name), detail::tuple_text(tensor.shape),
                              dtype_name(tensor.dtype), tensor.bytes.size()));
    names.push_back(tensor.name);
  }
  std::ranges::sort(names);
  if (const auto twice = std::ranges::adjacent_find(names); twice != names.end())
    throw Error(fmt::format("{}: expected every tensor name once, got {} twice", path, detail::quoted_text(*twice)));
}

std::string header_of(std::span<const TensorView* const> tensors, const TensorMetadata& metadata,
                      const std::string& path) {
  std::string json = "{";
  const auto separate = [&] {
    if (json.back() != '{') json += ',';
  };
  if (!metadata.empty()) {
    json += fmt::format("\"{}\":{{", detail::metadata_key);
    for (const auto& [key, value] : metadata) {
      separate();
      json += json_string(key, path) + ':' + json_string(value, path);
    }
    json += '}';
  }
  std::size_t offset = 0;
  for (const auto* tensor : tensors) {
    separate();
    const auto end = offset + tensor->bytes.size();
    json += fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", json_string(tensor->name, path),
                        dtype_name(tensor->dtype), fmt::join(tensor->shape, ","), offset, end);
    offset = end;
  }
  json += '}';
  json.resize((json.size() + 7) / 8 * 8, ' ');
  if (json.size() > detail::largest_header)
    throw Error(fmt::format("{}: expected a safetensors header of at most {} bytes, got {}", path,
                            detail::largest_header, json.size()));
  return json;
}

}  // namespace

void write_safetensors(const std::string& path, std::span<const TensorView> tensors, const TensorMetadata& metadata) {
  check(tensors, path);
  std::vector<const TensorView*> order;
  order.reserve(tensors.size());
  for (const auto& tensor : tensors) order.push_back(&tensor);
  std::ranges::sort(order, [](const auto* a, const auto* b) {
    const auto size_a = dtype_bits(a->dtype), size_b = dtype_bits(b->dtype);
    return size_a != size_b ? size_a > size_b : a < b;  // pointers into one span: the given order
  });

  const auto header = header_of(order, metadata, path);
  const auto length = std::bit_cast<std::array<std::byte, detail::length_bytes>>(std::uint64_t{header.size()});
  std::vector<std::span<const std::byte>> pieces{length, std::as_bytes(std::span(header))};
  for (const auto* tensor : order) pieces.push_back(tensor->bytes);
  write_file_atomically(path, pieces);
}

void write_parameters(const std::string& path, const std::vector<TensorView>& tensors) {
  write_safetensors(path, tensors, {{"format", "pt"}});
}

}  // namespace tenon
