#include "words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tenon::detail {
namespace {

/// Bytes of the character of UTF-8 that the text begins with; 0 where it begins with none.
std::size_t character(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xc2 && first < 0xe0   ? 2
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xf0 && first < 0xf5 ? 4
                                                             : 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((at(i) & 0xc0U) != 0x80) return 0;
  // overlong forms, surrogates, beyond the last character
  if ((first == 0xe0 && at(1) < 0xa0) || (first == 0xed && at(1) >= 0xa0) || (first == 0xf0 && at(1) < 0x90) ||
      (first == 0xf4 && at(1) >= 0x90))
    return 0;
  return length;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  // U+0080 to U+009F are C2 80 to C2 9F; U+202A to U+202E and U+2066 to U+2069 turn the direction of text around
  if (character.size() == 2) return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
  return (character >= "\xe2\x80\xaa" && character <= "\xe2\x80\xae") ||
         (character >= "\xe2\x81\xa6" && character <= "\xe2\x81\xa9");
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool begins_like(std::string_view text, std::string_view lower_case) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return text.size() >= lower_case.size() &&
         std::equal(lower_case.begin(), lower_case.end(), text.begin(), [&](char a, char b) { return a == lower(b); });
}

struct Mark {
  std::string_view begin;
  std::string_view words;
};
constexpr std::array<Mark, 19> marks{{
    {"version https://git-lfs", "a Git LFS pointer, which only stands for the file: fetch that with \"git lfs pull\""},
    {"PK\x03\x04", "a zip archive, as PyTorch's .pt and numpy's .npz files are"},
    {"\x89PNG", "a PNG picture"},
    {"\xff\xd8\xff", "a JPEG picture"},
    {"GIF8", "a GIF picture"},
    {"%PDF", "a PDF document"},
    {"\x1f\x8b", "a file packed by gzip"},
    {"\x93NUMPY", "a numpy array (.npy)"},
    {"\x89HDF", "an HDF5 file, as Keras' .h5 files are"},
    {"GGUF", "a GGUF file"},
    {"\x7f"
     "ELF",
     "a program"},
    {"TNN1", "a blob of Tenon's, which export_blob writes"},
    {"(lp", "a Python pickle"},
    {"BZh", "a file packed by bzip2"},
    {"\xfd"
     "7zXZ",
     "a file packed by xz"},
    {"\x28\xb5\x2f\xfd", "a file packed by zstd"},
    {"PAR1", "a Parquet file"},
    {"\xff\xfe", "a text in UTF-16: save it as UTF-8"},
    {"\xfe\xff", "a text in UTF-16: save it as UTF-8"},
}};

}  // namespace

std::string escaped_text(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t size = character(text);
    if (size > 0 && !is_control(text.substr(0, size))) {
      result += text.substr(0, size);
      text.remove_prefix(size);
      continue;
    }
    for (const char c : text.substr(0, std::max<std::size_t>(size, 1)))
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return result;
}

std::string quoted_text(std::string_view text) {
  constexpr std::size_t longest = 80;
  std::size_t end = std::min(text.size(), longest);
  const auto continues = [&](std::size_t i) { return (static_cast<unsigned char>(text[i]) & 0xc0u) == 0x80u; };
  while (end < text.size() && end > longest - 4 && continues(end)) --end;  // no half characters
  return '"' + escaped_text(text.substr(0, end)) + (end < text.size() ? "...\"" : "\"");
}

std::string seems_to_be(std::span<const std::byte> begin) {
  const std::string_view text = text_of(begin.first(std::min(begin.size(), telling_bytes)));
  if (text.empty()) return {};
  for (const Mark& mark : marks)
    if (text.starts_with(mark.begin)) return std::string(mark.words);
  if (text.size() > 1 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5)
    return "a Python pickle, as PyTorch's old .pt files are";
  std::string_view words = text.substr(text.starts_with("\xef\xbb\xbf") ? 3 : 0);
  words.remove_prefix(std::min(words.find_first_not_of(" \t\r\n"), words.size()));
  if (begins_like(words, "<!doctype html") || begins_like(words, "<html") || begins_like(words, "<head"))
    return "an HTML page: a server's answer in place of the file?";
  if (begins_like(words, "<?xml") || begins_like(words, "<svg")) return "an XML document";
  const auto zeros = static_cast<std::size_t>(std::ranges::count(text, '\0'));
  if (zeros == text.size() && zeros > 8) return "nothing but zeros, as of a download that stopped";
  std::string_view line = words.substr(0, std::min<std::size_t>(words.find_first_of("\r\n"), 40));
  while (line.size() == 40 && static_cast<unsigned char>(line.back()) >= 0x80)
    line.remove_suffix(1);  // no half characters
  const bool readable = std::ranges::none_of(text, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
  });
  if (readable && words.size() >= 8 && !line.empty() && escaped_text(line) == line)
    return "a text that begins " + quoted_text(line);
  return {};
}

}  // namespace tenon::detail
