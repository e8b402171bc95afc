#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tenon::detail {

/// A shape as people write it: 1x28x28. (fmt::join sets off a false alarm of g++ 12 at -O3.)
inline std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text;
  for (const std::size_t extent : shape) {
    if (!text.empty()) text += 'x';
    text += std::to_string(extent);
  }
  return text;
}

}  // namespace tenon::detail
