#include "table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tenon::tool {

void print_table(const std::vector<Row>& rows, std::size_t right) {
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const Row& row : rows)
    for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], row[k].size());
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t k = 0; k < row.size(); ++k)
      line += k < right ? fmt::format("{:<{}}  ", row[k], widths[k]) : fmt::format("{:>{}}  ", row[k], widths[k]);
    while (line.ends_with(' ')) line.pop_back();
    fmt::print("{}\n", line);
  }
}

void print_json(const nlohmann::json& value) {
  fmt::print("{}\n", value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace tenon::tool
