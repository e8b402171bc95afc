#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <tenon/edge/quantized.hpp>
#include <tenon/model/calibration.hpp>

/// From ranges and float parameters to int8: scales and zero points, weights, biases and factors.
namespace tenon::detail {

/// scale and zero point of a range, real = scale * (q - zero) with q from -128 to 127; or, with activations of 16 bits,
/// from -32767 to 32767 and no zero point.
template <class Numbers>
void set_scale(const ValueRange& range, size_t tensor, Numbers& q) {
  constexpr bool wide = Numbers::plan.wide;
  float& scale = q.scale[tensor];
  scale = wide ? std::max(-range.low, range.high) / 32767.0F : (range.high - range.low) / 255.0F;
  if (!(scale > std::numeric_limits<float>::min())) scale = 1;
  if (!wide)
    q.zero[tensor] = static_cast<std::int8_t>(std::clamp(std::lround(-128.0F - range.low / scale), -128L, 127L));
}

/// A range that holds the numbers of all parts of a join; where all have one scale, that one.
template <class Numbers>
void set_scale_of_join(std::span<const edge::TensorMove> parts, size_t k, Numbers& q) {
  using Number = edge::Activation<typename Numbers::network>;
  constexpr int least = Numbers::plan.wide ? -32767 : -128, most = std::numeric_limits<Number>::max();
  ValueRange all;
  bool same = true;
  const size_t first = parts.front().source;
  for (const edge::TensorMove& part : parts) {
    const float scale = q.scale[part.source];
    const int zero = q.zero[part.source];
    same = same && scale == q.scale[first] && zero == q.zero[first];
    const float ends[]{scale * static_cast<float>(least - zero), scale * static_cast<float>(most - zero)};
    all.see(ends);
  }
  if (!same) return set_scale(all, k + 1, q);
  q.scale[k + 1] = q.scale[first];
  q.zero[k + 1] = q.zero[first];
}

/// The weights and biases of one step, each output with a scale of its own, or all with the largest of these.
template <class Numbers>
void quantize_weights(const edge::QuantizedStep& step, const float* parameters, Numbers& q) {
  const size_t columns = step.columns();
  const auto most = static_cast<float>(step.pattern.weights.most());
  const double in = static_cast<double>(q.scale[step.source]);
  // A bias has 2^30 steps of in * scale. Where it is larger than that, weights are so small beside it that nothing is
  // lost if they count in larger steps too.
  constexpr double most_of_bias = 0x1p30;
  const auto weight = [&](size_t o, size_t i) { return parameters[step.weight_source + step.weight_place(o, i)]; };
  const auto bias_of = [&](size_t o) {
    return step.pattern.has_bias ? static_cast<double>(parameters[step.bias_source + o]) : 0.0;
  };
  const auto scale_of = [&](size_t o) {
    float largest = 0;
    for (size_t i = 0; i < columns; ++i) largest = std::max(largest, std::abs(weight(o, i)));
    const float scale = largest / most > std::numeric_limits<float>::min() ? largest / most : 1 / most;
    const double bias = std::abs(bias_of(o));
    return bias > most_of_bias * in * static_cast<double>(scale) ? static_cast<float>(bias / (most_of_bias * in))
                                                                 : scale;
  };
  float common = 0;
  for (size_t o = 0; step.stored().one_scale && o < step.outputs(); ++o) common = std::max(common, scale_of(o));
  for (size_t o = 0; o < step.outputs(); ++o) {
    const size_t row = step.row + step.packed_row(o);
    const float scale = step.stored().one_scale ? common : scale_of(o);
    q.weight_scale[row] = scale;
    for (size_t i = 0; i < columns; ++i) {
      const float whole = std::clamp(std::round(weight(o, i) / scale), -most, most);
      step.put_weight(q.weights, o, step.packed_column(i), static_cast<std::int32_t>(whole));
    }
    if (step.pattern.has_bias)
      q.bias[row] = static_cast<std::int32_t>(
          std::clamp(std::round(bias_of(o) / (in * static_cast<double>(scale))), -most_of_bias, most_of_bias));
  }
}

/// How much a step of int8 is in a feature's own unit; never 0 or infinite.
inline float step_of_feature(float unit, float scale) {
  constexpr float least = std::numeric_limits<float>::min(), most = std::numeric_limits<float>::max();
  const float step = unit * scale;
  return std::copysign(std::clamp(std::abs(step), least, most), step);
}
/// How an input that Standardize scales becomes int8: real = center + step (q - zero), feature by feature.
template <class Numbers>
void quantize_features(const edge::InputScaling& scaled, std::span<const float> parameters, float scale, Numbers& q) {
  for (size_t f = 0; f < scaled.features; ++f) {
    q.feature_center[scaled.first + f] = parameters[scaled.center_source + f];
    q.feature_step[scaled.first + f] = step_of_feature(parameters[scaled.spread_source + f], scale);
  }
}
/// The same of an output that Unstandardize brings to its unit.
template <class Numbers>
void quantize_features(const edge::OutputScaling& unscaled, std::span<const float> parameters, float scale,
                       Numbers& q) {
  for (size_t f = 0; f < unscaled.features; ++f) {
    q.output_center[f] = parameters[unscaled.offset_source + f];
    q.output_step[f] = step_of_feature(parameters[unscaled.unit_source + f], scale);
  }
}

/// The factors of a normalisation, or slopes, as they are, and its summands in parts of 2^-16 of the output's step.
template <class Numbers>
void quantize_factors(const edge::QuantizedStep& step, size_t k, const float* parameters, Numbers& q) {
  constexpr double most = 0x1p30;
  for (size_t o = 0; o < step.factors; ++o) {
    q.weight_scale[step.row + o] = step.scaled ? parameters[step.weight_source + o] : 1.0F;
    const double bias = step.pattern.has_bias ? static_cast<double>(parameters[step.bias_source + o]) : 0;
    q.bias[step.row + o] = static_cast<std::int32_t>(
        std::clamp(std::round(bias * 0x1p16 / static_cast<double>(q.scale[k + 1])), -most, most));
  }
}

/// Constants as int8 at this scale and zero point.
template <class Numbers>
void quantize_constants(const edge::QuantizedStep& step, std::span<const float> values, float scale, int zero,
                        Numbers& q) {
  for (size_t i = 0; i < values.size(); ++i) q.weights[step.weights + i] = edge::to_int8(values[i], scale, zero);
}

/// The same with a zero point of 0, at a scale that is the first of the step's rows.
template <class Numbers>
void quantize_centred(const edge::QuantizedStep& step, std::span<const float> values, Numbers& q) {
  float largest = 0;
  for (const float v : values) largest = std::max(largest, std::abs(v));
  const float scale = largest / 127 > std::numeric_limits<float>::min() ? largest / 127 : 1;
  q.weight_scale[step.row] = scale;
  quantize_constants(step, values, scale, 0, q);
}

}  // namespace tenon::detail
