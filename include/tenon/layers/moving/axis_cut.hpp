#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/several_inputs.hpp>
#include <tenon/net/graph_units.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>

/// Layers that take a part of an axis.
namespace tenon {

template <std::ptrdiff_t Axis>
struct shapes_with_axis;
template <std::ptrdiff_t Axis, class Wanted>
struct shapes_whose_axis;
template <size_t N>
struct has_at_least;
template <size_t N>
struct has_less_than;

namespace detail {

/// A shape seen from one of its axes: `outer` times `length` times `inner` numbers.
struct AxisView {
  bool there = false;
  size_t axis = 0, outer = 1, length = 0, inner = 1;
};

/// Negative axes count from the last one.
template <size_t N>
constexpr AxisView view_of_axis(const std::array<size_t, N>& dims, std::ptrdiff_t axis) {
  const std::ptrdiff_t place = axis < 0 ? axis + static_cast<std::ptrdiff_t>(N) : axis;
  if (place < 0 || place >= static_cast<std::ptrdiff_t>(N)) return {};
  AxisView v{.there = true, .axis = static_cast<size_t>(place)};
  for (size_t k = 0; k < v.axis; ++k) v.outer *= dims[k];
  v.length = dims[v.axis];
  v.inner = product_from(dims, v.axis + 1);
  return v;
}
/// Where number `index` of an axis stands; negative ones count from its end.
constexpr size_t place_on_axis(std::ptrdiff_t index, size_t length) {
  return static_cast<size_t>(index < 0 ? index + static_cast<std::ptrdiff_t>(length) : index);
}
/// The shortest axis that has this index.
constexpr size_t least_length(std::ptrdiff_t index) { return static_cast<size_t>(index < 0 ? -index : index + 1); }

/// Of each of `Outer` blocks of `Block` numbers, `Count` from `Begin` on.
template <class In, class Out, size_t Outer, size_t Block, size_t Begin>
struct CutUnit {
  using input = In;
  using output = Out;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = false};
  static constexpr size_t macs = 0;
  static constexpr size_t count = Out::size / Outer;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, const Memory<T>&, Rows<const T> x, Rows<T> y, Mode) {
    for (size_t i = 0; i < y.count; ++i)
      for (size_t o = 0; o < Outer; ++o) std::copy_n(x[i] + o * Block + Begin, count, y[i] + o * count);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, const Memory<T>&, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    for (size_t i = 0; dx && i < dy.count; ++i) {
      T* to = dx[i];
      for (size_t o = 0; o < Outer; ++o) {
        to = std::fill_n(to, Begin, T(0));
        to = std::copy_n(dy[i] + o * count, count, to);
        to = std::fill_n(to, Block - Begin - count, T(0));
      }
    }
  }
};
/// One block: the numbers lie side by side, and a graph uses them where they are.
template <class In, class Out, size_t Block, size_t Begin>
struct SideBySideUnit : CutUnit<In, Out, 1, Block, Begin> {
  using moves = SliceOf<Begin, Out>;
};

template <class In, class Out, size_t Outer, size_t Block, size_t Begin>
struct cut_unit {
  using type = CutUnit<In, Out, Outer, Block, Begin>;
};
template <class In, class Out, size_t Block, size_t Begin>
struct cut_unit<In, Out, 1, Block, Begin> {
  using type = SideBySideUnit<In, Out, Block, Begin>;
};
/// The bound layer that cuts `Length` numbers of an axis from `First` on; all of them is no more than another shape.
template <class In, class Out, AxisView Axis, size_t First, size_t Length>
using cut_of = std::conditional_t<
    Length == Axis.length, Reshaping<In, Out>,
    typename cut_unit<In, Out, Axis.outer, Axis.length * Axis.inner, First * Axis.inner>::type>;

}  // namespace detail
}  // namespace tenon
