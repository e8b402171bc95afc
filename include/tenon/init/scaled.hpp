#pragma once

#include <cmath>
#include <span>

#include <tenon/init/gain.hpp>
#include <tenon/init/initializer.hpp>

namespace tenon {

/// The count by which the variance is divided: fan_in, the inputs of an output, keeps the size of signals from layer to
/// layer; fan_out, the outputs that an input reaches, keeps that of gradients.
enum class Fan { in, out };

/// Keras's names of XavierUniform and XavierNormal:
///     w ~ U(-b, b),   b = Gain sqrt(6 / (fan_in + fan_out)),
///     w ~ N(0, Gain^2  2 / (fan_in + fan_out)).
template <auto Gain = 1.0>
using GlorotUniform = XavierUniform<Gain>;
template <auto Gain = 1.0>
using GlorotNormal = XavierNormal<Gain>;

/// He et al. 2015, for a fan and the gain of the nonlinearity; KaimingUniform and KaimingNormal are
///     w ~ U(-b, b),   b = Gain sqrt(3 / fan),
///     w ~ N(0, Gain^2 / fan).
/// PyTorch: init.kaiming_uniform_(mode, nonlinearity), init.kaiming_normal_. With the defaults they are Keras's
/// HeUniform and HeNormal.
template <Fan Mode = Fan::in, auto Gain = gain::relu>
struct KaimingUniform {
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec& spec, Stream& stream) {
    const size_t fan = Mode == Fan::in ? spec.fan_in : spec.fan_out;
    detail::fill_uniform(values, static_cast<double>(Gain) * std::sqrt(3.0 / static_cast<double>(fan)), stream);
  }
};
template <Fan Mode = Fan::in, auto Gain = gain::relu>
struct KaimingNormal {
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec& spec, Stream& stream) {
    const size_t fan = Mode == Fan::in ? spec.fan_in : spec.fan_out;
    detail::fill_normal(values, static_cast<double>(Gain) / std::sqrt(static_cast<double>(fan)), stream);
  }
};

/// LeCun et al. 1998, which keeps the variance of signals through linear layers, as SELU expects; LeCunUniform and
/// LeCunNormal are
///     w ~ U(-b, b),   b = sqrt(3 / fan_in),
///     w ~ N(0, 1 / fan_in).
/// PyTorch: none. Keras: lecun_uniform, lecun_normal.
struct LeCunUniform : KaimingUniform<Fan::in, gain::linear> {};
struct LeCunNormal : KaimingNormal<Fan::in, gain::linear> {};

}  // namespace tenon
