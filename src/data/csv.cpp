#include "tenon/data/csv.hpp"
#include "tenon/data/csv_row.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "../io/input_file.hpp"
#include "csv_records.hpp"
#include "tenon/error.hpp"

namespace tenon {
Column::Column(int number) : index{number} {}
Column::Column(std::string title) : name{std::move(title)} {}
Column::Column(const char* title) : name{title} {}
Categorical::Categorical(int number) : column{number} {}
Categorical::Categorical(const char* title) : column{title} {}
Categorical::Categorical(Column which, CsvText how) : column{std::move(which)}, as{how} {}
Categorical::Categorical(Column which, CsvText how, std::vector<std::string> known, std::size_t space)
    : column{std::move(which)}, as{how}, texts{std::move(known)}, width{space} {}

const CsvOptions& csv::detail::no_options() {
  static const CsvOptions none;
  return none;
}
CsvOptions csv::detail::like_table(const CsvOptions& begin, const CsvTable<float>& table) {
  CsvOptions options = begin;
  options.like = table.columns;
  return options;
}

/// What reads a Row of these columns.
CsvOptions csv::detail::row_options(const CsvOptions& given, std::span<const RowColumn> columns) {
  CsvOptions begin = given;
  begin.header = true;
  begin.target = CsvTarget::none;
  begin.classes = 0;
  begin.categorical.clear();
  begin.only.clear();
  for (const RowColumn& column : columns) {
    const std::string name(column.name);
    begin.only.emplace_back(name);
    if (column.classes > 0)
      begin.categorical.emplace_back(name, CsvText::one_hot, std::vector<std::string>{}, column.classes);
    if (!column.target) continue;
    begin.label_column = name;
    begin.target = column.classes > 0 ? CsvTarget::classes : CsvTarget::number;
    begin.classes = column.classes;
  }
  return begin;
}

namespace {

using detail::parse_number;
using detail::trimmed;

constexpr std::size_t most_one_hot = 1000, most_codes = 65536;
constexpr std::int32_t largest_label = 999'999;  // unless the number of classes is said

std::string listed(const std::vector<std::string>& titles) {
  constexpr std::size_t most = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(titles.size(), most); ++i)
    text += (i > 0 ? ", " : "") + detail::escaped_text(std::string_view(titles[i]).substr(0, 80));
  return titles.size() > most ? text + fmt::format(" and {} more", titles.size() - most) : text;
}

/// What one column of the file is read as.
struct Use {
  enum { number, text, class_index, left_out } is = number;
  const Categorical* categorical = nullptr;
  std::map<std::string, std::size_t, std::less<>> found{};  // texts, and the order in which they came
  std::vector<std::size_t> place{};  // of the text that came k-th, in the order that they are given
};

std::size_t width_of(const Use& use) { return std::max(use.categorical->width, use.place.size()); }

/// What nobody calls a column: "0x10", "1,000", "1e400" or "-" are numbers that cannot be read, not names.
bool like_number(std::string_view field) {
  field = trimmed(field);
  if (field.starts_with('+') || field.starts_with('-')) field.remove_prefix(1);
  return field.empty() || (field[0] >= '0' && field[0] <= '9') || field[0] == '.';
}

/// What the fields of a file mean.
class Table {
public:
  Table(const std::string& path, const CsvOptions& options, std::vector<std::string> titles, std::size_t columns)
      : path_{path}, options_{options}, titles_{std::move(titles)}, uses_(columns) {
    label_ = options.target == CsvTarget::none ? columns : find(options.label_column, "label column");
    if (!options.like.empty() && options.like.size() != columns)
      throw Error(fmt::format("{}: expected {} columns, as in the table that it is to be like, got {}", path,
                              options.like.size(), columns));
    for (std::size_t k = 0; k < std::min(options.like.size(), titles_.size()); ++k)
      if (!options.like[k].name.empty() && options.like[k].name != titles_[k])
        throw Error(fmt::format("{}: column {}: expected {}, as in the table that it is to be like, got {}", path,
                                k + 1, detail::quoted_text(options.like[k].name), detail::quoted_text(titles_[k])));
    if (options.target == CsvTarget::classes) uses_[label_].is = Use::class_index;
    if (!options.only.empty()) {
      std::vector<bool> wanted(columns);
      for (const Column& c : options.only) {
        const std::size_t k = find(c, "column");
        if (!wanted[k]) order_.push_back(k);
        wanted[k] = true;
      }
      for (std::size_t k = 0; k < columns; ++k)
        if (!wanted[k] && k != label_) uses_[k].is = Use::left_out;
    } else {
      order_.resize(columns);
      std::iota(order_.begin(), order_.end(), std::size_t{0});
    }
    for (const Column& c : options.leave_out) {
      const std::size_t k = find(c, "column to leave out");
      if (k == label_)
        throw Error(fmt::format("{}: expected a label column that is not left out, got column {}", path, k + 1));
      uses_[k].is = Use::left_out;
    }
    for (const Categorical& c : options.categorical) {
      const std::size_t k = find(c.column, "categorical column");
      if (uses_[k].is == Use::left_out)
        throw Error(fmt::format("{}: column {} is left out, and cannot be categorical", path, k + 1));
      if (k == label_ && options.target == CsvTarget::number)
        throw Error(fmt::format("{}: column {} is the number to predict, and cannot be categorical", path, k + 1));
      if (uses_[k].is == Use::text)
        throw Error(fmt::format("{}: column {} is said to be categorical twice", path, k + 1));
      uses_[k].is = Use::text;
      uses_[k].categorical = &c;
      for (const std::string& text : known_texts(k))
        if (!uses_[k].found.emplace(text, uses_[k].found.size()).second)
          throw Error(fmt::format("{}: column {}: expected each text once, got {} twice", path, k + 1,
                                  detail::quoted_text(text)));
      if (c.width > 0 && uses_[k].found.size() > c.width)
        throw Error(fmt::format("{}: column {}: expected at most {} texts, got {}", path, k + 1, c.width,
                                uses_[k].found.size()));
    }
    std::erase_if(order_, [&](std::size_t k) { return k == label_ || uses_[k].is == Use::left_out; });
    place_.resize(columns);
    for (std::size_t i = 0; i < order_.size(); ++i) place_[order_[i]] = i;
    if (order_.empty())
      throw Error(fmt::format(
          "{}: expected at least one column of features, got none of {}", path_,
          columns == 1 ? fmt::format("1 column; .delimiter is '{}'", detail::escaped_text({&options.delimiter, 1}))
                       : fmt::format("{} columns", columns)));
  }

