#include "tenon/data/csv_row.hpp"

#include <span>
#include <string>
#include <vector>

namespace tenon::csv::detail {

const CsvOptions& no_options() {
  static const CsvOptions none;
  return none;
}
CsvOptions like_table(const CsvOptions& begin, const CsvTable<float>& table) {
  CsvOptions options = begin;
  options.like = table.columns;
  return options;
}

/// What reads a Row of these columns.
CsvOptions row_options(const CsvOptions& given, std::span<const RowColumn> columns) {
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

}  // namespace tenon::csv::detail
