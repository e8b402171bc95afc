#include "tenon/data/csv.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "../io/input_file.hpp"
#include "csv_columns.hpp"
#include "csv_records.hpp"
#include "tenon/error.hpp"

namespace tenon {
CsvColumnName::CsvColumnName(int number) : index{number} {}
CsvColumnName::CsvColumnName(std::string title) : name{std::move(title)} {}
CsvColumnName::CsvColumnName(const char* title) : name{title} {}
Categorical::Categorical(int number) : column{number} {}
Categorical::Categorical(const char* title) : column{title} {}
Categorical::Categorical(CsvColumnName which, CsvText how) : column{std::move(which)}, as{how} {}
Categorical::Categorical(CsvColumnName which, CsvText how, std::vector<std::string> known, std::size_t space)
    : column{std::move(which)}, as{how}, texts{std::move(known)}, width{space} {}

namespace {

using detail::parse_number;
using detail::trimmed;

bool is_named(const CsvOptions& options) {
  return (options.target != CsvTarget::none && !options.label_column.name.empty()) ||
         std::ranges::any_of(options.leave_out, [](const CsvColumnName& c) { return !c.name.empty(); }) ||
         std::ranges::any_of(options.only, [](const CsvColumnName& c) { return !c.name.empty(); }) ||
         std::ranges::any_of(options.categorical, [](const Categorical& c) { return !c.column.name.empty(); });
}

/// Whether the first line has names, judged by the first two lines; `second` is empty where there is none.
bool seems_header(const std::vector<std::string>& first, const std::vector<std::string>& second, char decimal) {
  double number = 0;
  bool numbers = false;
  for (std::size_t k = 0; k < first.size(); ++k) {
    if (parse_number(first[k], number, decimal)) numbers = true;
    else if (!detail::looks_like_number(first[k]) && k < second.size() && parse_number(second[k], number, decimal))
      return true;
  }
  return !numbers;
}

/// What stands in for the missing numbers of a column; nothing where the column has no number.
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

/// The names in the first line, if it has names. `fields` then has the first line of numbers.
std::vector<std::string> read_titles(detail::CsvRecords& records, std::vector<std::string>& fields,
                                     const std::string& path, const CsvOptions& options) {
  const auto no_numbers = [&](const std::string& where) {
    return Error(fmt::format("{}: expected at least one line of numbers, got none{}", path, where));
  };
  if (!records.next(fields)) throw no_numbers("");
  if (fields.size() == 1 && trimmed(fields[0]).empty())
    throw Error(fmt::format("{}:{}: expected names or numbers, got a blank line", path, records.line()));
  if (!options.header.value_or(true)) return {};
  if (!options.header && !is_named(options)) {
    std::vector<std::string> second;
    detail::CsvRecords ahead = records;
    ahead.next(second);
    if (!seems_header(fields, second, options.decimal)) return {};
  }
  const std::size_t line = records.line();
  std::vector<std::string> titles;
  for (const std::string& field : fields) titles.emplace_back(trimmed(field));
  if (!records.next(fields)) throw no_numbers(fmt::format(" behind the names in line {}", line));
  return titles;
}

/// All lines as numbers: a text is the place at which it was first seen.
template <class T>
struct Cells {
  std::size_t width = 0;  // columns of features
  std::vector<T> features{};
  Labels labels{};
  Targets<T> targets{};

