#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tenon/data/loader.hpp>
#include <tenon/model/calibration.hpp>
#include <tenon/model/export.hpp>
#include <tenon/model/export_quantized.hpp>
#include <tenon/model/model.hpp>
#include <tenon/model/quantize_recurrent.hpp>

/// Post-training quantisation: from a trained model and some samples to int8.
namespace tenon {

namespace detail {

/// The context of a frozen run that also looks at what every unit gives, every sum, and what a function is applied to
/// within a unit.
struct CalibrationContext : edge::Context {
  struct Trace {
    SeenOfUnits* seen;
    explicit operator bool() const { return true; }
    void operator()(std::uint32_t unit, Rows<const float> y, std::size_t size) const {
      for (std::size_t i = 0; i < y.count; ++i) {
        seen->ranges[unit].see(std::span(y[i], size));
        if (seen->values) (*seen->values)[unit].insert((*seen->values)[unit].end(), y[i], y[i] + size);
      }
    }
  };
  Trace trace;
  std::uint32_t first_inner = 0, inner = 0;  // seen in this sample

  using edge::Context::forward;

  template <class Bound>
    requires(edge::detail::has_inner_step<Bound> || edge::detail::is_affine_unit<Bound>())
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
    using core = typename edge::detail::CoreOf<Bound>::core;
    if constexpr (edge::detail::has_inner_step<Bound>) {
      const std::uint32_t unit = first_inner + inner++;
      std::vector<float> between(core::output::size * x.count);
      const Rows<float> rows{between.data(), x.count, core::output::size};
      run_plainly<core>(memory, x, rows);
      trace(unit, rows, core::output::size);
      if constexpr (edge::detail::is_affine_unit<Bound>()) find_factors<Bound, core>(memory, unit);
    } else {
      find_factors<Bound, core>(memory, memory.ids.unit);
    }
    run_plainly<Bound>(memory, x, y);
  }

  template <class Bound>
    requires(edge::detail::RecurrentOf<Bound>::known)
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
    run_plainly<Bound>(memory, x, y);
    for (std::size_t i = 0; i < x.count; ++i)
      see_recurrent(*trace.seen, first_inner + inner, edge::detail::RecurrentOf<Bound>::cell, Bound::plan,
                    memory.parameters.values, std::span(x[i], Bound::input::size));
    inner += static_cast<std::uint32_t>(3 * Bound::plan.passes());
  }

  template <class Bound>
    requires(edge::detail::AttentionOf<Bound>::known && !edge::detail::AttentionOf<Bound>::many)
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) { see_attention<Bound>(memory, x, y); }
  template <class Bound, std::size_t N>
    requires(edge::detail::AttentionOf<Bound>::known&& edge::detail::AttentionOf<Bound>::many)
  void forward_many(const Memory<float>& memory, const RowsOf<const float, N>& x, Rows<float> y) {
    see_attention<Bound>(memory, x, y);
  }

  template <class Bound>
    requires edge::detail::IsGraph<Bound>
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
    walk<Bound>(memory, RowsOf<const float, 1>{x}, y);
  }
  template <class Bound, std::size_t N>
    requires edge::detail::IsGraph<Bound>
  void forward_many(const Memory<float>& memory, const RowsOf<const float, N>& x, Rows<float> y) {
    walk<Bound>(memory, x, y);
  }
  using edge::Context::forward_many;

  /// The constants that a layer adds to any input: its output for zeros.
  template <class Bound>
    requires edge::detail::adds_constants<Bound>
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
    std::vector<float>& found = seen_factors(memory.ids.unit);
    if (found.empty()) {
      const std::vector<float> nothing(Bound::input::size);
      found.resize(Bound::output::size);
      run_plainly<Bound>(memory, Rows<const float>{nothing.data(), 1, nothing.size()},
                         Rows<float>{found.data(), 1, found.size()});
    }
    run_plainly<Bound>(memory, x, y);
  }

  /// What a formula of several tensors computes on the way.
  template <class Bound, std::size_t N>
    requires(edge::detail::EdgeFormulaOf<Bound>::known&& N > 1)
  void forward_many(const Memory<float>& memory, const RowsOf<const float, N>& x, Rows<float> y) {
    see_edge_steps<Bound>(
        y.count, [&](std::size_t row, std::size_t i, std::size_t k) { return static_cast<double>(x[k][row][i]); });
    edge::Context::forward_many<Bound>(memory, x, y);
  }
  template <class Bound>
    requires(edge::detail::EdgeFormulaOf<Bound>::known && !ManyInputs<Bound>)
  void forward(const Memory<float>& memory, Rows<const float> x, Rows<float> y) {
    using of = edge::detail::EdgeFormulaOf<Bound>;
    see_edge_steps<Bound>(y.count, [&](std::size_t row, std::size_t i, std::size_t k) {
      return static_cast<double>(x[row][(i / of::width * of::pieces + k) * of::width + i % of::width]);
    });
    run_plainly<Bound>(memory, x, y);
  }

