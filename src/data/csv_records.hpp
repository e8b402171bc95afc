#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "../io/words.hpp"
#include "tenon/error.hpp"

/// Tables as text.
namespace tenon::detail {

inline constexpr std::size_t most_csv_columns = std::size_t{1} << 18;

/// Cuts a text into records and fields, by RFC 4180: a field in quotes may contain delimiters, line
/// ends and, doubled, quotes.
class CsvRecords {
public:
  CsvRecords(std::string_view text, char delimiter, const std::string& path)
      : text_{text}, delimiter_{delimiter}, path_{path} {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);  // a byte order mark
    while (!text_.empty() && (text_.back() == '\n' || text_.back() == '\r')) text_.remove_suffix(1);
  }

  /// Reads the next record; false at the end.
  bool next(std::vector<std::string>& fields) {
    fields.clear();
    if (text_.empty()) return false;
    line_ = next_line_;
    while (true) {
      // a field may be one byte of the file, and is 32 in memory
      if (fields.size() == most_csv_columns)
        throw Error(fmt::format("{}:{}: expected at most {} columns, got more", path_, line_, most_csv_columns));
      fields.push_back(field());
      if (text_.empty()) break;
      const char end = text_.front();
      text_.remove_prefix(1);
      if (end == delimiter_) continue;  // a field follows, if only an empty one
      if (end == '\r' && text_.starts_with('\n')) text_.remove_prefix(1);
      ++next_line_;
      break;
    }
    return true;
  }

  /// The line on which the record read last begins, from 1.
  std::size_t line() const { return line_; }

private:
  bool at_end_of_field() const {
    return text_.empty() || text_.front() == delimiter_ || text_.front() == '\n' || text_.front() == '\r';
  }

  std::string field() {
    std::string content;
    if (!text_.starts_with('"')) {
      for (; !at_end_of_field(); text_.remove_prefix(1)) content += text_.front();
      return content;
    }
    const std::size_t opened = next_line_;
    text_.remove_prefix(1);
    while (true) {
      if (text_.empty())
        throw Error(fmt::format("{}:{}: expected a closing quote, got the end of the file", path_, opened));
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '\n' || (c == '\r' && !text_.starts_with('\n'))) ++next_line_;
      if (c != '"') {
        content += c;
      } else if (text_.starts_with('"')) {
        content += '"';
        text_.remove_prefix(1);
      } else {
        break;
      }
    }
    if (!at_end_of_field())
      throw Error(fmt::format("{}:{}: expected '{}' or a line end after a closing quote, got '{}'", path_, next_line_,
                              delimiter_, escaped_text(text_.substr(0, 1))));
    return content;
  }

  std::string_view text_;
  char delimiter_;
  const std::string& path_;
  std::size_t line_ = 0;
  std::size_t next_line_ = 1;
};

inline std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The number a text is in whole, a plus sign allowed; nothing else is taken for one.
template <class Number>
bool parse_number(std::string_view text, Number& number, char decimal = '.') {
  text = trimmed(text);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::string pointed;
  if (decimal != '.') {
    if (text.find('.') != text.npos) return false;
    pointed = text;
    if (const auto place = pointed.find(decimal); place != pointed.npos) pointed[place] = '.';
    text = pointed;
  }
  const char* const stop = text.data() + text.size();
  const auto [end, failure] = std::from_chars(text.data(), stop, number);
  if constexpr (std::is_same_v<Number, double>)
    if (failure == std::errc::result_out_of_range && end == stop) {  // too large, or so small that it is 0
      long double wide = 0;
      if (std::from_chars(text.data(), stop, wide).ec != std::errc{} || std::abs(wide) > 1) return false;
      number = std::copysign(0.0, wide < 0 ? -1.0 : 1.0);
      return true;
    }
  return failure == std::errc{} && end == stop;
}

}  // namespace tenon::detail
