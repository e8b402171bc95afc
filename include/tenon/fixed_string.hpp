#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace tenon {

/// A string that can be a template argument: `param<"alpha">`, `Named<"encoder", Net>`.
template <std::size_t N>
struct fixed_string {
  char text[N]{};

  constexpr fixed_string(const char (&literal)[N]) { std::copy_n(literal, N, text); }
  constexpr fixed_string() = default;

  constexpr std::string_view view() const { return {text, N - 1}; }
  constexpr operator std::string_view() const { return view(); }

  template <std::size_t M>
  friend constexpr bool operator==(const fixed_string& a, const fixed_string<M>& b) {
    return a.view() == b.view();
  }
};

}  // namespace tenon
