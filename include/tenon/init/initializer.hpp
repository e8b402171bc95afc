#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <tenon/net/layer.hpp>
#include <tenon/random.hpp>

/// Initialisers: types with `fill(values, spec, stream)`. Names and formulas are PyTorch's
/// (torch.nn.init); `spec` brings fan_in and fan_out.
namespace tenon {

/// All numbers 0:
///     w = 0
/// PyTorch: init.zeros_.
struct Zeros {
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec&, Stream&) {
    for (T& v : values) v = T(0);
  }
};

/// All numbers 1:
///     w = 1
/// PyTorch: init.ones_.
struct Ones {
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec&, Stream&) {
    for (T& v : values) v = T(1);
  }
};

/// All numbers the same, `Constant<0.1>`:
///     w = Value
/// PyTorch: init.constant_.
template <auto Value>
struct Constant {
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec&, Stream&) {
    for (T& v : values) v = static_cast<T>(Value);
  }
};

namespace detail {

template <class T>
void fill_uniform(std::span<T> values, double bound, Stream& stream) {
  for (T& v : values) v = static_cast<T>(stream.uniform(-bound, bound));
}
template <class T>
void fill_normal(std::span<T> values, double deviation, Stream& stream) {
  for (T& v : values) v = static_cast<T>(deviation * stream.template normal<double>());
}

}  // namespace detail

/// U(-b, b) with b = 1/sqrt(fan_in): what PyTorch's Linear draws for weight and bias.
struct LinearDefault {
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec& spec, Stream& stream) {
    detail::fill_uniform(values, 1 / std::sqrt(static_cast<double>(spec.fan_in)), stream);
  }
};

/// Glorot and Bengio 2010, times a gain for the nonlinearity behind (`gain::tanh`):
///     w ~ U(-b, b),   b = Gain sqrt(6 / (fan_in + fan_out)).
/// PyTorch: init.xavier_uniform_(gain). Keras: GlorotUniform.
///
///     using Net = Sequential<Dense<64, 32, init<XavierUniform<gain::tanh>>>, Tanh, Dense<10>>;
template <auto Gain = 1.0>
struct XavierUniform {
  static_assert(Gain > 0, "XavierUniform<Gain> takes a Gain above 0");
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec& spec, Stream& stream) {
    const double fans = static_cast<double>(spec.fan_in + spec.fan_out);
    detail::fill_uniform(values, static_cast<double>(Gain) * std::sqrt(6.0 / fans), stream);
  }
};
/// The variance of XavierUniform from a normal distribution:
///     w ~ N(0, Gain^2  2 / (fan_in + fan_out)).
/// PyTorch: init.xavier_normal_(gain). Keras: GlorotNormal.
template <auto Gain = 1.0>
struct XavierNormal {
  static_assert(Gain > 0, "XavierNormal<Gain> takes a Gain above 0");
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec& spec, Stream& stream) {
    const double fans = static_cast<double>(spec.fan_in + spec.fan_out);
    detail::fill_normal(values, static_cast<double>(Gain) * std::sqrt(2.0 / fans), stream);
  }
};

/// He et al. 2015, gain sqrt(2) for ReLU; HeUniform and HeNormal are
///     w ~ U(-b, b),   b = sqrt(6 / fan_in),
///     w ~ N(0, 2 / fan_in).
/// PyTorch: init.kaiming_uniform_, init.kaiming_normal_. Keras: HeUniform, HeNormal.
struct HeUniform {
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec& spec, Stream& stream) {
    detail::fill_uniform(values, std::sqrt(6.0 / static_cast<double>(spec.fan_in)), stream);
  }
};
struct HeNormal {
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec& spec, Stream& stream) {
    detail::fill_normal(values, std::sqrt(2.0 / static_cast<double>(spec.fan_in)), stream);
  }
};

/// An initialiser can fill a span of numbers.
template <class I>
concept Initializer = requires(std::span<float> values, const ParameterSpec& spec, Stream& stream) {
  I::fill(values, spec, stream);
};

}  // namespace tenon
