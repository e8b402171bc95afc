#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/edge/quantized_step.hpp>
#include <tenon/layers/convolution/unit.hpp>
#include <tenon/layers/pooling/average.hpp>
#include <tenon/layers/pooling/max.hpp>
#include <tenon/net/add.hpp>
#include <tenon/net/checked.hpp>
#include <tenon/net/residual.hpp>

/// What a network becomes in int8: a list of steps read off its type.
namespace tenon::edge {

namespace detail {

template <class Bound>
inline constexpr bool is_formula_unit = false;
template <class E, class In>
inline constexpr bool is_formula_unit<tenon::detail::FormulaUnit<E, In>> = true;

/// The bounds of a convolution's activation; `unknown` if it is more than bounds.
template <class F>
inline constexpr StepPattern activation_of = pattern_of<F>;
template <>
inline constexpr StepPattern activation_of<tenon::detail::NoActivation>{.kind = StepKind::nothing};

template <class Bound>
struct ConvolutionOf {
  static constexpr bool known = false;
};
template <class In, class F, auto... A>
struct ConvolutionOf<tenon::detail::ConvolutionUnit<2, false, In, F, A...>> {
  static constexpr bool known = true;
  static constexpr StepPattern activation = activation_of<F>;
};

template <class In, class Out, kernels::Pooling P>
constexpr bool is_max_pool(const tenon::detail::LargestUnit<In, Out, P>*) { return true; }
constexpr bool is_max_pool(const void*) { return false; }
template <class In, class Out, kernels::Averaging P>
constexpr bool is_mean_pool(const tenon::detail::MeanUnit<In, Out, P>*) { return true; }
constexpr bool is_mean_pool(const void*) { return false; }

template <class In, class Chain, class Units, class Elements>
constexpr bool is_chain(const tenon::detail::BoundChain<In, Chain, Units, Elements>*) { return true; }
constexpr bool is_chain(const void*) { return false; }

/// The two parts of a sum; void for `x` itself, and for what is no sum of two.
template <class A, class B>
struct Sum {
  using first = A;
  using second = B;
};
template <class Whole, class In, class... L>
Sum<tenon::detail::chain_at<In, L...>, void> sum_of(const tenon::detail::BoundResidual<Whole, In, L...>*);
template <class Whole, class In, class A, class B, class... L>
Sum<typename A::bound, typename B::bound> sum_of(const tenon::detail::summed_branches<Whole, In, tenon::detail::list<A, B>, L...>*);
Sum<void, void> sum_of(const void*);

template <class Bound>
using sum_parts = decltype(sum_of(static_cast<const Bound*>(nullptr)));
template <class Bound>
concept IsSum = !std::is_void_v<typename sum_parts<Bound>::first>;

/// Reads steps off a type; what a part's output is, `read` returns as the number of a tensor.
struct PlanReader {
  QuantizedPlan plan{};
  std::array<bool, QuantizedPlan::capacity + 1> held{};  // tensors that something later reads
  std::size_t sums = 0;                                  // sums are counted behind all units, in the order they are done

  template <class Bound>
  constexpr std::size_t read(std::size_t x, std::size_t parameters, std::size_t unit) {
    constexpr const Bound* type = nullptr;
    if constexpr (tenon::detail::Passthrough<Bound>) return x;
    else if constexpr (is_chain(type)) return read_chain<Bound>(x, parameters, unit);
    else if constexpr (IsSum<Bound>) return read_sum<Bound>(x, parameters, unit);
    else if constexpr (is_formula_unit<Bound>) return read_formula<Bound>(x, parameters, unit);
    else if constexpr (ConvolutionOf<Bound>::known) return read_convolution<Bound>(x, parameters, unit);
    else if constexpr (is_max_pool(type)) return read_pool(x, unit, StepKind::max_pool, {Bound::pooling});
    else if constexpr (is_mean_pool(type)) return read_pool(x, unit, StepKind::average_pool, Bound::averaging);
    else return unknown();
  }

private:
  constexpr std::size_t unknown() {
    plan.fits = false;
    return 0;
  }
  constexpr std::size_t add(const QuantizedStep& step, TensorOrder order) {
    plan.add(step, order);
    return plan.count;
  }
  constexpr void require(bool condition) { plan.fits = plan.fits && condition; }

  template <class Bound>
  constexpr std::size_t read_chain(std::size_t x, std::size_t parameters, std::size_t unit) {
    std::size_t index = 0;
    Bound::visit_units([&]<class Unit> {
      const auto& slot = Bound::plan.slots[index++];
      x = read<Unit>(x, parameters + slot.parameters, unit + slot.unit);
    });
    return x;
  }

