#pragma once

#include <cstdio>

namespace tenon::detail {

/// Whether somebody looks on, at a terminal whose lines can be written anew.
bool is_terminal(std::FILE* out) noexcept;

}  // namespace tenon::detail
