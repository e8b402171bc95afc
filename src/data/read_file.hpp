#pragma once

#include <string>

namespace tenon::detail {

/// The whole content of a regular file.
std::string read_file(const std::string& path);

}  // namespace tenon::detail
