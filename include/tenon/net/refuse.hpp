#pragma once

#include <tenon/compiler.hpp>

// A compiler reports an error in this header with the chain of headers that led here when it was
// included first. So the headers that users include begin with this one: what counts is short.
namespace tenon::detail {

template <class Mistake>
inline constexpr bool no_mistake = false;

/// The compile error. It is made by a function per mistake, so it comes once, however often and in
/// however many networks the mistake is met. Each compiler is asked in the way that makes it print
/// all of the mistake in the first line, and few lines more.
template <class Mistake>
constexpr bool refuse() {
#ifdef __clang__
  static_assert(no_mistake<Mistake>);
#else
  static_assert(sizeof(Mistake) > 0);
#endif
  return true;
}
/// Where there is no mistake.
template <>
constexpr bool refuse<void>() {
  return true;
}

}  // namespace tenon::detail
