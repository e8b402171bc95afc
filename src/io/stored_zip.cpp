#include "stored_zip.hpp"

#define ZLIB_CONST  // zlib takes input it doesn't change as const
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include <tenon/error.hpp>

#include "words.hpp"

namespace tenon::detail {

namespace {

static_assert(std::endian::native == std::endian::little, "zip is little-endian and read without swapping");

constexpr std::uint32_t local_mark = 0x04034b50, entry_mark = 0x02014b50, end_mark = 0x06054b50,
                        long_end_mark = 0x06064b50, locator_mark = 0x07064b50;
constexpr std::size_t local_size = 30, entry_size = 46, end_size = 22, long_end_size = 56, locator_size = 20;
constexpr std::uint32_t long_word = 0xffffffff;  // the number is in a field of 64 bits elsewhere

}  // namespace

template <class Word>
Word StoredZip::word(std::size_t at) const {
  Word value;
  std::memcpy(&value, file_.data() + at, sizeof(Word));
  return value;
}

void StoredZip::fail(const std::string& expected) const {
  throw Error(fmt::format("{}: bad {}: expected {}", origin_, what_, expected));
}

/// The last record says where the directory is; the one of zip64, which a locator in front of it points to, says so in
/// 64 bits. Behind the last record a comment may stand.
StoredZip::End StoredZip::find_end() const {
  std::size_t at = file_.size();
  if (file_.size() >= end_size)
    for (std::size_t back = 0; back <= std::min<std::size_t>(file_.size() - end_size, 0xffff); ++back) {
      const std::size_t here = file_.size() - end_size - back;
      if (word<std::uint32_t>(here) != end_mark || word<std::uint16_t>(here + 20) != back) continue;
      at = here;
      break;
    }
  if (at == file_.size()) fail("a zip archive that is whole, got one without its end");
  End end{word<std::uint16_t>(at + 10), word<std::uint32_t>(at + 16), at};
  if (at < locator_size || word<std::uint32_t>(at - locator_size) != locator_mark) {
    if (end.count == 0xffff || end.directory == long_word) fail("the record of zip64 that its end points to, got none");
    return end;
  }
  const auto record = word<std::uint64_t>(at - locator_size + 8);
  if (at - locator_size < long_end_size || record > at - locator_size - long_end_size ||
      word<std::uint32_t>(static_cast<std::size_t>(record)) != long_end_mark)
    fail("the record of zip64 where its locator points, got something else");
  const auto place = static_cast<std::size_t>(record);
  return {word<std::uint64_t>(place + 32), word<std::uint64_t>(place + 48), place};
}

/// Numbers that do not fit into 32 bits stand in the extra field with the id 1, in this order.
StoredZip::Places StoredZip::long_places(Places places, std::span<const std::byte> extra, std::string_view name) const {
  if (places.size != long_word && places.packed != long_word && places.local != long_word) return places;
  const auto read = [&]<class Word>(std::size_t at, Word) {
    Word value;
    std::memcpy(&value, extra.data() + at, sizeof(Word));
    return value;
  };
  while (extra.size() >= 4) {
    const auto id = read(0, std::uint16_t{});
    const std::size_t length = read(2, std::uint16_t{});
    if (extra.size() - 4 < length) break;
    if (id != 1) {
      extra = extra.subspan(4 + length);
      continue;
    }
    std::size_t at = 4;
    bool fits = true;
    for (std::uint64_t* number : {&places.size, &places.packed, &places.local})
      if (*number == long_word) {
        fits = fits && 4 + length - at >= 8;
        if (!fits) break;
        *number = read(at, std::uint64_t{});
        at += 8;
      }
    if (fits) return places;
    break;
  }
  fail(fmt::format("64-bit numbers for {}, got none", quoted_text(name)));
}

StoredZip::StoredZip(std::span<const std::byte> file, std::string_view origin, std::string_view what)
    : file_(file), origin_(origin), what_(what) {
  const End end = find_end();
  std::size_t at = end.directory;
  struct Range {
    std::size_t begin, end;
    std::string_view name;
  };
  std::vector<Range> ranges;
  for (std::size_t k = 0; k < end.count; ++k) {
    if (at > end.at || end.at - at < entry_size || word<std::uint32_t>(at) != entry_mark)
      fail(fmt::format("entry {} of its directory, got something else", k));
    const std::size_t name_length = word<std::uint16_t>(at + 28), extra_length = word<std::uint16_t>(at + 30),
                      comment = word<std::uint16_t>(at + 32), rest = at + entry_size;
    if (end.at - rest < name_length + extra_length + comment)
      fail(fmt::format("all of entry {} of its directory, got its end", k));
    const std::string_view name(reinterpret_cast<const char*>(file.data() + rest), name_length);
    if ((word<std::uint16_t>(at + 8) & 1) != 0) fail(fmt::format("no encryption, got {}", quoted_text(name)));
    const Places places = long_places(
        {word<std::uint32_t>(at + 24), word<std::uint32_t>(at + 20), word<std::uint32_t>(at + 42)},
        file.subspan(rest + name_length, extra_length), name);
    if (const auto method = word<std::uint16_t>(at + 10); method != 0 || places.size != places.packed)
      fail(fmt::format("files that are stored, got {} packed by method {}", quoted_text(name), method));
    if (places.local > end.at || end.at - places.local < local_size ||
        word<std::uint32_t>(static_cast<std::size_t>(places.local)) != local_mark)
      fail(fmt::format("{} where its directory says, got something else", quoted_text(name)));
    // the local header's lengths are its own
    const auto local = static_cast<std::size_t>(places.local);
    const std::size_t begin = local + local_size + word<std::uint16_t>(local + 26) + word<std::uint16_t>(local + 28);
    if (begin > end.at || end.at - begin < places.size)
      fail(fmt::format("{} bytes of {}, got {}", places.size, quoted_text(name), begin > end.at ? 0 : end.at - begin));
    const auto size = static_cast<std::size_t>(places.size);
    ranges.push_back({local, begin + size, name});
    entries_.push_back({name, file.subspan(begin, size), word<std::uint32_t>(at + 16)});
    at = rest + name_length + extra_length + comment;
  }
  std::ranges::sort(ranges, {}, &Range::begin);
  for (std::size_t k = 1; k < ranges.size(); ++k)
    if (ranges[k].begin < ranges[k - 1].end)
      fail(fmt::format("files one behind the other, got {} over {}", quoted_text(ranges[k].name),
                       quoted_text(ranges[k - 1].name)));
  std::ranges::sort(entries_, {}, &Entry::name);
  const auto twice = std::ranges::adjacent_find(entries_, {}, &Entry::name);
  if (twice != entries_.end()) fail(fmt::format("each file once, got {} twice", quoted_text(twice->name)));
}

const StoredZip::Entry* StoredZip::find(std::string_view name) const noexcept {
  const auto found = std::ranges::lower_bound(entries_, name, {}, &Entry::name);
  return found != entries_.end() && found->name == name ? &*found : nullptr;
}

void StoredZip::check(const Entry& entry) const {
  uLong sum = ::crc32(0, nullptr, 0);
  for (std::size_t at = 0; at < entry.bytes.size();) {
    const std::size_t some = std::min<std::size_t>(entry.bytes.size() - at, 1u << 30);
    sum = ::crc32(sum, reinterpret_cast<const Bytef*>(entry.bytes.data() + at), static_cast<uInt>(some));
    at += some;
  }
  if (static_cast<std::uint32_t>(sum) != entry.crc)
    fail(fmt::format("{} with its checksum, got another", quoted_text(entry.name)));
}

}  // namespace tenon::detail
