#pragma once

#include <tenon/layers/pooling/placed.hpp>

namespace tenon {

/// What padding's arguments should have been.
struct one_number_of_at_least_0_or_left_right_top_bottom;
struct one_number_of_at_least_0_or_left_right;

namespace detail {

/// The argument of a side, in PyTorch's order: the last axis first.
template <auto... P>
struct PaddedPlace {
  static constexpr size_t side(size_t index) {
    const long long given[] = {static_cast<long long>(P)...};
    const long long number = given[index < sizeof...(P) ? index : 0];
    return number > 0 ? static_cast<size_t>(number) : 0;
  }
  static constexpr kernels::PlacedAxis axis(size_t a, size_t size) {
    if (a == 0 && sizeof...(P) == 2) return {size, size, 0, 1};  // a signal has one row
    const size_t first = a == 0 ? side(2) : side(0), second = a == 0 ? side(3) : side(1);
    return {size, first + size + second, first, 1};
  }
};
}  // namespace detail

/// Zeros around an image: `ZeroPad2D<2>` on all sides, `ZeroPad2D<Left, Right, Top, Bottom>` as given:
///     y[c][i + Top][j + Left] = x[c][i][j],   and 0 elsewhere.
///
/// Shapes: (C, H, W) to (C, H + top + bottom, W + left + right). Gradient: dy inside the frame.
/// PyTorch: nn.ZeroPad2d. ONNX: Pad.
///
///     using Net = Sequential<Input<1, 28, 28>, ZeroPad2D<0, 1, 0, 1>, Conv2D<8, 2>, ReLU>;
template <auto... P>
  requires(sizeof...(P) > 0)
struct ZeroPad2D
    : detail::PlacedLayer<
          2,
          std::conditional_t<sizeof...(P) == 1 || sizeof...(P) == 4, detail::PaddedPlace<P...>, detail::PaddedPlace<0>>,
          std::conditional_t<(sizeof...(P) == 1 || sizeof...(P) == 4) && ((P >= 0) && ...), void,
                             takes<one_number_of_at_least_0_or_left_right_top_bottom>>> {};

/// Zeros before and behind a signal, `ZeroPad1D<2>` or `ZeroPad1D<Left, Right>`:
///     y[c][t + Left] = x[c][t],   and 0 elsewhere.
///
/// Shapes: (C, L) to (C, left + L + right). PyTorch: nn.ZeroPad1d (2.0 on). ONNX: Pad.
/// Gradient: dy without the frame.
///
///     using Net = Sequential<Input<1, 50>, ZeroPad1D<2, 0>, Conv1D<8, 3>, ReLU>;
template <auto Left, auto Right = Left>
struct ZeroPad1D
    : detail::PlacedLayer<
          1, detail::PaddedPlace<Left, Right>,
          std::conditional_t<(Left >= 0 && Right >= 0), void, takes<one_number_of_at_least_0_or_left_right>>> {};

}  // namespace tenon
