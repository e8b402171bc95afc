#include "terminal.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace tenon::detail {

bool is_terminal(std::FILE* out) noexcept {
  const char* kind = std::getenv("TERM");
  return ::isatty(::fileno(out)) == 1 && (kind == nullptr || std::string_view(kind) != "dumb");
}

}  // namespace tenon::detail
