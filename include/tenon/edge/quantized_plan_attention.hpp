#pragma once

#include <array>
#include <cstddef>

#include <tenon/edge/quantized_layer.hpp>
#include <tenon/edge/quantized_plan_steps.hpp>

/// Steps of attentions, and of the masks that hide padding from them.
namespace tenon::edge::detail {

/// Where the float layer has the numbers of an attention's four projections.
struct AttentionPlaces {
  size_t in_weight = 0, in_bias = 0, out_weight = 0, out_bias = 0;
};

/// Which steps are hidden: a tensor that is not zero there, from `first` on.
struct StepMask {
  bool is = false;
  size_t tensor = 0, first = 0;
};

/// Attentions by their projections, and Masked by the mask that the layers within it read.
template <size_t Capacity>
struct PlanAttention : PlanSteps<Capacity> {
  using base = PlanSteps<Capacity>;
  using base::plan, base::unit_count, base::inner, base::ordered, base::unknown, base::add, base::move,
      base::read_dense, base::read_pieces;

  StepMask mask{};  // of the Masked around the part being read

  /// x[0] is what queries are projected from, x[1] keys and values. Queries, keys, values and the weighted means have
  /// scales of their own. An attention that `remembers` is given one step a call and keeps `a.keys` of them.
  constexpr size_t read_attention(std::array<size_t, 2> x, const StepMask& hidden, const kernels::AttentionSizes& a,
                                  const AttentionPlaces& p, size_t unit, double rope = 0, bool remembers = false) {
    constexpr StepPattern projection{.kind = StepKind::dense, .has_bias = true};
    x = step_by_step(x);
    std::array<size_t, 3> part{};  // queries, keys, values
    for (size_t k = 0; k < 3; ++k)
      part[k] = read_dense(x[k == 0 ? 0 : 1], projection, a.width, a.width, k == 0 || remembers ? a.queries : a.keys,
                           p.in_weight + k * a.width * a.width, p.in_bias + k * a.width, unit_count + inner++);
    QuantizedStep step = attending(part, hidden, a);
    step.in = step.out;
    step.unit = unit_count + inner++;
    step.rope = rope;
    step.remembers = remembers;
    return read_dense(add(step, {}), projection, a.width, a.width, a.queries, p.out_weight, p.out_bias, unit);
  }

  /// x[0] is what queries are projected from, x[1] keys; the values are x[1] itself. p: offsets of the two projections'
  /// matrices and of the weights of scores. Queries and keys have scales of their own.
  constexpr size_t read_additive(std::array<size_t, 2> x, const StepMask& hidden, const kernels::AttentionSizes& a,
                                 const std::array<size_t, 3>& p, size_t unit) {
    x = step_by_step(x);
    std::array<size_t, 3> part{0, 0, x[1]};
    for (size_t k = 0; k < 2; ++k)
      part[k] = read_dense(x[k], {.kind = StepKind::dense}, a.width, a.hidden, k == 0 ? a.queries : a.keys, p[k], 0,
                           unit_count + inner++);
    QuantizedStep step = attending(part, hidden, a);
    step.in = a.queries * a.hidden;
    step.weight_source = p[2];
    step.unit = unit;
    return add(step, {});
  }

  /// What queries and memory are read from: the features of a step lie together. The two may be one tensor.
  constexpr std::array<size_t, 2> step_by_step(const std::array<size_t, 2>& x) {
    const size_t first = ordered(x[0], {});
    return {first, x[1] == x[0] ? first : ordered(x[1], {})};
  }
  /// Of queries, keys and values, with what all attentions have.
  constexpr QuantizedStep attending(const std::array<size_t, 3>& part, const StepMask& hidden,
                                    const kernels::AttentionSizes& a) {
    return {.pattern = {.kind = StepKind::attend},
            .out = a.queries * a.width,
            .source = part[0],
            .other = part[1],
            .third = part[2],
            .fourth = a.masked ? ordered(hidden.tensor, {}) : 0,
            .mask_first = hidden.first,
            .attention = a};
  }

  /// The mean of those of x that are not hidden.
  constexpr size_t read_mean_of_marked(size_t x, size_t steps, size_t features, size_t unit) {
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

  template <class Bound>
  constexpr size_t read_attention(const size_t* x, size_t parameters, size_t unit) {
    using of = AttentionOf<Bound>;
    constexpr const auto& code = Bound::code;
    const auto attend = [&](size_t target, size_t memory, StepMask hidden) {
      kernels::AttentionSizes sizes = of::sizes;
      sizes.masked = hidden.is;
      if constexpr (of::sizes.hidden > 0) {
        return read_additive({target, memory}, hidden, sizes,
                             {parameters, parameters + code.key_weight(), parameters + code.score_weight()}, unit);
      } else {
        const AttentionPlaces places{parameters, parameters + code.in_bias(), parameters + code.out_weight(),
                                     parameters + code.out_bias()};
        return read_attention({target, memory}, hidden, sizes, places, unit, code.rope, of::remembers);
      }
    };
    if constexpr (of::many) {
      constexpr size_t memory = code.cross ? 1 : 0;
      return attend(x[0], x[memory], of::sizes.masked ? StepMask{true, x[memory + 1]} : StepMask{});
    } else if constexpr (code.cross) {
      // the memory's steps are zeros in the result
      constexpr size_t front = code.keys * code.width, own = code.queries * code.width, all = front + own;
      const size_t memory = read_pieces(x[0], Pieces<1>{1, all, 1, front, {0}});
      const size_t target = read_pieces(x[0], Pieces<1>{1, all, 1, own, {front}});
      return move(attend(target, memory, mask), {}, all,
                  {.to = front, .count = {1, 1, 1, own}, .from_step = {0, 0, 0, 1}, .to_step = {0, 0, 0, 1}}, true);
    } else {
      return attend(x[0], x[0], mask);
    }
  }
};

}  // namespace tenon::edge::detail
