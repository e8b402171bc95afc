#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenon/data/dataset.hpp"
#include "tenon/net/mistakes.hpp"

namespace tenon {

/// A column of a table, by number from 0 (or from -1, the last, backwards) or by name.
struct CsvColumnName {
  CsvColumnName(int number);
  CsvColumnName(std::string title);
  CsvColumnName(const char* title);

  int index = 0;
  std::string name;  // empty: `index` counts
};

enum class CsvTarget {
  classes,  ///< an integer class index
  number,   ///< one number to predict
  none      ///< every column is a feature
};

/// How texts become numbers.
enum class CsvText {
  one_hot,  ///< as many numbers as there are texts, one of them 1: among the features, where the column stands
  codes     ///< one number from 0, for an Embedding: a features column of its own, which has the column's name
};

/// A column of texts. Of the label column they are the names of the classes.
///
///     read_csv("homes.csv", {.categorical = {"city", {"street", CsvText::codes}}})
///
/// The texts are taken in the order of their bytes, unless they are given; then another one is an Error.
struct Categorical {
  Categorical(int number);
  Categorical(const char* title);
  Categorical(CsvColumnName which, CsvText how = CsvText::one_hot);
  Categorical(CsvColumnName which, CsvText how, std::vector<std::string> known, size_t space = 0);

  CsvColumnName column;
  CsvText as = CsvText::one_hot;
  std::vector<std::string> texts;
  size_t width = 0;  // at most so many texts, and with one_hot so many numbers; 0: as many as there are
};

/// What stands where a number is missing: nothing (an Error), the mean or the median of its column, or a number.
/// Unless it is an Error, a missing text counts as a text of its own, the empty one. Answers may never be missing.
struct Missing {
  enum Kind { error, mean, median, value };
  Missing(Kind how = error) : kind{how} {}
  Missing(double number) : kind{value}, with{number} {}

  Kind kind = error;
  double with = 0;
};

/// What a column of the file became. Given back to `read_csv` (`.like`), other files are read in the same way: files
/// of the same columns, whose names, if both have any, stand in the same order.
struct CsvColumn {
  std::string name;                // empty without a header
  std::vector<std::string> texts;  // of a text column: what 0, 1, ... stand for
  std::optional<double> fill;      // what stood in for missing numbers
};

struct CsvOptions {
  /// Whether the first line has names. By default it has where a column has a text there and a number in the
  /// line below, and where it holds no number at all. What begins as a number does, "0x10" or "1,000", is no text.
  std::optional<bool> header{};
  CsvColumnName label_column = -1;
  char delimiter = ',';
  CsvTarget target = CsvTarget::classes;
  /// The number of classes; 0 takes the largest label plus one, at most a million.
  size_t classes = 0;
  /// Columns of texts. All others are numbers.
  std::vector<Categorical> categorical{};
  Missing missing{};
  /// Fields that are empty are missing, and so are these: unless any are given, NA, N/A, NaN, nan, null and ?.
  std::vector<std::string> missing_words{};
  /// What begins the decimals: '.' or ','.
  char decimal = '.';
  /// Columns that are not read, dates for instance.
  std::vector<CsvColumnName> leave_out{};
  /// The columns that are read, the label column among them; none stands for all. Features stand in this order,
  /// whatever that of the file.
  std::vector<CsvColumnName> only{};
  /// Texts and numbers for missing ones as another file of the same columns has them: what was `CsvTable::columns`.
  std::vector<CsvColumn> like{};
};

/// A data set, and what its columns mean.
template <std::floating_point T = float>
struct CsvTable {
  Dataset<T> data;
  std::vector<CsvColumn> columns;  // of the file, those left out too
};

/// A table, one sample a line; the label column aside, every column is a feature.
///
///     auto iris = read_csv("iris.csv", {.label_column = "species"});
///     auto homes = read_csv("homes.csv", {.label_column = "price", .target = CsvTarget::number});
///     auto mixed = read_csv("mixed.csv", {.delimiter = ';', .target = CsvTarget::none, .categorical = {"city"},
///                                         .missing = Missing::median, .decimal = ',', .leave_out = {"date"}});
///
/// Fields may be quoted as in RFC 4180; lines end in LF, CRLF or CR; a byte order mark and blank lines at the end are
/// passed over. A field that is no finite number where one is expected is an Error that names file, line and column.
/// There are at most 262144 columns, 1000 texts in a column of `one_hot` and 65536 in one of `codes`; without `one_hot`
/// reading takes at most twelve times the file's bytes and 32 MB.
template <class T = float>
Dataset<T> read_csv(const std::string& path, const CsvOptions& options);
template <class T = float>
Dataset<T> read_csv(const std::string& path);

/// The same, with what the columns mean: names of classes, and what prepares other samples in the same way.
template <class T = float>
CsvTable<T> read_csv_table(const std::string& path, const CsvOptions& options);
template <class T = float>
CsvTable<T> read_csv_table(const std::string& path);

namespace detail {

template <class... Given>
inline constexpr bool are_no_csv_options = sizeof...(Given) > 1 ||
                                           (... || !std::convertible_to<const Given&, CsvOptions>);
template <fixed_string Function, class... Given>
void refuse_csv_options() {
  refuse<wrong_argument<argument<Function, "options">, takes<CsvOptions>, but_gets<Given...>,
                        write<"{.label_column = \"price\"}">>>();
}

}  // namespace detail

/// What is no CsvOptions is one compile error; so it is below.
template <class T = float, class... Given>
  requires(detail::are_no_csv_options<Given...>)
Dataset<T> read_csv(const std::string&, const Given&...) {
  detail::refuse_csv_options<"read_csv", Given...>();
  return {};
}
/// The same for the table.
template <class T = float, class... Given>
  requires(detail::are_no_csv_options<Given...>)
CsvTable<T> read_csv_table(const std::string&, const Given&...) {
  detail::refuse_csv_options<"read_csv_table", Given...>();
  return {};
}

extern template Dataset<float> read_csv<float>(const std::string&, const CsvOptions&);
extern template Dataset<float> read_csv<float>(const std::string&);
extern template Dataset<double> read_csv<double>(const std::string&);
extern template CsvTable<float> read_csv_table<float>(const std::string&);
extern template CsvTable<double> read_csv_table<double>(const std::string&);
extern template Dataset<double> read_csv<double>(const std::string&, const CsvOptions&);
extern template CsvTable<float> read_csv_table<float>(const std::string&, const CsvOptions&);
extern template CsvTable<double> read_csv_table<double>(const std::string&, const CsvOptions&);

}  // namespace tenon
