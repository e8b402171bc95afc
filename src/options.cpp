#include <tenon/options.hpp>

#include <cmath>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon::detail {

namespace {

std::string describe(const Allowed& allowed) {
  constexpr double most = std::numeric_limits<float>::max();
  const bool bounded_below = allowed.low > -most;
  const bool bounded_above = allowed.high < most;
  if (bounded_below && bounded_above && allowed.low == allowed.high) return fmt::format("{}", allowed.low);
  if (bounded_below && bounded_above && allowed.low_itself && allowed.high_itself)
    return fmt::format("{} to {}", allowed.low, allowed.high);
  std::string text;
  if (bounded_below) text = fmt::format("{} {}", allowed.low_itself ? "at least" : "more than", allowed.low);
  if (bounded_above)
    text += fmt::format("{}{} {}", bounded_below ? " and " : "", allowed.high_itself ? "at most" : "less than",
                        allowed.high);
  return text;
}

}  // namespace

void refuse_option(std::string_view owner, std::string_view name, double value, const Allowed& allowed) {
  std::string expected = describe(allowed);
  // what is wrong with it is its size, or that it is no number
  if (std::isnan(value) || (std::isinf(value) && value > 0))
    expected = expected.empty() ? "a finite number" : expected + ", and a finite number";
  else if (value > allowed.high && !(allowed.high < std::numeric_limits<float>::max()))
    expected = fmt::format("at most {:.2g}", allowed.high);
  else if (expected.empty()) expected = fmt::format("{:.2g} to {:.2g}", allowed.low, allowed.high);
  throw Error(fmt::format("{}: {}: expected {}, got {}", owner, name, expected, value));
}

void refuse_empty_option(std::string_view owner, std::string_view name) {
  throw Error(fmt::format("{}: expected a {}, got none", owner, name));
}

}  // namespace tenon::detail
