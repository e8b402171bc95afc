#pragma once

#include <array>
#include <cstddef>

#include <tenon/edge/quantized_norm.hpp>
#include <tenon/edge/quantized_plan_base.hpp>

/// Steps that work number by number, or row by row.
namespace tenon::edge::detail {

/// Tensors that meet, bounds, normalisations, tables of embeddings, and what is added to every sample.
template <size_t Capacity>
struct PlanElements : PlanBase<Capacity> {
  using base = PlanBase<Capacity>;
  using base::plan, base::held, base::unit_count, base::inner, base::ordered, base::unknown, base::add;

  constexpr size_t read_sum(const size_t* x, size_t count) {
    size_t a = x[0];
    for (size_t j = 1; j < count; ++j) {
      const size_t b = ordered(x[j], plan.orders[a]);
      // the tensor computed last comes first: the sum may then overwrite it
      a = add({.pattern = {.kind = StepKind::add},
               .in = plan.sizes[a],
               .out = plan.sizes[a],
               .source = a > b ? a : b,
               .other = a > b ? b : a,
               .unit = unit_count + inner++},
              plan.orders[a]);
    }
    return a;
  }

  /// Images of one size lie side by side pixel by pixel, all else one behind the other.
  constexpr size_t read_join(const size_t* x, size_t count, size_t rank, size_t size, size_t image) {
    size_t pixels = 1;
    for (size_t j = 0; j < count; ++j)
      if (plan.orders[x[j]].pixels == image) pixels = image;
    if (rank == 3) pixels = image;
    std::array<size_t, 32> part{};
    for (size_t j = 0; j < count; ++j) part[j] = ordered(x[j], TensorOrder(plan.sizes[x[j]] / pixels, pixels));
    const size_t first = plan.move_count, channels = size / pixels;
    size_t place = 0;
    for (size_t j = 0; j < count; ++j) {
      const size_t own = plan.sizes[part[j]] / pixels;
      plan.add_move(
          part[j],
          {.to = place, .count = {1, 1, pixels, own}, .from_step = {0, 0, own, 1}, .to_step = {0, 0, channels, 1}});
      place += own;
    }
    return add({.pattern = {.kind = StepKind::join},
                .in = size,
                .out = size,
                .source = part[0],
                .first_move = first,
                .moves = count},
               TensorOrder(channels, pixels));
  }

  /// Bounds become part of the step that made the tensor, unless something else reads the tensor without them.
  constexpr size_t read_bounds(size_t x, size_t unit, const StepPattern& bounds) {
    if (x > 0 && x == plan.count && !held[x] && plan.steps[x - 1].takes_bounds()) {
      QuantizedStep& step = plan.steps[x - 1];
      step.pattern = bounded(step.pattern, bounds.low, bounds.high);
      step.unit = unit;
      return x;
    }
    return add({.pattern = bounds, .in = plan.sizes[x], .out = plan.sizes[x], .source = x, .unit = unit},
               plan.orders[x]);
  }

  constexpr size_t read_norm(size_t x, const NormNumbers& n, StepPattern pattern, size_t parameters, size_t unit) {
    if (n.width > size_t{1} << 22) return unknown();
    TensorOrder wanted = plan.orders[x];
    if (n.per_channel) wanted = {n.factors, plan.sizes[x] / n.factors};
    else if (norm_step(n, plan.sizes[x], wanted).factors == 0) wanted = {};
    x = ordered(x, wanted);
    QuantizedStep step = norm_step(n, plan.sizes[x], wanted);
    if (step.factors == 0) return unknown();
    step.pattern = pattern;
    step.pattern.has_bias = n.has_bias;
    step.source = x;
    step.unit = unit;
    step.weight_source = parameters + n.weight;
    step.bias_source = parameters + n.bias;
    return add(step, wanted);
  }

  /// A PReLU with that many slopes (one for all, or one a channel), of numbers in that order.
  constexpr size_t read_slopes(size_t x, StepPattern pattern, size_t slopes, TensorOrder order, size_t weight,
                               size_t unit) {
    x = ordered(x, order);
    return add({.pattern = pattern,
                .in = plan.sizes[x],
                .out = plan.sizes[x],
                .source = x,
                .weight_source = weight,
                .unit = unit,
                .factors = slopes,
                .scaled = true},
               order);
  }

  /// Two tensors of one size.
  constexpr size_t read_meeting(StepKind kind, size_t a, size_t b, size_t unit) {
    b = ordered(b, plan.orders[a]);
    // what was computed last is the first part: nothing else reads it
    const bool swapped = kind != StepKind::subtract && kind != StepKind::divide && b > a;
    return add({.pattern = {.kind = kind},
                .in = plan.sizes[a],
                .out = plan.sizes[a],
                .source = swapped ? b : a,
                .other = swapped ? a : b,
                .unit = unit,
                .period = plan.sizes[a]},
               plan.orders[a]);
  }
  /// The order of the numbers in which three tensors are combined, of which at least one has `size` numbers: that of
  /// the first of these, if each of the others is one number, or one for each of its channels.
  constexpr std::array<kernels::Int8Spread, 3> spread_over(std::array<size_t, 3>& x,
                                                           const std::array<tenon::detail::Spread, 3>& spreads,
                                                           size_t size, TensorOrder& order) {
    bool found = false;
    for (size_t k = 0; k < 3; ++k)
      if (!found && spreads[k].size == size) order = plan.orders[x[k]], found = true;
    for (const tenon::detail::Spread& s : spreads)
      if (s.size != size && s.size != 1 && !(order.pixels == s.repeat && order.channels == s.size)) order = {};
    std::array<kernels::Int8Spread, 3> spread{};
    for (size_t k = 0; k < 3; ++k) {
      const tenon::detail::Spread& s = spreads[k];
      x[k] = ordered(x[k], s.size == size ? order : TensorOrder());
      spread[k] = {s.size, order.pixels > 1 && s.size != 1 ? 1 : s.repeat};
    }
    return spread;
  }

