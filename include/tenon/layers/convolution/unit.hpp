#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/kernels/sample_images.hpp>
#include <tenon/kernels/sample_tiles.hpp>
#include <tenon/layers/convolution/code.hpp>
#include <tenon/layers/convolution/window.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>
#include <tenon/shape.hpp>

namespace tenon {

/// What a convolution takes, and what its arguments should have been.
template <size_t Count>
struct channels;
template <size_t Groups>
struct channels_in_groups;
/// A transposed convolution whose padding cuts everything off.
template <class Padding>
struct less_padding_than;
struct out_or_in_and_out_then_the_kernel_all_at_least_1;
struct padding_same_with_stride_1;
struct output_padding_below_stride_or_dilation;
template <size_t Groups, class... Channels>
struct groups_that_divide;
/// weight_bits<4> and per_tensor<true> are of convolutions without groups.
struct weights_of_8_bits_and_a_scale_per_output_in_groups;

namespace detail {

template <size_t Axes, size_t Channels, size_t Height, size_t Width>
using feature_map = std::conditional_t<Axes == 2, Shape<Channels, Height, Width>, Shape<Channels, Width>>;

/// Layer arguments of `Conv2D<Out, Kernel, ...>` and the like in numbers.
template <size_t Axes, bool Transposed, auto... Argument>
struct ConvolutionArguments {
  static constexpr Window given = window_of<Axes, Argument...>();
  using sizes = sizes_of<Argument...>;
  static constexpr size_t outer_sizes = sizes::count - (given.kernel_given ? 0 : sizes::count > 0 ? 1 : 0);
  static constexpr bool counted = sizes::positive && (outer_sizes == 1 || outer_sizes == 2);
  static constexpr bool states_input = counted && outer_sizes == 2;
  static constexpr size_t in = states_input ? sizes::get(0) : 0;
  static constexpr size_t out = counted ? sizes::get(outer_sizes - 1) : 1;

  static constexpr Window window = [] {
    Window w = given;
    if (counted && !w.kernel_given) w.kernel = {sizes::get(outer_sizes), sizes::get(outer_sizes)};
    if (Axes == 1) w.kernel[1] = w.kernel[0];
    // a signal is an image of one row: its axis is the second
    if (Axes == 1) {
      for (PerAxis* each : {&w.kernel, &w.stride, &w.dilation, &w.padding, &w.output_padding}) (*each)[1] = (*each)[0];
      w.kernel[0] = w.stride[0] = w.dilation[0] = 1;
      w.padding[0] = w.output_padding[0] = 0;
    }
    return w;
  }();

  static constexpr bool same_strided = window.kind == PaddingKind::same &&
                                       (window.stride[0] > 1 || window.stride[1] > 1);
  static constexpr bool overpadded = [] {
    for (size_t axis = 0; axis < 2; ++axis)
      if (window.output_padding[axis] > 0 && window.output_padding[axis] >= window.stride[axis] &&
          window.output_padding[axis] >= window.dilation[axis])
        return true;
    return false;
  }();

  static constexpr std::uint32_t known_options = option::size | option::bias | option::init | option::bias_init |
                                                 option::kernel | option::stride | option::padding | option::dilation |
                                                 option::groups |
                                                 (Transposed ? static_cast<unsigned>(option::output_padding)
                                                             : option::weight_bits | option::per_tensor);

  static consteval auto fault() {
    using OfOptions = options_fault<known_options, Argument...>;
    if constexpr (!std::is_void_v<OfOptions>) {
      return std::type_identity<OfOptions>{};
    } else if constexpr (!counted) {
      return std::type_identity<takes<out_or_in_and_out_then_the_kernel_all_at_least_1>>{};
    } else if constexpr (!given.usable) {
      return std::type_identity<takes<one_number_or_one_per_axis_and_strides_and_dilations_of_at_least_1>>{};
    } else if constexpr (same_strided) {
      return std::type_identity<takes<padding_same_with_stride_1>>{};
    } else if constexpr (overpadded) {
      return std::type_identity<takes<output_padding_below_stride_or_dilation>>{};
    } else if constexpr (window.groups > 1 && !(weight_storage<Argument...> == WeightStorage{})) {
      return std::type_identity<takes<weights_of_8_bits_and_a_scale_per_output_in_groups>>{};
    } else if constexpr (out % window.groups != 0 || in % window.groups != 0) {
      if constexpr (states_input)
        return std::type_identity<takes<groups_that_divide<window.groups, channels<in>, channels<out>>>>{};
      else return std::type_identity<takes<groups_that_divide<window.groups, channels<out>>>>{};
    } else {
      return std::type_identity<void>{};
    }
  }

