#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
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
  size_t steps = 100;
  double stop_above = 4;

  static constexpr void each_option(auto& o, auto visit) {
    visit("low", o.low, above(0));
    visit("high", o.high, above(o.low));
    visit("steps", o.steps, from_to(2, 1e6));
    visit("stop_above", o.stop_above, above(1).or_infinity());
  }
};

namespace detail {

/// A model's numbers, which it has again at the end of the scope.
template <class M>
class Restoring {
public:
  explicit Restoring(M& model)
      : model_(model),
        parameters_(model.parameters().span().begin(), model.parameters().span().end()),
        buffers_(model.buffers().span().begin(), model.buffers().span().end()) {}
  ~Restoring() {
    std::copy(parameters_.begin(), parameters_.end(), model_.parameters().data());
    std::copy(buffers_.begin(), buffers_.end(), model_.buffers().data());
  }
  Restoring(const Restoring&) = delete;
  Restoring& operator=(const Restoring&) = delete;

private:
  M& model_;
  std::vector<typename M::scalar> parameters_, buffers_;
};

template <class M, class L, class O, class C, class R, class Ms>
LrCurve search_lr(M& model, const Dataset<typename M::scalar>& data, const Fit<L, O, C, R, Ms>& how,
                  const LrRange& range) {
  using T = typename M::scalar;
  check_options(how);
  check_options(range);
  using Run = Trainer<M, L, O>;
  Objective<typename M::network, L>::template check<typename M::input, typename Run::output>("find_lr", how.loss,
                                                                                             offer_of(data));
  check_counts("find_lr", how.loss, data);
  const Restoring after(model);
  const size_t batch_size = std::min(how.batch_size, data.size());
  Run trainer{model, how.loss, how.optimizer, batch_size, how.seed};
  DataLoader<T> loader{data, batch_size, how.seed, how.shuffle};
  Batch<T> batch;
  std::uint64_t epoch = 0;
  loader.start_epoch(epoch);
  LrCurve curve;
  double average = 0, least = 0;
  for (size_t k = 0; k < range.steps; ++k) {
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
  curve.suggestion = steepest(curve, 10);
  return curve;
}
/// Data of the other precision, converted once.
template <class M, class T, class L, class O, class C, class R, class Ms>
  requires(!std::is_same_v<T, typename M::scalar>)
LrCurve search_lr(M& model, const Dataset<T>& data, const Fit<L, O, C, R, Ms>& how, const LrRange& range) {
  return search_lr(model, data.template as<typename M::scalar>(), how, range);
}

template <class Range>
constexpr auto judge_range() {
  if constexpr (std::is_same_v<Range, LrRange>) return std::type_identity<void>{};
  else return std::type_identity<wrong_argument<argument<"find_lr", "range">, takes<LrRange>, but_gets<Range>>>{};
}

}  // namespace detail

/// A range test (Smith 2017): steps of the Fit's optimizer on batches of the data with a learning rate that grows from
/// step to step. Losses are averaged as 0.98 of those before and 0.02 of the new one, without bias; the suggestion is
/// the rate where that falls most steeply from one rate to the next, the first ten and the last left out. Afterwards
/// the model is what it was before, also where something throws. Callbacks, schedule, validation data and `accumulate`
/// of the Fit are not looked at. PyTorch Lightning: Tuner.lr_find.
///
///     const LrCurve curve = find_lr(model, train, how);
///     how.optimizer.lr = curve.suggestion.value_or(1e-3);
template <class M, class D, class How = Fit<>, class Range = LrRange>
LrCurve find_lr(M&& model, const D& data, const How& how = {}, const Range& range = {}) {
  using Mistake = typename detail::first_mistake<typename decltype(detail::judge_trained_model<"find_lr", M>())::type,
                                                 typename decltype(detail::judge_data_set<"find_lr", D>())::type,
                                                 typename detail::judge_how<"find_lr", How>::type,
                                                 typename decltype(detail::judge_range<Range>())::type>::type;
  if constexpr (!std::is_void_v<Mistake>) {
    detail::refuse<Mistake>();
    return {};
  } else {
    const Dataset<typename D::value_type>& samples = data;
    return detail::search_lr(model, samples, how, range);
  }
}

}  // namespace tenon
