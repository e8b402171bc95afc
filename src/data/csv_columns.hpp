#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/data/csv.hpp"

/// What the columns of a CSV file are read as.
namespace tenon::detail {

/// What one column of the file is read as.
struct CsvUse {
  enum { number, text, class_index, left_out } is = number;
  const Categorical* categorical = nullptr;
  std::map<std::string, std::size_t, std::less<>> found{};  // texts, and the order in which they came
  std::vector<std::size_t> place{};  // of the text that came k-th, in the order that they are given

  /// Numbers that a text becomes, as one_hot.
  std::size_t width() const;
};

/// What nobody calls a column: "0x10", "1,000", "1e400" or "-" are numbers that cannot be read, not names.
bool looks_like_number(std::string_view field);

/// What the fields of a file mean. Refers to the path and the options.
class CsvColumns {
public:
  CsvColumns(const std::string& path, const CsvOptions& options, std::vector<std::string> titles, std::size_t columns);

  std::size_t columns() const { return uses_.size(); }
  std::size_t label() const { return label_; }
  /// The columns of features, in the order in which they stand in a sample, and where a column is among them.
  const std::vector<std::size_t>& order() const { return order_; }
  std::size_t place(std::size_t column) const { return place_[column]; }
  CsvUse& use(std::size_t k) { return uses_[k]; }
  std::string title(std::size_t k) const { return k < titles_.size() ? titles_[k] : std::string(); }
  /// Texts that were known before the file was read.
  const std::vector<std::string>& known_texts(std::size_t k) const {
    return options_.like.empty() ? uses_[k].categorical->texts : options_.like[k].texts;
  }
  /// A column in messages.
  std::string called(std::size_t column) const;

  /// A field as a number: itself, a class, or which of the texts it is; NaN where it is missing.
  template <class T>
  T cell(std::size_t line, std::size_t column, const std::string& field);
  std::int32_t class_index(std::size_t line, std::size_t column, const std::string& field);
  /// What a text column's texts are, in order, once all have been read.
  std::vector<std::string> order_texts(std::size_t column);

private:
  /// A field that isn't what it should be, and the option by which it could be what it is.
  [[noreturn]] void fail(std::size_t line, std::size_t column, std::string_view expected, std::string_view got,
                         std::string_view option = {}) const;
  /// By which a field that is no number could be read.
  std::string_view option_for(std::string_view text) const;
  std::string_view option_for_class(std::string_view text) const;
  bool is_missing(std::string_view text) const;
  std::size_t number_of(CsvUse& use, std::size_t line, std::size_t column, std::string_view text);
  /// The number of a column in the file.
  std::size_t find(const CsvColumnName& column, const char* what) const;

  const std::string& path_;
  const CsvOptions& options_;
  std::vector<std::string> titles_;
  std::vector<CsvUse> uses_;
  std::size_t label_ = 0;
  std::vector<std::size_t> order_, place_;
};

}  // namespace tenon::detail
