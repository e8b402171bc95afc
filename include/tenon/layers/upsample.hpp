#pragma once

#include <tenon/kernels/resize.hpp>
#include <tenon/layers/pooling/pool.hpp>

namespace tenon {

/// What upsampling's arguments should have been.
struct one_factor_or_one_per_axis_all_at_least_1;

namespace option {

/// The type of `bilinear`.
struct Bilinear {};

}  // namespace option

/// Of Upsample: numbers linearly between their neighbours.
inline constexpr option::Bilinear bilinear{};

namespace detail {

template <>
inline constexpr std::uint32_t option_kind<option::Bilinear> = option::bilinear;

template <class In, class Out, kernels::Upsampling U>
struct UpsampleUnit {
  using input = In;
  using output = Out;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr size_t row = aligned(U.scratch());
  static constexpr Needs needs{.backward_reads_input = false,
                               .forward = {.fixed = row},
                               .backward = {.fixed = row},
                               .inference = {.fixed = row}};
  static constexpr kernels::Upsampling upsampling = U;

  template <class To>
  static auto onnx(To& to) {
    const auto y = static_cast<double>(U.factor_y), x = static_cast<double>(U.factor_x);
    const auto scales = In::rank == 3 ? to.numbers({4}, {1, 1, y, x}) : to.numbers({3}, {1, 1, x});
    if constexpr (U.linear)
      return to.node("Resize", {to.input(), "", scales},
                     {{"mode", "linear"}, {"coordinate_transformation_mode", "half_pixel"}});
    else
      return to.node(
          "Resize", {to.input(), "", scales},
          {{"mode", "nearest"}, {"coordinate_transformation_mode", "asymmetric"}, {"nearest_mode", "floor"}});
  }
  template <class Mode, class Ctx, class T>
  static void forward(Ctx&, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode) {
    for (size_t i = 0; i < x.count; ++i) kernels::upsample<T>(upsampling, x[i], y[i], m.workspace.scratch_fixed);
  }
  template <class Ctx, class T>
  static void backward(Ctx&, const Memory<T>& m, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    if (!dx) return;
    for (size_t i = 0; i < dy.count; ++i)
      kernels::upsample_gradient<T>(upsampling, dy[i], dx[i], m.workspace.scratch_fixed);
  }
};

}  // namespace detail

/// An image (a signal) stretched by a whole factor: every number repeated or, with `bilinear`, what lies
/// linearly between the pixels at the source coordinate (r + 1/2) / factor - 1/2, beyond the border the
/// border's (PyTorch's align_corners=False). With f the factor, and for `bilinear` i + a = (r + 1/2) / f - 1/2 and
/// j + b = (q + 1/2) / f - 1/2 with whole numbers i and j,
///     y[c][r][q] = x[c][floor(r / f)][floor(q / f)],   and bilinear
///     y[c][r][q] = (1 - a) ((1 - b) x[c][i][j] + b x[c][i][j + 1])
///                  + a ((1 - b) x[c][i + 1][j] + b x[c][i + 1][j + 1]).
///
/// `Upsample<2>`, `Upsample<2, bilinear>`; `Upsample<2, 3>` by height and width. Shapes: (C, H, W) to
/// (C, H f, W f), (C, L) to (C, L f). Gradient: every number gets dy times its weight, summed over where
/// it went. PyTorch: nn.Upsample (mode nearest, linear for signals, bilinear). ONNX: Resize.
///
///     using Net = Sequential<Input<8, 7, 7>, Upsample<2, bilinear>, Conv2D<4, 3, padding<same>>, ReLU>;
template <auto... Argument>
struct Upsample {
private:
  using sizes = detail::sizes_of<Argument...>;
  static constexpr bool counted = sizes::positive && (sizes::count == 1 || sizes::count == 2);
  static constexpr bool linear = (std::is_same_v<std::remove_const_t<decltype(Argument)>, option::Bilinear> || ...);
  template <class In>
  static constexpr bool fits = In::rank == 3 || (In::rank == 2 && sizes::count < 2);
  static constexpr size_t factor(size_t axis) { return counted ? sizes::get(axis < sizes::count ? axis : 0) : 1; }
  template <class In>
  static constexpr kernels::Upsampling upsampling{
      In::front, detail::height_of<In>, detail::width_of<In>, In::rank == 3 ? factor(0) : 1, factor(1), linear};
  template <class In>
  using output = detail::channels_of_size<In::rank == 2 ? 1 : 2, In::front, detail::height_of<In> * factor(0),
                                          detail::width_of<In> * factor(1)>;
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, output<In>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::UpsampleUnit<In, output<In>, upsampling<In>>;
  };

public:
  using invalid = detail::first_fault<
      detail::options_fault<option::size | option::bilinear, Argument...>,
      std::conditional_t<counted, void, takes<one_factor_or_one_per_axis_all_at_least_1>>>;
  template <class In>
  using problem = std::conditional_t<fits<In>, void,
                                     takes<std::conditional_t<sizes::count == 2, images_of_channels_height_width,
                                                              signals_or_images_with_channels_first>>>;
  template <class In>
  using at = typename bound<In, counted && fits<In>>::type;
};

}  // namespace tenon
