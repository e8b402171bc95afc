#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace tenon {

/// A string that can be a template argument: `param<"alpha">`, `Named<"encoder", Net>`.
template <size_t N>
struct fixed_string {
  char text[N]{};

  constexpr fixed_string(const char (&literal)[N]) { std::copy_n(literal, N, text); }
  constexpr fixed_string() = default;

  constexpr std::string_view view() const { return {text, N - 1}; }
  constexpr operator std::string_view() const { return view(); }

  template <size_t M>
  friend constexpr bool operator==(const fixed_string& a, const fixed_string<M>& b) {
    return a.view() == b.view();
  }
};

/// A number as it is written: "0", "17".
template <size_t Number>
inline constexpr auto number_text = [] {
  constexpr size_t digits = [] {
    size_t count = 1;
    for (size_t rest = Number; rest >= 10; rest /= 10) ++count;
    return count;
  }();
  fixed_string<digits + 1> text;
  size_t rest = Number;
  for (size_t d = digits; d-- > 0; rest /= 10) text.text[d] = static_cast<char>('0' + rest % 10);
  return text;
}();

}  // namespace tenon
