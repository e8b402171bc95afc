#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/fixed_string.hpp>
#include <tenon/kernels/pooling.hpp>
#include <tenon/kernels/sample_images.hpp>
#include <tenon/layers/convolution/window.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>
#include <tenon/shape.hpp>

/// What all pools have in common: their arguments in numbers, and what is wrong with them.
namespace tenon {

/// What a pool's arguments should have been.
struct one_kernel_of_at_least_1;
/// More padding would make windows that hold nothing.
struct padding_of_at_most_half_the_kernel;
/// A dilated window may step over the whole input.
struct an_input_that_every_window_meets;
/// What a layer that looks at channels takes.
struct signals_or_images_with_channels_first;

namespace detail {

/// A shape with other sizes behind its channels. A size of 0 becomes 1, so that checking can go on after a mistake,
/// which is reported elsewhere.
template <size_t Axes, size_t Channels, size_t Height, size_t Width>
using channels_of_size = std::conditional_t<Axes == 2,
                                            Shape<Channels, Height == 0 ? 1 : Height, Width == 0 ? 1 : Width>,
                                            Shape<Channels, Width == 0 ? 1 : Width>>;

/// Height and width of an image, or 1 and the length of a signal.
template <class In>
inline constexpr size_t height_of = In::rank == 3 ? In::dims[1] : 1;
template <class In>
inline constexpr size_t width_of = In::rank >= 2 ? In::dims[In::rank - 1] : 1;

/// The arguments of `MaxPool2D<Kernel, ...>` and the like. A signal is an image of one row.
template <size_t Axes, auto... Argument>
struct PoolArguments {
  using sizes = sizes_of<Argument...>;
  static constexpr Window given = window_of<Axes, Argument...>();
  static constexpr bool counted = sizes::positive && sizes::count == (given.kernel_given ? 0 : 1);
  static constexpr Window window = [] {
    Window w = given;
    if (counted && !given.kernel_given) w.kernel = {sizes::get(0), sizes::get(0)};
    if (!given.stride_given) w.stride = w.kernel;
    if (Axes == 1) {
      for (PerAxis* each : {&w.kernel, &w.stride, &w.dilation, &w.padding}) (*each)[1] = (*each)[0];
      w.kernel[0] = w.stride[0] = w.dilation[0] = 1;
      w.padding[0] = 0;
    }
    return w;
  }();
  static constexpr bool overpadded = window.kind != PaddingKind::given || 2 * window.padding[0] > window.kernel[0] ||
                                     2 * window.padding[1] > window.kernel[1];
  static constexpr std::uint32_t known_options = option::size | option::kernel | option::stride | option::padding |
                                                 option::dilation;
  using fault = std::conditional_t<
      !counted, takes<one_kernel_of_at_least_1>,
      std::conditional_t<!given.usable, takes<one_number_or_one_per_axis_and_strides_and_dilations_of_at_least_1>,
                         std::conditional_t<overpadded, takes<padding_of_at_most_half_the_kernel>, void>>>;

  static constexpr kernels::ConvolutionAxis axis(size_t a, size_t size) {
    return {size, window.positions(a, size), window.kernel[a], window.stride[a], window.dilation[a], window.before(a)};
  }
  template <class In>
  static constexpr kernels::Pooling pooling{In::front, axis(0, height_of<In>), axis(1, width_of<In>)};

  template <class In>
  static consteval auto problem() {
    constexpr kernels::Pooling p = pooling<In>;
    if constexpr (In::rank != Axes + 1) {
      return std::type_identity<
          takes<std::conditional_t<Axes == 2, images_of_channels_height_width, signals_of_channels_length>>>{};
    } else if constexpr (p.y.map == 0 || p.x.map == 0) {
      if constexpr (Axes == 2)
        return std::type_identity<
            takes<kernel_within<kernel_of<window.extent(0), window.extent(1)>,
                                padded_input<window.padded(0, p.y.image), window.padded(1, p.x.image)>>>>{};
      else
        return std::type_identity<
            takes<kernel_within<kernel_of<window.extent(1)>, padded_input<window.padded(1, p.x.image)>>>>{};
    } else if constexpr (!every_window_meets(p.y) || !every_window_meets(p.x)) {
      return std::type_identity<takes<an_input_that_every_window_meets>>{};
    } else {
      return std::type_identity<void>{};
    }
  }
  template <class In>
  using output = channels_of_size<Axes, In::front, pooling<In>.y.map, pooling<In>.x.map>;
};

/// The layer whose bound form is Unit<In, Output, PoolArguments, Option...>.
template <size_t Axes, template <class, class, class, auto...> class Unit, std::uint32_t More, auto... Argument>
struct PoolLayer {
private:
  using arguments = PoolArguments<Axes, Argument...>;
  template <class In, bool Fits>
  struct bound {
    using type = Reshaping<In, typename arguments::template output<In>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = Unit<In, typename arguments::template output<In>, arguments, Argument...>;
  };

public:
  using invalid = first_fault<options_fault<arguments::known_options | More, Argument...>, typename arguments::fault>;
  template <class In>
  using problem = typename decltype(arguments::template problem<In>())::type;
  template <class In>
  using at = typename bound<In, std::is_void_v<invalid> && std::is_void_v<problem<In>>>::type;
};

/// Where every number of a channel lies in one window.
template <class In>
inline constexpr kernels::Pooling whole_channels{
    In::front, {height_of<In>, 1, height_of<In>, 1, 1, 0}, {width_of<In>, 1, width_of<In>, 1, 1, 0}};

/// A pool that makes one number of each channel, bound to `Unit<In, Out>`; `Onnx` is the operator that does so.
template <template <class, class> class Unit, fixed_string Onnx>
struct GlobalPool {
private:
  template <class In>
  static constexpr bool fits = In::rank == 2 || In::rank == 3;
  template <class In, bool Fits>
  struct bound {
    using type = Reshaping<In, Shape<In::front>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = Unit<In, Shape<In::front>>;
  };

public:
  template <class In>
  using problem = std::conditional_t<fits<In>, void, takes<signals_or_images_with_channels_first>>;
  template <class To>
  static auto onnx(To& to) {
    return to.node("Flatten", {to.node(Onnx.view(), {to.input()})});
  }
  template <class In>
  using at = typename bound<In, fits<In>>::type;
};

}  // namespace detail
}  // namespace tenon
