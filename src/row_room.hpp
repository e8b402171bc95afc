#pragma once

#include <cstddef>
#include <new>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon::detail {

[[noreturn]] inline void refuse_rows(std::string_view who, std::size_t rows, std::size_t each) {
  throw Error(fmt::format("{}: expected samples that fit in memory, got {}{}", who, rows,
                          each == 1 ? "" : fmt::format(" of {} numbers", each)));
}

/// Room for so many rows of `each` numbers; where memory cannot hold them, or their number cannot be counted, an Error
/// that begins with `who`.
template <class N>
void make_row_room(std::vector<N>& values, std::string_view who, std::size_t rows, std::size_t each = 1) {
  if (each > 0 && rows > values.max_size() / each) refuse_rows(who, rows, each);
  try {
    values.resize(rows * each);
  } catch (const std::bad_alloc&) {
    refuse_rows(who, rows, each);
  }
}

}  // namespace tenon::detail
