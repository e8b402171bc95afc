#include "safetensors_header.hpp"
#include "words.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>
#include <utility>

namespace tenon::detail {
namespace {

using Json = nlohmann::json;

constexpr std::size_t most_axes = 64;  // PyTorch's limit; bounds what a hostile shape can make us store

/// Reads the header event by event. A document tree would silently keep the last of two equal keys, and would be
/// built to any depth before we could object; here the first event out of place ends it.
class HeaderReader final : public nlohmann::json_sax<Json> {
public:
  HeaderReader(SafeTensorsHeader& header, std::size_t data_bytes, const std::string& origin)
      : header_(header), data_bytes_(data_bytes), origin_(origin) {}

  bool start_object(std::size_t) override {
    switch (place_) {
    case Place::document:
      return go(Place::root);
    case Place::tensor_begin:
      tensor_.shape.clear();
      seen_ = Seen{};
      return go(Place::tensor);
    case Place::metadata_begin:
      return go(Place::metadata);
    default:
      unexpected("an object");
    }
  }

  bool key(std::string& name) override {
    if (place_ == Place::root) {
      if (name == metadata_key) return begin_metadata();
      tensor_.name = std::move(name);
      return go(Place::tensor_begin);
    }
    if (place_ == Place::metadata) {
      metadata_name_ = std::move(name);
      if (header_.metadata.size() == most_metadata)
        fail(fmt::format("expected at most {} entries of metadata, got more", most_metadata));
      if (header_.metadata.contains(metadata_name_))
        fail(fmt::format("expected every metadata key once, got {} twice", quoted_text(metadata_name_)));
      return go(Place::metadata_value);
    }
    if (name == "dtype") return field(seen_.dtype, name, Place::dtype);
    if (name == "shape") return field(seen_.shape, name, Place::shape_begin);
    if (name == "data_offsets") return field(seen_.offsets, name, Place::offsets_begin);
    fail(fmt::format("expected tensor {} to have the fields dtype, shape and data_offsets, got {}",
                     quoted_text(tensor_.name), quoted_text(name)));
  }

  bool end_object() override {
    if (place_ == Place::tensor) finish_tensor();
    return go(Place::root);
  }

  bool start_array(std::size_t) override {
    switch (place_) {
    case Place::shape_begin:
      return go(Place::shape);
    case Place::offsets_begin:
      offset_count_ = 0;
      return go(Place::offsets);
    default:
      unexpected("an array");
    }
  }

  bool end_array() override {
    if (place_ == Place::offsets && offset_count_ != 2) unexpected("only " + std::to_string(offset_count_));
    return go(Place::tensor);
  }

  bool number_unsigned(number_unsigned_t value) override {
    static_assert(sizeof(value) <= sizeof(std::size_t));
    if (place_ == Place::shape) {
      if (tensor_.shape.size() == most_axes) unexpected("more");
      tensor_.shape.push_back(value);
      return true;
    }
    if (place_ != Place::offsets) unexpected(std::to_string(value));
    if (offset_count_ == 2) unexpected("a third, " + std::to_string(value));
    offsets_[offset_count_++] = value;
    return true;
  }

  bool string(std::string& value) override {
    if (place_ == Place::metadata_value) {
      header_.metadata.emplace(std::move(metadata_name_), std::move(value));
      return go(Place::metadata);
    }
    if (place_ != Place::dtype) unexpected("the string " + quoted_text(value));
    const auto dtype = dtype_from_name(value);
    if (!dtype) unexpected(quoted_text(value));
    tensor_.dtype = *dtype;
    return go(Place::tensor);
  }

