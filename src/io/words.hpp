#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// How messages name what is in files.
namespace tenon::detail {

/// A text from a file, fit for a message: in quotes, long ones shortened, and everything a terminal could take for a
/// command (control characters of ASCII and of Unicode, bytes that are no UTF-8) written as \xNN.
std::string quoted_text(std::string_view text);
/// The same without quotes and without a limit.
std::string escaped_text(std::string_view text);

/// What stands behind the last `mark`, or all of it.
inline std::string_view behind_last(char mark, std::string_view text) {
  const std::size_t at = text.rfind(mark);
  return at == std::string_view::npos ? text : text.substr(at + 1);
}

/// What a file that is not what it should be seems to be, by its first bytes: "a Git LFS pointer, ...". Empty where
/// nothing is known about it.
std::string seems_to_be(std::span<const std::byte> begin);

/// How many bytes of a file are enough to recognise it.
inline constexpr std::size_t telling_bytes = 512;

}  // namespace tenon::detail
