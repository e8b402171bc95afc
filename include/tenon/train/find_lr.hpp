#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <tenon/data/loader.hpp>
#include <tenon/error.hpp>
#include <tenon/options.hpp>
#include <tenon/train/comparison.hpp>
#include <tenon/train/fit.hpp>

namespace tenon {

/// Which learning rates `find_lr` tries: so many, each larger than the one before by the same factor. It ends early
/// once the loss is `stop_above` times the least there was. The defaults are PyTorch Lightning's.
struct LrRange {
  double low = 1e-8;
  double high = 1;
  std::size_t steps = 100;
  double stop_above = 4;

  static constexpr void each_option(auto& o, auto visit) {
    visit("low", o.low, above(0));
    visit("high", o.high, above(o.low));
    visit("steps", o.steps, at_least(2));
    visit("stop_above", o.stop_above, above(1).or_infinity());
  }
};

/// A range test (Smith 2017): steps of the Fit's optimizer on batches of the data with a learning rate that grows from
/// step to step. Losses are averaged as 0.98 of those before and 0.02 of the new one, without bias; the suggestion is
/// the rate where that falls most steeply from one rate to the next, the first ten and the last left out. The model is
/// what it was before afterwards. Callbacks, schedule and validation data of the Fit are not looked at. PyTorch
/// Lightning: Tuner.lr_find.
///
///     const LrCurve curve = find_lr(model, train, how);
///     how.optimizer.lr = curve.suggestion.value_or(1e-3);
template <class M, class L, class O, class C, class R, class Ms>
LrCurve find_lr(M& model, const Dataset<typename M::scalar>& data, const Fit<L, O, C, R, Ms>& how,
                const LrRange& range = {}) {
  using T = typename M::scalar;
  check_options(how);
  check_options(range);
  using Run = Trainer<M, L, O>;
  detail::Objective<typename M::network, L>::template check<typename M::input, typename Run::output>(
      "find_lr", how.loss, detail::offer_of(data));
  detail::check_counts("find_lr", how.loss, data);
  const std::vector<T> parameters(model.parameters().span().begin(), model.parameters().span().end());
  const std::vector<T> buffers(model.buffers().span().begin(), model.buffers().span().end());
  const std::size_t batch_size = std::min(how.batch_size, data.size());
  Run trainer{model, how.loss, how.optimizer, batch_size, how.seed};
  DataLoader<T> loader{data, batch_size, how.seed, how.shuffle};
  Batch<T> batch;
  std::uint64_t epoch = 0;
  loader.start_epoch(epoch);
  LrCurve curve;
  double average = 0, least = 0;
  for (std::size_t k = 0; k < range.steps; ++k) {
    while (!loader.next(batch)) loader.start_epoch(++epoch);
    trainer.set_lr(range.low *
                   std::pow(range.high / range.low, static_cast<double>(k) / static_cast<double>(range.steps - 1)));
    trainer.zero_grad();
    trainer.forward(batch);
    const double loss = trainer.loss();
    average = 0.98 * average + 0.02 * loss;
    const double smoothed = average / (1 - std::pow(0.98, static_cast<double>(k + 1)));
    if (!std::isfinite(smoothed) || (k > 0 && smoothed > range.stop_above * least)) break;
    least = k == 0 ? smoothed : std::min(least, smoothed);
    curve.lr.push_back(trainer.lr());
    curve.loss.push_back(smoothed);
    trainer.backward();
    trainer.regularize(how.regularizer);
    if (how.clip_grad_value) trainer.clip_grad_value(*how.clip_grad_value);
    if (how.clip_grad_norm) trainer.clip_grad_norm(*how.clip_grad_norm);
    trainer.step();
  }
  std::copy(parameters.begin(), parameters.end(), model.parameters().data());
  std::copy(buffers.begin(), buffers.end(), model.buffers().data());
  curve.suggestion = detail::steepest(curve, 10);
  return curve;
}

/// The same with the defaults of a Fit: cross-entropy and Adam.
template <class M>
LrCurve find_lr(M& model, const Dataset<typename M::scalar>& data) {
  return find_lr(model, data, Fit<>{});
}

}  // namespace tenon
