#pragma once

#include <cstddef>
#include <new>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon::detail {

/// Room for so many rows of `each` numbers; where memory cannot hold them, or their number cannot be counted, an Error
/// that begins with `who`.
template <class N>
void make_row_room(std::vector<N>& values, std::string_view who, std::size_t rows, std::size_t each = 1) {
  try {
    if (each > 0 && rows > values.max_size() / each) throw std::length_error("rows");
    values.resize(rows * each);
  } catch (const std::exception&) {  // bad_alloc, and length_error
    throw Error(fmt::format("{}: expected samples that fit in memory, got {}{}", who, rows,
                            each == 1 ? "" : fmt::format(" of {} numbers", each)));
  }
}

}  // namespace tenon::detail
