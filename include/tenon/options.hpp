#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

/// What options may be. A type that has some lists them,
///
///     struct RMSprop {
///       double lr = 1e-2;
///       double alpha = 0.99;
///
///       static constexpr void each_option(auto& o, auto visit) {
///         visit("lr", o.lr, at_least(0));
///         visit("alpha", o.alpha, from_below(0, 1));
///       }
///     };
///
/// and whoever is given one calls `check_options(it)`, which throws an Error such as
/// "RMSprop: alpha: expected at least 0 and less than 1, got 1". An option that has options of its own is
/// visited as `visit(o.schedule)`, one that is on or off as `visit("centered", o.centered)`: a run that is resumed with
/// another one is refused. One's own optimizers, losses, schedules and callbacks may do the same.
namespace tenon {

/// The numbers that an option may be: an interval. None is NaN, nor, unless it says so, infinite; and none is larger
/// than a float, in which models count, can hold.
struct Allowed {
  double low = -std::numeric_limits<float>::max();
  double high = std::numeric_limits<float>::max();
  bool low_itself = true;
  bool high_itself = true;

  constexpr bool contains(double value) const {
    return (low_itself ? value >= low : value > low) && (high_itself ? value <= high : value < high);
  }
  constexpr Allowed or_infinity() const { return {low, std::numeric_limits<double>::infinity(), low_itself, true}; }
};
inline constexpr Allowed any_number{};
constexpr Allowed at_least(double low) { return {.low = low}; }
constexpr Allowed above(double low) { return {.low = low, .low_itself = false}; }
constexpr Allowed from_to(double low, double high) { return {low, high}; }
/// From `low` up to, but without, `high`.
constexpr Allowed from_below(double low, double high) { return {low, high, true, false}; }
/// What is added to a denominator: no less than the least float that is not 0 to every processor.
inline constexpr Allowed as_epsilon{.low = std::numeric_limits<float>::min()};

/// A text that must not be empty.
struct NotEmpty {};
inline constexpr NotEmpty not_empty{};

/// Whether a type lists its options.
template <class T>
concept ListsOptions = requires(const T& t) {
  T::each_option(t, [](auto&&...) {});
};

template <class T>
constexpr void check_options(const T& owner);

namespace detail {

[[noreturn]] void refuse_option(std::string_view owner, std::string_view name, double value, const Allowed& allowed);
[[noreturn]] void refuse_empty_option(std::string_view owner, std::string_view name);

/// The name of a type without its namespace and arguments.
template <class T>
constexpr std::string_view short_name() {
  constexpr std::string_view text = __PRETTY_FUNCTION__;
  constexpr size_t begin = text.find("T = ") + 4;
  constexpr size_t end = text.find_first_of("<;]", begin);
  constexpr size_t colon = text.substr(0, end).rfind(':');
  constexpr size_t from = colon == text.npos || colon < begin ? begin : colon + 1;
  return text.substr(from, end - from);
}

struct OptionCheck {
  std::string_view owner;

  constexpr void operator()(std::string_view name, double value, const Allowed& allowed) const {
    if (!allowed.contains(value)) refuse_option(owner, name, value, allowed);
  }
  constexpr void operator()(std::string_view name, size_t value, const Allowed& allowed) const {
    (*this)(name, static_cast<double>(value), allowed);
  }
  void operator()(std::string_view name, const std::vector<double>& values, const Allowed& allowed) const {
    for (size_t i = 0; i < values.size(); ++i)
      if (!allowed.contains(values[i]))
        refuse_option(owner, std::string(name) + "[" + std::to_string(i) + "]", values[i], allowed);
  }
  void operator()(std::string_view name, const std::string& text, NotEmpty) const {
    if (text.empty()) refuse_empty_option(owner, name);
  }
  constexpr void operator()(std::string_view, bool) const {}
  template <class T>
  constexpr void operator()(const T& nested) const {
    check_options(nested);
  }
};

}  // namespace detail

/// Throws an Error that names the first option that is not what it may be. Types that list none pass.
template <class T>
constexpr void check_options(const T& owner) {
  if constexpr (ListsOptions<T>) T::each_option(owner, detail::OptionCheck{detail::short_name<T>()});
}

}  // namespace tenon
