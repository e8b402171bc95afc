#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include <tenon/fixed_string.hpp>
#include <tenon/net/parameters.hpp>

/// Choosing parameters of a network at compile time, for parameter groups and penalties.
namespace tenon {

/// Parameters with one of these names, in which `*` stands for anything: `by_name<"head.*", "*.bias">`.
template <fixed_string... Pattern>
struct by_name {};
/// Parameters of the layers written like this in the network: `by_type<Dense<10>, BatchNorm2D<>>`.
template <class... L>
struct by_type {};
/// Parameters of two or more axes: matrices and kernels, but no biases, scales and shifts.
struct weights {};
struct all_parameters {};

/// A selection that chooses no parameter of the network.
template <class Selection, class Known>
struct selects_nothing;

namespace detail {

/// Whether the name goes with a pattern.
constexpr bool matches(std::string_view name, std::string_view pattern) {
  size_t n = 0, p = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;  // the last star takes one character more
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

template <fixed_string... Pattern>
constexpr bool chooses(by_name<Pattern...>, const ParameterEntry& entry) {
  return (matches(entry.name, Pattern.view()) || ...);
}
template <class... L>
constexpr bool chooses(by_type<L...>, const ParameterEntry& entry) {
  return ((entry.layer == type_name<L>()) || ...);
}
constexpr bool chooses(weights, const ParameterEntry& entry) { return entry.rank >= 2; }
constexpr bool chooses(all_parameters, const ParameterEntry&) { return true; }

/// Numbers that lie together in the arena of the parameters.
struct Range {
  size_t offset = 0;
  size_t size = 0;

  /// What of it lies among `count` numbers from `first` on.
  constexpr Range within(size_t first, size_t count) const {
    const size_t begin = std::max(offset, first), end = std::min(offset + size, first + count);
    return {begin, begin < end ? end - begin : 0};
  }
};

template <size_t N>
struct Ranges {
  std::array<Range, N> part{};
  size_t count = 0;

  constexpr const Range* begin() const { return part.data(); }
  constexpr const Range* end() const { return part.data() + count; }
};

/// Where those rows lie for which `chosen` is true, all of one arena; neighbours as one, with the padding between them.
template <class Net, class Chosen>
constexpr auto ranges_where(Chosen chosen) {
  Ranges<parameter_table<Net>.size() + 1> found;
  size_t end = ~size_t{0};  // of the range before
  for (const ParameterEntry& entry : parameter_table<Net>) {
    if (!chosen(entry)) continue;
    const size_t size = aligned(entry.size);
    if (found.count > 0 && entry.offset == end) found.part[found.count - 1].size += size;
    else found.part[found.count++] = {entry.offset, size};
    end = entry.offset + size;
  }
  return found;
}

/// Of what learns.
template <class Net, class Chosen>
constexpr auto ranges_of(Chosen chosen) {
  return ranges_where<Net>([&](const ParameterEntry& entry) { return entry.trainable && chosen(entry); });
}
/// The running statistics among the buffers; the others are parameters that do not learn, which nothing in training
/// changes.
template <class Net>
inline constexpr auto running_statistics = ranges_where<Net>([](const ParameterEntry& entry) { return entry.running; });

template <class Selection>
inline constexpr bool may_be_empty = false;
template <>
inline constexpr bool may_be_empty<weights> = true;
template <>
inline constexpr bool may_be_empty<all_parameters> = true;

template <class Net, class Selection>
constexpr auto select_ranges() {
  constexpr auto found = ranges_of<Net>([](const ParameterEntry& entry) { return chooses(Selection{}, entry); });
  if constexpr (found.count == 0 && !may_be_empty<Selection> && Checked<Net>::valid)
    static_assert(refuse<selects_nothing<Selection, known_names<Net>>>());
  return found;
}

/// What the selection chooses of a network's parameters. One that chooses nothing does not compile.
template <class Net, class Selection>
inline constexpr auto selected = select_ranges<Net, Selection>();

/// The selections that an optimizer or a penalty makes. Those that make any specialise it.
template <class>
inline constexpr list<> selections{};

/// Always true: that this is asked for makes selections that choose nothing compile errors.
template <class Net, class... S>
constexpr bool choose_something(list<S...>) {
  return (true && ... && (select_ranges<Net, S>().count + 1 > 0));
}

}  // namespace detail
}  // namespace tenon