  bool null() override { unexpected("null"); }
  bool boolean(bool value) override { unexpected(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { unexpected(value == 0 ? "-0" : std::to_string(value)); }
  bool number_float(number_float_t, const std::string& text) override { unexpected(quoted_text(text)); }
  bool binary(binary_t&) override { unexpected("binary data"); }

  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) override {
    // The parser's sentence repeats all the text it read, and that may be megabytes: keep what lies between.
    const std::string_view sentence = error.what();
    const auto begin = sentence.find(" - ");
    const auto end = sentence.find("; last read");
    const auto reason = begin == sentence.npos ? "number out of range" : sentence.substr(begin + 3, end - begin - 3);
    fail(fmt::format("expected a header of valid JSON, got a fault at byte {}: {}",
                     length_bytes + std::max<std::size_t>(position, 1) - 1, reason));
  }

private:
  enum class Place {
    document,
    root,
    tensor_begin,
    tensor,
    dtype,
    shape_begin,
    shape,
    offsets_begin,
    offsets,
    metadata_begin,
    metadata,
    metadata_value
  };
  struct Seen {
    bool dtype = false, shape = false, offsets = false;
  };

  bool go(Place place) noexcept {
    place_ = place;
    return true;
  }

  bool begin_metadata() {
    if (std::exchange(metadata_seen_, true)) fail("expected __metadata__ once, got it twice");
    return go(Place::metadata_begin);
  }

  bool field(bool& seen, const std::string& name, Place next) {
    if (std::exchange(seen, true))
      fail(fmt::format("expected {} of tensor {} once, got it twice", name, quoted_text(tensor_.name)));
    return go(next);
  }

  void finish_tensor() {
    const auto name = quoted_text(tensor_.name);
    if (!seen_.dtype || !seen_.shape || !seen_.offsets)
      fail(fmt::format("expected tensor {} to have dtype, shape and data_offsets, got no {}", name,
                       !seen_.dtype   ? "dtype"
                       : !seen_.shape ? "shape"
                                      : "data_offsets"));
    const auto [begin, end] = std::pair{offsets_[0], offsets_[1]};
    if (begin > end) fail(fmt::format("expected data_offsets of tensor {} to rise, got [{}, {}]", name, begin, end));
    if (end > data_bytes_)
      fail(fmt::format("expected tensor {} to lie within the file's {} bytes of data, got data_offsets [{}, {}]", name,
                       data_bytes_, begin, end));
    const auto bytes = checked_bytes(tensor_.shape, tensor_.dtype);
    if (!bytes) fail(fmt::format("expected tensor {} to fit in memory, got shape {}", name, tuple_text(tensor_.shape)));
    if (*bytes != end - begin)
      fail(fmt::format("expected {} bytes of data for tensor {} of shape {} and type {}, got data_offsets [{}, {}], "
                       "which are {}",
                       *bytes, name, tuple_text(tensor_.shape), dtype_name(tensor_.dtype), begin, end, end - begin));
    tensor_.offset = begin;
    tensor_.bytes = end - begin;
    header_.tensors.push_back(std::exchange(tensor_, TensorInfo{}));
  }

  std::string wanted() const {
    const auto of_tensor = [this](std::string_view what) {
      return fmt::format("{} of tensor {}", what, quoted_text(tensor_.name));
    };
    switch (place_) {
    case Place::document:
      return "an object as header";
    case Place::tensor_begin:
      return fmt::format("an object for tensor {}", quoted_text(tensor_.name));
    case Place::dtype:
      return of_tensor("a known type name as dtype");
    case Place::shape_begin:
      return of_tensor("an array as shape");
    case Place::shape:
      return of_tensor(fmt::format("at most {} non-negative whole numbers as shape", most_axes));
    case Place::offsets_begin:
      return of_tensor("an array as data_offsets");
    case Place::offsets:
      return of_tensor("two non-negative whole numbers as data_offsets");
    case Place::metadata_begin:
      return "an object as __metadata__";
    case Place::metadata_value:
      return fmt::format("a string as metadata {}", quoted_text(metadata_name_));
    default:
      return "a key";
    }
  }

  [[noreturn]] void unexpected(const std::string& what) const {
    fail(fmt::format("expected {}, got {}", wanted(), what));
  }
  [[noreturn]] void fail(const std::string& what) const { throw Error(fmt::format("{}: {}", origin_, what)); }

  SafeTensorsHeader& header_;
  std::size_t data_bytes_;
  const std::string& origin_;

  Place place_ = Place::document;
  TensorInfo tensor_;
  Seen seen_;
  std::array<std::size_t, 2> offsets_{};
  std::size_t offset_count_ = 0;
  bool metadata_seen_ = false;
  std::string metadata_name_;
};

void check_names(std::span<const TensorInfo> tensors, const std::string& origin) {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const auto& tensor : tensors) names.push_back(tensor.name);
  std::ranges::sort(names);
  if (const auto twice = std::ranges::adjacent_find(names); twice != names.end())
    throw Error(fmt::format("{}: expected every tensor name once, got {} twice", origin, quoted_text(*twice)));
}

/// Each tensor begins where the one before it ends, the last ends where the file does.
void check_coverage(std::span<const TensorInfo> tensors, std::size_t data_bytes, const std::string& origin) {
  std::size_t end = 0;
  for (const auto& tensor : tensors) {
    if (tensor.offset != end)
      throw Error(fmt::format("{}: expected tensor {} to begin at data byte {}, where the one before it ends, got {} "
                              "({} of {} bytes)",
                              origin, quoted_text(tensor.name), end, tensor.offset,
                              tensor.offset > end ? "a hole" : "an overlap",
                              tensor.offset > end ? tensor.offset - end : end - tensor.offset));
    end += tensor.bytes;
  }
  if (end != data_bytes)
    throw Error(fmt::format("{}: expected {} bytes of data after the header, got {} ({} belong to no tensor)", origin,
                            end, data_bytes, data_bytes - end));
}

/// Before the parser copies them. A backslash hides the character behind it.
void check_string_lengths(std::string_view json, const std::string& origin) {
  for (std::size_t at = json.find('"'); at < json.size();) {
    std::size_t end = at + 1;
    while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
    if (end - at > longest_string)
      throw Error(fmt::format("{}: expected names and metadata of at most {} bytes, got {} from byte {} on", origin,
                              longest_string, std::min(end, json.size()) - at - 1, length_bytes + at));
    at = end < json.size() ? json.find('"', end + 1) : json.size();
  }
}

}  // namespace

SafeTensorsHeader parse_safetensors_header(std::string_view json, std::size_t data_bytes, const std::string& origin) {
  if (json.empty() || json.front() != '{')
    throw Error(fmt::format("{}: expected a safetensors header beginning with '{{' at byte {}, got {}", origin,
                            length_bytes, json.empty() ? "an empty one" : quoted_text(json.substr(0, 1))));
  check_string_lengths(json, origin);
  // The parser takes a NUL for the end of its input, and would believe a header that goes on behind it.
  if (const auto nul = json.find('\0'); nul != json.npos)
    throw Error(fmt::format("{}: expected a header of JSON text, got a NUL at byte {}", origin, length_bytes + nul));

  SafeTensorsHeader header;
  HeaderReader reader(header, data_bytes, origin);
  Json::sax_parse(json, &reader);

  std::ranges::sort(header.tensors, {}, [](const TensorInfo& tensor) {
    return std::tie(tensor.offset, tensor.bytes, tensor.name);  // empty tensors before the one that begins there
  });
  check_names(header.tensors, origin);
  check_coverage(header.tensors, data_bytes, origin);
  return header;
}

std::optional<std::size_t> checked_bytes(std::span<const std::size_t> shape, DType dtype) noexcept {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  std::size_t count = 1;
  for (const auto axis : shape) {
    if (axis != 0 && count > most / axis) return std::nullopt;
    count *= axis;
  }
  const std::size_t bits = dtype_bits(dtype);
  if (bits >= 8) return count > most / (bits / 8) ? std::nullopt : std::optional(count * (bits / 8));
  if (count > most / bits || count * bits % 8 != 0) return std::nullopt;  // such types fill whole bytes
  return count * bits / 8;
}

std::string tuple_text(std::span<const std::size_t> shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

}  // namespace tenon::detail