  template <class In>
  static constexpr size_t height = Axes == 2 && In::rank == 3 ? In::dims[1] : 1;
  template <class In>
  static constexpr size_t width = In::rank == Axes + 1 ? In::dims[Axes] : 1;
  template <class In>
  static constexpr PerAxis gives = Transposed
                                       ? PerAxis{window.unfolded(0, height<In>), window.unfolded(1, width<In>)}
                                       : PerAxis{window.positions(0, height<In>), window.positions(1, width<In>)};

  template <class In>
  static consteval auto problem() {
    if constexpr (In::rank != Axes + 1) {
      return std::type_identity<
          takes<std::conditional_t<Axes == 2, images_of_channels_height_width, signals_of_channels_length>>>{};
    } else if constexpr (states_input && In::front != in) {
      return std::type_identity<takes<channels<in>>>{};
    } else if constexpr (In::front % window.groups != 0) {
      return std::type_identity<takes<channels_in_groups<window.groups>>>{};
    } else if constexpr (gives<In>[0] > 0 && gives<In>[1] > 0) {
      return std::type_identity<void>{};
    } else if constexpr (Transposed) {
      if constexpr (Axes == 2)
        return std::type_identity<takes<less_padding_than<padded_input<window.before(0), window.before(1)>>>>{};
      else return std::type_identity<takes<less_padding_than<padded_input<window.before(1)>>>>{};
    } else if constexpr (Axes == 2) {
      return std::type_identity<
          takes<kernel_within<kernel_of<window.extent(0), window.extent(1)>,
                              padded_input<window.padded(0, height<In>), window.padded(1, width<In>)>>>>{};
    } else {
      return std::type_identity<
          takes<kernel_within<kernel_of<window.extent(1)>, padded_input<window.padded(1, width<In>)>>>>{};
    }
  }

  template <class In>
  static constexpr kernels::ConvolutionAxis axis(size_t a, size_t size) {
    const size_t other = gives<In>[a];
    return {.image = Transposed ? other : size,
            .map = Transposed ? size : other,
            .kernel = window.kernel[a],
            .stride = window.stride[a],
            .dilation = window.dilation[a],
            .before = window.before(a)};
  }
  template <class In>
  static constexpr kernels::Convolution convolution = kernels::arranged({.channels = Transposed ? out : In::front,
                                                                         .features = Transposed ? In::front : out,
                                                                         .groups = window.groups,
                                                                         .y = axis<In>(0, height<In>),
                                                                         .x = axis<In>(1, width<In>)});
  template <class In>
  using output = feature_map<Axes, out, gives<In>[0] == 0 ? 1 : gives<In>[0], gives<In>[1] == 0 ? 1 : gives<In>[1]>;
};

/// A convolution bound to an input, with the activation F that has joined it.
template <size_t Axes, bool Transposed, class In, class F, auto... Argument>
struct ConvolutionUnit {
  using arguments = ConvolutionArguments<Axes, Transposed, Argument...>;
  using input = In;
  using output = typename arguments::template output<In>;
  using code = ConvolutionCode<F>;
  using initializers = std::conditional_t<
      arguments::window.bias,
      Initializers<weight_init<LinearDefault, Argument...>, start_of_bias<LinearDefault, Argument...>>,
      Initializers<weight_init<LinearDefault, Argument...>>>;

