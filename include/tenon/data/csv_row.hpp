#pragma once

#include <tenon/net/refuse.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <tenon/data/csv.hpp>
#include <tenon/data/typed.hpp>
#include <tenon/fixed_string.hpp>
#include <tenon/net/mistakes.hpp>

/// Tables whose columns the compiler knows. The words are in a namespace of their own: `namespace csv = tenon::csv`.
namespace tenon::csv {

/// A column of numbers.
struct number {
  static constexpr size_t size = 1, classes = 0;
};
/// A column of at most N texts: N numbers, one of them 1. As a target, N classes.
template <size_t N>
struct category {
  static_assert(N > 0, "a category has at least one text");
  static constexpr size_t size = N, classes = N;
};

/// A feature of a row: its name in the file's header, and `number`, `category<N>` or another kind.
template <fixed_string Name, class Kind = number>
struct Column {
  static constexpr fixed_string text = Name;
  static constexpr std::string_view name = text.view();
  using kind = Kind;
  static constexpr bool target = false;
};
/// The column that is to be predicted.
template <fixed_string Name, class Kind = number>
struct Target {
  static constexpr fixed_string text = Name;
  static constexpr std::string_view name = text.view();
  using kind = Kind;
  static constexpr bool target = true;
};

}  // namespace tenon::csv

namespace tenon {

/// A row whose columns cannot be those of a table.
template <class Row, class Takes>
struct invalid_row;
struct one_target_at_most;
struct at_least_one_column;
struct each_name_once;

namespace csv {

namespace detail {

struct RowColumn {
  std::string_view name{};
  bool target = false;
  size_t classes = 0;  // of a column of texts: at most so many
};
CsvOptions row_options(const CsvOptions& begin, std::span<const RowColumn> columns);
/// Options of which none is set.
const CsvOptions& no_options();
/// `begin`, with `.like` set to the columns of this table.
CsvOptions like_table(const CsvOptions& begin, const CsvTable<float>& table);

}  // namespace detail

/// The columns of a table that are read; what else it has is left out.
///
///     using Home = csv::Row<csv::Column<"area">, csv::Column<"city", csv::category<12>>, csv::Target<"price">>;
///     auto homes = csv::read<Home>("homes.csv");      // TypedDataset<Shape<13>, Values<1>>
///
/// Features stand in the row's order, so that all files give the same samples, whatever the order of their columns.
template <class... C>
struct Row {
private:
  static constexpr size_t targets = (size_t{0} + ... + C::target);
  static constexpr bool alike = [] {
    const std::array<std::string_view, sizeof...(C) + 1> names{C::name...};
    for (size_t i = 0; i < sizeof...(C); ++i)
      for (size_t j = 0; j < i; ++j)
        if (names[i] == names[j]) return true;
    return false;
  }();
  using fault = std::conditional_t<
      alike, each_name_once,
      std::conditional_t<(targets > 1), one_target_at_most,
                         std::conditional_t<sizeof...(C) == targets, at_least_one_column, void>>>;

public:
  static constexpr bool valid = [] {
    if constexpr (!std::is_void_v<fault>) static_assert(tenon::detail::refuse<invalid_row<Row, takes<fault>>>());
    return true;
  }();
  static constexpr size_t features = (size_t{0} + ... + (C::target ? 0 : C::kind::size));
  static constexpr size_t classes = (size_t{0} + ... + (C::target ? C::kind::classes : 0));
  using shape = Shape<features>;
  using answer = std::conditional_t<targets == 0, NoAnswers,
                                    std::conditional_t<(classes > 0), Classes<classes>, Values<1>>>;

  /// The options by which `read_csv` reads such rows: `begin`, but for what the row says itself.
  static CsvOptions options(const CsvOptions& begin) {
    return detail::row_options(
        begin, std::array<detail::RowColumn, sizeof...(C)>{detail::RowColumn{C::name, C::target, C::kind::classes}...});
  }
};

/// The table as samples whose shape the compiler knows. Texts are numbered in the order of their bytes; of a category
/// of N with fewer texts the last numbers stay 0.
template <class Row, std::floating_point T = float>
TypedDataset<typename Row::shape, typename Row::answer, T> read(const std::string& path, const CsvOptions& begin) {
  static_assert(Row::valid);
  return typed<typename Row::shape, typename Row::answer>(read_csv<T>(path, Row::options(begin)));
}
template <class Row, std::floating_point T = float>
auto read(const std::string& path) {
  return read<Row, T>(path, detail::no_options());
}
/// The options by which other tables are read as this one was: `csv::read<Home>("more.csv",
/// csv::like<Home>("homes.csv"))`.
template <class Row>
CsvOptions like(const std::string& path, const CsvOptions& begin) {
  return detail::like_table(begin, read_csv_table<float>(path, Row::options(begin)));
}
template <class Row>
CsvOptions like(const std::string& path) {
  return like<Row>(path, detail::no_options());
}

}  // namespace csv
}  // namespace tenon
