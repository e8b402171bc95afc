#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/edge/quantized_layer.hpp>
#include <tenon/edge/quantized_norm.hpp>
#include <tenon/edge/quantized_plan_attention.hpp>

/// Steps of layers that are formulas.
namespace tenon::edge::detail {

/// What a formula's type says: products, bounds, norms, factors and summands, tables of one number.
template <size_t Capacity>
struct PlanFormulas : PlanAttention<Capacity> {
  using base = PlanAttention<Capacity>;
  using base::plan, base::images, base::unit_count, base::inner, base::rows, base::ordered, base::unknown, base::add,
      base::read_dense, base::read_pieces, base::read_bounds, base::read_norm, base::read_slopes, base::read_meeting,
      base::read_modulation, base::read_choice, base::is_only_read_here;

  /// A formula of several tensors, or of pieces of one.
  template <class Bound>
  constexpr size_t read_edge_formula(const size_t* x, size_t unit) {
    using of = EdgeFormulaOf<Bound>;
    using formula = typename of::formula;
    std::array<size_t, of::tensors> tensor{};
    for (size_t k = 0; k < of::tensors; ++k) {
      if (of::pieces == 1) tensor[k] = x[k];
      else if ((edges_read<formula> >> k & 1U) != 0)
        tensor[k] = read_pieces(x[0],
                                Pieces<1>{plan.sizes[x[0]] / (of::pieces * of::width), of::pieces, of::width, 1, {k}});
    }
    return read_edge_step<formula, formula>(tensor.data(), unit);
  }
  /// `Whole` gives what the layer gives, other parts values within it.
  template <class E, class Whole>
  constexpr size_t read_edge_step(const size_t* x, size_t unit) {
    using how = EdgeFormula<E>;
    const auto own_unit = [&] { return std::is_same_v<E, Whole> ? unit : unit_count + inner++; };
    if constexpr (how::step == EdgeStep::tensor) {
      return x[how::edge];
    } else if constexpr (how::step == EdgeStep::table) {
      return read_table<typename how::function>(x[how::edge], own_unit());  // others may read the tensor unbounded
    } else if constexpr (how::step == EdgeStep::after) {
      const size_t part = read_edge_step<typename how::part, Whole>(x, unit);
      using F = typename how::function;
      if constexpr (pattern_of<F>.kind == StepKind::clamp) return read_bounds(part, own_unit(), pattern_of<F>);
      else return read_table<F>(part, own_unit());
    } else {
      const size_t a = read_edge_step<typename how::first, Whole>(x, unit),
                   b = read_edge_step<typename how::second, Whole>(x, unit);
      if constexpr (how::step == EdgeStep::pair) {
        return read_meeting(how::kind, a, b, own_unit());
      } else {
        const size_t c = read_edge_step<typename how::third, Whole>(x, unit);
        const tenon::detail::Spread whole{1, plan.sizes[a], true};
        if (how::step == EdgeStep::choice)
          return read_choice({a, b, c}, {whole, whole, whole}, plan.sizes[a], own_unit());
        return read_modulation({a, b, c}, whole, whole, own_unit());
      }
    }
  }

  /// LiteRT's scales for sigmoid and tanh, whose ranges are known.
  template <class F>
  constexpr size_t read_table(size_t x, size_t unit) {
    QuantizedStep step{
        .pattern = {.kind = StepKind::table}, .in = plan.sizes[x], .out = plan.sizes[x], .source = x, .unit = unit};
    if (std::is_same_v<F, Operation<Op::logistic, expr::Input<0>>>)
      step.fixed_scale = plan.wide ? 0x1p-15 : 1.0 / 256, step.fixed_zero = plan.wide ? 0 : -128;
    if (std::is_same_v<F, Operation<Op::hyperbolic_tangent, expr::Input<0>>>)
      step.fixed_scale = plan.wide ? 0x1p-15 : 1.0 / 128;
    return add(step, plan.orders[x], &PointValue<F>::at);
  }

