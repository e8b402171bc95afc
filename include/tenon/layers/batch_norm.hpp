#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/layers/convolution/window.hpp>
#include <tenon/layers/formula/passes.hpp>
#include <tenon/layers/normalization.hpp>

namespace tenon {

/// What BatchNorm1D takes.
struct features_or_signals_of_channels_length;

namespace detail {

template <auto... Option>
consteval auto batch_norm_formula() {
  constexpr double share = momentum_in(Option...);
  constexpr auto normal = (x - running<"running_mean">(batch_mean(x), 1, share)) /
                          sqrt(running<"running_var", Ones>(batch_variance(x), unbiased, share) +
                               epsilon_in(1e-5, Option...));
  if constexpr (!is_affine<Option...>) return normal;
  else if constexpr (!with_bias<Option...>) return normal * param<"weight", PerFeature, Ones>;
  else return normal * param<"weight", PerFeature, Ones> + param<"bias", PerFeature, Zeros>;
}

template <auto... Option>
struct BatchNorm {
  using formula = expr::lift<batch_norm_formula<Option...>()>;
  using invalid = options_fault<option::epsilon | option::affine | option::bias | option::momentum, Option...>;
  static constexpr double batch_epsilon = epsilon_in(1e-5, Option...);  // for fold
  template <class To>
  static auto onnx(To& to) {
    const auto channels = static_cast<size_t>(to.axes()[0]);
    return to.node("BatchNormalization",
                   {to.input(), to.parameter_or("weight", channels, 1), to.parameter_or("bias", channels, 0),
                    to.parameter("running_mean"), to.parameter("running_var")},
                   {{"epsilon", batch_epsilon}});
  }
};

/// (C, L), seen as images of one row: a feature is a channel.
template <class E, class In>
struct batch_norm_unit {
  using type = BatchUnit<E, In>;
};
template <class E, size_t C, size_t L>
struct batch_norm_unit<E, Shape<C, L>> {
  using type = SeenAs<BatchUnit<E, Shape<C, 1, L>>, Shape<C, L>>;
};

}  // namespace detail

/// Brings every channel of a batch of images to mean 0 and variance 1, then scales and shifts it:
/// y = (x - mean) / sqrt(var + epsilon) * weight + bias, with mean and (biased) variance over the batch
/// and the pixels. Evaluation takes running statistics instead, which each training step moves by
/// r = (1 - momentum) r + momentum * statistic (the variance unbiased). Training with a single value per channel, of
/// which there is no variance, is an Error. Ioffe and Szegedy 2015.
///
/// Options: `epsilon<1e-5>`, `momentum<0.1>`, `affine<false>` (neither weight nor bias), `bias<false>`.
/// Shapes: (C, H, W) to the same. Parameters: weight (C), ones; bias (C), zeros; buffers running_mean,
/// zeros, and running_var, ones. Gradients: with n the normalised x, s its divisor and g = weight * dy,
/// dx = (g - mean(g) - n * mean(g n)) / s, dweight = sum of n dy, dbias = sum of dy. An activation behind
/// it joins its pass; `fold` makes it part of the convolution before it. PyTorch: nn.BatchNorm2d.
/// ONNX: BatchNormalization.
///
///     using Net = Sequential<Input<1, 28, 28>, Conv2D<8, 3, bias<false>>, BatchNorm2D<>, ReLU>;
template <auto... Option>
struct BatchNorm2D : detail::BatchNorm<Option...> {
  template <class In>
  using problem = std::conditional_t<In::rank == 3, void, takes<images_of_channels_height_width>>;
  template <class In>
  using at = detail::BatchUnit<typename detail::BatchNorm<Option...>::formula, In>;
};

/// BatchNorm2D for vectors, (F) to the same with statistics per feature, and for signals, (C, L) to the
/// same with statistics per channel:
///     y = (x - mean) / sqrt(var + epsilon)  weight + bias
/// Shapes: (F) or (C, L) to the same. Gradients and parameters: as BatchNorm2D. PyTorch: nn.BatchNorm1d.
/// ONNX: BatchNormalization.
///
///     using Net = Sequential<Dense<784, 128, bias<false>>, BatchNorm1D<>, ReLU, Dense<10>>;
template <auto... Option>
struct BatchNorm1D : detail::BatchNorm<Option...> {
  template <class In>
  using problem = std::conditional_t<In::rank <= 2, void, takes<features_or_signals_of_channels_length>>;
  template <class In>
  using at = typename detail::batch_norm_unit<typename detail::BatchNorm<Option...>::formula, In>::type;
  template <class In, Time Axis>
  static constexpr bool steps = (Axis == Time::last) && In::rank == 2;
};

}  // namespace tenon