private:
  /// Queries, keys, values and what is seen lie in the scratch of one sample.
  template <class Bound, class X>
  void see_attention(Memory<float> memory, const X& x, Rows<float> y) {
    constexpr const auto& code = Bound::code;
    constexpr const Needs& needs = layout_of<Bound>.needs;
    std::vector<float> scratch(needs.inference.sample + needs.inference.fixed + 1);
    memory.workspace.scratch = scratch.data();
    memory.workspace.scratch_fixed = scratch.data() + needs.inference.sample;
    Bound::forward(*this, memory, x, y, Evaluation{});
    if constexpr (edge::detail::AttentionOf<Bound>::sizes.hidden > 0) {
      trace(first_inner + inner++, {scratch.data(), 1, 0}, code.queries * code.hidden);
      trace(first_inner + inner++, {scratch.data() + code.key_place(), 1, 0}, code.keys * code.hidden);
    } else {
      see_projections<Bound>(scratch, memory.workspace.scratch_fixed);
    }
  }
  template <class Bound>
  void see_projections(std::vector<float>& scratch, [[maybe_unused]] float* fixed) {
    constexpr const auto& code = Bound::code;
    const auto see = [&](std::size_t first, std::size_t stride, std::size_t steps) {
      std::vector<float> values(steps * code.width);
      for (std::size_t t = 0; t < steps; ++t)
        std::copy_n(scratch.data() + first + t * stride, code.width, values.data() + t * code.width);
      trace(first_inner + inner++, {values.data(), 1, values.size()}, values.size());
    };
    if constexpr (code.context > 0) {  // a step alone: query, key, value, the weights, what is seen
      constexpr std::size_t seen = aligned(3 * code.width) + aligned(code.heads * code.context);
      for (const std::size_t place : {std::size_t{0}, code.width, 2 * code.width, seen}) see(place, code.width, 1);
      return;
    }
    if constexpr (code.rope > 0) code.turn_back(scratch.data(), fixed);
    see(0, code.query_step(), code.queries);
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}})
      see(code.key_place() + (k + (code.cross ? 0 : 1)) * code.width, code.key_step(), code.keys);
    see(code.given_place(), code.width, code.queries);
  }
  /// `number(row, i, k)` is number i of a row of tensor k.
  template <class Bound, class Number>
  void see_edge_steps(std::size_t rows, const Number& number) {
    using of = edge::detail::EdgeFormulaOf<Bound>;
    constexpr std::size_t size = Bound::output::size;
    std::vector<float> values(size * rows);
    const auto see = [&]<class E>(std::type_identity<E>) {
      if constexpr (!std::is_same_v<E, typename of::formula>) {
        for (std::size_t j = 0; j < values.size(); ++j) {
          std::array<double, of::tensors> v{};
          for (std::size_t k = 0; k < v.size(); ++k) v[k] = number(j / size, j % size, k);
          values[j] = static_cast<float>(edge::detail::EdgeValue<E>::at(v.data()));
        }
        trace(first_inner + inner++, {values.data(), rows, size}, size);
      }
    };
    [&]<class... E>(list<E...>) {
      (see(std::type_identity<E>{}), ...);
    }(typename edge::detail::EdgeFormula<typename of::formula>::steps{});
  }
  /// Runs a layer as a whole, none of whose inner values are seen, with scratch of its own.
  template <class Bound>
  void run_plainly(Memory<float> memory, Rows<const float> x, Rows<float> y) {
    constexpr const Needs& needs = layout_of<Bound>.needs;
    std::vector<float> scratch(needs.inference.sample * x.count + needs.inference.fixed + 1);
    memory.workspace.scratch = scratch.data();
    memory.workspace.scratch_fixed = scratch.data() + needs.inference.sample * x.count;
    if constexpr (requires { edge::Context::forward<Bound>(memory, x, y); })
      edge::Context::forward<Bound>(memory, x, y);
    else Bound::forward(*this, memory, x, y, Evaluation{});
  }

  /// f(x) = a x + b: b is f(0), and a is f(1) - b.
  template <class Bound, class Core>
  void find_factors(const Memory<float>& memory, std::uint32_t unit) {
    using formula = edge::detail::FormulaOf<Bound>;
    std::vector<float>& found = seen_factors(unit);
    if (!found.empty()) return;
    constexpr std::size_t size = Core::output::size, channels = formula::channels;
    std::vector<float> x(size), at_0(size), at_1(size);
    const auto rows = [](auto& v) { return Rows<float>{v.data(), 1, size}; };
    run_plainly<Core>(memory, Rows<const float>(rows(x)), rows(at_0));
    std::fill(x.begin(), x.end(), 1.0F);
    run_plainly<Core>(memory, Rows<const float>(rows(x)), rows(at_1));
    found.resize(2 * channels);
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t i = formula::by_channels ? c * formula::pixels : c;
      found[c] = at_1[i] - at_0[i];
      found[channels + c] = at_0[i];
    }
  }
  std::vector<float>& seen_factors(std::uint32_t unit) const { return trace.seen->factors[unit]; }

  /// The nodes of a graph in order, each with numbers of its own.
  template <class Bound, std::size_t N>
  void walk(const Memory<float>& memory, const RowsOf<const float, N>& x, Rows<float> y) {
    using view = edge::detail::graph_view<Bound>;
    const std::size_t count = y.count;
    std::array<std::vector<float>, view::nodes> given;
    std::array<Rows<const float>, view::inputs + view::nodes> value{};
    for (std::size_t i = 0; i < N; ++i) value[i] = x[i];
    view::each_node([&]<class Node>(std::size_t k) {
      using tenon::detail::NodeKind;
      constexpr NodeKind kind = edge::detail::node_kind<Node>();
      constexpr std::size_t size = Node::output::size;
      given[k].resize(size * count);
      const Rows<float> to{given[k].data(), count, size};
      const auto source = [&](std::size_t j) { return value[view::sources[k][j]]; };
      if constexpr (kind == NodeKind::same || kind == NodeKind::slice) {
        std::size_t begin = 0;
        if constexpr (kind == NodeKind::slice) begin = Node::begin;
        for (std::size_t i = 0; i < count; ++i) std::copy_n(source(0)[i] + begin, size, to[i]);
      } else if constexpr (kind == NodeKind::sum) {
        copy_rows(source(0), to, size);
        for (std::size_t j = 1; j < view::source_count[k]; ++j) {
          add_rows(source(j), to, size);
          trace(first_inner + inner++, to, size);
        }
      } else if constexpr (kind == NodeKind::join) {
        // a part's size is that of the row it stands in: joins have all their parts side by side
        std::size_t place = 0;
        for (std::size_t j = 0; j < view::source_count[k]; ++j) {
          const std::size_t part = view::size_of(view::sources[k][j]);
          for (std::size_t i = 0; i < count; ++i) std::copy_n(source(j)[i], part, to[i] + place);
          place += part;
        }
      } else {
        const auto& slot = Bound::plan.slots[k];
        Memory<float> own = memory_of(memory, slot, count, slot.inference_scratch);
        own.mask = shifted(memory.mask, view::mask_shifts[k]);
        if constexpr (ManyInputs<Node>) {
          RowsOf<const float, Node::input::count> many{};
          for (std::size_t j = 0; j < many.size(); ++j) many[j] = source(j);
          run_forward_many<Node>(*this, own, many, to, Evaluation{});
        } else {
          run_forward<Node>(*this, own, source(0), to, Evaluation{});
        }
      }
      value[view::inputs + k] = to;
    });
    std::size_t place = 0;
    for (const std::size_t v : view::output_values) {
      for (std::size_t i = 0; i < count; ++i) std::copy_n(value[v][i], view::size_of(v), y[i] + place);
      place += view::size_of(v);
    }
  }
};

