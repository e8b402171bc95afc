#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tenon::tool {

using Row = std::vector<std::string>;

/// Columns as wide as they need to be; numbers, from `right` on, end below each other.
void print_table(const std::vector<Row>& rows, std::size_t right);

}  // namespace tenon::tool
