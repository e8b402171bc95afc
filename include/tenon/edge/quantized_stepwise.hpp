#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include <tenon/edge/quantized.hpp>
#include <tenon/networks/stepwise.hpp>

namespace tenon {

namespace edge::detail {

/// A step that only brings a tensor into another order. The network of one step does not need it.
constexpr bool only_orders(const QuantizedStep& step) {
  return step.pattern.kind == StepKind::move && !step.padded && step.moves == 1 && step.in == step.out;
}

/// Which tensor of the whole network's plan each of the plan of one step is: `whole_of`, the other way round
/// `step_of`. `agree`: whether the network of one step does the same in the same order, with the same weights.
template <class Net>
struct StepTensors {
  static constexpr const auto& whole = quantized_plan<Net>;
  static constexpr const auto& step = quantized_plan<Stepwise<Net>>;
  std::array<size_t, whole.count + 1> step_of{};
  std::array<size_t, step.count + 1> whole_of{};
  bool agree = whole.weight_bytes == step.weight_bytes && whole.rows == step.rows &&
               whole.scaled[0].features == step.scaled[0].features && whole.unscaled.features == step.unscaled.features;

  constexpr StepTensors() {
    size_t i = 0, k = 0;
    for (; i < whole.count && agree; ++i) {
      const QuantizedStep& a = whole.steps[i];
      if (only_orders(a) && (k == step.count || step.steps[k].pattern.kind != StepKind::move)) {
        step_of[i + 1] = step_of[a.source];
      } else {
        agree = k < step.count && does_the_same(a, step.steps[k]);
        step_of[i + 1] = agree ? ++k : 0;
        whole_of[k] = i + 1;
      }
    }
    agree = agree && k == step.count;
  }

private:
  constexpr bool does_the_same(const QuantizedStep& a, const QuantizedStep& b) const {
    const bool same_kind = a.pattern.kind == b.pattern.kind || (a.multiplies() && b.multiplies());
    if (!same_kind || step_of[a.source] != b.source || step_of[a.other] != b.other || a.weights != b.weights ||
        a.row != b.row || a.moves != b.moves || a.scale != b.scale || a.multiplier != b.multiplier ||
        a.pattern.weights != b.pattern.weights || a.rope != b.rope)
      return false;
    if (a.multiplies() && (a.outputs() != b.outputs() || a.columns() != b.columns())) return false;
    for (size_t m = 0; m < a.moves; ++m)
      if (step_of[whole.moves[a.first_move + m].source] != step.moves[b.first_move + m].source) return false;
    return true;
  }
};

/// The numbers of a network of whole sequences as those of the network of one step: the same but for the tensors'.
template <class Net>
struct StepNumbers {
  const std::int8_t* weights;
  const std::int32_t* bias;
  const float *weight_scale, *feature_center, *feature_step, *output_center, *output_step;
  const std::int8_t *gate_bits, *cell_bits;
  const Activation<Net>* functions;
  bool has_functions, whole_multipliers, counts_far;
  std::array<float, quantized_plan<Stepwise<Net>>.count + 1> scale{};
  std::array<std::int8_t, quantized_plan<Stepwise<Net>>.count + 1> zero{};