  std::size_t columns() const { return uses_.size(); }
  std::size_t label() const { return label_; }
  /// The columns of features, in the order in which they stand in a sample, and where a column is among them.
  const std::vector<std::size_t>& order() const { return order_; }
  std::size_t place(std::size_t column) const { return place_[column]; }
  Use& use(std::size_t k) { return uses_[k]; }
  std::string title(std::size_t k) const { return k < titles_.size() ? titles_[k] : std::string(); }
  /// Texts that were known before the file was read.
  const std::vector<std::string>& known_texts(std::size_t k) const {
    return options_.like.empty() ? uses_[k].categorical->texts : options_.like[k].texts;
  }

  /// A field that isn't what it should be, and the option by which it could be what it is.
  [[noreturn]] void fail(std::size_t line, std::size_t column, std::string_view expected, std::string_view got,
                         std::string_view option = {}) const {
    throw Error(fmt::format("{}:{}: {}: expected {}, got {}{}{}", path_, line, called(column), expected,
                            detail::quoted_text(got), option.empty() ? "" : "; ", option));
  }

  /// A column in messages.
  std::string called(std::size_t column) const {
    return fmt::format("column {}", column + 1) +
           (column < titles_.size() ? fmt::format(" ({})", detail::quoted_text(titles_[column])) : std::string{});
  }

