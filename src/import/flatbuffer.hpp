#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The FlatBuffers wire format (flatbuffers.dev/internals), read without trust in the file.
///
/// A table begins with a signed distance back to its vtable: two bytes for the vtable's size, two for the table's, and
/// two for each field, which say where in the table the field is; 0 or no entry means that it is absent. Scalars lie in
/// the table; texts, vectors and tables lie further on in the file, at a distance that the field holds. A vector is
/// four bytes for the count and the elements; a text is a vector of bytes; a union is two fields, first its type and
/// then a table.
///
/// Distances are unsigned, so nothing is its own part. Files that refer to the same bytes over and over would still
/// unfold to any size: all that is read is counted, and an Error stops at four times the file's size and 64 KiB.
namespace tenon::importing::flatbuffer {

class Table;

/// The bytes of a file, which have to outlive it, and its name for messages.
class Source {
public:
  Source(std::span<const std::byte> bytes, std::string name);
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  const std::string& name() const { return name_; }
  std::size_t size() const { return bytes_.size(); }

  /// The outermost table of a file whose bytes 4 to 8 are the identifier.
  Table root(std::string_view identifier) const;

  /// Bytes of the file, or the Error that they are not there; these count as read.
  std::span<const std::byte> bytes(std::uint64_t at, std::uint64_t count) const;
  /// Bytes of the file count as read, once more.
  void count(std::span<const std::byte> bytes) const;

  template <class T>
  T number(std::uint64_t at) const {
    static_assert(std::endian::native == std::endian::little, "FlatBuffers are little-endian");
    T value;
    std::memcpy(&value, look(at, sizeof value).data(), sizeof value);
    return value;
  }

  /// Where the distance at `at` leads.
  std::uint64_t follow(std::uint64_t at) const { return at + number<std::uint32_t>(at); }

  [[noreturn]] void fail(std::uint64_t at, const std::string& why) const;

private:
  std::span<const std::byte> look(std::uint64_t at, std::uint64_t count) const;

  std::span<const std::byte> bytes_;
  std::string name_;
  mutable std::uint64_t left_;  // of what may be read
};

/// One table; fields by their number in the schema. Absent ones are what `otherwise` says, or empty.
class Table {
public:
  Table(const Source& source, std::uint64_t at);

  std::uint64_t offset() const { return at_; }
  bool has(std::size_t field) const { return place(field) != 0; }

  template <class T>
  T scalar(std::size_t field, T otherwise = {}) const {
    const std::uint16_t place = this->place(field);
    if (place == 0) return otherwise;
    if (place + sizeof(T) > size_) source_->fail(at_, "a field reaches beyond its table");
    return source_->number<T>(at_ + place);
  }
  std::string_view text(std::size_t field) const;
  template <class T>
  std::vector<T> numbers(std::size_t field) const {
    const auto bytes = elements(field, sizeof(T));
    std::vector<T> result(bytes.size() / sizeof(T));
    if (!result.empty()) std::memcpy(result.data(), bytes.data(), bytes.size());
    return result;
  }
  std::span<const std::byte> bytes(std::size_t field) const { return elements(field, 1); }
  std::optional<Table> table(std::size_t field) const;
  std::vector<Table> tables(std::size_t field) const;

private:
  std::uint16_t place(std::size_t field) const;
  std::uint64_t target(std::size_t field) const;  // of the distance that a field holds; 0 where it is absent
  std::span<const std::byte> elements(std::size_t field, std::size_t size) const;

  const Source* source_;
  std::uint64_t at_, vtable_ = 0;
  std::uint16_t size_ = 0, vtable_size_ = 0;
};

}  // namespace tenon::importing::flatbuffer
