#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/edge/quantized_plan.hpp>
#include <tenon/edge/sample.hpp>

/// What goes into a network in int8, and what comes out of it.
namespace tenon {

namespace edge {

/// The nearest int8 to real / scale + zero; halves go away from zero, NaN to zero. A division and no
/// product: no compiler contracts it, so every machine gives the same number.
constexpr std::int8_t to_int8(float real, float scale, int zero) {
  const float quotient = real / scale;
  if (!(quotient > -1024.0F)) return quotient != quotient ? static_cast<std::int8_t>(zero) : std::int8_t{-128};
  if (quotient > 1024.0F) return 127;
  const int whole = static_cast<int>(quotient);
  const float rest = quotient - static_cast<float>(whole);
  const int q = whole + (rest >= 0.5F ? 1 : rest <= -0.5F ? -1 : 0) + zero;
  return static_cast<std::int8_t>(q < -128 ? -128 : q > 127 ? 127 : q);
}

/// The nearest int16 to real / scale, all the same.
constexpr std::int16_t to_int16(float real, float scale) {
  const float quotient = real / scale;
  if (!(quotient > -65536.0F)) return quotient != quotient ? std::int16_t{0} : std::int16_t{-32768};
  if (quotient > 65536.0F) return 32767;
  const int whole = static_cast<int>(quotient);
  const float rest = quotient - static_cast<float>(whole);
  const int q = whole + (rest >= 0.5F ? 1 : rest <= -0.5F ? -1 : 0);
  return static_cast<std::int16_t>(q < -32768 ? -32768 : q > 32767 ? 32767 : q);
}
template <class Number>
constexpr Number to_number(float real, float scale, int zero) {
  if constexpr (sizeof(Number) == 1) return to_int8(real, scale, zero);
  else return to_int16(real, scale);
}

/// Token number i of an input of tokens.
constexpr void write_token(std::int8_t* to, size_t i, std::uint16_t token) {
  to[2 * i] = static_cast<std::int8_t>(static_cast<std::uint8_t>(token & 255U));
  to[2 * i + 1] = static_cast<std::int8_t>(static_cast<std::uint8_t>(token >> 8U));
}

/// What the features of inputs, or of the output, are in int8 where each has a scale of its own:
/// real = center + step (q - zero), with the zero of the input or the output.
template <size_t Features, bool Output = false>
struct FeatureScales {
  float center[Features]{}, step[Features]{};
};
template <bool Output>
struct FeatureScales<0, Output> {};

/// One input of a sample in whole numbers, in the order in which the network has it.
template <class Net, size_t K>
constexpr void write_input(float scale, int zero, [[maybe_unused]] const FeatureScales<quantized_plan<Net>.features>& f,
                           const float* x, Activation<Net>* to) {
  constexpr const auto& plan = quantized_plan<Net>;
  if constexpr (plan.tokens[K]) {
    for (size_t i = 0; i < plan.sizes[K] / 2; ++i) {
      const bool fits = x[i] >= 0 && x[i] < 65535 && static_cast<float>(static_cast<std::uint16_t>(x[i])) == x[i];
      write_token(to, i, fits ? static_cast<std::uint16_t>(x[i]) : std::uint16_t{65535});
    }
  } else if constexpr (plan.scaled[K].features > 0) {
    constexpr InputScaling scaled = plan.scaled[K];
    for (size_t i = 0; i < plan.sizes[K]; ++i)
      to[i] = to_number<Activation<Net>>(x[i] - f.center[scaled.feature(i)], f.step[scaled.feature(i)], zero);
  } else {
    for (size_t i = 0; i < plan.sizes[K]; ++i)
      to[plan.orders[K].place(i)] = to_number<Activation<Net>>(x[i], scale, zero);
  }
}

/// One output as floats, in the network's own order.
template <class Net, size_t K>
constexpr void read_output(float scale, int zero,
                           [[maybe_unused]] const FeatureScales<quantized_plan<Net>.unscaled.features, true>& f,
                           const Activation<Net>* q, float* y) {
  constexpr const auto& plan = quantized_plan<Net>;
  constexpr size_t t = plan.output_tensor(K), features = plan.unscaled.features;
  constexpr TensorOrder order = plan.orders[t];
  for (size_t i = 0; i < plan.sizes[t]; ++i) {
    const auto steps = static_cast<float>(q[order.place(i)] - zero);
    if constexpr (features > 0) y[i] = f.center[i % features] + f.step[i % features] * steps;
    else y[i] = scale * steps;
  }
}

}  // namespace edge

/// What a network in int8 gives, as floats.
template <class Net>
using QuantizedResult = SampleResult<Net>;

}  // namespace tenon
