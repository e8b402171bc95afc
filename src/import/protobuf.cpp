#include "protobuf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include <tenon/error.hpp>

namespace tenon::importing::protobuf {
namespace {

static_assert(std::endian::native == std::endian::little,
              "protocol buffers are little-endian and read without swapping");

using Bytes = std::span<const std::byte>;

template <class T>
T load(Bytes bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

template <class T>
std::string_view text_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

std::string_view kind(Wire wire) {
  return wire == Wire::varint    ? "an integer"
         : wire == Wire::bytes   ? "bytes"
         : wire == Wire::fixed32 ? "4 bytes"
                                 : "8 bytes";
}

bool ends_varint(std::byte byte) { return (byte & std::byte{0x80}) == std::byte{0}; }

}  // namespace

struct Message::Field {
  const std::byte* place;
  Number number;
  Wire wire;
  std::uint64_t value;  // of a varint
  Bytes content;        // of the others
};

void Message::refuse(std::string_view what) const {
  try {
    fail(what);
  } catch (const Error& error) {
    throw Unsupported(error.what());
  }
}

void Message::fail(const std::byte* place, std::string_view what) const {
  throw Error(fmt::format("{}: byte {}: {}", *name_, place - file_, what));
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
std::uint64_t Message::take_varint(Bytes& left) const {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 10 && i < left.size(); ++i) {
    const auto byte = std::to_integer<std::uint64_t>(left[i]);
    if (i == 9 && byte > 1) break;  // beyond 64 bits
    value |= (byte & 0x7f) << 7 * i;
    if (!ends_varint(left[i])) continue;
    left = left.subspan(i + 1);
    return value;
  }
  fail(left.data(), left.size() < 10 ? "an integer is cut off" : "an integer has more than 64 bits");
}

Bytes Message::take(Bytes& left, std::uint64_t count) const {
  if (count > left.size()) fail(left.data(), fmt::format("expected {} bytes of content, got {}", count, left.size()));
  const Bytes taken = left.first(static_cast<std::size_t>(count));
  left = left.subspan(taken.size());
  return taken;
}

Message::Field Message::take_field(Bytes& left) const {
  const std::byte* const place = left.data();
  const std::uint64_t tag = take_varint(left);
  if (tag < 8 || tag > std::numeric_limits<std::uint32_t>::max())
    fail(place,
         fmt::format("expected the number of a field, got {}: this is no protocol buffer, or a damaged one", tag >> 3));
  Field field{place, static_cast<Number>(tag >> 3), static_cast<Wire>(tag & 7), 0, {}};
  switch (field.wire) {
  case Wire::varint:
    field.value = take_varint(left);
    return field;
  case Wire::fixed64:
    field.content = take(left, 8);
    return field;
  case Wire::fixed32:
    field.content = take(left, 4);
    return field;
  case Wire::bytes:
    field.content = take(left, take_varint(left));
    return field;
  }
  fail(place, fmt::format("field {} is of wire type {}, {}", field.number, tag & 7,
                          (tag & 7) <= 4 ? "a group, which is not supported" : "which does not exist"));
}

void Message::expect(const Field& field, Wire wire) const {
  if (field.wire == wire) return;
  fail(field.place, fmt::format("expected field {} to be {}, got {}", field.number, kind(wire), kind(field.wire)));
}

template <class F>
void Message::each(Number field, F f) const {
  for (Bytes left = bytes_; !left.empty();)
    if (const Field next = take_field(left); next.number == field) f(next);
}

std::size_t Message::count(Number field) const {
  std::size_t count = 0;
  each(field, [&](const Field&) { ++count; });
  return count;
}

std::int64_t Message::integer(Number field) const {
  std::int64_t value = 0;
  each(field, [&](const Field& f) {
    expect(f, Wire::varint);
    value = static_cast<std::int64_t>(f.value);
  });
  return value;
}

float Message::number(Number field) const {
  float value = 0;
  each(field, [&](const Field& f) {
    expect(f, Wire::fixed32);
    value = load<float>(f.content);
  });
  return value;
}

Bytes Message::bytes(Number field) const {
  Bytes value;
  each(field, [&](const Field& f) {
    expect(f, Wire::bytes);
    value = f.content;
  });
  return value;
}

std::string Message::text(Number field) const { return std::string(text_of(bytes(field))); }

std::optional<Message> Message::message(Number field) const {
  const std::vector<Message> all = messages(field);
  if (all.size() > 1) all[1].fail(fmt::format("expected field {} once, got it twice", field));
  return all.empty() ? std::nullopt : std::optional(all[0]);
}

std::vector<std::int64_t> Message::integers(Number field) const {
  std::size_t count = 0;
  each(field, [&](const Field& f) {
    if (f.wire != Wire::varint) expect(f, Wire::bytes);
    count += f.wire == Wire::varint ? 1 : static_cast<std::size_t>(std::ranges::count_if(f.content, ends_varint));
  });
  std::vector<std::int64_t> values;
  values.reserve(count);
  each(field, [&](const Field& f) {
    if (f.wire == Wire::varint) return values.push_back(static_cast<std::int64_t>(f.value));
    for (Bytes left = f.content; !left.empty();) values.push_back(static_cast<std::int64_t>(take_varint(left)));
  });
  return values;
}

template <class T>
std::vector<T> Message::fixed(Number field) const {
  constexpr Wire single = sizeof(T) == 4 ? Wire::fixed32 : Wire::fixed64;
  std::size_t bytes = 0;
  each(field, [&](const Field& f) {
    if (f.wire != single) expect(f, Wire::bytes);
    if (f.content.size() % sizeof(T) != 0)
      fail(f.place,
           fmt::format("expected numbers of {} bytes in field {}, got {} bytes", sizeof(T), field, f.content.size()));
    bytes += f.content.size();
  });
  std::vector<T> values;
  values.reserve(bytes / sizeof(T));
  each(field, [&](const Field& f) {
    for (Bytes left = f.content; !left.empty();) values.push_back(load<T>(take(left, sizeof(T))));
  });
  return values;
}

std::vector<float> Message::floats(Number field) const { return fixed<float>(field); }
std::vector<double> Message::doubles(Number field) const { return fixed<double>(field); }

std::vector<std::string> Message::texts(Number field) const {
  std::vector<std::string> values;
  values.reserve(count(field));
  each(field, [&](const Field& f) {
    expect(f, Wire::bytes);
    values.emplace_back(text_of(f.content));
  });
  return values;
}

std::vector<Message> Message::messages(Number field) const {
  std::vector<Message> values;
  values.reserve(count(field));
  each(field, [&](const Field& f) {
    expect(f, Wire::bytes);
    values.push_back(*this);
    values.back().bytes_ = f.content;
  });
  return values;
}

Writer& Writer::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
  bytes_ += static_cast<char>(value);
  return *this;
}

Writer& Writer::number(Number field, float value) {
  tag(field, Wire::fixed32).bytes_ += text_of(std::span<const float>(&value, 1));
  return *this;
}

Writer& Writer::text(Number field, std::string_view bytes) {
  tag(field, Wire::bytes).varint(bytes.size()).bytes_ += bytes;
  return *this;
}

Writer& Writer::integers(Number field, std::span<const std::int64_t> values) {
  Writer packed;
  for (const std::int64_t value : values) packed.varint(static_cast<std::uint64_t>(value));
  return message(field, packed);
}

Writer& Writer::floats(Number field, std::span<const float> values) { return text(field, text_of(values)); }
Writer& Writer::doubles(Number field, std::span<const double> values) { return text(field, text_of(values)); }

}  // namespace tenon::importing::protobuf
