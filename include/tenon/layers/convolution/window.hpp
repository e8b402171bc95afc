#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/options.hpp>

namespace tenon {

/// What a layer with a window takes, and what its arguments should have been.
struct images_of_channels_height_width;
struct signals_of_channels_length;
template <size_t... D>
struct kernel_of;
template <size_t... D>
struct padded_input;
template <class Kernel, class Input>
struct kernel_within;
struct one_number_or_one_per_axis_and_strides_and_dilations_of_at_least_1;

}  // namespace tenon

/// What the arguments of a layer with a window say, in numbers.
namespace tenon::detail {

enum class PaddingKind : unsigned char { given, same, full };

/// One number per axis: height and width, or the length alone.
using PerAxis = std::array<size_t, 2>;

struct Window {
  size_t axes = 2;
  PerAxis kernel{1, 1}, stride{1, 1}, dilation{1, 1}, padding{0, 0}, output_padding{0, 0};
  PaddingKind kind = PaddingKind::given;
  size_t groups = 1;
  bool bias = true;
  bool kernel_given = false, stride_given = false;
  bool usable = true;  // the arguments have one number or one for each axis, none negative, none 0 except padding

  /// How far a window reaches along an axis.
  constexpr size_t extent(size_t axis) const { return (kernel[axis] - 1) * dilation[axis] + 1; }
  constexpr size_t before(size_t axis) const {
    const size_t all = extent(axis) - 1;
    return kind == PaddingKind::same ? all / 2 : kind == PaddingKind::full ? all : padding[axis];
  }
  constexpr size_t padded(size_t axis, size_t size) const {
    const size_t all = extent(axis) - 1;
    return size + (kind == PaddingKind::same ? all : kind == PaddingKind::full ? 2 * all : 2 * padding[axis]);
  }
  /// Positions of the window; 0 where it does not fit.
  constexpr size_t positions(size_t axis, size_t size) const {
    const size_t space = padded(axis, size);
    return space < extent(axis) ? 0 : (space - extent(axis)) / stride[axis] + 1;
  }
  /// The size that a transposed convolution makes of `size` positions; 0 where padding cuts all of it off.
  constexpr size_t unfolded(size_t axis, size_t size) const {
    const size_t whole = (size - 1) * stride[axis] + extent(axis) + output_padding[axis];
    const size_t cut = padded(axis, 0);
    return whole > cut ? whole - cut : 0;
  }

  template <class... N>
  constexpr void set(PerAxis& numbers, long long least, N... n) {
    const long long given[] = {static_cast<long long>(n)...};
    if (sizeof...(N) != 1 && sizeof...(N) != axes) usable = false;
    for (size_t axis = 0; axis < axes; ++axis) {
      const long long number = given[sizeof...(N) == 1 ? 0 : axis < sizeof...(N) ? axis : 0];
      if (number < least) usable = false;
      else numbers[axis] = static_cast<size_t>(number);
    }
  }
  template <auto... N>
    requires(sizeof...(N) > 0)
  constexpr void read(option::Kernel<N...>) {
    kernel_given = true;
    set(kernel, 1, N...);
  }
  template <auto... N>
    requires(sizeof...(N) > 0)
  constexpr void read(option::Stride<N...>) {
    stride_given = true;
    set(stride, 1, N...);
  }
  template <auto... N>
    requires(sizeof...(N) > 0)
  constexpr void read(option::Dilation<N...>) { set(dilation, 1, N...); }
  template <auto... N>
    requires(sizeof...(N) > 0)
  constexpr void read(option::OutputPadding<N...>) { set(output_padding, 0, N...); }
  template <auto... N>
    requires(sizeof...(N) > 0 && (std::is_integral_v<decltype(N)> && ...))
  constexpr void read(option::Padding<N...>) { set(padding, 0, N...); }
  constexpr void read(option::Padding<valid>) {}
  constexpr void read(option::Padding<same>) { kind = PaddingKind::same; }
  constexpr void read(option::Padding<full>) { kind = PaddingKind::full; }
  template <auto N>
  constexpr void read(option::Groups<N>) {
    if (N < 1) usable = false;
    else groups = static_cast<size_t>(N);
  }
  constexpr void read(option::Bias<false>) { bias = false; }
  template <class Other>
  constexpr void read(Other) {}
};

template <size_t Axes, auto... Argument>
consteval Window window_of() {
  Window w{.axes = Axes};
  (w.read(Argument), ...);
  return w;
}

}  // namespace tenon::detail
