#pragma once

#include <tenon/layers/pooling/average.hpp>

namespace tenon {

/// What an adaptive pool's arguments should have been.
struct sizes_of_at_least_1;

namespace detail {

template <size_t Axes, size_t Height, size_t Width, bool Positive>
struct AdaptiveAvgPoolLayer {
private:
  template <class In>
  static constexpr bool fits = (Positive) && In::rank == Axes + 1;
  template <class In, bool Fits>
  struct bound {
    using type = Reshaping<In, channels_of_size<Axes, In::front, Height, Width>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = MeanUnit<In, channels_of_size<Axes, In::front, Height, Width>, divided_image<In, Height, Width>>;
  };

public:
  using invalid = std::conditional_t<Positive, void, takes<sizes_of_at_least_1>>;
  template <class In>
  using problem = std::conditional_t<
      In::rank == Axes + 1, void,
      takes<std::conditional_t<Axes == 2, images_of_channels_height_width, signals_of_channels_length>>>;
  template <class In>
  using at = typename bound<In, fits<In>>::type;
};

}  // namespace detail

/// Means that bring an image of any size to Height by Width, over rows i, and over columns j in the same way:
///     y[c][r][q] = mean_ij x[c][i][j],   floor(r H / Height) <= i < ceil((r + 1) H / Height).
/// Neighbours overlap where the size does not divide. `AdaptiveAvgPool2D<N>` is N by N.
///
/// Shapes: (C, H, W) to (C, Height, Width). Gradient: every number of a window gets dy divided by how
/// many there are. PyTorch: nn.AdaptiveAvgPool2d. ONNX: AveragePool where the size divides.
///
///     using Net = Sequential<Input<3, 30, 17>, Conv2D<8, 3>, ReLU, AdaptiveAvgPool2D<4, 4>, Flatten, Dense<10>>;
template <auto Height, auto Width = Height>
struct AdaptiveAvgPool2D : detail::AdaptiveAvgPoolLayer<2, static_cast<size_t>(Height), static_cast<size_t>(Width),
                                                        (Height > 0 && Width > 0)> {};

/// Means that bring a signal of any length to Length: AdaptiveAvgPool2D along one axis,
///     y[c][r] = mean_i x[c][i],   floor(r L / Length) <= i < ceil((r + 1) L / Length).
///
/// Shapes: (C, L) to (C, Length). Gradient: every number of a window gets dy divided by how many there are.
/// PyTorch: nn.AdaptiveAvgPool1d. ONNX: AveragePool where the length divides.
///
///     using Net = Sequential<Input<3, 50>, Conv1D<8, 3>, ReLU, AdaptiveAvgPool1D<4>, Flatten, Dense<10>>;
template <auto Length>
struct AdaptiveAvgPool1D : detail::AdaptiveAvgPoolLayer<1, 1, static_cast<size_t>(Length), (Length > 0)> {};

}  // namespace tenon
