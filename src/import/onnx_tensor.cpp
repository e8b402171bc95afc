#include "onnx_tensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include <tenon/error.hpp>
#include <tenon/io/dtype.hpp>

#include "../io/input_file.hpp"
#include "../io/words.hpp"
#include "onnx_schema.hpp"

namespace tenon::importing {
namespace {

using detail::quoted_text;
using protobuf::Message;
using Bytes = std::span<const std::byte>;

// What lies in a file for a number of each type: a word, the number that it means, and the word for a number if there
// is one.

template <std::floating_point W>
struct Floating {
  using Word = W;
  static double number(Word word) { return static_cast<double>(word); }
  static std::optional<Word> word(double number) { return static_cast<Word>(number); }
};

template <std::integral W>
struct Integer {
  using Word = W;
  static double number(Word word) { return static_cast<double>(word); }
  static std::optional<Word> word(double number) {
    using Limits = std::numeric_limits<Word>;
    const double end = std::ldexp(1.0, Limits::digits);
    if (sizeof(Word) == 8 && number == end) return Limits::max();  // which no double is: it was read as its neighbour
    if (!(number >= static_cast<double>(Limits::min()) && number < end) || number != std::trunc(number))
      return std::nullopt;
    return static_cast<Word>(number);
  }
};

struct Boolean {
  using Word = std::uint8_t;
  static double number(Word word) { return word != 0 ? 1 : 0; }
  static std::optional<Word> word(double number) { return number != 0 ? 1 : 0; }
};

/// Binary floating point of 16 bits: a sign, the exponent, the fraction.
template <int Fraction>
struct Short {
  using Word = std::uint16_t;
  static constexpr int bias = (1 << (14 - Fraction)) - 1,
                       lowest = 1 - bias;  // exponents; that of subnormals is the lowest
  static constexpr unsigned infinity = (2u * bias + 1u) << Fraction;

  static double number(Word word) { return Fraction == 10 ? half_to_float(word) : bfloat16_to_float(word); }
  static std::optional<Word> word(double number) {
    return static_cast<Word>((std::signbit(number) ? 0x8000u : 0u) | magnitude(std::abs(number)));
  }
  /// Counted in steps of 2^(exponent - Fraction). A normal number has 2^Fraction of them before its fraction begins,
  /// which is the one by which its exponent is above that of subnormals; a carry of the rounding goes into the exponent
  /// as it should.
  static unsigned magnitude(double number) {
    if (std::isnan(number)) return infinity | 1u << (Fraction - 1);
    if (number >= std::ldexp(1.0, bias + 1)) return infinity;
    const int exponent = std::max(number > 0 ? std::ilogb(number) : lowest, lowest);
    const double steps = std::nearbyint(std::ldexp(number, Fraction - exponent));
    return (static_cast<unsigned>(exponent - lowest) << Fraction) + static_cast<unsigned>(steps);
  }
};

/// What f makes of the storage of a type; of a text there is none.
template <class F>
auto with_storage(Type type, F f) {
  switch (type) {
  case Type::float32:
    return f(Floating<float>{});
  case Type::float64:
    return f(Floating<double>{});
  case Type::float16:
    return f(Short<10>{});
  case Type::bfloat16:
    return f(Short<7>{});
  case Type::int8:
    return f(Integer<std::int8_t>{});
  case Type::uint8:
    return f(Integer<std::uint8_t>{});
  case Type::int16:
    return f(Integer<std::int16_t>{});
  case Type::uint16:
    return f(Integer<std::uint16_t>{});
  case Type::int32:
    return f(Integer<std::int32_t>{});
  case Type::uint32:
    return f(Integer<std::uint32_t>{});
  case Type::int64:
    return f(Integer<std::int64_t>{});
  case Type::uint64:
    return f(Integer<std::uint64_t>{});
  case Type::boolean:
    return f(Boolean{});
  case Type::string:
    break;
  }
  throw Error("tensors of texts are not supported");
}

/// A tensor in a file, and what messages say of it.
struct Tensor {
  const Message& message;
  std::string name;
  Array array{};
  std::size_t count = 0;

