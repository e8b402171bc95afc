#pragma once

#include <array>
#include <cstddef>

#include <tenon/edge/quantized_plan_moves.hpp>

/// Steps that are described by numbers alone, without a layer's type: products, pools, recurrent layers.
namespace tenon::edge::detail {

/// Importers, which know a network as a text, call these too (src/import/types/quantized_plan.cpp).
template <size_t Capacity>
struct PlanSteps : PlanMoves<Capacity> {
  using base = PlanMoves<Capacity>;
  using base::plan, base::held, base::unit_count, base::inner, base::rows, base::ordered, base::add,
      base::read_side_by_side;

  /// A dense layer of many rows is a convolution whose kernel has one tap.
  constexpr size_t read_dense(size_t x, StepPattern pattern, size_t in, size_t out, size_t count, size_t weight,
                              size_t bias, size_t unit) {
    QuantizedStep step{.pattern = pattern,
                       .in = in,
                       .out = out,
                       .source = x,
                       .weight_source = weight,
                       .bias_source = bias,
                       .unit = unit,
                       .order = plan.orders[x]};
    if (count > 1) {
      step.source = ordered(x, {});
      step.pattern.kind = StepKind::convolution;
      step.in *= count;
      step.out *= count;
      step.order = {};
      step.image = {.channels = in, .features = out, .x = {.image = count, .map = count}};
    }
    return add(step, {});
  }

  /// The convolution c of x. `step` has its bounds, bias and unit already.
  constexpr size_t add_convolution(size_t x, const kernels::Convolution& c, QuantizedStep step) {
    step.pattern.kind = c.groups > 1 && c.group_channels() == 1 && c.group_features() == 1 ? StepKind::depthwise
                                                                                           : StepKind::convolution;
    step.in = c.image_size();
    step.out = c.map_size();
    step.source = x;
    step.image = c;
    return add(step, {c.features, c.y.map * c.x.map});
  }

  /// Zeros around an image are the convolution's own, where nothing else reads them: TensorFlow's `same` costs nothing.
  constexpr size_t without_border(size_t x, kernels::Convolution& c) {
    if (x == 0 || x != plan.count || held[x] || !plan.steps[x - 1].padded || plan.overflows) return x;
    const kernels::Int8Move way = plan.moves[plan.steps[x - 1].first_move].way;
    if (way.to_step[1] != c.channels * c.x.image || way.to_step[2] != c.channels) return x;  // numbers apart
    const size_t source = plan.take_back().source, pixel = way.to / c.channels;
    c.y.before += pixel / c.x.image;
    c.x.before += pixel % c.x.image;
    c.y.image = way.count[1];
    c.x.image = way.count[2];
    return source;
  }

  constexpr size_t read_pool(size_t x, size_t unit, StepKind kind, const kernels::Averaging& pool) {
    const kernels::Pooling& p = pool.windows;
    x = ordered(x, {p.channels, p.y.image * p.x.image});
    return add(
        {.pattern = {.kind = kind}, .in = p.image_size(), .out = p.map_size(), .source = x, .unit = unit, .pool = pool},
        {p.channels, p.y.map * p.x.map});
  }

  /// A flag for each step of x, (steps, features): 1 where all its features are `padding`, else 0.
  constexpr size_t read_padding(size_t x, double padding, size_t steps, size_t features) {
    x = ordered(x, {});
    return add({.pattern = {.kind = StepKind::padding, .low = padding, .high = padding},
                .in = plan.sizes[x],
                .out = steps,
                .source = x,
                .width = features,
                .fixed_scale = 1},
               {});
  }

  /// Every layer and direction is a step; the two directions of a layer stand side by side. Where a sequence ends is
  /// seen in the input of the first layer. p: a RecurrentPlan.
  template <class Numbers>
  constexpr size_t read_recurrent(size_t x, kernels::Int8Cell cell, const Numbers& p, size_t parameters) {
    x = ordered(x, {});
    const size_t padding = p.masked ? read_padding(x, p.mask, p.steps, p.features) : 0;
    for (size_t l = 0; l < p.layers; ++l) {
      const size_t count = p.last_only && l + 1 == p.layers ? 1 : p.steps;
      std::array<size_t, 2> out{};
      for (size_t d = 0; d < p.directions; ++d, inner += 3) {
        const CellPass pass = cell_pass(cell, p, l, d, parameters);
        out[d] = add({.pattern = {.kind = StepKind::recurrent, .has_bias = p.bias},
                      .in = p.steps * pass.features,
                      .out = count * p.hidden,
                      .source = x,
                      .other = padding,
                      .weight_source = pass.recurrent_weight - p.input_weight_size(l),
                      .bias_source = pass.recurrent_bias - p.bias_size(),
                      .unit = unit_count + inner,
                      .cell = pass},
                     {});
      }
      x = p.directions == 1 ? out[0] : read_side_by_side(out, count, p.hidden);
    }
    return x;
  }
  /// The features of a step lie together, like the channels of a pixel.
  constexpr size_t read_mean_of_steps(size_t x, size_t steps, size_t features, size_t unit) {
    kernels::Averaging pool;
    pool.windows.channels = features;
    pool.windows.x = {.image = steps, .map = 1, .kernel = steps};
    return add({.pattern = {.kind = StepKind::average_pool},
                .in = plan.sizes[x],
                .out = features,
                .source = ordered(x, {}),
                .unit = unit,
                .pool = pool},
               {});
  }
};

}  // namespace tenon::edge::detail