  /// A field as a number: itself, a class, or which of the texts it is; NaN where it is missing.
  template <class T>
  T cell(std::size_t line, std::size_t column, const std::string& field) {
    Use& use = uses_[column];
    const std::string_view text = trimmed(field);
    const bool absent = is_missing(text);
    if (use.is == Use::text) {
      if (absent && column == label_) fail(line, column, "the name of a class", field);
      if (absent && options_.missing.kind == Missing::error) fail(line, column, "a text", field, for_missing);
      return static_cast<T>(number_of(use, line, column, absent ? std::string_view{} : text));
    }
    if (absent && column != label_ && options_.missing.kind != Missing::error)
      return std::numeric_limits<T>::quiet_NaN();
    double value = 0;
    if (!parse_number(field, value, options_.decimal) || !std::isfinite(static_cast<T>(value)))
      fail(line, column, "a finite number", field, column == label_ ? "" : absent ? for_missing : option_for(text));
    return static_cast<T>(value);
  }
  std::int32_t class_index(std::size_t line, std::size_t column, const std::string& field) {
    if (uses_[column].is == Use::text) return static_cast<std::int32_t>(cell<double>(line, column, field));
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

  /// What a text column's texts are, in order, once all have been read.
  std::vector<std::string> order_texts(std::size_t column) {
    Use& use = uses_[column];
    std::vector<std::string> texts = known_texts(column);
    if (texts.empty())
      for (const auto& [text, first] : use.found) texts.push_back(text);
    use.place.resize(texts.size());
    for (std::size_t k = 0; k < texts.size(); ++k) use.place[use.found.at(texts[k])] = k;
    return texts;
  }

private:
  static constexpr std::string_view for_missing = ".missing says what stands there instead";
  /// By which a field that is no number could be read.
  std::string_view option_for(std::string_view text) const {
    double number = 0;
    if (parse_number(text, number, options_.decimal)) return "";  // one that is not finite, or beyond floats
    if (parse_number(text, number, options_.decimal == '.' ? ',' : '.'))
      return ".decimal says what begins the decimals";
    return like_number(text) ? "" : "texts are .categorical, or .leave_out";
  }
  std::string_view option_for_class(std::string_view text) const {
    double number = 0;
    if (is_missing(text)) return "";
    if (!parse_number(text, number, options_.decimal))
      return like_number(text) ? "" : "names of classes are .categorical";
    return options_.classes > 0 && number == std::floor(number) ? ""
                                                                : "numbers to predict are .target = CsvTarget::number";
  }

  bool is_missing(std::string_view text) const {
    constexpr std::string_view usual[]{"NA", "N/A", "NaN", "nan", "null", "?"};
    if (text.empty()) return true;
    if (options_.missing_words.empty()) return std::ranges::find(usual, text) != std::end(usual);
    return std::ranges::find(options_.missing_words, text) != options_.missing_words.end();
  }

  std::size_t number_of(Use& use, std::size_t line, std::size_t column, std::string_view text) {
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

  std::size_t find(const Column& column, const char* what) const {
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

  const std::string& path_;
  const CsvOptions& options_;
  std::vector<std::string> titles_;
  std::vector<Use> uses_;
  std::size_t label_ = 0;
  std::vector<std::size_t> order_, place_;
};

bool is_named(const CsvOptions& options) {
  return (options.target != CsvTarget::none && !options.label_column.name.empty()) ||
         std::ranges::any_of(options.leave_out, [](const Column& c) { return !c.name.empty(); }) ||
         std::ranges::any_of(options.only, [](const Column& c) { return !c.name.empty(); }) ||
         std::ranges::any_of(options.categorical, [](const Categorical& c) { return !c.column.name.empty(); });
}

/// Whether the first line has names, as far as the two first lines tell; `second` is empty where there is none.
bool seems_header(const std::vector<std::string>& first, const std::vector<std::string>& second, char decimal) {
  double number = 0;
  bool numbers = false;
  for (std::size_t k = 0; k < first.size(); ++k) {
    if (parse_number(first[k], number, decimal)) numbers = true;
    else if (!like_number(first[k]) && k < second.size() && parse_number(second[k], number, decimal)) return true;
  }
  return !numbers;
}

/// What stands in for the missing numbers of a column; nothing where none is missing and none can be told.
template <class T>
std::optional<double> fill_of(const Missing& missing, const std::vector<T>& cells, std::size_t column,
                              std::size_t width) {
  if (missing.kind == Missing::value) return missing.with;
  std::vector<double> there;
  there.reserve(cells.size() / width);
  for (std::size_t i = column; i < cells.size(); i += width)
    if (!std::isnan(cells[i])) there.push_back(static_cast<double>(cells[i]));
  if (there.empty()) return std::nullopt;
  if (missing.kind == Missing::mean) {
    double mean = 0;
    for (std::size_t i = 0; i < there.size(); ++i) mean += (there[i] - mean) / static_cast<double>(i + 1);
    return mean;
  }
  const auto middle = there.begin() + static_cast<std::ptrdiff_t>(there.size() / 2);
  std::ranges::nth_element(there, middle);
  if (there.size() % 2 == 1) return *middle;
  return std::midpoint(*std::max_element(there.begin(), middle), *middle);
}

void check(const CsvOptions& options) {
  const char between = options.delimiter;
  if (between == '"' || between == '\n' || between == '\r' || between == '\0')
    throw Error("read_csv: delimiter: expected one that is no quote, no line end and no NUL");
  if ((between >= '0' && between <= '9') || between == '+' || between == '-')
    throw Error(fmt::format("read_csv: delimiter: expected one that no number has, got '{}'", between));
  if (options.decimal != '.' && options.decimal != ',') throw Error("read_csv: decimal: expected '.' or ','");
  if (options.decimal == options.delimiter)
    throw Error(
        fmt::format("read_csv: delimiter: expected another one than decimal, got '{}' for both", options.decimal));
  for (const CsvColumn& column : options.like)
    if (column.fill && !std::isfinite(*column.fill))
      throw Error(fmt::format("read_csv: like: expected a finite number for missing ones, got {}", *column.fill));
  if (options.missing.kind == Missing::value && !std::isfinite(options.missing.with))
    throw Error(fmt::format("read_csv: missing: expected a finite number, got {}", options.missing.with));
}

template <class T>
CsvTable<T> parse_table(const std::string& path, const CsvOptions& options, const std::string& text) {
  if (text.find('\0') != text.npos)
    throw Error(fmt::format("{}: expected a table as text, got a NUL at byte {}", path, text.find('\0')));
  detail::CsvRecords records{text, options.delimiter, path};

  std::vector<std::string> fields, titles;
  bool more = records.next(fields);
  if (more && fields.size() == 1 && trimmed(fields[0]).empty())
    throw Error(fmt::format("{}:{}: expected names or numbers, got a blank line", path, records.line()));
  if (more && options.header.value_or(true)) {
    const std::size_t line = records.line();
    std::vector<std::string> second;
    detail::CsvRecords ahead = records;
    if (!options.header && !is_named(options)) ahead.next(second);
    if (options.header || is_named(options) || seems_header(fields, second, options.decimal)) {
      for (const std::string& field : fields) titles.emplace_back(trimmed(field));
      more = records.next(fields);
      if (!more)
        throw Error(
            fmt::format("{}: expected at least one line of numbers, got none behind the names in line {}", path, line));
    }
  }
  if (!more) throw Error(fmt::format("{}: expected at least one line of numbers, got none", path));
  const std::size_t columns = titles.empty() ? fields.size() : titles.size();
  Table table{path, options, std::move(titles), columns};

  const std::vector<std::size_t>& kept = table.order();
  const std::size_t width = kept.size();
  std::vector<T> cells;
  Labels labels;
  Targets<T> targets;
  for (; more; more = records.next(fields)) {
    const std::size_t line = records.line();
    if (fields.size() != table.columns())
      throw Error(fmt::format("{}:{}: expected {} columns, got {}", path, line, table.columns(), fields.size()));
    cells.resize(cells.size() + width);
    T* const row = cells.data() + cells.size() - width;
    for (std::size_t column = 0; column < fields.size(); ++column) {
      if (column == table.label()) {
        if (options.target == CsvTarget::number)
          targets.values.push_back(table.template cell<T>(line, column, fields[column]));
        else labels.values.push_back(table.class_index(line, column, fields[column]));
      } else if (table.use(column).is != Use::left_out) {
        row[table.place(column)] = table.template cell<T>(line, column, fields[column]);
      }
    }
  }

  // How wide each column becomes, and what its cells are replaced by.
  const std::size_t rows = cells.size() / width;
  CsvTable<T> result;
  result.columns.resize(table.columns());
  std::size_t wide = 0;
  bool as_they_are = true;
  for (std::size_t column = 0; column < table.columns(); ++column) {
    Use& use = table.use(column);
    CsvColumn& info = result.columns[column];
    info.name = table.title(column);
    if (use.is == Use::text) info.texts = table.order_texts(column);
    if (column == table.label() || use.is == Use::left_out) continue;
    if (use.is == Use::text) {
      as_they_are = false;
      if (use.categorical->as == CsvText::one_hot) wide += width_of(use);
    } else {
      ++wide;
      if (options.missing.kind != Missing::error) {
        if (!options.like.empty()) info.fill = options.like[column].fill;
        if (options.like.empty() || (!info.fill && options.missing.kind == Missing::value))
          info.fill = fill_of(options.missing, cells, table.place(column), width);
        for (std::size_t i = table.place(column); i < cells.size(); i += width) {
          if (!std::isnan(cells[i])) continue;
          if (!info.fill)
            throw Error(fmt::format("{}: {}: expected {}", path, table.called(column),
                                    options.like.empty()
                                        ? fmt::format("a number at least once, got none in {} lines", rows)
                                        : "what stands for missing numbers in .like, got none: read that table with "
                                          ".missing too"));
          cells[i] = static_cast<T>(*info.fill);
        }
      }
    }
  }

  ColumnSet<T> set;
  if (as_they_are) {
    set.add(Features<T>{"features", {width}, std::move(cells)});
  } else {
    std::vector<T> features;
    features.reserve(rows * wide);
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t k = 0; k < width; ++k) {
        const T cell = cells[row * width + k];
        const Use& use = table.use(kept[k]);
        if (use.is != Use::text) {
          features.push_back(cell);
        } else if (use.categorical->as == CsvText::one_hot) {
          const std::size_t first = features.size();
          features.resize(first + width_of(use));
          features[first + use.place[static_cast<std::size_t>(cell)]] = T(1);
        }
      }
    if (wide > 0) set.add(Features<T>{"features", {wide}, std::move(features)});
    for (std::size_t k = 0; k < width; ++k) {
      const Use& use = table.use(kept[k]);
      if (use.is != Use::text || use.categorical->as != CsvText::codes) continue;
      std::vector<T> codes(rows);
      for (std::size_t row = 0; row < rows; ++row)
        codes[row] = static_cast<T>(use.place[static_cast<std::size_t>(cells[row * width + k])]);
      const std::string name = table.title(kept[k]);
      set.add(Features<T>{name.empty() ? fmt::format("column {}", kept[k] + 1) : name, {1}, std::move(codes)});
    }
  }
  if (options.target == CsvTarget::classes) {
    Use& use = table.use(table.label());
    if (use.is == Use::text) {
      for (std::int32_t& label : labels.values)
        label = static_cast<std::int32_t>(use.place[static_cast<std::size_t>(label)]);
      labels.classes = std::max(options.classes, use.place.size());
    } else {
      labels.classes = options.classes != 0 ? options.classes
                                            : static_cast<std::size_t>(*std::ranges::max_element(labels.values)) + 1;
    }
    set.add(std::move(labels));
  } else if (options.target == CsvTarget::number) {
    targets.size = 1;
    set.add(std::move(targets));
  }
  result.data = Dataset<T>(std::move(set));
  return result;
}

/// What is no table may be another file, which tells more than the line where that was found out.
template <class T>
CsvTable<T> read_table(const std::string& path, const CsvOptions& options) {
  check(options);
  const std::string text = detail::read_file(path, "a table");
  try {
    return parse_table<T>(path, options, text);
  } catch (const Error& error) {
    const std::string seems = detail::seems_to_be(std::as_bytes(std::span(text)));
    if (seems.empty() || seems.starts_with("a text that")) throw;
    throw Error(error.what() + (" (it seems to be " + seems + ")"));
  }
}

}  // namespace

template <class T>
CsvTable<T> read_csv_table(const std::string& path, const CsvOptions& options) {
  return detail::within_memory(path, [&] { return read_table<T>(path, options); });
}
template <class T>
Dataset<T> read_csv(const std::string& path, const CsvOptions& options) {
  return read_csv_table<T>(path, options).data;
}

template <class T>
Dataset<T> read_csv(const std::string& path) {
  return read_csv<T>(path, CsvOptions{});
}
template <class T>
CsvTable<T> read_csv_table(const std::string& path) {
  return read_csv_table<T>(path, CsvOptions{});
}

template Dataset<float> read_csv<float>(const std::string&, const CsvOptions&);
template Dataset<float> read_csv<float>(const std::string&);
template Dataset<double> read_csv<double>(const std::string&);
template CsvTable<float> read_csv_table<float>(const std::string&);
template CsvTable<double> read_csv_table<double>(const std::string&);
template Dataset<double> read_csv<double>(const std::string&, const CsvOptions&);
template CsvTable<float> read_csv_table<float>(const std::string&, const CsvOptions&);
template CsvTable<double> read_csv_table<double>(const std::string&, const CsvOptions&);

}  // namespace tenon
