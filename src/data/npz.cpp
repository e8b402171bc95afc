#define ZLIB_CONST  // zlib takes input it doesn't change as const
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

#include "../io/input_file.hpp"
#include "../io/words.hpp"
#include "npy.hpp"
#include "tenon/data/npy.hpp"
#include "tenon/error.hpp"
#include "tenon/io/atomic_file.hpp"

// A .npz file is a zip archive of .npy files; what numpy writes of the format (APPNOTE.TXT of PKWARE) is read.

namespace tenon {
namespace {

using detail::append_little_endian;
using detail::little_endian;

constexpr std::uint32_t local_mark = 0x04034b50, entry_mark = 0x02014b50, end_mark = 0x06054b50;
constexpr std::size_t most_unpacking = 100, free_unpacking = std::size_t{64} << 20;
constexpr std::size_t local_size = 30, entry_size = 46, end_size = 22;

std::uint32_t checksum(std::span<const std::byte> bytes) {
  uLong sum = ::crc32(0, nullptr, 0);
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t some = std::min<std::size_t>(bytes.size() - at, 1u << 30);
    sum = ::crc32(sum, reinterpret_cast<const Bytef*>(bytes.data() + at), static_cast<uInt>(some));
    at += some;
  }
  return static_cast<std::uint32_t>(sum);
}

class NpzFile {
public:
  NpzFile(std::span<const std::byte> file, std::string_view name) : file_(file), name_(name) {}

  std::vector<NpyArray> arrays() {
    const std::size_t end = find_end();
    const std::size_t count = word<std::uint16_t>(end + 10);
    std::size_t at = word<std::uint32_t>(end + 16);
    if (count == 0xffff || at == 0xffffffff) refuse("zip64 (more than 4 GiB, or 65534 arrays)");
    std::vector<NpyArray> all;
    for (std::size_t k = 0; k < count; ++k) {
      if (at > end || end - at < entry_size || word<std::uint32_t>(at) != entry_mark)
        fail(fmt::format("entry {} of its directory, got something else", k));
      const std::size_t name_length = word<std::uint16_t>(at + 28), extra = word<std::uint16_t>(at + 30),
                        comment = word<std::uint16_t>(at + 32);
      if (end - at - entry_size < name_length)
        fail(fmt::format("a name for entry {} of its directory, got its end", k));
      std::string called(reinterpret_cast<const char*>(file_.data() + at + entry_size), name_length);
      if (!called.ends_with(".npy")) fail(fmt::format("npy files, got {}", detail::quoted_text(called)));
      called.resize(called.size() - 4);
      if (std::ranges::any_of(all, [&](const NpyArray& a) { return a.name == called; }))
        fail(fmt::format("each array once, got {} twice", detail::quoted_text(called)));
      all.push_back(array(at, called, end));
      at += entry_size + name_length + extra + comment;
    }
    return all;
  }

private:
  template <class Word>
  Word word(std::size_t at) const {
    return little_endian<Word>(file_.data() + at);
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(fmt::format("{}: bad npz file: expected {}", name_, what));
  }
  [[noreturn]] void refuse(const char* what) const {
    throw Error(fmt::format("{}: {} is not supported in an npz file", name_, what));
  }

  /// The archive's last record, behind which a comment may stand.
  std::size_t find_end() const {
    if (file_.size() >= end_size)
      for (std::size_t back = 0; back <= std::min<std::size_t>(file_.size() - end_size, 0xffff); ++back) {
        const std::size_t at = file_.size() - end_size - back;
        if (word<std::uint32_t>(at) == end_mark && word<std::uint16_t>(at + 20) == back) return at;
      }
    const std::string seems = detail::seems_to_be(file_.first(std::min(file_.size(), detail::telling_bytes)));
    fail(fmt::format("a zip archive, got none that is whole{}",
                     seems.empty() ? seems : " (it begins as " + seems + ")"));
  }

  NpyArray array(std::size_t entry, const std::string& called, std::size_t end) {
    const std::string shown = fmt::format("{}: {}", name_, detail::quoted_text(called));
    if ((word<std::uint16_t>(entry + 8) & 1) != 0) refuse("encryption");
    const auto method = word<std::uint16_t>(entry + 10);
    if (method != 0 && method != 8) refuse(fmt::format("method {} of packing", method).c_str());
    const auto sum = word<std::uint32_t>(entry + 16);
    const std::size_t packed = word<std::uint32_t>(entry + 20), size = word<std::uint32_t>(entry + 24),
                      local = word<std::uint32_t>(entry + 42);
    if (packed == 0xffffffff || size == 0xffffffff || local == 0xffffffff)
      refuse("zip64 (more than 4 GiB, or 65534 arrays)");
    if (local > end || end - local < local_size || word<std::uint32_t>(local) != local_mark)
      fail(fmt::format("{} where its directory says, got something else", shown));
    // the local header's lengths are its own
    const std::size_t begin = local + local_size + word<std::uint16_t>(local + 26) + word<std::uint16_t>(local + 28);
    if (begin > end || end - begin < packed)
      fail(fmt::format("{} bytes of {}, got {}", packed, shown, begin > end ? 0 : end - begin));
    // arrays that lie over one another would unpack to more than any file has
    packed_ += packed;
    unpacked_ += size;
    if (packed_ > file_.size()) fail("arrays one behind the other, got some that overlap");
    if (unpacked_ > std::max(free_unpacking, file_.size() * most_unpacking))
      fail(fmt::format("arrays that unpack to at most {} bytes ({} times its size, or 64 MB), got {}",
                       std::max(free_unpacking, file_.size() * most_unpacking), most_unpacking, unpacked_));
    const auto bytes = file_.subspan(begin, packed);
    NpyArray result;
    if (method == 0) {
      if (packed != size) fail(fmt::format("{} unpacked bytes of {}, got {}", size, shown, packed));
      if (checksum(bytes) != sum) fail(fmt::format("{} with its checksum, got another", shown));
      result = parse_npy(bytes, shown);
    } else {
      const std::vector<std::byte> unpacked = inflated(bytes, size, shown);
      if (checksum(unpacked) != sum) fail(fmt::format("{} with its checksum, got another", shown));
      result = parse_npy(unpacked, shown);
    }
    result.name = called;
    return result;
  }