  template <class Bound>
  constexpr size_t read_formula(size_t x, size_t parameters, size_t unit) {
    using formula = FormulaOf<Bound>;
    if constexpr (!formula::known) {
      return unknown();
    } else {
      constexpr StepPattern pattern = pattern_of<typename formula::core>;
      using after = typename CoreOf<Bound>::after;
      const size_t own_unit = has_inner_step<Bound> ? unit_count + inner++ : unit;
      if constexpr (pattern.kind == StepKind::nothing) {
      } else if constexpr (pattern.kind == StepKind::clamp) {
        x = read_bounds(x, own_unit, pattern);
      } else if constexpr (pattern.kind == StepKind::dense) {
        x = read_dense(x, pattern, Bound::plan.in[0], Bound::plan.out[0], Bound::plan.repeats * rows,
                       parameters + Bound::plan.offset[0], parameters + Bound::plan.offset[pattern.has_bias ? 1 : 0],
                       own_unit);
      } else if constexpr (pattern.kind == StepKind::norm) {
        x = read_norm(x, norm_numbers<Bound>(), pattern, parameters, own_unit);
      } else if constexpr (pattern.kind == StepKind::slopes) {
        const size_t slopes = Bound::plan.parameters[0].size();
        TensorOrder order = plan.orders[x];  // of one slope: any
        if (slopes > 1 && formula::by_channels) order = {formula::channels, formula::pixels * rows};
        else if (slopes > 1) order = {};
        x = read_slopes(x, pattern, slopes, order, parameters + Bound::plan.offset[0], own_unit);
      } else if constexpr (pattern.kind == StepKind::softmax || pattern.kind == StepKind::log_softmax) {
        constexpr bool logarithm = pattern.kind == StepKind::log_softmax;
        x = ordered(x, {});
        x = add({.pattern = pattern,
                 .in = plan.sizes[x],
                 .out = plan.sizes[x],
                 .source = x,
                 .unit = own_unit,
                 .width = Bound::plan.width,
                 .fixed_scale = plan.wide   ? 0x1p-15
                                : logarithm ? 1.0 / 16
                                            : 1.0 / 256,
                 .fixed_zero = plan.wide   ? 0
                               : logarithm ? 127
                                           : -128},
                {});
      } else {
        if (!scales_input<Bound>(x, parameters, own_unit)) {
          x = read_affine<Bound>(x, own_unit);
          if constexpr (is_unstandardization<typename formula::core>) mark_unscaling<Bound>(x, parameters);
        }
      }
      if constexpr (std::is_void_v<after>) return x;
      else return read_table<after>(x, unit);
    }
  }

  template <class Bound>
  constexpr size_t read_group_norm(size_t x, size_t parameters, size_t unit) {
    using after = typename CoreOf<Bound>::after;
    x = read_norm(x, GroupNormOf<Bound>::numbers(), {.kind = StepKind::norm}, parameters,
                  has_inner_step<Bound> ? unit_count + inner++ : unit);
    if constexpr (std::is_void_v<after>) return x;
    else if constexpr (pattern_of<after>.kind == StepKind::clamp) return read_bounds(x, unit, pattern_of<after>);
    else return read_table<after>(x, unit);
  }

  /// Whether the layer becomes part of how an input becomes int8. An image's does not: cameras give int8 themselves.
  template <class Bound>
  constexpr bool scales_input(size_t x, size_t parameters, size_t unit) {
    using formula = FormulaOf<Bound>;
    if constexpr (is_standardization<typename formula::core>) {
      const auto numbers = [](size_t k) { return Bound::plan.parameters[k].size(); };
      if (Bound::plan.parameters.size() != 2 || numbers(0) != formula::channels || numbers(1) != formula::channels)
        return false;
      if (formula::by_channels || !is_only_read_here(x) || images[x]) return false;
      plan.scaled[x] = {.features = formula::channels,
                        .first = plan.features,
                        .center_source = parameters + Bound::plan.offset[0],
                        .spread_source = parameters + Bound::plan.offset[1],
                        .unit = unit};
      plan.features += formula::channels;
      return true;
    } else {
      return false;
    }
  }

  template <class Bound>
  constexpr void mark_unscaling(size_t x, size_t parameters) {
    using formula = FormulaOf<Bound>;
    const auto numbers = [](size_t k) { return Bound::plan.parameters[k].size(); };
    if (plan.overflows || formula::by_channels || numbers(0) != formula::channels || numbers(1) != formula::channels)
      return;
    QuantizedStep& step = plan.steps[x - 1];
    step.unscales = true;
    step.weight_source = parameters + Bound::plan.offset[0];
    step.bias_source = parameters + Bound::plan.offset[1];
  }
  /// An Unstandardize in the end, with nothing behind it.
  constexpr void unscale_output() {
    if (plan.overflows || plan.output_count > 0 || plan.count < 2) return;
    const QuantizedStep& step = plan.steps[plan.count - 1];
    const bool bounded = step.pattern.low != StepPattern{}.low || step.pattern.high != StepPattern{}.high;
    if (!step.unscales || bounded || step.source != plan.count - 1 || step.source < plan.inputs) return;
    plan.unscale_output(step.image.features);
  }

  /// Every channel by itself, with one tap.
  template <class Bound>
  constexpr size_t read_affine(size_t x, size_t unit) {
    using formula = FormulaOf<Bound>;
    const size_t channels = formula::channels, pixels = formula::pixels * rows;
    const TensorOrder order = formula::by_channels ? TensorOrder(channels, pixels) : TensorOrder();
    x = ordered(x, order);
    QuantizedStep step{.pattern = {.kind = StepKind::depthwise, .has_bias = true},
                       .in = plan.sizes[x],
                       .out = plan.sizes[x],
                       .source = x,
                       .bias_source = channels,
                       .unit = unit,
                       .affine = true,
                       .finder = unit};
    step.image = {
        .channels = channels, .features = channels, .groups = channels, .x = {.image = pixels, .map = pixels}};
    return add(step, order);
  }
};

}  // namespace tenon::edge::detail
