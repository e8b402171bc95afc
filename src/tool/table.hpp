#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace tenon::tool {

using Row = std::vector<std::string>;

/// Columns as wide as they need to be; numbers, from `right` on, end below each other.
void print_table(const std::vector<Row>& rows, std::size_t right);

/// A line of JSON. What is no UTF-8, as paths may be, is replaced by U+FFFD.
void print_json(const nlohmann::json& value);

}  // namespace tenon::tool
