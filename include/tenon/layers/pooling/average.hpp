#pragma once

#include <tenon/layers/pooling/pool.hpp>

namespace tenon {

namespace option {

template <bool Value>
struct CountIncludePad {};

}  // namespace option

/// Whether zeros outside the input count as numbers of a mean (PyTorch's count_include_pad).
template <bool Value>
inline constexpr option::CountIncludePad<Value> count_include_pad{};
template <bool Value>
[[deprecated("called count_include_pad")]] inline constexpr option::CountIncludePad<Value> count_padding{};

namespace detail {

template <bool Value>
inline constexpr std::uint32_t option_kind<option::CountIncludePad<Value>> = option::count_include_pad;

template <auto... Argument>
inline constexpr bool counts_padding = !(
    std::is_same_v<std::remove_const_t<decltype(Argument)>, option::CountIncludePad<false>> || ...);

/// A pool of means, bound.
template <class In, class Out, kernels::Averaging P>
struct MeanUnit {
  using input = In;
  using output = Out;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = false,
                               .forward = {.fixed = aligned(P.scratch())},
                               .backward = {.fixed = aligned(P.scratch())},
                               .inference = {.fixed = aligned(P.scratch())}};
  static constexpr kernels::Averaging averaging = P;
  static constexpr bool adds_to_dx = P.windows.y.map == 1 && P.windows.x.map == 1;  // one share for each number

  /// An adaptive pool whose parts are alike, as windows side by side; ONNX has no others, nor dilated ones.
  static constexpr kernels::ConvolutionAxis divided(kernels::ConvolutionAxis axis) {
    if (P.adaptive) axis.kernel = axis.stride = axis.image / axis.map;
    return axis;
  }
  static constexpr bool is_even(const kernels::ConvolutionAxis& axis) {
    return P.adaptive ? axis.image % axis.map == 0 : axis.dilation == 1;
  }

  template <class To>
  static auto onnx(To& to) requires(Out::rank == In::rank && is_even(P.windows.y) && is_even(P.windows.x)) {
    auto attributes = to.windows(In::rank - 1, divided(P.windows.y), divided(P.windows.x), false);
    attributes.emplace_back("count_include_pad", P.counts_padding ? 1 : 0);
    return to.node("AveragePool", {to.input()}, attributes);
  }
  template <class Mode, class Ctx, class T>
  static void forward(Ctx&, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode) {
    for (size_t i = 0; i < x.count; ++i) kernels::average_pool<T>(averaging, x[i], y[i], m.workspace.scratch_fixed);
  }
  /// In plain loops, for firmware and constant expressions.
  template <class T>
  static constexpr void run_sample(const Memory<T>&, const T* x, T* y) {
    kernels::average_pool_plainly(averaging, x, y);
  }
  template <class Ctx, class T>
  static void backward(Ctx&, const Memory<T>& m, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    if (!dx) return;
    for (size_t i = 0; i < dy.count; ++i)
      kernels::average_pool_gradient<T>(averaging, dy[i], dx[i], m.written.dx, m.workspace.scratch_fixed);
  }
};

template <class In, class Out, class Arguments, auto... Argument>
struct AvgPoolUnit
    : MeanUnit<In, Out, kernels::Averaging{Arguments::template pooling<In>, false, counts_padding<Argument...>}> {};

/// The image divided into Height by Width parts.
template <class In, size_t Height, size_t Width>
inline constexpr kernels::Averaging divided_image{
    {In::front, {height_of<In>, Height, 1, 1, 1, 0}, {width_of<In>, Width, 1, 1, 1, 0}}, true};

}  // namespace detail
}  // namespace tenon
