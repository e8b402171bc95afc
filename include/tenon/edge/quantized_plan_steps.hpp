#pragma once

#include <array>
#include <cstddef>

#include <tenon/edge/quantized_plan_moves.hpp>

/// The steps of a plan that numbers alone describe, one after the other.
namespace tenon::edge::detail {

/// Where the float layer has the numbers of an attention's four projections.
struct AttentionPlaces {
  std::size_t in_weight = 0, in_bias = 0, out_weight = 0, out_bias = 0;
};

/// Which steps are hidden: a tensor that is not zero there, from `first` on.
struct StepMask {
  bool is = false;
  std::size_t tensor = 0, first = 0;
};

/// All steps that do not look at the type: called by importers too, which know the network as a text
/// (src/import/types/quantized_plan.cpp). Here are those that multiply, pool or remember.
template <std::size_t Capacity>
struct PlanSteps : PlanMoves<Capacity> {
  using base = PlanMoves<Capacity>;
  using base::plan, base::held, base::unit_count, base::inner, base::rows, base::ordered, base::add,
      base::read_side_by_side;

  /// A dense layer of many rows is a convolution whose kernel has one tap.
  constexpr std::size_t read_dense(std::size_t x, StepPattern pattern, std::size_t in, std::size_t out,
                                   std::size_t count, std::size_t weight, std::size_t bias, std::size_t unit) {
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

  /// Queries are made of x[0], keys and values of x[1]. Queries, keys, values and what is seen have scales of their
  /// own. One that remembers is given a step, and has room for `a.keys` of them.
  constexpr std::size_t read_attention(std::array<std::size_t, 2> x, const StepMask& mask,
                                       const kernels::AttentionSizes& a, const AttentionPlaces& p, std::size_t unit,
                                       double rope = 0, bool remembers = false) {
    const auto dense = [&](std::size_t from, std::size_t steps, std::size_t weight, std::size_t bias, std::size_t to) {
      return read_dense(ordered(from, {}), {.kind = StepKind::dense, .has_bias = true}, a.width, a.width, steps, weight,
                        bias, to);
    };
    const bool same = x[0] == x[1];
    x[0] = ordered(x[0], {});
    x[1] = same ? x[0] : ordered(x[1], {});
    std::array<std::size_t, 3> part{};  // queries, keys, values
    for (std::size_t k = 0; k < 3; ++k)
      part[k] = dense(x[k == 0 ? 0 : 1], k == 0 || remembers ? a.queries : a.keys, p.in_weight + k * a.width * a.width,
                      p.in_bias + k * a.width, unit_count + inner++);
    const std::size_t seen = add({.pattern = {.kind = StepKind::attend},
                                  .in = a.queries * a.width,
                                  .out = a.queries * a.width,
                                  .source = part[0],
                                  .other = part[1],
                                  .third = part[2],
                                  .fourth = a.masked ? ordered(mask.tensor, {}) : 0,
                                  .mask_first = mask.first,
                                  .unit = unit_count + inner++,
                                  .attention = a,
                                  .rope = rope,
                                  .remembers = remembers},
                                 {});
    return dense(seen, a.queries, p.out_weight, p.out_bias, unit);
  }

  /// Queries are made of x[0], keys of x[1], which are the values too; p: where the float layer has the matrices of
  /// both, and the weights of scores. Queries and keys have scales of their own.
  constexpr std::size_t read_additive(std::array<std::size_t, 2> x, const StepMask& mask,
                                      const kernels::AttentionSizes& a, const std::array<std::size_t, 3>& p,
                                      std::size_t unit) {
    std::array<std::size_t, 2> part{};
    for (std::size_t k = 0; k < 2; ++k) {
      x[k] = ordered(x[k], {});
      part[k] = read_dense(x[k], {.kind = StepKind::dense}, a.width, a.hidden, k == 0 ? a.queries : a.keys, p[k], 0,
                           unit_count + inner++);
    }
    return add({.pattern = {.kind = StepKind::attend},
                .in = a.queries * a.hidden,
                .out = a.queries * a.width,
                .source = part[0],
                .other = part[1],
                .third = x[1],
                .fourth = a.masked ? ordered(mask.tensor, {}) : 0,
                .mask_first = mask.first,
                .weight_source = p[2],
                .unit = unit,
                .attention = a},
               {});
  }

  /// 1 where a step of x, of `features` numbers, is nothing but `padding`, else 0.
  constexpr std::size_t read_padding(std::size_t x, double padding, std::size_t steps, std::size_t features) {
    x = ordered(x, {});
    return add({.pattern = {.kind = StepKind::padding, .low = padding, .high = padding},
                .in = plan.sizes[x],
                .out = steps,
                .source = x,
                .width = features,
                .fixed_scale = 1},
               {});
  }
  /// The mean of those of x that are not hidden.
  constexpr std::size_t read_mean_of_marked(std::size_t x, const StepMask& mask, std::size_t steps,
                                            std::size_t features, std::size_t unit) {
    x = ordered(x, {});
    return add({.pattern = {.kind = StepKind::mean_of_steps},
                .in = steps * features,
                .out = features,
                .source = x,
                .other = mask.tensor,
                .mask_first = mask.first,
                .unit = unit,
                .width = features},
               {});
  }

  /// `step` knows its bounds and its bias.
  constexpr std::size_t add_convolution(std::size_t x, const kernels::Convolution& c, QuantizedStep step) {
    step.pattern.kind = c.groups > 1 && c.group_channels() == 1 && c.group_features() == 1 ? StepKind::depthwise
                                                                                           : StepKind::convolution;
    step.in = c.image_size();
    step.out = c.map_size();
    step.source = x;
    step.image = c;
    return add(step, {c.features, c.y.map * c.x.map});
  }

  /// Zeros around an image are the convolution's own, where nothing else reads them: TensorFlow's `same` costs nothing.
  constexpr std::size_t without_border(std::size_t x, kernels::Convolution& c) {
    if (x == 0 || x != plan.count || held[x] || !plan.steps[x - 1].padded || plan.overflows) return x;
    const kernels::Int8Move way = plan.moves[plan.steps[x - 1].first_move].way;
    if (way.to_step[1] != c.channels * c.x.image || way.to_step[2] != c.channels) return x;  // numbers apart
    const std::size_t source = plan.take_back().source, pixel = way.to / c.channels;
    c.y.before += pixel / c.x.image;
    c.x.before += pixel % c.x.image;
    c.y.image = way.count[1];
    c.x.image = way.count[2];
    return source;
  }

  constexpr std::size_t read_pool(std::size_t x, std::size_t unit, StepKind kind, const kernels::Averaging& pool) {
    const kernels::Pooling& p = pool.windows;
    x = ordered(x, {p.channels, p.y.image * p.x.image});
    return add(
        {.pattern = {.kind = kind}, .in = p.image_size(), .out = p.map_size(), .source = x, .unit = unit, .pool = pool},
        {p.channels, p.y.map * p.x.map});
  }

  /// Every layer and direction is a step; the two directions of a layer stand side by side. p: a RecurrentPlan.
  template <class Numbers>
  constexpr std::size_t read_recurrent(std::size_t x, kernels::Int8Cell cell, const Numbers& p,
                                       std::size_t parameters) {
    x = ordered(x, {});
    for (std::size_t l = 0; l < p.layers; ++l) {
      const std::size_t count = p.last_only && l + 1 == p.layers ? 1 : p.steps;
      std::array<std::size_t, 2> out{};
      for (std::size_t d = 0; d < p.directions; ++d, inner += 3) {
        const CellPass pass = cell_pass(cell, p, l, d, parameters);
        out[d] = add({.pattern = {.kind = StepKind::recurrent, .has_bias = p.bias},
                      .in = p.steps * pass.features,
                      .out = count * p.hidden,
                      .source = x,
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
  constexpr std::size_t read_mean_of_steps(std::size_t x, std::size_t steps, std::size_t features, std::size_t unit) {
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
