#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include <tenon/kernels/int8_products.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/net/checked.hpp>

/// What a network becomes in int8: a list of steps read off its type.
namespace tenon::edge {

enum class StepKind : unsigned char { unknown, nothing, dense, softmax };

/// What a formula is, recognised by its type. `low` and `high` are the bounds of a ReLU or ReLU6
/// behind a dense layer, which cost nothing: they are the range of the numbers' type.
struct StepPattern {
  StepKind kind = StepKind::unknown;
  bool has_bias = false;
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

namespace detail {

using expr::Node;
using expr::Op;

template <class E>
inline constexpr StepPattern pattern_of{};
template <>
inline constexpr StepPattern pattern_of<expr::Input<0>>{.kind = StepKind::nothing};
template <>
inline constexpr StepPattern pattern_of<Softmax::formula>{.kind = StepKind::softmax};
template <class W>
inline constexpr StepPattern pattern_of<Node<Op::matmul, expr::Input<0>, Node<Op::transpose, W>>>{.kind = StepKind::dense};
template <class W, class B>
inline constexpr StepPattern pattern_of<Node<Op::add, Node<Op::matmul, expr::Input<0>, Node<Op::transpose, W>>, B>>{
    .kind = StepKind::dense, .has_bias = true};
/// Dropout passes everything.
template <class E, auto Rate>
inline constexpr StepPattern pattern_of<Node<Op::multiply, E, expr::Noise<Rate>>> = pattern_of<E>;
template <class E>
inline constexpr StepPattern pattern_of<Node<Op::maximum, E, expr::Number<0.0>>> = [] {
  StepPattern pattern = pattern_of<E>;
  if (pattern.kind != StepKind::dense) return StepPattern{};
  pattern.low = std::max(pattern.low, 0.0);
  return pattern;
}();
template <class E>
inline constexpr StepPattern pattern_of<Node<Op::minimum, E, expr::Number<6.0>>> = [] {
  StepPattern pattern = pattern_of<E>;
  if (pattern.kind != StepKind::dense) return StepPattern{};
  pattern.high = std::min(pattern.high, 6.0);
  return pattern;
}();

template <class Bound>
inline constexpr bool is_formula_unit = false;
template <class E, class In>
inline constexpr bool is_formula_unit<tenon::detail::FormulaUnit<E, In>> = true;

}  // namespace detail

/// One step, with the places of its numbers.
struct QuantizedStep {
  StepPattern pattern{};
  std::size_t in = 0, out = 0;
  std::size_t weight_source = 0, bias_source = 0;  // in the arena of the float parameters
  std::size_t weights = 0;                         // its first packed byte
  std::size_t row = 0;                             // its first row among all rows, which are filled up to fours
  std::size_t unit = 0;                            // the float network's unit that gives its output
};

struct QuantizedPlan {
  static constexpr std::size_t capacity = 64;
  std::array<QuantizedStep, capacity> steps{};
  std::size_t count = 0;
  std::size_t weight_bytes = 0, rows = 0, macs = 0;
  std::size_t room = 0;       // of the activations
  bool fits = true;           // every layer was recognised

  /// How many bytes tensor t takes; tensor 0 is the input, tensor t the output of step t - 1.
  constexpr std::size_t bytes(std::size_t t) const { return kernels::in_fours(t == 0 ? steps[0].in : steps[t - 1].out); }
  /// Tensors lie at the two ends of one room in turns.
  constexpr std::size_t place(std::size_t t) const { return t % 2 == 0 ? 0 : room - bytes(t); }

  constexpr bool ends_in_softmax() const { return count > 0 && steps[count - 1].pattern.kind == StepKind::softmax; }

  constexpr void add(QuantizedStep step) {
    if (count == capacity) return void(fits = false);
    if (step.pattern.kind == StepKind::dense) {
      step.weights = weight_bytes;
      step.row = rows;
      weight_bytes += kernels::in_fours(step.in) * kernels::in_fours(step.out);
      rows += kernels::in_fours(step.out);
      macs += step.in * step.out;
    }
    steps[count++] = step;
  }
};

namespace detail {

template <class Bound>
constexpr void collect(QuantizedPlan& plan, std::size_t parameters, std::size_t unit) {
  if constexpr (tenon::detail::Passthrough<Bound>) {
    return;
  } else if constexpr (requires { typename Bound::last; }) {
    std::size_t index = 0;
    Bound::visit_units([&]<class Unit> {
      const auto& slot = Bound::plan.slots[index++];
      collect<Unit>(plan, parameters + slot.parameters, unit + slot.unit);
    });
  } else if constexpr (is_formula_unit<Bound>) {
    constexpr StepPattern pattern = pattern_of<typename Bound::formula>;
    if constexpr (pattern.kind == StepKind::dense) {
      if (Bound::plan.repeats != 1) plan.fits = false;
      plan.add({.pattern = pattern,
                .in = Bound::plan.in[0],
                .out = Bound::plan.out[0],
                .weight_source = parameters + Bound::plan.offset[0],
                .bias_source = parameters + Bound::plan.offset[pattern.has_bias ? 1 : 0],
                .unit = unit});
    } else if constexpr (pattern.kind == StepKind::softmax) {
      if (Bound::plan.repeats != 1) plan.fits = false;
      plan.add({.pattern = pattern, .in = Bound::input::size, .out = Bound::output::size, .unit = unit});
    } else if constexpr (pattern.kind == StepKind::unknown) {
      plan.fits = false;
    }
  } else {
    plan.fits = false;
  }
}

template <class Bound>
constexpr QuantizedPlan plan_steps() {
  QuantizedPlan plan;
  collect<Bound>(plan, 0, 0);
  if (plan.count == 0) plan.fits = false;
  for (std::size_t k = 0; k < plan.count; ++k) {
    plan.room = std::max(plan.room, plan.bytes(k) + plan.bytes(k + 1));
    // probabilities have a scale that only a last layer can have
    if (plan.steps[k].pattern.kind == StepKind::softmax && (k == 0 || k + 1 < plan.count)) plan.fits = false;
  }
  return plan;
}

}  // namespace detail

/// The steps of a network in int8.
template <class Net>
inline constexpr QuantizedPlan quantized_plan = detail::plan_steps<bound_network<Net>>();

}  // namespace tenon::edge