  [[noreturn]] void refuse(std::string_view what) const { message.refuse(fmt::format("tensor {}: {}", name, what)); }
  [[noreturn]] void fail(std::string_view what) const { message.fail(fmt::format("tensor {}: {}", name, what)); }

  /// Before anything of that size is made.
  void expect(std::size_t got, std::size_t size, std::string_view unit) const {
    if (got % size == 0 && got / size == count) return;
    fail(fmt::format("expected {} numbers of type {} for its axes [{}], got {} {}", count, type_name(array.type),
                     fmt::join(array.dims, ", "), got, unit));
  }
};

template <class Storage>
std::vector<double> raw(Bytes bytes, Storage) {
  typename Storage::Word word;
  std::vector<double> values(bytes.size() / sizeof word);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::memcpy(&word, bytes.data() + i * sizeof word, sizeof word);
    values[i] = Storage::number(word);
  }
  return values;
}

/// The field that the schema has for numbers of a type: they may lie in wider ones there.
template <class Storage>
std::vector<double> typed(const Tensor& tensor, Storage) {
  using Word = typename Storage::Word;
  std::vector<double> values;
  const auto fill = [&](const auto& words, auto number) {
    tensor.expect(words.size(), 1, "of them");
    values.reserve(words.size());
    for (const auto word : words) values.push_back(number(word));
  };
  if constexpr (std::same_as<Word, float>) {
    fill(tensor.message.floats(schema::tensor::float_data), Storage::number);
  } else if constexpr (std::same_as<Word, double>) {
    fill(tensor.message.doubles(schema::tensor::double_data), Storage::number);
  } else {
    constexpr bool wide = std::same_as<Word, std::uint64_t>;
    constexpr auto field = std::same_as<Word, std::int64_t>            ? schema::tensor::int64_data
                           : wide || std::same_as<Word, std::uint32_t> ? schema::tensor::uint64_data
                                                                       : schema::tensor::int32_data;
    fill(tensor.message.integers(field), [&](std::int64_t word) {
      if (!wide && !std::in_range<Word>(word))
        tensor.fail(fmt::format("{} is no {}", word, type_name(tensor.array.type)));
      return Storage::number(static_cast<Word>(word));
    });
  }
  return values;
}

std::size_t count_of_axes(const Tensor& tensor) {
  const Dims& dims = tensor.array.dims;
  if (dims.size() > most_tensor_axes)
    tensor.fail(fmt::format("expected at most {} axes, got {}", most_tensor_axes, dims.size()));
  if (const auto negative = std::ranges::find_if(dims, [](std::int64_t size) { return size < 0; });
      negative != dims.end())
    tensor.fail(fmt::format("expected sizes of axes, got {}", *negative));
  try {
    return static_cast<std::size_t>(count_of(dims));
  } catch (const Error& error) {
    tensor.fail(error.what());
  }
}

std::uint64_t decimal(const Message& tensor, const std::string& key, const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size())
    tensor.fail(fmt::format("expected a number of bytes as {} of external data, got {}", key, quoted_text(text)));
  return value;
}

bool stays_below(const std::filesystem::path& path) {
  return !path.empty() && !path.has_root_path() && path.native().find('\0') == std::string::npos &&
         std::ranges::none_of(path, [](const auto& part) { return part == ".."; });
}

}  // namespace