  std::vector<std::byte> inflated(std::span<const std::byte> bytes, std::size_t size, const std::string& shown) const {
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw Error(fmt::format("{}: zlib cannot be started", name_));
    struct End {
      z_stream& s;
      ~End() { inflateEnd(&s); }
    } const ending{stream};
    stream.next_in = reinterpret_cast<const Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    // what is only claimed must not become an allocation: memory grows with what there is
    std::vector<std::byte> out;
    while (true) {
      const std::size_t got = out.size(), more = std::min(size - got + 1, std::max(got, std::size_t{1} << 16));
      out.resize(got + more);
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + got);
      stream.avail_out = static_cast<uInt>(more);
      const int status = inflate(&stream, Z_NO_FLUSH);
      out.resize(got + more - stream.avail_out);
      if (status == Z_STREAM_END) break;
      if (status != Z_OK || out.size() > size || (stream.avail_in == 0 && out.size() == got))
        fail(fmt::format("{} bytes packed in {}, got a damaged stream", size, shown));
    }
    if (out.size() != size || stream.avail_in != 0)
      fail(fmt::format("{} bytes packed in {}, got {}", size, shown, out.size()));
    return out;
  }

  std::span<const std::byte> file_;
  std::string_view name_;
  std::size_t packed_ = 0, unpacked_ = 0;
};

}  // namespace

std::vector<NpyArray> parse_npz(std::span<const std::byte> file, std::string_view name) {
  return detail::within_memory(std::string(name), [&] { return NpzFile(file, name).arrays(); });
}

std::vector<NpyArray> read_npz(const std::string& path) {
  const std::string content = detail::read_file(path, "an npz file");
  return parse_npz(std::as_bytes(std::span(content)), path);
}

void write_npz(const std::string& path, std::span<const NpyArray> arrays) {
  constexpr std::size_t most = 0xfffffffe;
  if (arrays.size() >= 0xffff)
    throw Error(fmt::format("{}: expected at most 65534 arrays, got {}", path, arrays.size()));
  std::vector<std::string> headers;  // of the zip entry and of the array
  std::string directory;
  std::size_t at = 0;
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    const NpyArray& a = arrays[k];
    if (a.name.empty() || a.name.size() > 1000)
      throw Error(
          fmt::format("{}: expected a name for each array, of at most 1000 bytes, got one of {}", path, a.name.size()));
    if (std::ranges::any_of(arrays.first(k), [&](const NpyArray& other) { return other.name == a.name; }))
      throw Error(fmt::format("{}: expected each array once, got {} twice", path, detail::quoted_text(a.name)));
    const std::string npy = detail::npy_header(a.type, a.shape, a.name), name = a.name + ".npy";
    const std::size_t size = npy.size() + a.bytes.size();
    if (size > most - local_size - name.size() || at > most - size - local_size - name.size())
      throw Error(fmt::format("{}: expected arrays of less than 4 GiB together for an npz file", path));
    uLong sum = ::crc32(0, reinterpret_cast<const Bytef*>(npy.data()), static_cast<uInt>(npy.size()));
    sum = ::crc32_combine(sum, checksum(a.bytes), static_cast<z_off_t>(a.bytes.size()));
    std::string both;  // what the local header and the directory say alike
    for (const int v : {20, 0x0800, 0, 0, 0x21})
      append_little_endian(both, static_cast<std::uint16_t>(v));  // version 2, UTF-8, stored, 1980-01-01
    append_little_endian(both, static_cast<std::uint32_t>(sum));
    append_little_endian(both, static_cast<std::uint32_t>(size));
    append_little_endian(both, static_cast<std::uint32_t>(size));
    append_little_endian(both, static_cast<std::uint16_t>(name.size()));
    append_little_endian(both, std::uint16_t{0});
    std::string local;
    append_little_endian(local, local_mark);
    headers.push_back(local + both + name + npy);
    append_little_endian(directory, entry_mark);
    append_little_endian(directory, std::uint16_t{20});
    directory += both;
    directory.append(10, '\0');  // comment, disk, attributes
    append_little_endian(directory, static_cast<std::uint32_t>(at));
    directory += name;
    at += headers.back().size() + a.bytes.size();
  }
  std::string end;
  append_little_endian(end, end_mark);
  append_little_endian(end, std::uint32_t{0});
  append_little_endian(end, static_cast<std::uint16_t>(arrays.size()));
  append_little_endian(end, static_cast<std::uint16_t>(arrays.size()));
  append_little_endian(end, static_cast<std::uint32_t>(directory.size()));
  append_little_endian(end, static_cast<std::uint32_t>(at));
  append_little_endian(end, std::uint16_t{0});
  std::vector<std::span<const std::byte>> pieces;
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    pieces.push_back(std::as_bytes(std::span(headers[k])));
    pieces.emplace_back(arrays[k].bytes);
  }
  pieces.push_back(std::as_bytes(std::span(directory)));
  pieces.push_back(std::as_bytes(std::span(end)));
  write_file_atomically(path, pieces);
}

}  // namespace tenon