  std::size_t rows() const { return features.size() / width; }
};

/// `fields`: the first line.
template <class T>
Cells<T> read_cells(detail::CsvRecords& records, std::vector<std::string>& fields, detail::CsvColumns& table,
                    const std::string& path, const CsvOptions& options) {
  Cells<T> cells{table.order().size()};
  do {
    const std::size_t line = records.line();
    if (fields.size() != table.columns())
      throw Error(fmt::format("{}:{}: expected {} columns, got {}", path, line, table.columns(), fields.size()));
    cells.features.resize(cells.features.size() + cells.width);
    T* const row = cells.features.data() + cells.features.size() - cells.width;
    for (std::size_t column = 0; column < fields.size(); ++column) {
      if (column == table.label()) {
        if (options.target == CsvTarget::number)
          cells.targets.values.push_back(table.template cell<T>(line, column, fields[column]));
        else cells.labels.values.push_back(table.class_index(line, column, fields[column]));
      } else if (table.use(column).is != detail::CsvUse::left_out) {
        row[table.place(column)] = table.template cell<T>(line, column, fields[column]);
      }
    }
  } while (records.next(fields));
  return cells;
}

/// Replaces the missing numbers of a column, and notes in `info` by what.
template <class T>
void replace_missing(Cells<T>& cells, std::size_t column, CsvColumn& info, const detail::CsvColumns& table,
                     const std::string& path, const CsvOptions& options) {
  if (options.missing.kind == Missing::error) return;
  if (!options.like.empty()) info.fill = options.like[column].fill;
  if (options.like.empty() || (!info.fill && options.missing.kind == Missing::value))
    info.fill = fill_of(options.missing, cells.features, table.place(column), cells.width);
  for (std::size_t i = table.place(column); i < cells.features.size(); i += cells.width) {
    if (!std::isnan(cells.features[i])) continue;
    if (!info.fill)
      throw Error(
          fmt::format("{}: {}: expected {}", path, table.called(column),
                      options.like.empty()
                          ? fmt::format("a number at least once, got none in {} lines", cells.rows())
                          : "what stands for missing numbers in .like, got none: read that table with .missing too"));
    cells.features[i] = static_cast<T>(*info.fill);
  }
}

/// What each column is, its missing numbers replaced.
template <class T>
std::vector<CsvColumn> columns_of(Cells<T>& cells, detail::CsvColumns& table, const std::string& path,
                                  const CsvOptions& options) {
  std::vector<CsvColumn> columns(table.columns());
  for (std::size_t column = 0; column < columns.size(); ++column) {
    const auto is = table.use(column).is;
    columns[column].name = table.title(column);
    if (is == detail::CsvUse::text) columns[column].texts = table.order_texts(column);
    else if (column != table.label() && is != detail::CsvUse::left_out)
      replace_missing(cells, column, columns[column], table, path, options);
  }
  return columns;
}

/// Adds the columns of features: one of all numbers and texts as one_hot, and one for each text that is a code.
template <class T>
void add_features(ColumnSet<T>& set, Cells<T>& cells, detail::CsvColumns& table) {
  const auto use = [&](std::size_t k) -> const detail::CsvUse& { return table.use(table.order()[k]); };
  bool texts = false;
  std::size_t wide = 0;
  for (std::size_t k = 0; k < cells.width; ++k) {
    const bool is_text = use(k).is == detail::CsvUse::text;
    texts = texts || is_text;
    if (!is_text) ++wide;
    else if (use(k).categorical->as == CsvText::one_hot) wide += use(k).width();
  }
  if (!texts) return set.add(Features<T>{"features", {cells.width}, std::move(cells.features)});

  const std::size_t rows = cells.rows();
  std::vector<T> features;
  features.reserve(rows * wide);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t k = 0; k < cells.width; ++k) {
      const T cell = cells.features[row * cells.width + k];
      if (use(k).is != detail::CsvUse::text) {
        features.push_back(cell);
      } else if (use(k).categorical->as == CsvText::one_hot) {
        const std::size_t first = features.size();
        features.resize(first + use(k).width());
        features[first + use(k).place[static_cast<std::size_t>(cell)]] = T(1);
      }
    }
  if (wide > 0) set.add(Features<T>{"features", {wide}, std::move(features)});
  for (std::size_t k = 0; k < cells.width; ++k) {
    if (use(k).is != detail::CsvUse::text || use(k).categorical->as != CsvText::codes) continue;
    std::vector<T> codes(rows);
    for (std::size_t row = 0; row < rows; ++row)
      codes[row] = static_cast<T>(use(k).place[static_cast<std::size_t>(cells.features[row * cells.width + k])]);
    const std::string name = table.title(table.order()[k]);
    set.add(Features<T>{name.empty() ? fmt::format("column {}", table.order()[k] + 1) : name, {1}, std::move(codes)});
  }
}

Labels as_classes(Labels labels, const detail::CsvUse& use, const CsvOptions& options) {
  if (use.is == detail::CsvUse::text) {
    for (std::int32_t& label : labels.values)
      label = static_cast<std::int32_t>(use.place[static_cast<std::size_t>(label)]);
    labels.classes = std::max(options.classes, use.place.size());
  } else {
    labels.classes = options.classes != 0 ? options.classes
                                          : static_cast<std::size_t>(*std::ranges::max_element(labels.values)) + 1;
  }
  return labels;
}

template <class T>
CsvTable<T> parse_table(const std::string& path, const CsvOptions& options, const std::string& text) {
  if (text.find('\0') != text.npos)
    throw Error(fmt::format("{}: expected a table as text, got a NUL at byte {}", path, text.find('\0')));
  detail::CsvRecords records{text, options.delimiter, path};
  std::vector<std::string> fields;
  std::vector<std::string> titles = read_titles(records, fields, path, options);
  const std::size_t columns = titles.empty() ? fields.size() : titles.size();
  detail::CsvColumns table{path, options, std::move(titles), columns};
  Cells<T> cells = read_cells<T>(records, fields, table, path, options);

  CsvTable<T> result;
  result.columns = columns_of(cells, table, path, options);
  ColumnSet<T> set;
  add_features(set, cells, table);
  if (options.target == CsvTarget::classes) {
    set.add(as_classes(std::move(cells.labels), table.use(table.label()), options));
  } else if (options.target == CsvTarget::number) {
    cells.targets.size = 1;
    set.add(std::move(cells.targets));
  }
  result.data = Dataset<T>(std::move(set));
  return result;
}

/// A file that is no table may be of another kind, which says more than the line in which that was found.
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