  static constexpr const kernels::Convolution& convolution = arguments::template convolution<In>;
  static constexpr auto taps = kernels::convolution_taps<convolution.taps()>(convolution);
  static constexpr ConvolutionPlan plan{convolution, taps.data(), Transposed, arguments::window.bias};
  static constexpr Needs needs = plan.needs<F>();
  static constexpr size_t macs = convolution.macs();
  static constexpr kernels::Convolution row = kernels::in_one_row(convolution);
  static constexpr kernels::ConvolutionTiles tiles = Transposed ? kernels::ConvolutionTiles{} : kernels::tiles_of(row);

  static constexpr auto parameters = [] {
    // PyTorch counts what meets in one output by the weight's second axis, also where that is not so
    const size_t second = convolution.group_channels(), taps_count = convolution.taps();
    ParameterSpec weight{.name = "weight", .dims = {convolution.features, second}, .rank = Axes + 2};
    if (Axes == 2) weight.dims[2] = convolution.y.kernel;
    weight.dims[Axes + 1] = convolution.x.kernel;
    weight.fan_in = second * taps_count;
    weight.fan_out = convolution.features * taps_count;
    std::array<ParameterSpec, arguments::window.bias ? 2 : 1> specs{weight};
    if (arguments::window.bias)
      specs.back() = {
          .name = "bias", .dims = {arguments::out}, .rank = 1, .fan_in = weight.fan_in, .fan_out = weight.fan_out};
    return specs;
  }();

  template <class To>
  static auto onnx(To& to) requires(std::is_same_v<F, NoActivation>) {
    auto attributes = to.windows(Axes, convolution.y, convolution.x, true, Transposed);
    attributes.emplace_back("group", convolution.groups);
    const auto weight = to.parameter("weight"), bias = to.parameter_or_none("bias");
    return to.node(Transposed ? "ConvTranspose" : "Conv", {to.input(), weight, bias}, attributes);
  }
  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    code::forward(plan, ctx, m, x, y, mode);
  }
  struct Rectified {
    template <class T>
    TENON_INLINE static constexpr T of(T sum) {
      if constexpr (std::is_same_v<F, Rectifier>) return expr::apply<expr::Op::maximum>(sum, T(0));
      else return sum;
    }
  };
  /// In plain loops, for firmware and constant expressions.
  template <class T>
  static constexpr void run_sample(const Memory<T>& m, const T* x, T* y) {
    const T* const bias = plan.bias ? m.parameters.values + plan.bias_offset() : nullptr;
    if constexpr (Transposed) kernels::image_of_map_plainly(convolution, x, m.parameters.values, bias, y);
    else if constexpr (tiles.features == 0) kernels::map_of_image_plainly(convolution, x, m.parameters.values, bias, y);
    else kernels::map_of_image_in_tiles<tiles, Rectified>(row, x, m.parameters.values, bias, y);
    constexpr bool done = std::is_same_v<F, NoActivation> || (tiles.features > 0 && std::is_same_v<F, Rectifier>);
    if constexpr (!done) Activation<F>::run_sample(y, output::size);
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    code::backward(plan, ctx, m, x, y, dy, dx);
  }
};

/// What all four layers are.
template <size_t Axes, bool Transposed, auto... Argument>
struct ConvolutionLayer {
private:
  using arguments = ConvolutionArguments<Axes, Transposed, Argument...>;
  static constexpr bool valid = std::is_void_v<typename decltype(arguments::fault())::type>;
  template <class In, bool Fits>
  struct bound {
    using type = Reshaping<In, typename arguments::template output<In>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = ConvolutionUnit<Axes, Transposed, In, NoActivation, Argument...>;
  };

public:
  using invalid = typename decltype(arguments::fault())::type;
  template <class In>
  using problem = typename decltype(arguments::template problem<In>())::type;
  template <class In>
  using at = typename bound<In, valid && std::is_void_v<problem<In>>>::type;
};

}  // namespace detail

/// An element-wise formula behind a convolution becomes part of it.
template <size_t Axes, bool Transposed, class In, class F, auto... Argument, detail::HasFormula Next>
  requires(detail::joins_convolution<typename Next::formula>())
struct fusion<detail::ConvolutionUnit<Axes, Transposed, In, F, Argument...>, Next> {
  using type = detail::ConvolutionUnit<Axes, Transposed, In, detail::joined_activation<typename Next::formula, F>,
                                       Argument...>;
};

}  // namespace tenon
