#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::detail {

/// The files of a zip archive that packs nothing, as torch.save writes it (APPNOTE.TXT of PKWARE, with zip64). No two
/// may lie over one another or have one name; a packed or encrypted one is refused by name.
class StoredZip {
public:
  struct Entry {
    std::string_view name;
    std::span<const std::byte> bytes;
    std::uint32_t crc;  // what the archive says it is
  };

  /// `what`: what the file should be, for messages.
  StoredZip(std::span<const std::byte> file, std::string_view origin, std::string_view what);

  const std::vector<Entry>& entries() const noexcept { return entries_; }  ///< in the order of their names
  const Entry* find(std::string_view name) const noexcept;

  /// An Error where the bytes are not those of which the archive has the checksum.
  void check(const Entry& entry) const;

private:
  template <class Word>
  Word word(std::size_t at) const;
  [[noreturn]] void fail(const std::string& expected) const;
  struct End {
    std::size_t count, directory, at;
  };
  End find_end() const;
  struct Places {
    std::uint64_t size, packed, local;
  };
  Places long_places(Places places, std::span<const std::byte> extra, std::string_view name) const;

  std::span<const std::byte> file_;
  std::string_view origin_, what_;
  std::vector<Entry> entries_;
};

}  // namespace tenon::detail