  template <class Bound>
  constexpr std::size_t read_sum(std::size_t x, std::size_t parameters, std::size_t unit) {
    using parts = sum_parts<Bound>;
    const bool was_held = held[x];
    held[x] = true;
    const std::size_t a = read<typename parts::first>(x, parameters, unit);
    std::size_t b = x;
    if constexpr (!std::is_void_v<typename parts::second>) {
      const auto& slot = Bound::plan.slots[1];
      const bool a_was_held = held[a];
      held[a] = true;
      b = read<typename parts::second>(x, parameters + slot.parameters, unit + slot.unit);
      held[a] = a_was_held;
    }
    held[x] = was_held;
    require(plan.orders[a] == plan.orders[b]);
    // what was computed last is the first part: nothing else reads it
    return add({.pattern = {.kind = StepKind::add},
                .in = plan.sizes[a],
                .out = plan.sizes[a],
                .source = a > b ? a : b,
                .other = a > b ? b : a,
                .unit = unit_count + sums++},
               plan.orders[a]);
  }

  /// Bounds belong to the step that has just made the tensor, unless something else reads it without.
  constexpr std::size_t read_bounds(std::size_t x, std::size_t unit, const StepPattern& bounds) {
    if (x > 0 && x == plan.count && !held[x] && plan.steps[x - 1].pattern.kind != StepKind::softmax) {
      QuantizedStep& step = plan.steps[x - 1];
      step.pattern = bounded(step.pattern, bounds.low, bounds.high);
      step.unit = unit;
      return x;
    }
    return add({.pattern = bounds, .in = plan.sizes[x], .out = plan.sizes[x], .source = x, .unit = unit}, plan.orders[x]);
  }

  template <class Bound>
  constexpr std::size_t read_formula(std::size_t x, std::size_t parameters, std::size_t unit) {
    constexpr StepPattern pattern = pattern_of<typename Bound::formula>;
    if constexpr (pattern.kind == StepKind::nothing) {
      return x;
    } else if constexpr (pattern.kind == StepKind::clamp) {
      return read_bounds(x, unit, pattern);
    } else if constexpr (pattern.kind == StepKind::dense) {
      require(Bound::plan.repeats == 1);
      return add({.pattern = pattern,
                  .in = Bound::plan.in[0],
                  .out = Bound::plan.out[0],
                  .source = x,
                  .weight_source = parameters + Bound::plan.offset[0],
                  .bias_source = parameters + Bound::plan.offset[pattern.has_bias ? 1 : 0],
                  .unit = unit,
                  .order = plan.orders[x]},
                 {});
    } else if constexpr (pattern.kind == StepKind::softmax) {
      require(Bound::plan.repeats == 1);
      return add({.pattern = pattern, .in = Bound::input::size, .out = Bound::output::size, .source = x, .unit = unit}, {});
    } else {
      return unknown();
    }
  }

  template <class Bound>
  constexpr std::size_t read_convolution(std::size_t x, std::size_t parameters, std::size_t unit) {
    constexpr StepPattern activation = ConvolutionOf<Bound>::activation;
    constexpr const kernels::Convolution& c = Bound::convolution;
    if constexpr (activation.kind != StepKind::nothing && activation.kind != StepKind::clamp) return unknown();
    require(plan.orders[x] == TensorOrder(c.channels, c.y.image * c.x.image));
    StepPattern pattern = activation;
    pattern.kind = c.groups > 1 && c.group_channels() == 1 && c.group_features() == 1 ? StepKind::depthwise : StepKind::convolution;
    pattern.has_bias = Bound::plan.bias;
    return add({.pattern = pattern,
                .in = c.image_size(),
                .out = c.map_size(),
                .source = x,
                .weight_source = parameters,
                .bias_source = parameters + (pattern.has_bias ? Bound::plan.bias_offset() : 0),
                .unit = unit,
                .image = c},
               {c.features, c.y.map * c.x.map});
  }

  constexpr std::size_t read_pool(std::size_t x, std::size_t unit, StepKind kind, const kernels::Averaging& pool) {
    const kernels::Pooling& p = pool.windows;
    require(plan.orders[x] == TensorOrder(p.channels, p.y.image * p.x.image));
    return add({.pattern = {.kind = kind}, .in = p.image_size(), .out = p.map_size(), .source = x, .unit = unit, .pool = pool},
               {p.channels, p.y.map * p.x.map});
  }

public:
  std::size_t unit_count = 0;
};

template <class Bound>
constexpr QuantizedPlan plan_steps() {
  using In = typename Bound::input;
  PlanReader reader;
  reader.unit_count = layout_of<Bound>.units;
  QuantizedPlan& plan = reader.plan;
  plan.sizes[0] = In::size;
  if (In::rank == 3) plan.orders[0] = {In::front, In::inner};
  // the last step's output is the network's
  if (reader.read<Bound>(0, 0, 0) != plan.count || plan.count == 0) plan.fits = false;
  plan.lay_out();
  // probabilities have a scale that only a last layer can have
  for (std::size_t k = 0; k < plan.count; ++k)
    if (plan.steps[k].pattern.kind == StepKind::softmax && (k == 0 || k + 1 < plan.count)) plan.fits = false;
  return plan;
}

}  // namespace detail

/// The steps of a network in int8.
template <class Net>
inline constexpr QuantizedPlan quantized_plan = detail::plan_steps<bound_network<Net>>();

}  // namespace tenon::edge
