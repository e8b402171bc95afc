#pragma once

#include <array>
#include <cstddef>

#include <tenon/edge/quantized_layer.hpp>
#include <tenon/edge/quantized_norm.hpp>

/// The steps of a plan that numbers alone describe, one after the other.
namespace tenon::edge::detail {

/// Tensors that belong together: the outputs of a graph that has several. Bundles are numbered far behind all tensors.
struct TensorBundles {
  static constexpr std::size_t first_number = std::size_t{1} << 30, most_parts = 16, most = 16;
  struct Bundle {
    std::array<std::size_t, most_parts> tensor{}, begin{}, size{};
    std::size_t count = 0;
  };
  std::array<Bundle, most> bundle{};
  std::size_t count = 0;

  static constexpr bool is(std::size_t tensor) { return tensor >= first_number; }

  /// 0 where there are too many.
  constexpr std::size_t add(const std::size_t* tensors, const std::size_t* sizes, std::size_t parts) {
    if (count == most || parts > most_parts) return 0;
    Bundle& own = bundle[count];
    own.count = parts;
    for (std::size_t k = 0; k < parts; ++k) {
      own.tensor[k] = tensors[k];
      own.size[k] = sizes[k];
      own.begin[k] = k == 0 ? 0 : own.begin[k - 1] + sizes[k - 1];
    }
    return first_number + count++;
  }
  /// The tensor that is these numbers of a row of all; no tensor where they are part of one, or of two.
  constexpr std::size_t find(std::size_t number, std::size_t begin, std::size_t size) const {
    const Bundle& own = bundle[number - first_number];
    for (std::size_t k = 0; k < own.count; ++k)
      if (own.begin[k] == begin && own.size[k] == size) return own.tensor[k];
    return first_number;
  }
  template <class Visit>
  constexpr void each_part(std::size_t number, Visit visit) const {
    if (!is(number)) return visit(number);
    const Bundle& own = bundle[number - first_number];
    for (std::size_t k = 0; k < own.count; ++k) visit(own.tensor[k]);
  }
};

/// Where the float layer has the numbers of an attention's four projections.
struct AttentionPlaces {
  std::size_t in_weight = 0, in_bias = 0, out_weight = 0, out_bias = 0;
};

/// What does not look at the type: called by importers too, which know the network as a text
/// (src/import/types/quantized_plan.cpp).
template <std::size_t Capacity>
struct PlanSteps {
  StepPlan<Capacity> plan{};
  std::array<PointFunction, Capacity> function{};  // of tables
  std::array<bool, Capacity + 1> held{};           // tensors that something later reads
  std::size_t unit_count = 0;
  /// Values within units, and sums: counted behind all units, in the order in which they are computed.
  std::size_t inner = 0;
  std::size_t rows = 1;  // steps of a sequence that a layer does one by one

  /// The tensors that come from outside; all but the first are steps that do nothing.
  template <class... S>
  constexpr std::array<std::size_t, sizeof...(S)> read_inputs(const Inputs<S...>*) {
    plan.inputs = 0;
    return {read_input(S::size, S::rank == 3 ? TensorOrder(S::front, S::inner) : TensorOrder())...};
  }
  template <class S>
  constexpr std::array<std::size_t, 1> read_inputs(const S*) {
    return read_inputs(static_cast<const Inputs<S>*>(nullptr));
  }
  constexpr std::size_t read_input(std::size_t size, TensorOrder order) {
    const std::size_t tensor = plan.inputs++;
    if (tensor > 0) return add({.pattern = {.kind = StepKind::input}, .out = size}, order);
    plan.sizes[0] = size;
    plan.orders[0] = order;
    return 0;
  }

  /// The tensor in that order; whoever asks for it reads no other.
  constexpr std::size_t ordered(std::size_t x, TensorOrder order) {
    const TensorOrder own = plan.orders[x];
    if (own == order) return x;
    if (own.pixels > 1)
      x = move(x, {}, plan.sizes[x],
               {.count = {1, 1, own.channels, own.pixels},
                .from_step = {0, 0, 1, own.channels},
                .to_step = {0, 0, own.pixels, 1}});
    if (order.pixels > 1)
      x = move(x, order, plan.sizes[x],
               {.count = {1, 1, order.pixels, order.channels},
                .from_step = {0, 0, 1, order.pixels},
                .to_step = {0, 0, order.channels, 1}});
    return x;
  }

  constexpr std::size_t unknown() {
    plan.fits = false;
    return 0;
  }

  constexpr std::size_t add(QuantizedStep step, TensorOrder order, PointFunction f = nullptr) {
    if (step.moves == 0) step.first_move = plan.move_count;
    plan.add(step, order);
    if (plan.overflows) return 0;
    function[plan.count - 1] = f;
    return plan.count;
  }

