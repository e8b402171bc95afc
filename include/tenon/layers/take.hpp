#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/moving/axis_cut.hpp>

namespace tenon {

struct one_or_more_indices;

namespace detail {

template <class In, class Out, AxisView Axis, std::ptrdiff_t... Index>
struct TakeUnit {
  using input = In;
  using output = Out;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = false};
  static constexpr size_t macs = 0;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, const Memory<T>&, Rows<const T> x, Rows<T> y, Mode) {
    for (size_t i = 0; i < y.count; ++i) {
      T* to = y[i];
      each_piece([&](size_t from) { to = std::copy_n(x[i] + from, Axis.inner, to); });
    }
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, const Memory<T>&, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    for (size_t i = 0; dx && i < dy.count; ++i) {
      std::fill_n(dx[i], In::size, T(0));
      const T* from = dy[i];
      each_piece([&](size_t to) {
        for (size_t j = 0; j < Axis.inner; ++j) dx[i][to + j] += *from++;
      });
    }
  }

private:
  static constexpr std::array<size_t, sizeof...(Index)> places{place_on_axis(Index, Axis.length)...};
  template <class F>
  static constexpr void each_piece(F work) {
    for (size_t o = 0; o < Axis.outer; ++o)
      for (const size_t place : places) work((o * Axis.length + place) * Axis.inner);
  }
};

}  // namespace detail

/// What stands at these places of an axis, in this order; a place may come more than once. Negative numbers count from
/// the end, as does a negative `Axis`; axis 0 is the outermost. The axis stays, of one place too: `Select` drops it.
/// With the places I, the axes i before and those k behind,
///     y[i][j][k] = x[i][I_j][k].
///
/// Shapes: the axis becomes as long as there are indices. Gradient: dy, summed where a place came more than once, 0
/// where nothing was taken. PyTorch: torch.index_select. ONNX: Gather.
///
///     Node<"joints", Take<0, 0, 3, 4, 7>, "skeleton">
template <std::ptrdiff_t Axis, std::ptrdiff_t... Index>
struct Take {
private:
  static constexpr size_t shortest = [] {
    size_t least = 1;
    ((least = std::max(least, detail::least_length(Index))), ...);
    return least;
  }();
  template <class In>
  static constexpr detail::AxisView view = detail::view_of_axis(In::dims, Axis);
  template <class In>
  static constexpr bool fits = sizeof...(Index) > 0 && view<In>.there&& view<In>.length >= shortest;

  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    static constexpr detail::AxisView axis = view<In>;
    static constexpr auto dims = [] {
      auto d = In::dims;
      d[axis.axis] = sizeof...(Index);
      return d;
    }();
    using type = detail::TakeUnit<In, detail::shape_with<dims>, axis, Index...>;
  };

public:
  using invalid = std::conditional_t<(sizeof...(Index) > 0), void, takes<one_or_more_indices>>;
  template <class In>
  using problem = std::conditional_t<
      fits<In>, void,
      takes<
          std::conditional_t<view<In>.there, shapes_whose_axis<Axis, has_at_least<shortest>>, shapes_with_axis<Axis>>>>;
  template <class To>
  static auto onnx(To& to) {
    return to.node("Gather", {to.input(), to.integers({Index...})}, {{"axis", Axis < 0 ? Axis : Axis + 1}});
  }
  template <class In>
  using at = typename bound<In, fits<In>>::type;
  static constexpr bool picks_steps = ((Index >= 0) && ...);  // by their place, counted from the first
  template <class In, Time Where>
  static constexpr bool steps = In::rank == 2 && view<In>.axis == (Where == Time::first ? 1 : 0);
};

}  // namespace tenon
