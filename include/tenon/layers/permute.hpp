#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/several_inputs.hpp>
#include <tenon/net/reshaping.hpp>

namespace tenon {

template <size_t N>
struct shapes_with_as_many_axes_as;
struct each_axis_once;

namespace detail {

/// Axis k of the output is axis `axes[k]` of the input.
template <size_t N>
struct AxisOrder {
  std::array<size_t, N> axes{};

  constexpr bool valid() const {
    std::array<bool, N> seen{};
    for (const size_t a : axes) {
      if (a >= N || seen[a]) return false;
      seen[a] = true;
    }
    return true;
  }
  constexpr std::array<size_t, N> apply(const std::array<size_t, N>& dims) const {
    std::array<size_t, N> result{};
    for (size_t k = 0; k < N; ++k) result[k] = dims[axes[k]];
    return result;
  }
  /// How far apart neighbours along the output's axes lie in the input.
  constexpr std::array<size_t, N> steps(const std::array<size_t, N>& dims) const {
    std::array<size_t, N> result{};
    for (size_t k = 0; k < N; ++k) result[k] = product_from(dims, axes[k] + 1);
    return result;
  }
  /// Whether all numbers stay where they are: axes of 1 may stand anywhere.
  constexpr bool moves_nothing(const std::array<size_t, N>& dims) const {
    size_t before = 0;
    for (const size_t a : axes) {
      if (dims[a] == 1) continue;
      if (a < before) return false;
      before = a;
    }
    return true;
  }
};

template <class In, AxisOrder<In::rank> Order>
struct PermuteUnit {
  using input = In;
  using output = shape_with<Order.apply(In::dims)>;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = false};
  static constexpr size_t macs = 0;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, const Memory<T>&, Rows<const T> x, Rows<T> y, Mode) {
    for (size_t i = 0; i < y.count; ++i)
      each_line([&](size_t in, size_t out) {
        for (size_t j = 0; j < line; ++j) y[i][out + j] = x[i][in + j * step];
      });
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, const Memory<T>&, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    for (size_t i = 0; dx && i < dy.count; ++i)
      each_line([&](size_t in, size_t out) {
        for (size_t j = 0; j < line; ++j) dx[i][in + j * step] = dy[i][out + j];
      });
  }

private:
  static constexpr size_t rank = In::rank, line = output::dims[rank - 1];
  static constexpr auto steps = Order.steps(In::dims);
  static constexpr size_t step = steps[rank - 1];

  /// work(where a line of the output begins in the input, where in the output)
  template <class F>
  static constexpr void each_line(F work) {
    std::array<size_t, rank> place{};
    size_t in = 0;
    for (size_t out = 0; out < In::size; out += line) {
      work(in, out);
      for (size_t k = rank - 1; k-- > 0;) {
        in += steps[k];
        if (++place[k] < output::dims[k]) break;
        in -= steps[k] * output::dims[k];
        place[k] = 0;
      }
    }
  }
};

}  // namespace detail

/// The axes in another order: axis k of the result is axis `Axes[k]` of the input, axis 0 being the outermost.
/// `Permute<1, 2, 0>` gives
///     y[i][j][c] = x[c][i][j].
///
/// Shapes: `Permute<1, 2, 0>` makes (height, width, channels) of (channels, height, width). Gradient: dy, moved back.
/// PyTorch: x.permute(0, 1 + Axes...). Keras: Permute, which counts from 1. ONNX: Transpose.
///
///     using Net = Sequential<Input<28, 28, 3>, Permute<2, 0, 1>, Conv2D<16, 3>>;
template <size_t... Axes>
struct Permute {
private:
  static constexpr detail::AxisOrder<sizeof...(Axes)> order{{Axes...}};
  template <class In>
  static constexpr bool fits = In::rank == sizeof...(Axes) && sizeof...(Axes) > 0 && order.valid();

  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    using unit = detail::PermuteUnit<In, order>;
    using type = std::conditional_t<order.moves_nothing(In::dims), detail::Reshaping<In, typename unit::output>, unit>;
  };

public:
  using invalid = std::conditional_t<(sizeof...(Axes) > 0) && order.valid(), void, takes<each_axis_once>>;
  template <class In>
  using problem = std::conditional_t<In::rank == sizeof...(Axes), void,
                                     takes<shapes_with_as_many_axes_as<sizeof...(Axes)>>>;
  template <class To>
  static auto onnx(To& to) {
    std::array<size_t, sizeof...(Axes) + 1> perm{0, (Axes + 1)...};
    return to.node("Transpose", {to.input()}, {{"perm", {perm.begin(), perm.end()}}});
  }
  template <class In>
  using at = typename bound<In, fits<In>>::type;
};

}  // namespace tenon
