#include "flatbuffer.hpp"

#include <fmt/format.h>

#include <tenon/error.hpp>

#include "../io/words.hpp"

namespace tenon::importing::flatbuffer {

Source::Source(std::span<const std::byte> bytes, std::string name)
    : bytes_(bytes), name_(std::move(name)), left_(4 * std::uint64_t{bytes.size()} + (1U << 16)) {}

void Source::fail(std::uint64_t at, const std::string& why) const {
  throw Error(fmt::format("{}: at byte {}: {}", detail::quoted_text(name_), at, why));
}

std::span<const std::byte> Source::look(std::uint64_t at, std::uint64_t count) const {
  if (at > bytes_.size() || count > bytes_.size() - at)
    fail(at, fmt::format("{} bytes are needed, but the file has {} in all", count, bytes_.size()));
  return bytes_.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(count));
}

std::span<const std::byte> Source::bytes(std::uint64_t at, std::uint64_t count) const {
  const auto result = look(at, count);
  this->count(result);
  return result;
}

void Source::count(std::span<const std::byte> bytes) const {
  if (bytes.size() > left_)
    fail(static_cast<std::uint64_t>(bytes.data() - bytes_.data()), "the file refers to the same bytes over and over");
  left_ -= bytes.size();
}

Table Source::root(std::string_view identifier) const {
  if (bytes_.empty()) fail(0, fmt::format("the identifier {} has to be here; the file is empty", identifier));
  const auto mark = look(4, identifier.size());
  if (std::memcmp(mark.data(), identifier.data(), identifier.size()) != 0) {
    const std::string guess = detail::seems_to_be(bytes_);
    fail(4, fmt::format("the identifier {} has to be here{}", identifier,
                        guess.empty() ? "" : "; this seems to be " + guess));
  }
  return {*this, follow(0)};
}

Table::Table(const Source& source, std::uint64_t at) : source_(&source), at_(at) {
  const std::int64_t vtable = static_cast<std::int64_t>(at) - source.number<std::int32_t>(at);
  if (vtable < 0) source.fail(at, "the table's vtable lies before the file");
  vtable_ = static_cast<std::uint64_t>(vtable);
  vtable_size_ = source.number<std::uint16_t>(vtable_);
  size_ = source.number<std::uint16_t>(vtable_ + 2);
  if (vtable_size_ < 4 || vtable_size_ % 2 != 0 || size_ < 4) source.fail(vtable_, "this is no vtable");
  source.bytes(vtable_, vtable_size_);
  source.bytes(at_, size_);
}

std::uint16_t Table::place(std::size_t field) const {
  const std::size_t entry = 4 + 2 * field;
  return entry + 2 <= vtable_size_ ? source_->number<std::uint16_t>(vtable_ + entry) : std::uint16_t{0};
}

std::uint64_t Table::target(std::size_t field) const {
  const auto distance = scalar<std::uint32_t>(field);
  return distance == 0 ? 0 : at_ + place(field) + distance;
}

std::span<const std::byte> Table::elements(std::size_t field, std::size_t size) const {
  const std::uint64_t at = target(field);
  if (at == 0) return {};
  source_->bytes(at, 4);
  return source_->bytes(at + 4, source_->number<std::uint32_t>(at) * std::uint64_t{size});
}

std::string_view Table::text(std::size_t field) const {
  const auto bytes = elements(field, 1);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<Table> Table::table(std::size_t field) const {
  const std::uint64_t at = target(field);
  return at == 0 ? std::nullopt : std::optional<Table>(std::in_place, *source_, at);
}

std::vector<Table> Table::tables(std::size_t field) const {
  std::vector<Table> result;
  const std::uint64_t count = elements(field, 4).size() / 4, first = target(field) + 4;
  result.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) result.emplace_back(*source_, source_->follow(first + 4 * i));
  return result;
}

}  // namespace tenon::importing::flatbuffer
