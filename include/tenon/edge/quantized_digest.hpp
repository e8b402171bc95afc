#pragma once

#include <cstdint>
#include <limits>

#include <tenon/edge/quantized_plan.hpp>

namespace tenon::edge {

/// A hash of how a network is computed in int8: its steps, what they read, and how their weights are packed. An
/// exported header compares it with that of the network the compiler sees, so numbers in another order are refused.
template <size_t Capacity>
constexpr std::uint32_t plan_digest(const StepPlan<Capacity>& plan) {
  std::uint32_t sum = 2166136261U;  // FNV-1a, by words
  const auto see = [&](size_t value) { sum = (sum ^ static_cast<std::uint32_t>(value)) * 16777619U; };
  const auto see_bound = [&](double bound) {
    const bool none = bound < -1e6 || bound > 1e6;
    see(none ? 1U << 31 : static_cast<std::uint32_t>(static_cast<std::int32_t>(bound * 256)));
  };
  const auto see_axis = [&](const kernels::ConvolutionAxis& a) {
    for (const size_t value : {a.image, a.map, a.kernel, a.stride, a.dilation, a.before}) see(value);
  };
  for (const size_t value : {plan.count, plan.weight_bytes, plan.rows, plan.requantizers, plan.move_count}) see(value);
  if (plan.wide) see(16);
  for (size_t t = 0; t <= plan.count; ++t) see(plan.sizes[t]), see(plan.orders[t].channels);
  for (size_t k = 0; k < plan.count; ++k) {
    const QuantizedStep& s = plan.steps[k];
    see(static_cast<size_t>(s.pattern.kind));
    see(s.source), see(s.other), see(s.weights), see(s.row), see(s.moves), see(s.order.channels);
    see_bound(s.pattern.low), see_bound(s.pattern.high);
    if (s.multiplies()) see(s.image.channels), see(s.image.groups), see_axis(s.image.y), see_axis(s.image.x);
    if (s.stored_otherwise()) see(s.stored().in_four_bits ? 4 : 8), see(s.stored().one_scale ? 1 : 0);
    if (s.pattern.kind == StepKind::recurrent)
      for (const size_t value : {static_cast<size_t>(s.cell.cell), s.cell.steps, s.cell.features, s.cell.hidden,
                                 static_cast<size_t>(s.cell.reverse), static_cast<size_t>(s.cell.last)})
        see(value);
    if (s.cell.cell_clip > 0) see_bound(s.cell.cell_clip);
    if (s.cell.memory_bytes() > 0) see(static_cast<size_t>(s.cell.peepholes));
    if (s.chooses()) see(s.third), see(s.period), see(s.spread.period), see(s.first_spread.period);
    if (s.attends())
      for (const size_t value :
           {s.third, s.fourth, s.attention.keys, s.attention.heads, static_cast<size_t>(s.attention.causal)})
        see(value);
    if (s.rope > 0) see_bound(s.rope);
    if (s.attention.hidden > 0) see(s.attention.hidden);
    if (s.mask_first > 0) see(s.mask_first);
    if (s.pattern.kind == StepKind::max_pool || s.pattern.kind == StepKind::average_pool)
      see(s.pool.counts_padding), see_axis(s.pool.windows.y), see_axis(s.pool.windows.x);
  }
  for (size_t m = 0; m < plan.move_count; ++m)
    for (size_t axis = 0; axis < 4; ++axis)
      see(plan.moves[m].way.count[axis]), see(plan.moves[m].way.from_step[axis]), see(plan.moves[m].way.to_step[axis]);
  for (size_t k = 0; plan.features > 0 && k < plan.inputs && k < plan.scaled.size(); ++k) see(plan.scaled[k].features);
  if (plan.unscaled.features > 0) see(plan.unscaled.features);
  return sum;
}

}  // namespace tenon::edge
