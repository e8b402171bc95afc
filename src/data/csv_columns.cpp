#include "csv_columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "csv_records.hpp"
#include "tenon/error.hpp"

namespace tenon::detail {

namespace {

constexpr std::size_t most_one_hot = 1000, most_codes = 65536;
constexpr std::int32_t largest_label = 999'999;  // unless the number of classes is said

constexpr std::string_view for_missing = ".missing says what stands there instead";

std::string listed(const std::vector<std::string>& titles) {
  constexpr std::size_t most = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(titles.size(), most); ++i)
    text += (i > 0 ? ", " : "") + escaped_text(std::string_view(titles[i]).substr(0, 80));
  return titles.size() > most ? text + fmt::format(" and {} more", titles.size() - most) : text;
}

}  // namespace

std::size_t CsvUse::width() const { return std::max(categorical->width, place.size()); }

bool looks_like_number(std::string_view field) {
  field = trimmed(field);
  if (field.starts_with('+') || field.starts_with('-')) field.remove_prefix(1);
  return field.empty() || (field[0] >= '0' && field[0] <= '9') || field[0] == '.';
}

CsvColumns::CsvColumns(const std::string& path, const CsvOptions& options, std::vector<std::string> titles,
                       std::size_t columns)
    : path_{path}, options_{options}, titles_{std::move(titles)}, uses_(columns) {
  label_ = options.target == CsvTarget::none ? columns : find(options.label_column, "label column");
  if (!options.like.empty() && options.like.size() != columns)
    throw Error(fmt::format("{}: expected {} columns, as in the table that it is to be like, got {}", path,
                            options.like.size(), columns));
  for (std::size_t k = 0; k < std::min(options.like.size(), titles_.size()); ++k)
    if (!options.like[k].name.empty() && options.like[k].name != titles_[k])
      throw Error(fmt::format("{}: column {}: expected {}, as in the table that it is to be like, got {}", path, k + 1,
                              quoted_text(options.like[k].name), quoted_text(titles_[k])));
  if (options.target == CsvTarget::classes) uses_[label_].is = CsvUse::class_index;
  if (!options.only.empty()) {
    std::vector<bool> wanted(columns);
    for (const CsvColumnName& c : options.only) {
      const std::size_t k = find(c, "column");
      if (wanted[k]) throw Error(fmt::format("{}: column {} is named twice in .only", path, k + 1));
      order_.push_back(k);
      wanted[k] = true;
    }
    for (std::size_t k = 0; k < columns; ++k)
      if (!wanted[k] && k != label_) uses_[k].is = CsvUse::left_out;
  } else {
    order_.resize(columns);
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }
  for (const CsvColumnName& c : options.leave_out) {
    const std::size_t k = find(c, "column to leave out");
    if (k == label_)
      throw Error(fmt::format("{}: expected a label column that is not left out, got column {}", path, k + 1));
    uses_[k].is = CsvUse::left_out;
  }
  for (const Categorical& c : options.categorical) {
    const std::size_t k = find(c.column, "categorical column");
    if (uses_[k].is == CsvUse::left_out)
      throw Error(fmt::format("{}: column {} is left out, and cannot be categorical", path, k + 1));
    if (k == label_ && options.target == CsvTarget::number)
      throw Error(fmt::format("{}: column {} is the number to predict, and cannot be categorical", path, k + 1));
    if (uses_[k].is == CsvUse::text)
      throw Error(fmt::format("{}: column {} is said to be categorical twice", path, k + 1));
    uses_[k].is = CsvUse::text;
    uses_[k].categorical = &c;
    for (const std::string& text : known_texts(k))
      if (!uses_[k].found.emplace(text, uses_[k].found.size()).second)
        throw Error(
            fmt::format("{}: column {}: expected each text once, got {} twice", path, k + 1, quoted_text(text)));
    if (c.width > 0 && uses_[k].found.size() > c.width)
      throw Error(
          fmt::format("{}: column {}: expected at most {} texts, got {}", path, k + 1, c.width, uses_[k].found.size()));
  }
  std::erase_if(order_, [&](std::size_t k) { return k == label_ || uses_[k].is == CsvUse::left_out; });
  place_.resize(columns);
  for (std::size_t i = 0; i < order_.size(); ++i) place_[order_[i]] = i;
  if (order_.empty())
    throw Error(fmt::format("{}: expected at least one column of features, got none of {}", path_,
                            columns == 1
                                ? fmt::format("1 column; .delimiter is '{}'", escaped_text({&options.delimiter, 1}))
                                : fmt::format("{} columns", columns)));
}

std::string CsvColumns::called(std::size_t column) const {
  return fmt::format("column {}", column + 1) +
         (column < titles_.size() ? fmt::format(" ({})", quoted_text(titles_[column])) : std::string{});
}

template <class T>
T CsvColumns::cell(std::size_t line, std::size_t column, const std::string& field) {
  CsvUse& use = uses_[column];
  const std::string_view text = trimmed(field);
  const bool absent = is_missing(text);
  if (use.is == CsvUse::text) {
    if (absent && column == label_) fail(line, column, "the name of a class", field);
    if (absent && options_.missing.kind == Missing::error) fail(line, column, "a text", field, for_missing);
    return static_cast<T>(number_of(use, line, column, absent ? std::string_view{} : text));
  }
  if (absent && column != label_ && options_.missing.kind != Missing::error) return std::numeric_limits<T>::quiet_NaN();
  double value = 0;
  if (!parse_number(field, value, options_.decimal) || !std::isfinite(static_cast<T>(value)))
    fail(line, column, "a finite number", field, column == label_ ? "" : absent ? for_missing : option_for(text));
  return static_cast<T>(value);
}