  /// x[0] x[1] + x[2], of which the last two may be smaller than the first.
  constexpr size_t read_modulation(std::array<size_t, 3> x, const tenon::detail::Spread& factor,
                                   const tenon::detail::Spread& summand, size_t unit) {
    const size_t size = plan.sizes[x[0]];
    TensorOrder order;
    const auto spread = spread_over(x, {tenon::detail::Spread{.size = size}, factor, summand}, size, order);
    return add({.pattern = {.kind = StepKind::modulate},
                .in = size,
                .out = size,
                .source = x[0],
                .other = x[1],
                .third = x[2],
                .unit = unit,
                .period = spread[1].period,
                .repeat = spread[1].repeat,
                .spread = spread[2]},
               order);
  }

  /// x is an input, or pieces of one, and counts as tokens from then on.
  constexpr size_t read_embedding(size_t x, size_t tokens, size_t width, size_t weight, size_t unit) {
    if (!become_tokens(x)) return unknown();
    return add({.pattern = {.kind = StepKind::embedding},
                .in = plan.sizes[x],
                .out = plan.sizes[x] / 2 * width,
                .source = x,
                .weight_source = weight,
                .unit = unit,
                .width = width,
                .tokens = tokens},
               {});
  }
  /// Two bytes a number from then on; false where they are computed.
  constexpr bool become_tokens(size_t x) {
    if (plan.is_tokens(x)) return true;
    if (x < plan.inputs) {
      if (x >= plan.tokens.size()) return false;
      plan.tokens[x] = true;
    } else {
      QuantizedStep& step = plan.steps[x - 1];
      if (step.pattern.kind != StepKind::move || step.padded || !become_tokens(step.source)) return false;
      for (size_t m = step.first_move; m < step.first_move + step.moves; ++m) {
        kernels::Int8Move& way = plan.moves[m].way;
        if (way.from_step[3] != 1 || way.to_step[3] != 1) return false;
        way.from *= 2, way.to *= 2, way.count[3] *= 2;
        for (size_t axis = 0; axis < 3; ++axis) way.from_step[axis] *= 2, way.to_step[axis] *= 2;
      }
      step.in = plan.sizes[step.source];
      step.out *= 2;
      step.of_tokens = true;
    }
    plan.sizes[x] *= 2;
    return true;
  }
  /// y = x W^T with the table of the embedding whose numbers begin at `weight`: it is there once, with the scale and
  /// the zero point of the embedding's output.
  constexpr size_t read_tied(size_t x, size_t weight, size_t unit) {
    for (size_t k = 0; k < plan.count; ++k) {
      const QuantizedStep& table = plan.steps[k];
      if (table.pattern.kind != StepKind::embedding || table.weight_source != weight) continue;
      x = ordered(x, {});
      return add({.pattern = {.kind = StepKind::tied},
                  .in = plan.sizes[x],
                  .out = plan.sizes[x] / table.width * table.tokens,
                  .source = x,
                  .other = k + 1,
                  .weights = table.weights,
                  .unit = unit,
                  .width = table.width,
                  .tokens = table.tokens},
                 {});
    }
    return unknown();
  }
  /// Where x[0] is not 0 its number of x[1], else that of x[2]. At least one of them has `size` numbers.
  constexpr size_t read_choice(std::array<size_t, 3> x, const std::array<tenon::detail::Spread, 3>& spreads,
                               size_t size, size_t unit) {
    TensorOrder order;
    const auto spread = spread_over(x, spreads, size, order);
    return add({.pattern = {.kind = StepKind::choose},
                .in = size,
                .out = size,
                .source = x[0],
                .other = x[1],
                .third = x[2],
                .unit = unit,
                .period = spread[1].period,
                .repeat = spread[1].repeat,
                .spread = spread[2],
                .first_spread = spread[0]},
               order);
  }
  /// Nothing reads tokens but embeddings, and what looks for padding among them.
  constexpr void check_tokens() {
    for (size_t t = 0; t <= plan.count && !plan.overflows; ++t) {
      if (!plan.is_tokens(t)) continue;
      for (size_t k = 0; k < plan.count; ++k) {
        if (!plan.reads(k, t)) continue;
        QuantizedStep& step = plan.steps[k];
        if (step.pattern.kind == StepKind::padding) step.in = plan.sizes[t];
        else if (step.pattern.kind != StepKind::embedding && !step.of_tokens) {
          plan.fits = false;
          plan.misfit = static_cast<int>(step.unit);
        }
      }
      for (size_t o = 0; o < plan.outputs(); ++o)
        if (plan.output_tensor(o) == t) plan.fits = false;
    }
  }
  /// An input that nothing else reads, whatever stands before this or behind it.
  constexpr bool is_only_read_here(size_t x) const {
    if (x >= plan.inputs || x >= plan.tokens.size() || held[x] || plan.tokens[x] || plan.scaled[x].features > 0)
      return false;
    for (size_t k = 0; k < plan.count; ++k)
      if (plan.reads(k, x)) return false;
    return true;
  }
  /// x plus constants of its size. With `places` there is a row of constants for each step of a sequence, and steps
  /// come one a call.
  constexpr size_t read_shift(size_t x, size_t unit, size_t places = 0) {
    x = ordered(x, {});
    return add({.pattern = {.kind = StepKind::shift},
                .in = plan.sizes[x],
                .out = plan.sizes[x],
                .source = x,
                .unit = unit,
                .finder = unit,
                .places = places > 0 ? places : 1,
                .remembers = places > 0},
               {});
  }
};

}  // namespace tenon::edge::detail
