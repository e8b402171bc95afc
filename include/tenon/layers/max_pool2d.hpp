#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/kernels/pooling.hpp>
#include <tenon/layers/convolution/window.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>
#include <tenon/shape.hpp>

namespace tenon {

/// What a pool's arguments should have been.
struct one_kernel_of_at_least_1;
/// More padding would make windows that hold nothing.
struct padding_of_at_most_half_the_kernel;

namespace detail {

template <class In, std::size_t Height, std::size_t Width>
using pooled = Shape<In::front, Height == 0 ? 1 : Height, Width == 0 ? 1 : Width>;

template <class In, kernels::ConvolutionAxis Y, kernels::ConvolutionAxis X>
struct MaxPoolUnit {
  using input = In;
  using output = pooled<In, Y.map, X.map>;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  // The largest numbers are found again: forward leaves nothing behind.
  static constexpr Needs needs{.backward_reads_input = true, .backward_reads_output = true};
  static constexpr kernels::Pooling pooling{In::front, Y, X};

  template <class Mode, class Ctx, class T>
  static void forward(Ctx&, const Memory<T>&, Rows<const T> x, Rows<T> y, Mode) {
    for (std::size_t i = 0; i < x.count; ++i) kernels::max_pool<T>(pooling, x[i], y[i]);
  }
  template <class Ctx, class T>
  static void backward(Ctx&, const Memory<T>&, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    if (!dx) return;
    for (std::size_t i = 0; i < x.count; ++i) kernels::max_pool_gradient<T>(pooling, x[i], y[i], dy[i], dx[i]);
  }
};

}  // namespace detail

/// The largest number of each window, y[c][r][q] = max over u, v of x[c][r s + u d - p][q s + v d - p].
///
/// `MaxPool2D<2>` halves an image; the stride is the kernel unless `stride<...>` says otherwise. Options:
/// `stride<2>`, `padding<1>` (at most half the kernel; what is outside is never the largest),
/// `dilation<2>`; `kernel<2, 3>` and its kin by height and width. Shapes: (C, H, W) to
/// (C, floor((H + 2 p - d (k - 1) - 1) / s) + 1, ...). Gradient: dy goes to the first number of the
/// window that is the largest. A NaN passes through. PyTorch: nn.MaxPool2d. ONNX: MaxPool.
///
///     using Net = Sequential<Input<1, 28, 28>, Conv2D<6, 5>, ReLU, MaxPool2D<2>, Flatten, Dense<10>>;
template <auto... Argument>
struct MaxPool2D {
private:
  using sizes = detail::sizes_of<Argument...>;
  static constexpr detail::Window given = detail::window_of<2, Argument...>();
  static constexpr bool counted = sizes::positive && sizes::count == (given.kernel_given ? 0 : 1);
  static constexpr detail::Window window = [] {
    detail::Window w = given;
    if (counted && !given.kernel_given) w.kernel = {sizes::get(0), sizes::get(0)};
    if (!given.stride_given) w.stride = w.kernel;
    return w;
  }();
  static constexpr bool overpadded = window.kind != detail::PaddingKind::given || 2 * window.padding[0] > window.kernel[0] ||
                                     2 * window.padding[1] > window.kernel[1];
  template <class In>
  static constexpr std::size_t height = In::rank == 3 ? In::dims[1] : 1;
  template <class In>
  static constexpr std::size_t width = In::rank == 3 ? In::dims[2] : 1;
  static constexpr kernels::ConvolutionAxis axis(std::size_t a, std::size_t size) {
    return {size, window.positions(a, size), window.kernel[a], window.stride[a], window.dilation[a], window.before(a)};
  }
  template <class In>
  static consteval auto find_problem() {
    if constexpr (In::rank != 3) {
      return std::type_identity<takes<images_of_channels_height_width>>{};
    } else if constexpr (window.positions(0, height<In>) == 0 || window.positions(1, width<In>) == 0) {
      return std::type_identity<takes<kernel_within<kernel_of<window.extent(0), window.extent(1)>,
                                                    padded_input<window.padded(0, height<In>), window.padded(1, width<In>)>>>>{};
    } else {
      return std::type_identity<void>{};
    }
  }
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, detail::pooled<In, window.positions(0, height<In>), window.positions(1, width<In>)>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::MaxPoolUnit<In, axis(0, height<In>), axis(1, width<In>)>;
  };

public:
  using invalid = std::conditional_t<
      !counted, takes<one_kernel_of_at_least_1>,
      std::conditional_t<!given.usable, takes<one_number_or_one_per_axis_and_strides_and_dilations_of_at_least_1>,
                         std::conditional_t<overpadded, takes<padding_of_at_most_half_the_kernel>, void>>>;
  template <class In>
  using problem = typename decltype(find_problem<In>())::type;
  template <class In>
  using at = typename bound<In, std::is_void_v<invalid> && std::is_void_v<problem<In>>>::type;
};

}  // namespace tenon
