#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/data/loader.hpp>
#include <tenon/model/arguments.hpp>
#include <tenon/model/calibration.hpp>
#include <tenon/model/calibration_context.hpp>
#include <tenon/model/export.hpp>
#include <tenon/model/export_quantized.hpp>
#include <tenon/model/model.hpp>
#include <tenon/model/quantize_numbers.hpp>
#include <tenon/model/quantize_recurrent.hpp>

/// Post-training quantisation: from a trained model and some samples to int8.
namespace tenon {

struct a_loader_that_is_a_variable;

namespace detail {

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
  size_t seen = 0;
  while (calibration.next(batch)) {
    if constexpr (plan.inputs == 1) inputs[0].see(batch.features);
    for (size_t s = 0; s < batch.count; ++s, ++seen) {
      ctx.inner = 0;
      const float* sample = batch.features.data() + s * M::input::size;
      if constexpr (plan.inputs > 1)
        for (size_t k = 0; k < plan.inputs; ++k)
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
  for (size_t k = 0; k < plan.inputs; ++k) {
    const edge::InputScaling& scaled = plan.scaled[k];
    check_finite(inputs[k], "in the samples");
    if (scaled.features > 0) check_finite(units[scaled.unit], "behind the Standardize of an input");
    if (plan.tokens[k]) q->scale[k] = 1;
    else if (!how.input_ranges.empty()) detail::set_scale(how.input_ranges[k], k, *q);
    else detail::set_scale((scaled.features > 0 ? units[scaled.unit] : inputs[k]).range(how), k, *q);
    detail::quantize_features(scaled, numbers, q->scale[k], *q);
  }
  for (size_t k = 0; k < plan.count; ++k) {
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
      for (const size_t inside : {step.unit + 1, step.unit + 2})
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

/// What is no model, no loader that is there afterwards, or no Calibration.
template <class M, class Data, class How = Calibration, class... More>
  requires(detail::NoModel<M> || !std::is_convertible_v<Data, DataLoader<float>&> ||
           !std::is_convertible_v<How, Calibration> || sizeof...(More) > 0)
auto quantize(const M&, Data&&, const How& = {}, const More&...) {
  using Mistake = typename decltype(detail::judge_model<"quantize", M>())::type;
  if constexpr (!std::is_void_v<Mistake>) {
    detail::refuse<Mistake>();
    return std::unique_ptr<M>();
  } else if constexpr (std::is_convertible_v<Data, DataLoader<float>&>) {
    detail::refuse<wrong_argument<argument<"quantize", "how">, takes<Calibration>, but_gets<How, More...>,
                                  write<"Calibration{.percentile = 99.9}">>>();
    return std::unique_ptr<QuantizedNumbers<typename M::network>>();
  } else {
    detail::refuse<wrong_argument<argument<"quantize", "calibration">, takes<a_loader_that_is_a_variable>,
                                  but_gets<std::remove_cvref_t<Data>>, write<"DataLoader loader{data, 64, seed};">>>();
    return std::unique_ptr<QuantizedNumbers<typename M::network>>();
  }
}
/// No loader at all.
template <class M>
auto quantize(const M&) {
  using Mistake = typename decltype(detail::judge_model<"quantize", M>())::type;
  using NoLoader = wrong_argument<argument<"quantize", "calibration">, takes<a_loader_that_is_a_variable>, but_gets<>,
                                  write<"DataLoader loader{data, 64, seed};">>;
  detail::refuse<std::conditional_t<std::is_void_v<Mistake>, NoLoader, Mistake>>();
  return std::unique_ptr<M>();
}

}  // namespace tenon
