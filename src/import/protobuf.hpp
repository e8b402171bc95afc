#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>

/// The wire format of protocol buffers (protobuf.dev/programming-guides/encoding): a message is a row of fields, each a
/// number that says which one it is and how its content lies there. Groups, which nobody writes any more, are refused.
namespace tenon::importing::protobuf {

using Number = std::uint32_t;  // of a field

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// Something that files may have and no graph can: it is refused, unlike a file that is broken.
struct Unsupported : Error {
  using Error::Error;
};

/// A message in a file. Each question is one walk over its fields, which goes around what is nested in them. A field
/// that is absent is 0 or empty; one that may occur once and does so again has its last value. An Error names the file
/// and the byte where a field is cut off, runs beyond its message, or is not of the kind that was asked for.
/// Answers take at most 16 times the bytes that they lie in (numbers: 8 times).
class Message {
public:
  /// All of a file; both have to outlive the message and those in it.
  Message(std::span<const std::byte> file, const std::string& name) : file_(file.data()), name_(&name), bytes_(file) {}

  std::size_t count(Number field) const;
  bool has(Number field) const { return count(field) > 0; }

  std::int64_t integer(Number field) const;
  float number(Number field) const;
  std::string text(Number field) const;
  std::span<const std::byte> bytes(Number field) const;
  /// An Error where there is more than one: the format would have them merged, which no writer counts on.
  std::optional<Message> message(Number field) const;

  /// Repeated fields, one by one or packed.
  std::vector<std::int64_t> integers(Number field) const;
  std::vector<float> floats(Number field) const;
  std::vector<double> doubles(Number field) const;
  std::vector<std::string> texts(Number field) const;
  std::vector<Message> messages(Number field) const;

  /// An Error of that sentence about the place where the message begins.
  [[noreturn]] void fail(std::string_view what) const { fail(bytes_.data(), what); }
  /// The same for what is as the format says, but cannot be imported: Unsupported.
  [[noreturn]] void refuse(std::string_view what) const;

private:
  struct Field;
  template <class F>
  void each(Number field, F f) const;
  template <class T>
  std::vector<T> fixed(Number field) const;
  std::uint64_t take_varint(std::span<const std::byte>& left) const;
  std::span<const std::byte> take(std::span<const std::byte>& left, std::uint64_t count) const;
  Field take_field(std::span<const std::byte>& left) const;
  void expect(const Field& field, Wire wire) const;
  [[noreturn]] void fail(const std::byte* place, std::string_view what) const;

  const std::byte* file_;
  const std::string* name_;
  std::span<const std::byte> bytes_;
};

/// Puts a message together, field after field.
class Writer {
public:
  Writer& tag(Number field, Wire wire) { return varint(std::uint64_t{field} << 3 | static_cast<std::uint64_t>(wire)); }
  Writer& varint(std::uint64_t value);

  Writer& integer(Number field, std::int64_t value) {
    return tag(field, Wire::varint).varint(static_cast<std::uint64_t>(value));
  }
  Writer& number(Number field, float value);
  Writer& text(Number field, std::string_view bytes);
  Writer& message(Number field, const Writer& content) { return text(field, content.bytes()); }

  /// Packed.
  Writer& integers(Number field, std::span<const std::int64_t> values);
  Writer& floats(Number field, std::span<const float> values);
  Writer& doubles(Number field, std::span<const double> values);

  const std::string& bytes() const { return bytes_; }

private:
  std::string bytes_;
};

}  // namespace tenon::importing::protobuf
