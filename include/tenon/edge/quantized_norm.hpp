#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/edge/quantized_layer.hpp>

/// Normalisations of rows in int8: LayerNorm, RMSNorm, GroupNorm and InstanceNorm.
namespace tenon::edge::detail {

/// The numbers of a bound normalisation. Parameters are counted from the layer's first; `per_channel`: a factor for
/// each channel, as GroupNorm has them, and not for each number of a row.
struct NormNumbers {
  size_t width = 0, factors = 1, weight = 0, bias = 0;
  bool centred = true, scaled = false, has_bias = false, per_channel = false;
  double epsilon = 0;
};

template <class Bound, class Formula>
constexpr void find_factors(NormNumbers& n, size_t first, size_t factors) {
  using parameters = typename Bound::parameter_list;
  n.factors = factors;
  n.scaled = true;
  n.weight = first + Bound::plan.offset[place_among<typename Formula::weight>(parameters{})];
  n.has_bias = !std::is_void_v<typename Formula::bias>;
  if (n.has_bias) n.bias = first + Bound::plan.offset[place_among<typename Formula::bias>(parameters{})];
}
template <class Bound>
constexpr NormNumbers norm_numbers() {
  using core = typename WithoutBounds<typename FormulaOf<Bound>::core>::type;
  using norm = NormFormula<core>;
  NormNumbers n{.width = Bound::plan.width, .centred = norm::centred, .epsilon = norm::epsilon};
  if constexpr (!std::is_void_v<typename norm::weight>) find_factors<Bound, norm>(n, 0, Bound::plan.width);
  return n;
}

/// A GroupNorm with factors.
template <class Bound>
struct GroupNormOf {
  static constexpr bool known = false;
};
template <class First, class Second, class In>
  requires(FormulaOf<First>::is&& FormulaOf<Second>::is)
struct GroupNormOf<tenon::detail::TwoPasses<First, Second, In>> {
private:
  using split = SplitFormula<typename Second::formula>;
  using scaled = ScaledFormula<typename split::core>;

public:
  static constexpr bool known = NormFormula<typename First::formula>::known && scaled::known;
  static constexpr NormNumbers numbers() {
    NormNumbers n = norm_numbers<First>();
    find_factors<Second, scaled>(n, tenon::detail::TwoPasses<First, Second, In>::plan.slots[1].parameters, In::front);
    n.per_channel = true;
    return n;
  }
};
template <class First, class Second, class In>
  requires(GroupNormOf<tenon::detail::TwoPasses<First, Second, In>>::known)
struct CoreOf<tenon::detail::TwoPasses<First, Second, In>> {
  using core = tenon::detail::TwoPasses<First, typename CoreOf<Second>::core, In>;
  using after = typename CoreOf<Second>::after;
};

/// The step for `size` numbers in `order`, without its places. Its `factors` are 0 where the rows do not lie such that
/// they can be normalised in place.
constexpr QuantizedStep norm_step(const NormNumbers& n, size_t size, TensorOrder order) {
  QuantizedStep step{.pattern = {.kind = StepKind::norm, .has_bias = n.has_bias}, .in = size, .out = size};
  kernels::NormRows rows{.count = size / n.width, .run = n.width, .start = n.width, .factor = n.scaled ? 1U : 0U};
  if (n.per_channel) {
    // a row's channels one after the other, of `pixels` numbers each
    const size_t channels = n.factors / rows.count, pixels = n.width / channels;
    if (order.pixels == 1 && pixels > 1 && channels > 1) return step;
    rows.factor_row = channels;
    if (order.pixels > 1 || pixels == 1) rows.factor = 1;
    else rows.factor = 0;  // one channel
  }
  if (order.pixels > 1) {
    if (order.channels % rows.count != 0) return step;
    rows.run = rows.start = order.channels / rows.count;
    rows.pieces = order.pixels;
    rows.stride = order.channels;
    if (!n.per_channel && n.scaled) rows.factor = order.pixels, rows.factor_piece = 1;
  }
  step.norm = rows;
  step.norm.centred = n.centred;
  step.factors = n.factors;
  step.epsilon = n.epsilon;
  step.scaled = n.scaled;
  return step;
}

/// The summand and the fixed point of rows of numbers of one scale. Everything stays below 2^62.
constexpr kernels::NormScale norm_scale(const QuantizedStep& step, double scale) {
  const auto n = static_cast<double>(step.norm.width());
  const double epsilon = step.epsilon / scale / scale * n * n;
  kernels::NormScale found;
  int shift = 0;
  double most = n * n * 0x1p16 + epsilon;
  for (; most >= 0x1p62; most /= 4) shift -= 2;
  for (; most < 0x1p60; most *= 4) shift += 2;
  double summand = epsilon;
  for (int k = 0; k < shift; ++k) summand *= 2;
  for (int k = 0; k > shift; --k) summand /= 2;
  found.epsilon = static_cast<std::int64_t>(summand + 0.5);
  if (found.epsilon < 1) found.epsilon = 1;
  found.shift = static_cast<std::int8_t>(shift);
  int half = 0;  // the root of n is at most 2^half
  for (double root = 1; root < n; root *= 4) ++half;
  found.fraction = static_cast<std::int8_t>(29 - half);
  return found;
}

/// real = multiplier / 2^shift, with a multiplier of 31 bits and a sign; false where it is too large.
constexpr bool set_norm_factor(double real, std::int32_t& multiplier, std::int8_t& shift) {
  const bool negative = real < 0;
  if (negative) real = -real;
  if (real >= 0x1p30) return false;
  int s = 0;
  for (; s < 60 && real < 0x1p29; real *= 2) ++s;
  const auto whole = static_cast<std::int32_t>(real + 0.5);
  multiplier = negative ? -whole : whole;
  shift = static_cast<std::int8_t>(s);
  return true;
}

}  // namespace tenon::edge::detail
