#include <tenon/losses/loss.hpp>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon::detail {

double at_least(double least, double value, const char* name) {
  if (!(value >= least)) throw Error(fmt::format("{}: expected at least {}, got {}", name, least, value));
  return value;
}
double above(double bound, double value, const char* name) {
  if (!(value > bound)) throw Error(fmt::format("{}: expected more than {}, got {}", name, bound, value));
  return value;
}

}  // namespace tenon::detail
