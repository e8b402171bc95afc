#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <tenon/net/layer.hpp>
#include <tenon/shape.hpp>

/// Layers and networks with several inputs or several outputs.
namespace tenon {

namespace detail {

/// Shapes one behind the other in a row, seen from outside as one vector.
template <class... S>
struct ShapesInARow {
  static constexpr size_t count = sizeof...(S);
  static constexpr size_t size = (size_t{0} + ... + S::size);
  static constexpr size_t rank = 1;
  static constexpr std::array<size_t, 1> dims{size};
  static constexpr size_t front = size;
  static constexpr size_t inner = 1;
  static constexpr std::array<size_t, count> sizes{S::size...};
  /// Where in the row each begins.
  static constexpr std::array<size_t, count> offsets = [] {
    std::array<size_t, count> at{};
    for (size_t k = 1; k < count; ++k) at[k] = at[k - 1] + sizes[k - 1];
    return at;
  }();
};

}  // namespace detail

/// What a layer of several inputs is bound to: the shape of each, in order. A sample from outside the network is one
/// row, the inputs one behind the other.
template <class... S>
struct Inputs : detail::ShapesInARow<S...> {};

/// What a network of several outputs gives: one row a sample, the outputs one behind the other.
template <class... S>
struct Outputs : detail::ShapesInARow<S...> {};

/// Rows for each of several inputs.
template <class T, size_t N>
using RowsOf = std::array<Rows<T>, N>;

namespace detail {

template <class In>
inline constexpr size_t input_count = 1;
template <class... S>
inline constexpr size_t input_count<Inputs<S...>> = sizeof...(S);

/// The only input, or the first of several.
template <class In>
struct first_input_of {
  using type = In;
};
template <class First, class... Rest>
struct first_input_of<Inputs<First, Rest...>> {
  using type = First;
};

/// What a graph gives: the shape of its output, or of all.
template <class... S>
struct joint_output {
  using type = Outputs<S...>;
};
template <class S>
struct joint_output<S> {
  using type = S;
};

/// A bound layer that takes arrays of rows.
template <class Bound>
concept ManyInputs = (input_count<typename Bound::input> > 1);

/// To which inputs a bound layer sends a gradient back.
template <class Bound>
constexpr std::uint32_t sends_to() {
  if constexpr (requires { Bound::sends; }) return Bound::sends;
  else return ~std::uint32_t{0};
}

/// The inputs of a row from outside.
template <class In, class T>
constexpr RowsOf<T, In::count> split_inputs(Rows<T> rows) {
  RowsOf<T, In::count> parts{};
  for (size_t k = 0; k < In::count; ++k)
    parts[k] = {rows.data ? rows.data + In::offsets[k] : nullptr, rows.count, rows.stride};
  return parts;
}

}  // namespace detail
}  // namespace tenon