  /// One move makes the whole tensor.
  constexpr std::size_t move(std::size_t x, TensorOrder order, std::size_t size, const kernels::Int8Move& way,
                             bool padded = false) {
    const std::size_t first = plan.move_count;
    plan.add_move(x, way);
    return add({.pattern = {.kind = StepKind::move},
                .in = plan.sizes[x],
                .out = size,
                .source = x,
                .first_move = first,
                .moves = 1,
                .padded = padded},
               order);
  }

  constexpr std::size_t read_sum(const std::size_t* x, std::size_t count) {
    std::size_t a = x[0];
    for (std::size_t j = 1; j < count; ++j) {
      const std::size_t b = ordered(x[j], plan.orders[a]);
      // what was computed last is the first part: nothing else reads it
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
  constexpr std::size_t read_join(const std::size_t* x, std::size_t count, std::size_t rank, std::size_t size,
                                  std::size_t image) {
    std::size_t pixels = 1;
    for (std::size_t j = 0; j < count; ++j)
      if (plan.orders[x[j]].pixels == image) pixels = image;
    if (rank == 3) pixels = image;
    std::array<std::size_t, 32> part{};
    for (std::size_t j = 0; j < count; ++j) part[j] = ordered(x[j], TensorOrder(plan.sizes[x[j]] / pixels, pixels));
    const std::size_t first = plan.move_count, channels = size / pixels;
    std::size_t place = 0;
    for (std::size_t j = 0; j < count; ++j) {
      const std::size_t own = plan.sizes[part[j]] / pixels;
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

  /// Bounds belong to the step that has just made the tensor, unless something else reads it without.
  constexpr std::size_t read_bounds(std::size_t x, std::size_t unit, const StepPattern& bounds) {
    if (x > 0 && x == plan.count && !held[x] && plan.steps[x - 1].takes_bounds()) {
      QuantizedStep& step = plan.steps[x - 1];
      step.pattern = bounded(step.pattern, bounds.low, bounds.high);
      step.unit = unit;
      return x;
    }
    return add({.pattern = bounds, .in = plan.sizes[x], .out = plan.sizes[x], .source = x, .unit = unit},
               plan.orders[x]);
  }

  constexpr std::size_t read_norm(std::size_t x, const NormNumbers& n, StepPattern pattern, std::size_t parameters,
                                  std::size_t unit) {
    if (n.width > std::size_t{1} << 22) return unknown();
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

  /// `slopes` of them, for numbers that lie in that order.
  constexpr std::size_t read_slopes(std::size_t x, StepPattern pattern, std::size_t slopes, TensorOrder order,
                                    std::size_t weight, std::size_t unit) {
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
  constexpr std::size_t read_meeting(StepKind kind, std::size_t a, std::size_t b, std::size_t unit) {
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
  /// How three tensors meet, of which at least one has `size` numbers: in the order of the first of these, if all
  /// others are one number or one for each of its channels.
  constexpr std::array<kernels::Int8Spread, 3> spread_over(std::array<std::size_t, 3>& x,
                                                           const std::array<tenon::detail::Spread, 3>& spreads,
                                                           std::size_t size, TensorOrder& order) {
    bool found = false;
    for (std::size_t k = 0; k < 3; ++k)
      if (!found && spreads[k].size == size) order = plan.orders[x[k]], found = true;
    for (const tenon::detail::Spread& s : spreads)
      if (s.size != size && s.size != 1 && !(order.pixels == s.repeat && order.channels == s.size)) order = {};
    std::array<kernels::Int8Spread, 3> spread{};
    for (std::size_t k = 0; k < 3; ++k) {
      const tenon::detail::Spread& s = spreads[k];
      x[k] = ordered(x[k], s.size == size ? order : TensorOrder());
      spread[k] = {s.size, order.pixels > 1 && s.size != 1 ? 1 : s.repeat};
    }
    return spread;
  }

  /// x[0] x[1] + x[2], of which the last two may be smaller than the first.
  constexpr std::size_t read_modulation(std::array<std::size_t, 3> x, const tenon::detail::Spread& factor,
                                        const tenon::detail::Spread& summand, std::size_t unit) {
    const std::size_t size = plan.sizes[x[0]];
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

  /// Of an input, which counts as tokens from then on.
  constexpr std::size_t read_embedding(std::size_t x, std::size_t tokens, std::size_t width, std::size_t weight,
                                       std::size_t unit) {
    if (x >= plan.inputs || x >= plan.tokens.size()) return unknown();
    if (!plan.tokens[x]) plan.sizes[x] *= 2;
    plan.tokens[x] = true;
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
  /// y = x W^T with the table of the embedding whose numbers begin at `weight`: it is there once, with the scale and
  /// the zero point of the embedding's output.
  constexpr std::size_t read_tied(std::size_t x, std::size_t weight, std::size_t unit) {
    for (std::size_t k = 0; k < plan.count; ++k) {
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
  constexpr std::size_t read_choice(std::array<std::size_t, 3> x, const std::array<tenon::detail::Spread, 3>& spreads,
                                    std::size_t size, std::size_t unit) {
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
  /// Nothing but embeddings reads tokens.
  constexpr void check_tokens() {
    const auto is_tokens = [&](std::size_t t) { return t < plan.inputs && t < plan.tokens.size() && plan.tokens[t]; };
    for (std::size_t k = 0; k < plan.count; ++k) {
      const QuantizedStep& step = plan.steps[k];
      bool reads = step.pattern.kind != StepKind::input && step.pattern.kind != StepKind::embedding &&
                   is_tokens(step.source);
      if (step.reads_other()) reads = reads || is_tokens(step.other);
      if (step.reads_third()) reads = reads || is_tokens(step.third);
      if (step.reads_fourth()) reads = reads || is_tokens(step.fourth);
      for (std::size_t m = 0; m < step.moves; ++m) reads = reads || is_tokens(plan.moves[step.first_move + m].source);
      if (reads) plan.fits = false;
    }
    for (std::size_t o = 0; o < plan.outputs(); ++o)
      if (is_tokens(plan.output_tensor(o))) plan.fits = false;
  }
  /// Plus numbers of its own size.
  constexpr std::size_t read_shift(std::size_t x, std::size_t unit) {
    x = ordered(x, {});
    return add({.pattern = {.kind = StepKind::shift},
                .in = plan.sizes[x],
                .out = plan.sizes[x],
                .source = x,
                .unit = unit,
                .finder = unit},
               {});
  }

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

  /// Queries are made of x[0], keys and values of x[1]; x[2] is the mask where there is one. Queries, keys, values and
  /// what is seen have scales of their own.
  constexpr std::size_t read_attention(std::array<std::size_t, 3> x, const kernels::AttentionSizes& a,
                                       const AttentionPlaces& p, std::size_t unit) {
    const auto dense = [&](std::size_t from, std::size_t steps, std::size_t weight, std::size_t bias, std::size_t to) {
      return read_dense(ordered(from, {}), {.kind = StepKind::dense, .has_bias = true}, a.width, a.width, steps, weight,
                        bias, to);
    };
    const bool same = x[0] == x[1];
    x[0] = ordered(x[0], {});
    x[1] = same ? x[0] : ordered(x[1], {});
    std::array<std::size_t, 3> part{};  // queries, keys, values
    for (std::size_t k = 0; k < 3; ++k)
      part[k] = dense(x[k == 0 ? 0 : 1], k == 0 ? a.queries : a.keys, p.in_weight + k * a.width * a.width,
                      p.in_bias + k * a.width, unit_count + inner++);
    const std::size_t seen = add({.pattern = {.kind = StepKind::attend},
                                  .in = a.queries * a.width,
                                  .out = a.queries * a.width,
                                  .source = part[0],
                                  .other = part[1],
                                  .third = part[2],
                                  .fourth = a.masked ? ordered(x[2], {}) : 0,
                                  .unit = unit_count + inner++,
                                  .attention = a},
                                 {});
    return dense(seen, a.queries, p.out_weight, p.out_bias, unit);
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
  /// Two tensors of (count, own) as (count, 2 own).
  constexpr std::size_t read_side_by_side(const std::array<std::size_t, 2>& x, std::size_t count, std::size_t own) {
    const std::size_t first = plan.move_count;
    for (std::size_t d = 0; d < 2; ++d)
      plan.add_move(
          x[d],
          {.to = d * own, .count = {1, 1, count, own}, .from_step = {0, 0, own, 1}, .to_step = {0, 0, 2 * own, 1}});
    return add({.pattern = {.kind = StepKind::join},
                .in = 2 * count * own,
                .out = 2 * count * own,
                .source = x[0],
                .first_move = first,
                .moves = 2},
               {});
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

  /// Some places of an axis. Images are cut where they lie, be it between channels or between pixels.
  template <std::size_t Count>
  constexpr std::size_t read_pieces(std::size_t x, Pieces<Count> p) {
    TensorOrder order = plan.orders[x];
    if (order.pixels > 1) {
      const auto whole = [&](std::size_t n) { return n % order.pixels == 0; };
      bool channels = p.outer == 1 && whole(p.inner * p.taken);
      for (const std::size_t place : p.place) channels = channels && whole(place * p.inner);
      const std::size_t block = p.length * p.inner;
      if (channels) {
        // every pixel gives the same few of its channels
        const std::size_t own = p.inner * p.taken / order.pixels, all = own * Count, first = plan.move_count;
        for (std::size_t k = 0; k < Count; ++k)
          plan.add_move(x, {.from = p.place[k] * p.inner / order.pixels,
                            .to = k * own,
                            .count = {1, 1, order.pixels, own},
                            .from_step = {0, 0, order.channels, 1},
                            .to_step = {0, 0, all, 1}});
        return add({.pattern = {.kind = StepKind::move},
                    .in = plan.sizes[x],
                    .out = all * order.pixels,
                    .source = x,
                    .first_move = first,
                    .moves = Count},
                   TensorOrder(all, order.pixels));
      }
      if (p.outer % order.channels == 0 && order.pixels % block == 0) {
        p.outer /= order.channels;
        p.inner *= order.channels;
        order.pixels = order.pixels / p.length * p.taken * Count;
      } else {
        x = ordered(x, {});
        order = {};
      }
    }
    const std::size_t own = p.inner * p.taken, first = plan.move_count, block = p.length * p.inner;
    for (std::size_t k = 0; k < Count; ++k)
      plan.add_move(x, {.from = p.place[k] * p.inner,
                        .to = k * own,
                        .count = {1, 1, p.outer, own},
                        .from_step = {0, 0, block, 1},
                        .to_step = {0, 0, own * Count, 1}});
    return add({.pattern = {.kind = StepKind::move},
                .in = plan.sizes[x],
                .out = p.outer * own * Count,
                .source = x,
                .first_move = first,
                .moves = Count},
               TensorOrder(order.channels, order.pixels));
  }

  /// Axis k of the result is axis axes[k] of x.
  constexpr std::size_t read_permute(std::size_t x, std::size_t rank, const std::array<std::size_t, 4>& dims,
                                     const std::array<std::size_t, 4>& axes) {
    const bool by_pixels = plan.orders[x].pixels > 1 && plan.orders[x].channels == dims[0];
    if (!by_pixels) x = ordered(x, {});
    std::array<std::size_t, 4> from{}, to{};
    for (std::size_t k = rank, size = 1; k-- > 0; size *= dims[k])
      from[k] = by_pixels ? (k == 0 ? 1 : size * dims[0]) : size;
    for (std::size_t k = rank, size = 1; k-- > 0; size *= dims[axes[k]]) to[k] = size;
    kernels::Int8Move way;
    for (std::size_t k = 0; k < rank; ++k) {
      const std::size_t loop = 4 - rank + k;
      way.count[loop] = dims[axes[k]];
      way.from_step[loop] = from[axes[k]];
      way.to_step[loop] = to[k];
    }
    return move(x, {}, plan.sizes[x], way);
  }

  constexpr std::size_t read_placing(std::size_t x, const kernels::Placing& p) {
    x = ordered(x, {p.channels, p.y.small * p.x.small});
    const std::size_t line = p.x.large * p.channels;
    return move(x, {p.channels, p.y.large * p.x.large}, p.channels * p.y.large * p.x.large,
                {.to = p.y.before * line + p.x.before * p.channels,
                 .count = {1, p.y.small, p.x.small, p.channels},
                 .from_step = {0, p.x.small * p.channels, p.channels, 1},
                 .to_step = {0, p.y.step * line, p.x.step * p.channels, 1}},
                true);
  }

  constexpr std::size_t read_upsampling(std::size_t x, const kernels::Upsampling& u) {
    x = ordered(x, {u.channels, u.height * u.width});
    const std::size_t size = plan.sizes[x] * u.factor_y * u.factor_x, line = u.width * u.factor_x * u.channels;
    const TensorOrder order(u.channels, size / u.channels);
    if (u.linear)
      return add(
          {.pattern = {.kind = StepKind::stretch}, .in = plan.sizes[x], .out = size, .source = x, .stretching = u},
          order);
    const std::size_t first = plan.move_count;
    for (std::size_t r = 0; r < u.factor_y; ++r)
      plan.add_move(x, {.to = r * line,
                        .count = {u.height, u.width, u.factor_x, u.channels},
                        .from_step = {u.width * u.channels, u.channels, 0, 1},
                        .to_step = {u.factor_y * line, u.factor_x * u.channels, u.channels, 1}});
    return add({.pattern = {.kind = StepKind::move},
                .in = plan.sizes[x],
                .out = size,
                .source = x,
                .first_move = first,
                .moves = u.factor_y},
               order);
  }
};

}  // namespace tenon::edge::detail
