#include "wide_multipliers.hpp"

#include <cmath>
#include <cstdint>
#include <utility>

#include <tenon/edge/quantized_tables.hpp>
#include <tenon/edge/quantized_wide.hpp>

namespace tenon::importing {

namespace {

/// The largest that a sum of an output can be, whatever the activations.
std::int64_t largest_sum(const QuantizedLayout& layout, const edge::QuantizedStep& step, std::size_t output) {
  std::int64_t largest = std::abs(std::int64_t{layout.bias[step.row + step.packed_row(output)]});
  for (std::size_t i = 0; i < step.columns(); ++i)
    largest += 32768 * std::abs(std::int64_t{layout.weights[step.packed_place(output, step.packed_column(i))]});
  return largest;
}

std::pair<std::int32_t, int> half_multiplier(double real) {
  const kernels::Requantizer r = edge::detail::wide_multiplier(edge::requantizer(real));
  return {r.multiplier, r.shift};
}

/// The scale, or one next to it, that gives the multiplier which is wanted.
float fitting_scale(float scale, double wanted, double in, double out) {
  const auto fits = [&](float s) {
    return half_multiplier(in * static_cast<double>(s) / out) == half_multiplier(wanted);
  };
  float below = scale, above = scale;
  for (int tries = 0; tries < 4 && !fits(below) && !fits(above); ++tries)
    below = std::nextafter(below, 0.0F), above = std::nextafter(above, HUGE_VALF);
  return fits(below) ? below : above;
}

}  // namespace

std::string fit_wide_multipliers(QuantizedLayout& layout, std::size_t k, bool one_scale, bool short_bias) {
  if (layout.whole_multipliers.value_or(short_bias) != short_bias)
    return "some of the biases have 32 bits and some 64, or are not there, beside activations of 16 bits";
  layout.whole_multipliers = short_bias;
  const edge::QuantizedStep& step = layout.plan().steps[k];
  const float in = layout.scale[step.source], out = layout.scale[k + 1];
  const bool dense = step.pattern.kind == edge::StepKind::dense;
  bool alike = true;
  for (std::size_t o = 0; o < step.outputs(); ++o) {
    float& scale = layout.weight_scale[step.row + step.packed_row(o)];
    alike = alike && scale == layout.weight_scale[step.row + step.packed_row(0)];
    const std::int64_t largest = largest_sum(layout, step, o);
    if (short_bias && largest >= std::int64_t{1} << 31)
      return "its biases have 32 bits, which its sums may exceed; those of 64 bits are imported";
    const auto from = static_cast<double>(in), to = static_cast<double>(out);
    const double wanted = (dense && one_scale ? static_cast<double>(in * scale) : from * static_cast<double>(scale)) /
                          to;
    if (!(static_cast<double>(largest) * wanted <= 0x1p30) || wanted >= 0x1p14)
      return "its sums may be more than 2^30 steps of what it gives, or a step of them more than 2^14";
    if (!short_bias) scale = fitting_scale(scale, wanted, from, to);
  }
  return short_bias && dense && !one_scale && alike
             ? "scales for each output that are all the same, beside biases of 32 bits"
             : "";
}

}  // namespace tenon::importing