std::string ExternalData::read(const Message& tensor) {
  std::map<std::string, std::string> entries;
  for (const Message& entry : tensor.messages(schema::tensor::external_data))
    entries[entry.text(schema::entry::key)] = entry.text(schema::entry::value);

  const std::string& location = entries["location"];
  const std::string quoted = quoted_text(location);
  if (folder_.empty())
    tensor.fail("its numbers are in another file, " + quoted + ", and no folder is known that holds it");
  if (!stays_below(location)) tensor.fail("expected external data in a file below the model's folder, got " + quoted);

  const std::string path = (std::filesystem::path(folder_) / location).lexically_normal().string();
  detail::InputFile file(path, "a tensor's external data");
  const std::uint64_t offset = entries.contains("offset") ? decimal(tensor, "offset", entries["offset"]) : 0;
  const std::uint64_t rest = file.size() - std::min<std::uint64_t>(offset, file.size());
  const std::uint64_t length = entries.contains("length") ? decimal(tensor, "length", entries["length"]) : rest;
  if (length > rest)
    tensor.fail(fmt::format("expected {} bytes of external data at byte {} of {}, which has {}", length, offset, quoted,
                            file.size()));
  std::uint64_t& so_far = read_so_far_[path];
  if (length > file.size() - so_far)
    tensor.fail("its external data lie where those of others do: more is read of " + quoted + " than it has");
  so_far += length;

  std::string content(static_cast<std::size_t>(length), '\0');
  file.seek(static_cast<std::size_t>(offset));
  file.read(std::as_writable_bytes(std::span(content)));
  return content;
}

Array read_tensor(const Message& message, ExternalData& external) {
  using namespace schema::tensor;
  Tensor tensor{message, quoted_text(message.text(name))};
  tensor.array.type = read_type(message, message.integer(data_type), "tensor " + tensor.name);
  tensor.array.dims = message.integers(dims);
  tensor.count = count_of_axes(tensor);
  if (tensor.array.type == Type::string) tensor.refuse("tensors of texts are not supported");
  if (message.has(segment)) tensor.refuse("tensors in segments are not supported");
  const auto forms = {float_data, int32_data, string_data, int64_data, double_data, uint64_data, raw_data};
  if (std::ranges::count_if(forms, [&](auto form) { return message.has(form); }) > 1)
    tensor.fail("its numbers are there in two forms");

  constexpr std::int64_t beside_the_model = 1;  // TensorProto.DataLocation.EXTERNAL
  const bool elsewhere = message.integer(data_location) == beside_the_model;
  const std::string there = elsewhere ? external.read(message) : std::string();
  const Bytes bytes = elsewhere ? std::as_bytes(std::span(there)) : message.bytes(raw_data);
  tensor.array.values = with_storage(tensor.array.type, [&](auto storage) {
    if (!elsewhere && !message.has(raw_data)) return typed(tensor, storage);
    tensor.expect(bytes.size(), sizeof(typename decltype(storage)::Word), "bytes");
    return raw(bytes, storage);
  });
  return std::move(tensor.array);
}

protobuf::Writer write_tensor(const std::string& name, const Array& array) {
  if (std::cmp_not_equal(count_of(array.dims), array.values.size()))
    throw Error(fmt::format("tensor {}: expected {} numbers for its axes [{}], got {}", quoted_text(name),
                            count_of(array.dims), fmt::join(array.dims, ", "), array.values.size()));
  std::string content;
  with_storage(array.type, [&](auto storage) {
    for (const double number : array.values) {
      const auto word = storage.word(number);
      if (!word) throw Error(fmt::format("tensor {}: {} is no {}", quoted_text(name), number, type_name(array.type)));
      content.append(reinterpret_cast<const char*>(&*word), sizeof *word);
    }
  });
  protobuf::Writer tensor;
  tensor.integers(schema::tensor::dims, array.dims).integer(schema::tensor::data_type, schema::code_of(array.type));
  if (!name.empty()) tensor.text(schema::tensor::name, name);
  return tensor.text(schema::tensor::raw_data, content);
}

Type read_type(const Message& message, std::int64_t code, std::string_view what) {
  if (const auto type = schema::type_of(code)) return *type;
  message.refuse(fmt::format("{} is of type {}, which is not supported", what, schema::name_of(code)));
}

}  // namespace tenon::importing