template float CsvColumns::cell(std::size_t, std::size_t, const std::string&);
template double CsvColumns::cell(std::size_t, std::size_t, const std::string&);

std::int32_t CsvColumns::class_index(std::size_t line, std::size_t column, const std::string& field) {
  if (uses_[column].is == CsvUse::text) return static_cast<std::int32_t>(cell<double>(line, column, field));
  std::int32_t index = 0;
  const std::size_t classes = options_.classes;
  if (parse_number(field, index) && index >= 0) {
    if (classes == 0 ? index <= largest_label : static_cast<std::size_t>(index) < classes) return index;
    if (classes == 0)
      fail(line, column, fmt::format("a class index from 0 to {}", largest_label), field,
           "more classes are .classes, numbers to predict are .target = CsvTarget::number");
  }
  fail(line, column,
       classes == 0 ? std::string{"a class index, an integer from 0"}
                    : fmt::format("a class index from 0 to {}", classes - 1),
       field, option_for_class(trimmed(field)));
}

std::vector<std::string> CsvColumns::order_texts(std::size_t column) {
  CsvUse& use = uses_[column];
  std::vector<std::string> texts = known_texts(column);
  if (texts.empty())
    for (const auto& [text, first] : use.found) texts.push_back(text);
  use.place.resize(texts.size());
  for (std::size_t k = 0; k < texts.size(); ++k) use.place[use.found.at(texts[k])] = k;
  return texts;
}

void CsvColumns::fail(std::size_t line, std::size_t column, std::string_view expected, std::string_view got,
                      std::string_view option) const {
  throw Error(fmt::format("{}:{}: {}: expected {}, got {}{}{}", path_, line, called(column), expected, quoted_text(got),
                          option.empty() ? "" : "; ", option));
}

std::string_view CsvColumns::option_for(std::string_view text) const {
  double number = 0;
  if (parse_number(text, number, options_.decimal)) return "";  // one that is not finite, or beyond floats
  if (parse_number(text, number, options_.decimal == '.' ? ',' : '.')) return ".decimal says what begins the decimals";
  return looks_like_number(text) ? "" : "texts are .categorical, or .leave_out";
}

std::string_view CsvColumns::option_for_class(std::string_view text) const {
  double number = 0;
  if (is_missing(text)) return "";
  if (!parse_number(text, number, options_.decimal))
    return looks_like_number(text) ? "" : "names of classes are .categorical";
  return options_.classes > 0 && number == std::floor(number) ? ""
                                                              : "numbers to predict are .target = CsvTarget::number";
}

bool CsvColumns::is_missing(std::string_view text) const {
  constexpr std::string_view usual[]{"NA", "N/A", "NaN", "nan", "null", "?"};
  if (text.empty()) return true;
  if (options_.missing_words.empty()) return std::ranges::find(usual, text) != std::end(usual);
  return std::ranges::find(options_.missing_words, text) != options_.missing_words.end();
}

std::size_t CsvColumns::number_of(CsvUse& use, std::size_t line, std::size_t column, std::string_view text) {
  const auto found = use.found.find(text);
  if (found != use.found.end()) return found->second;
  if (const auto& known = known_texts(column); !known.empty())
    fail(line, column, fmt::format("one of {} texts ({})", known.size(), listed(known)), text);
  const std::size_t space = column == label_ ? options_.classes : use.categorical->width;
  const std::size_t most = space > 0                                                     ? space
                           : use.categorical->as == CsvText::one_hot && column != label_ ? most_one_hot
                                                                                         : most_codes;
  if (use.found.size() == most) fail(line, column, fmt::format("at most {} different texts", most), text);
  return use.found.emplace(text, use.found.size()).first->second;
}

std::size_t CsvColumns::find(const CsvColumnName& column, const char* what) const {
  if (!column.name.empty()) {
    const auto found = std::ranges::find(titles_, column.name);
    if (found == titles_.end())
      throw Error(fmt::format("{}: expected a column \"{}\", got {}", path_, column.name,
                              titles_.empty() ? "no names, for .header is false" : listed(titles_)));
    if (const auto again = std::find(found + 1, titles_.end(), column.name); again != titles_.end())
      throw Error(fmt::format("{}: expected one column \"{}\", got two: {} and {}; choose by number", path_,
                              column.name, found - titles_.begin() + 1, again - titles_.begin() + 1));
    return static_cast<std::size_t>(found - titles_.begin());
  }
  const auto count = static_cast<std::int64_t>(uses_.size());
  const std::int64_t from_start = column.index < 0 ? count + column.index : column.index;
  if (from_start < 0 || from_start >= count)
    throw Error(fmt::format("{}: {} {} is outside the {} columns", path_, what, column.index, count));
  return static_cast<std::size_t>(from_start);
}

}  // namespace tenon::detail