  constexpr explicit StepNumbers(const QuantizedNumbers<Net>& q)
      : weights{q.weights},
        bias{q.bias},
        weight_scale{q.weight_scale},
        feature_center{q.feature_center},
        feature_step{q.feature_step},
        output_center{q.output_center},
        output_step{q.output_step},
        gate_bits{q.gate_bits},
        cell_bits{q.cell_bits},
        functions{q.functions},
        has_functions{q.has_functions},
        whole_multipliers{q.whole_multipliers},
        counts_far{q.counts_far} {
    constexpr StepTensors<Net> tensors;
    for (size_t t = 0; t < scale.size(); ++t) {
      scale[t] = q.scale[tensors.whole_of[t]];
      zero[t] = q.zero[tensors.whole_of[t]];
    }
  }
};

}  // namespace edge::detail

namespace edge {

/// The tables of the network of one step, from the numbers of the network of whole sequences.
template <class Net>
constexpr QuantizedTables<Stepwise<Net>> make_step_tables(const QuantizedNumbers<Net>& q) {
  static_assert(detail::StepTensors<Net>{}.agree, "in int8 one step is not what the network does at each of its steps");
  return make_tables_of<Stepwise<Net>>(detail::StepNumbers<Net>(q));
}

}  // namespace edge

/// A network of sequences in int8 that is given one step a call: what `Frozen<Net>::Stepped` is in float.
/// What the steps give are the bytes that `Quantized` gives for the whole sequence, with the same numbers.
///
///     QuantizedStepwise<gestures::Net, gestures::numbers> net;   // trained on sequences of 50 steps
///     net.step(sample, scores);                                  // what the network would say at this step
///     net.reset();                                               // the next step is the first
///
/// Recurrent layers in one direction remember, and so do causal attentions, with or without `rope`: keys and values of
/// as many steps as the network has. Convolutions of signals without padding and stride keep the steps that their
/// kernel reaches back, and at each step say what they say of the whole signal up to there; before they have seen as
/// many, the ones before the first are zeros. Between them may stand what treats every step alike: Dense,
/// TimeDistributed, normalisations of a step's features, functions of one number, sums and products. Anything else is
/// one compile error that names the layer. An object holds one step's activations and the states; objects of one
/// network live side by side.
template <class Net, const QuantizedNumbers<Net>&... Q>
class QuantizedStepwise {
  static_assert(sizeof...(Q) <= 1, "QuantizedStepwise<Net, numbers> takes one constant");
  static_assert(detail::check_execution<step_by_step, Net>());
  using One = Stepwise<Net>;
  static_assert(detail::check_execution<in_int8, One>());
  static constexpr const auto& plan = edge::quantized_plan<One>;
  static constexpr size_t in = input_shape<One>::size;
  static constexpr size_t out = output_shape<One>::size;

public:
  using network = Net;
  using Number = edge::Activation<One>;  // std::int8_t, or std::int16_t

  /// What one object takes, without the pointer to tables that are given at run time.
  static constexpr size_t ram_bytes = plan.arena * plan.number_bytes();
  static constexpr size_t weight_bytes = plan.weight_bytes;
  static constexpr size_t macs = plan.macs;  // of one step

  constexpr QuantizedStepwise() requires(sizeof...(Q) == 1) = default;
  /// Refers to the tables (edge::make_step_tables), which must outlive it, and whose `sums_fit` has to be true.
  constexpr explicit QuantizedStepwise(const edge::QuantizedTables<One>& tables) requires(sizeof...(Q) == 0)
      : given_{&tables} {}

  /// Where the next step's numbers go, and where the output is after `step`: real = scale * (q - zero).
  constexpr auto input() { return std::span<Number, plan.sizes[0]>(arena_ + plan.place(0), plan.sizes[0]); }
  /// The next token, where an Embedding comes first.
  constexpr void set_token(std::uint16_t id) requires(plan.tokens[0] && in == 1) {
    edge::write_token(arena_ + plan.place(0), 0, id);
  }
  constexpr std::span<const Number, out> output() const {
    return std::span<const Number, out>(arena_ + plan.place(plan.count), out);
  }
  constexpr float input_scale() const { return tables().input_scale[0]; }
  constexpr float output_scale() const { return tables().output_scale[0]; }
  constexpr int input_zero() const { return tables().zero[0]; }
  constexpr int output_zero() const { return tables().zero[plan.count]; }

  constexpr void step() { edge::run_steps(tables(), arena_, std::make_index_sequence<plan.count>{}); }

  /// The same from float to float.
  constexpr void step(std::span<const float, in> sample, std::span<float, out> y) {
    edge::write_input<One, 0>(input_scale(), input_zero(), tables().features, sample.data(), arena_ + plan.place(0));
    step();
    edge::read_output<One, 0>(output_scale(), output_zero(), tables().unscaled, output().data(), y.data());
  }

  /// Forgets the steps so far.
  constexpr void reset() {
    for (Number& number : arena_) number = 0;
  }

private:
  struct Nothing {};

  template <const QuantizedNumbers<Net>& Numbers>
  static constexpr edge::QuantizedTables<One> tables_of = edge::make_step_tables<Net>(Numbers);
  static_assert((true && ... && tables_of<Q>.sums_fit), "a row's weights are so large that its sum may exceed 32 bits");

  constexpr const edge::QuantizedTables<One>& tables() const {
    if constexpr (sizeof...(Q) == 1) return (tables_of<Q>, ...);
    else return *given_;
  }

  alignas(4) Number arena_[plan.arena]{};
  [[no_unique_address]] std::conditional_t<sizeof...(Q) == 0, const edge::QuantizedTables<One>*, Nothing> given_{};
};

}  // namespace tenon
