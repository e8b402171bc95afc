#pragma once

#include <span>

#include <tenon/init/initializer.hpp>

namespace tenon {

/// Evenly between two numbers, whatever the shape:
///     w ~ U(Low, High)
/// PyTorch: init.uniform_.
template <auto Low = 0.0, auto High = 1.0>
struct Uniform {
  static_assert(Low < High, "Uniform<Low, High> takes Low < High");
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec&, Stream& stream) {
    for (T& v : values) v = static_cast<T>(stream.uniform(static_cast<double>(Low), static_cast<double>(High)));
  }
};

/// From a normal distribution, whatever the shape:
///     w ~ N(Mean, Deviation^2)
/// PyTorch: init.normal_.
template <auto Mean = 0.0, auto Deviation = 1.0>
struct Normal {
  static_assert(Deviation >= 0, "Normal<Mean, Deviation> takes a Deviation of at least 0");
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec&, Stream& stream) {
    for (T& v : values)
      v = static_cast<T>(static_cast<double>(Mean) + static_cast<double>(Deviation) * stream.template normal<double>());
  }
};

/// From a truncated normal distribution; numbers outside [Low, High] are drawn again:
///     w ~ N(Mean, Deviation^2)   where Low <= w <= High
/// PyTorch: init.trunc_normal_.
template <auto Mean = 0.0, auto Deviation = 1.0, auto Low = -2.0, auto High = 2.0>
struct TruncatedNormal {
  static_assert(Deviation > 0 && Low < High,
                "TruncatedNormal<Mean, Deviation, Low, High> takes Deviation > 0 and Low < High");
  static_assert(Low < Mean + 2 * Deviation && High > Mean - 2 * Deviation,
                "TruncatedNormal: hardly any number lies in [Low, High]");
  template <class T>
  static void fill(std::span<T> values, const ParameterSpec&, Stream& stream) {
    for (T& v : values) {
      double z = 0;
      do z = static_cast<double>(Mean) + static_cast<double>(Deviation) * stream.template normal<double>();
      while (z < static_cast<double>(Low) || z > static_cast<double>(High));
      v = static_cast<T>(z);
    }
  }
};

}  // namespace tenon
