#include "tenon/data/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "../io/input_file.hpp"
#include "../io/words.hpp"
#include "tenon/error.hpp"

namespace tenon {
namespace {

constexpr std::size_t most_columns = std::size_t{1} << 18;

/// Cuts a text into records and fields, by RFC 4180: a field in quotes may contain delimiters, line
/// ends and, doubled, quotes.
class Records {
public:
  Records(std::string_view text, char delimiter, const std::string& path)
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
      if (fields.size() == most_columns)
        throw Error(fmt::format("{}:{}: expected at most {} columns, got more", path_, line_, most_columns));
      fields.push_back(field());
      if (text_.empty()) break;
      const char end = text_.front();
      text_.remove_prefix(1);
      if (end == delimiter_) continue;  // a field follows, if only an empty one
      if (end == '\r') text_.remove_prefix(1);
      ++next_line_;
      break;
    }
    return true;
  }

  /// The line on which the record read last begins, from 1.
  std::size_t line() const { return line_; }

private:
  bool at_end_of_field() const {
    return text_.empty() || text_.front() == delimiter_ || text_.front() == '\n' ||
           text_.starts_with("\r\n");
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
        throw Error(fmt::format("{}:{}: expected a closing quote, got the end of the file", path_,
                                opened));
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '\n') ++next_line_;
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
      throw Error(fmt::format("{}:{}: expected '{}' or a line end after a closing quote, got '{}'",
                              path_, next_line_, delimiter_, detail::escaped_text(text_.substr(0, 1))));
    return content;
  }

  std::string_view text_;
  char delimiter_;
  const std::string& path_;
  std::size_t line_ = 0;
  std::size_t next_line_ = 1;
};

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The number a text is in whole, a plus sign allowed; nothing else is taken for one.
template <class Number>
bool parse(std::string_view text, Number& number) {
  text = trimmed(text);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc{} && end == text.data() + text.size();
}

std::string listed(const std::vector<std::string>& titles) {
  constexpr std::size_t most = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(titles.size(), most); ++i)
    text += (i > 0 ? ", " : "") + detail::escaped_text(std::string_view(titles[i]).substr(0, 80));
  return titles.size() > most ? text + fmt::format(" and {} more", titles.size() - most) : text;
}

/// What the fields of a file mean.
class Table {
public:
  Table(const std::string& path, const CsvOptions& options, std::vector<std::string> titles,
        std::size_t columns)
      : path_{path}, titles_{std::move(titles)}, columns_{columns} {
    label_ = options.target == CsvTarget::none ? columns : find(options.label_column);
    if (feature_columns() == 0)
      throw Error(fmt::format("{}: expected at least one column of features, got none", path_));
  }

  std::size_t columns() const { return columns_; }
  std::size_t label() const { return label_; }
  std::size_t feature_columns() const { return columns_ - (label_ < columns_ ? 1 : 0); }

  /// A field that isn't what it should be.
  [[noreturn]] void fail(std::size_t line, std::size_t column, std::string_view expected,
                         std::string_view got) const {
    const std::string title =
        column < titles_.size() ? fmt::format(" ({})", detail::quoted_text(titles_[column])) : std::string{};
    throw Error(fmt::format("{}:{}: column {}{}: expected {}, got {}", path_, line, column + 1,
                            title, expected, detail::quoted_text(got)));
  }

private:
  std::size_t find(const Column& column) const {
    if (!column.name.empty()) {
      const auto found = std::ranges::find(titles_, column.name);
      if (found == titles_.end())
        throw Error(fmt::format("{}: expected a column \"{}\", got {}", path_, column.name,
                                titles_.empty() ? "no header" : listed(titles_)));
      return static_cast<std::size_t>(found - titles_.begin());
    }
    const std::int64_t from_start =
        column.index < 0 ? static_cast<std::int64_t>(columns_) + column.index : column.index;
    if (from_start < 0 || from_start >= static_cast<std::int64_t>(columns_))
      throw Error(fmt::format("{}: label column {} is outside the {} columns", path_, column.index,
                              columns_));
    return static_cast<std::size_t>(from_start);
  }

  const std::string& path_;
  std::vector<std::string> titles_;
  std::size_t columns_;
  std::size_t label_ = 0;
};

template <class T>
T number(const Table& table, std::size_t line, std::size_t column, const std::string& field) {
  double value = 0;
  if (!parse(field, value) || !std::isfinite(static_cast<T>(value)))
    table.fail(line, column, "a finite number", field);
  return static_cast<T>(value);
}

std::int32_t class_index(const Table& table, std::size_t line, std::size_t column,
                         const std::string& field, std::size_t classes) {
  std::int32_t label = 0;
  const bool valid = parse(field, label) && label >= 0 &&
                     (classes == 0 || static_cast<std::size_t>(label) < classes);
  if (valid) return label;
  table.fail(line, column,
             classes == 0 ? std::string{"a class index, an integer from 0"}
                          : fmt::format("a class index from 0 to {}", classes - 1),
             field);
}

}  // namespace

template <std::floating_point T>
Dataset<T> read_csv(const std::string& path, const CsvOptions& options) try {
  if (options.delimiter == '"' || options.delimiter == '\n' || options.delimiter == '\r')
    throw Error("read_csv: expected a delimiter that is no quote and no line end");
  const std::string text = detail::read_file(path, "a table");
  if (text.find('\0') != text.npos) {
    const std::string seems = detail::seems_to_be(std::as_bytes(std::span(text)));
    throw Error(fmt::format("{}: expected a table as text, got a NUL at byte {}{}", path, text.find('\0'),
                            seems.empty() ? seems : " (it seems to be " + seems + ")"));
  }
  Records records{text, options.delimiter, path};

  std::vector<std::string> fields;
  std::vector<std::string> titles;
  bool more = records.next(fields);
  if (more && options.header) {
    for (const std::string& field : fields) titles.emplace_back(trimmed(field));
    more = records.next(fields);
  }
  if (!more) throw Error(fmt::format("{}: expected at least one line of numbers, got none", path));
  const std::size_t columns = options.header ? titles.size() : fields.size();
  const Table table{path, options, std::move(titles), columns};

  std::vector<T> features;
  Labels labels;
  Targets<T> targets;
  for (; more; more = records.next(fields)) {
    const std::size_t line = records.line();
    if (fields.size() != table.columns())
      throw Error(fmt::format("{}:{}: expected {} columns, got {}", path, line, table.columns(),
                              fields.size()));
    for (std::size_t column = 0; column < fields.size(); ++column) {
      const std::string& field = fields[column];
      if (column != table.label())
        features.push_back(number<T>(table, line, column, field));
      else if (options.target == CsvTarget::number)
        targets.values.push_back(number<T>(table, line, column, field));
      else
        labels.values.push_back(class_index(table, line, column, field, options.classes));
    }
  }

  std::vector<std::size_t> shape{table.feature_columns()};
  switch (options.target) {
    case CsvTarget::classes: {
      const auto largest = std::ranges::max_element(labels.values);
      labels.classes =
          options.classes != 0 ? options.classes : static_cast<std::size_t>(*largest) + 1;
      return {std::move(shape), std::move(features), std::move(labels)};
    }
    case CsvTarget::number:
      targets.size = 1;
      return {std::move(shape), std::move(features), std::move(targets)};
    case CsvTarget::none: break;
  }
  return {std::move(shape), std::move(features)};
} catch (const std::bad_alloc&) {
  detail::fail_for_memory(path);
}

template Dataset<float> read_csv<float>(const std::string&, const CsvOptions&);
template Dataset<double> read_csv<double>(const std::string&, const CsvOptions&);

}  // namespace tenon
