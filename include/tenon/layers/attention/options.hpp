#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/layers/options.hpp>
#include <tenon/net/layer.hpp>

/// Options of attention and of positional encodings.
namespace tenon {

namespace option {

struct Causal {};
template <auto Base>
struct Rope {};
template <auto Context>
struct Cached {};

}  // namespace option

/// Of an attention: a step sees itself and those before it.
inline constexpr option::Causal causal{};

/// Of an attention: queries and keys are rotated by angles that grow with their places, so that their product depends
/// on their distance (Su et al. 2021). At place t the numbers 2k and 2k + 1 of a head of depth d are rotated by
/// t Base^(-2k/d).
template <auto Base = 10000>
inline constexpr option::Rope<Base> rope{};
template <auto Base = 10000>
[[deprecated("called rope")]] inline constexpr option::Rope<Base> rotary{};

/// Of the layers of a network that is given one step a call: they remember those before, up to Context in all. Written
/// by `Stepwise` (networks/stepwise.hpp), not by hand.
template <auto Context>
inline constexpr option::Cached<Context> cached{};

namespace detail {

template <auto Context>
inline constexpr std::uint32_t option_kind<option::Cached<Context>> = option::cached;

template <class Option>
inline constexpr size_t cached_steps = 0;
template <auto Context>
inline constexpr size_t cached_steps<option::Cached<Context>> = static_cast<size_t>(Context);
template <auto... Option>
inline constexpr size_t context_of = (size_t{0} + ... + cached_steps<std::remove_const_t<decltype(Option)>>);

/// The position of the next step of a sequence that is given in pieces; the first number of a layer's state counts the
/// steps. It stays at the last position; generators do not go beyond that.
template <class T>
constexpr size_t next_place(const Memory<T>& m, size_t sample, size_t context, size_t steps) {
  if (!m.state) return 0;
  T& count = m.state[sample][0];
  const auto place = static_cast<size_t>(count);
  count += static_cast<T>(steps);
  return place + steps <= context ? place : context - steps;
}

}  // namespace detail
}  // namespace tenon