/// scale and zero point of a range, real = scale * (q - zero) with q from -128 to 127; or, with activations of 16 bits,
/// from -32767 to 32767 and no zero point.
template <class Numbers>
void set_scale(const ValueRange& range, std::size_t tensor, Numbers& q) {
  constexpr bool wide = Numbers::plan.wide;
  float& scale = q.scale[tensor];
  scale = wide ? std::max(-range.low, range.high) / 32767.0F : (range.high - range.low) / 255.0F;
  if (!(scale > std::numeric_limits<float>::min())) scale = 1;
  if (!wide)
    q.zero[tensor] = static_cast<std::int8_t>(std::clamp(std::lround(-128.0F - range.low / scale), -128L, 127L));
}

/// A range that holds the numbers of all parts of a join; where all have one scale, that one.
template <class Numbers>
void set_scale_of_join(std::span<const edge::TensorMove> parts, std::size_t k, Numbers& q) {
  using Number = edge::Activation<typename Numbers::network>;
  constexpr int least = Numbers::plan.wide ? -32767 : -128, most = std::numeric_limits<Number>::max();
  ValueRange all;
  bool same = true;
  const std::size_t first = parts.front().source;
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
  const std::size_t columns = step.columns();
  const auto most = static_cast<float>(step.pattern.weights.most());
  const double in = static_cast<double>(q.scale[step.source]);
  // A bias has 2^30 steps of in * scale. Where it is larger than that, weights are so small beside it that nothing is
  // lost if they count in larger steps too.
  constexpr double most_of_bias = 0x1p30;
  const auto weight = [&](std::size_t o, std::size_t i) {
    return parameters[step.weight_source + step.weight_place(o, i)];
  };
  const auto bias_of = [&](std::size_t o) {
    return step.pattern.has_bias ? static_cast<double>(parameters[step.bias_source + o]) : 0.0;
  };
  const auto scale_of = [&](std::size_t o) {
    float largest = 0;
    for (std::size_t i = 0; i < columns; ++i) largest = std::max(largest, std::abs(weight(o, i)));
    const float scale = largest / most > std::numeric_limits<float>::min() ? largest / most : 1 / most;
    const double bias = std::abs(bias_of(o));
    return bias > most_of_bias * in * static_cast<double>(scale) ? static_cast<float>(bias / (most_of_bias * in))
                                                                 : scale;
  };
  float common = 0;
  for (std::size_t o = 0; step.stored().one_scale && o < step.outputs(); ++o) common = std::max(common, scale_of(o));
  for (std::size_t o = 0; o < step.outputs(); ++o) {
    const std::size_t row = step.row + step.packed_row(o);
    const float scale = step.stored().one_scale ? common : scale_of(o);
    q.weight_scale[row] = scale;
    for (std::size_t i = 0; i < columns; ++i) {
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
  for (std::size_t f = 0; f < scaled.features; ++f) {
    q.feature_center[scaled.first + f] = parameters[scaled.center_source + f];
    q.feature_step[scaled.first + f] = step_of_feature(parameters[scaled.spread_source + f], scale);
  }
}
/// The same of an output that Unstandardize brings to its unit.
template <class Numbers>
void quantize_features(const edge::OutputScaling& unscaled, std::span<const float> parameters, float scale,
                       Numbers& q) {
  for (std::size_t f = 0; f < unscaled.features; ++f) {
    q.output_center[f] = parameters[unscaled.offset_source + f];
    q.output_step[f] = step_of_feature(parameters[unscaled.unit_source + f], scale);
  }
}

/// The factors of a normalisation, or slopes, as they are, and its summands in parts of 2^-16 of the output's step.
template <class Numbers>
void quantize_factors(const edge::QuantizedStep& step, std::size_t k, const float* parameters, Numbers& q) {
  constexpr double most = 0x1p30;
  for (std::size_t o = 0; o < step.factors; ++o) {
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
  for (std::size_t i = 0; i < values.size(); ++i) q.weights[step.weights + i] = edge::to_int8(values[i], scale, zero);
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

/// What the float network needs for one sample after the other: its numbers as firmware has them, and scratch.
template <class Net>
struct FloatRun {
  std::unique_ptr<Weights<Net>> weights;
  /// All numbers in the order of a plan: those that are learned, then buffers, among which frozen ones are.
  std::vector<float> numbers() const {
    std::vector<float> all(weights->parameters, weights->parameters + workspace<Net>.trainable_size);
    all.insert(all.end(), weights->buffers, weights->buffers + workspace<Net>.buffer_size);
    return all;
  }
  std::vector<float> scratch{
      std::vector<float>(workspace<Net>.needs.inference.sample + workspace<Net>.needs.inference.fixed + 1)};

  Memory<float> memory() {
    return {.parameters = {.values = weights->parameters, .constants = weights->buffers},
            .workspace = {.scratch = scratch.data(),
                          .scratch_fixed = scratch.data() + workspace<Net>.needs.inference.sample}};
  }
};

}  // namespace detail

/// The model in int8 by LiteRT's rules. The loader's epoch 0, from its beginning, is the calibration: run through the
/// float network, it shows the range of every tensor. A few hundred samples of the training data are enough.
///
///     DataLoader loader{train, 64, seed};
///     const auto numbers = quantize(model, loader);
///
/// Which part of the numbers seen the 256 steps cover, a `Calibration` says (model/calibration.hpp); the default is
/// all. `quantization_report` (model/quantization_report.hpp) says what int8 costs, layer by layer.
///
/// Error: the loader gives samples of another size, or a number that is not finite occurs; ranges of inputs
/// that are not one for each, or without zero in them.
template <class M>
std::unique_ptr<QuantizedNumbers<typename M::network>> quantize(const M& model, DataLoader<float>& calibration,
                                                                const Calibration& how = {}) {
  using Net = typename M::network;
  using Bound = bound_network<Net>;
  static_assert(detail::check_execution<in_int8, Net>());
  constexpr const auto& plan = edge::quantized_plan<Net>;
  if (calibration.dataset().sample_size() != M::input::size)
    throw Error("quantize: expected samples of " + std::to_string(M::input::size) + " numbers, got " +
                std::to_string(calibration.dataset().sample_size()));

  detail::FloatRun<Net> run{frozen_weights(model)};
  std::vector<float> output(M::output::size);
  check_options(how);
  detail::check_input_ranges(how, plan.inputs);
  detail::SeenOfUnits seen_of_units;
  std::vector<Histogram>& units = seen_of_units.ranges;
  units.resize(workspace<Net>.units + plan.inner_values() + 1);
  seen_of_units.factors.resize(units.size());
  std::array<Histogram, plan.inputs> inputs;
  detail::CalibrationContext ctx{{}, {&seen_of_units}, workspace<Net>.units};
  const Memory<float> memory = run.memory();
  calibration.start_epoch(0);
  Batch<float> batch;
  std::size_t seen = 0;
  while (calibration.next(batch)) {
    if constexpr (plan.inputs == 1) inputs[0].see(batch.features);
    for (std::size_t s = 0; s < batch.count; ++s, ++seen) {
      ctx.inner = 0;
      const float* sample = batch.features.data() + s * M::input::size;
      if constexpr (plan.inputs > 1)
        for (std::size_t k = 0; k < plan.inputs; ++k)
          inputs[k].see(std::span(sample + M::input::offsets[k], M::input::sizes[k]));
      detail::run_forward<Bound>(ctx, memory, Rows<const float>{sample, 1, M::input::size},
                                 Rows<float>{output.data(), 1, M::output::size}, Evaluation{});
      for (const float y : output)
        if (!std::isfinite(y))
          throw Error("quantize: expected finite outputs, got " + std::to_string(y) + " for sample " +
                      std::to_string(seen));
    }
  }

  const auto check_finite = [](const Histogram& numbers, const std::string& where) {
    if (!std::isfinite(numbers.seen().low) || !std::isfinite(numbers.seen().high))
      throw Error("quantize: expected finite numbers, got an infinite one " + where);
  };
  auto q = std::make_unique<QuantizedNumbers<Net>>();
  const std::vector<float> numbers = run.numbers();
  for (std::size_t k = 0; k < plan.inputs; ++k) {
    const edge::InputScaling& scaled = plan.scaled[k];
    check_finite(inputs[k], "in the samples");
    if (scaled.features > 0) check_finite(units[scaled.unit], "behind the Standardize of an input");
    if (plan.tokens[k]) q->scale[k] = 1;
    else if (!how.input_ranges.empty()) detail::set_scale(how.input_ranges[k], k, *q);
    else detail::set_scale((scaled.features > 0 ? units[scaled.unit] : inputs[k]).range(how), k, *q);
    detail::quantize_features(scaled, numbers, q->scale[k], *q);
  }
  for (std::size_t k = 0; k < plan.count; ++k) {
    const edge::QuantizedStep& step = plan.steps[k];
    if (step.pattern.kind == edge::StepKind::input) continue;
    if (step.fixed_scale > 0) {
      q->scale[k + 1] = static_cast<float>(step.fixed_scale);
      q->zero[k + 1] = static_cast<std::int8_t>(step.fixed_zero);
      continue;
    }
    if (step.pattern.kind == edge::StepKind::join) {
      detail::set_scale_of_join(std::span(plan.moves).subspan(step.first_move, step.moves), k, *q);
      continue;
    }
    if (step.keeps_scale()) {
      q->scale[k + 1] = q->scale[step.source];
      q->zero[k + 1] = q->zero[step.source];
      continue;
    }
    if (step.pattern.kind == edge::StepKind::embedding) {
      // the whole table's, for there are tokens that no sample has
      const std::span<const float> table(numbers.data() + step.weight_source, step.constants());
      ValueRange all;
      all.see(table);
      detail::set_scale(all, k + 1, *q);
      detail::quantize_constants(step, table, q->scale[k + 1], q->zero[k + 1], *q);
      continue;
    }
    check_finite(units[step.unit], "behind step " + std::to_string(k) + " of the int8 network");
    if (step.pattern.kind == edge::StepKind::recurrent) {
      for (const std::size_t inside : {step.unit + 1, step.unit + 2})
        check_finite(units[inside], "within step " + std::to_string(k) + " of the int8 network");
      detail::quantize_pass(step, k, numbers.data(), units, how, *q);
      continue;
    }
    detail::set_scale(units[step.unit].range(how), k + 1, *q);
    if (step.affine) detail::quantize_weights(step, seen_of_units.factors[step.finder].data(), *q);
    else if (step.pattern.kind == edge::StepKind::shift)
      detail::quantize_centred(step, seen_of_units.factors[step.finder], *q);
    else if (step.constants() > 0)
      detail::quantize_centred(step, std::span(numbers).subspan(step.weight_source, step.constants()), *q);
    else if (step.has_factors()) detail::quantize_factors(step, k, numbers.data(), *q);
    else if (step.multiplies()) detail::quantize_weights(step, numbers.data(), *q);
  }
  detail::quantize_features(plan.unscaled, numbers, q->scale[plan.count], *q);
  return q;
}

}  // namespace tenon
