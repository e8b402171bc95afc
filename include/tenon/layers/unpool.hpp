#pragma once

#include <tenon/layers/pooling/placed.hpp>

namespace tenon {

namespace detail {

template <size_t Axes, auto Height, auto Width>
struct MiddlePlace {
  static constexpr kernels::PlacedAxis axis(size_t a, size_t size) {
    const auto given = a == 0 ? Height : Width;
    const size_t factor = given > 0 ? static_cast<size_t>(given) : 1;
    if (a == 0 && Axes == 1) return {size, size, 0, 1};
    return {size, size * factor, (factor - 1) / 2, factor};
  }
};

}  // namespace detail

/// The plain way back of a pool: every number becomes a window that has it in the middle and zeros
/// around, y[c][r k + m][q k + m] = x[c][r][q] with m = floor((k - 1) / 2). Dosovitskiy et al. 2015
/// (with the number in a corner). `MaxUnpool` puts numbers back where the largest ones were.
///
/// Shapes: (C, H, W) to (C, H k, W k); `Unpool2D<3, 2>` by height and width. Gradient: dx is dy in the
/// middles. PyTorch: none; a transposed convolution by groups with a kernel of one 1. ONNX: ConvTranspose.
///
///     using Net = Sequential<Input<8, 7, 7>, Unpool2D<2>, Conv2D<4, 3, padding<same>>, ReLU>;
template <auto Height, auto Width = Height>
struct Unpool2D
    : detail::PlacedLayer<2, detail::MiddlePlace<2, Height, Width>,
                          std::conditional_t<(Height > 0 && Width > 0), void, takes<one_kernel_of_at_least_1>>> {};

/// Unpool2D along one axis:
///     y[c][t k + m] = x[c][t],   m = floor((k - 1) / 2), and 0 elsewhere.
///
/// Shapes: (C, L) to (C, L k). PyTorch: none. ONNX: ConvTranspose.
/// Gradient: dx is dy in the middles.
///
///     using Net = Sequential<Input<8, 25>, Unpool1D<2>, Conv1D<4, 3, padding<same>>, ReLU>;
template <auto Length>
struct Unpool1D : detail::PlacedLayer<1, detail::MiddlePlace<1, 1, Length>,
                                      std::conditional_t<(Length > 0), void, takes<one_kernel_of_at_least_1>>> {};

}  // namespace tenon
