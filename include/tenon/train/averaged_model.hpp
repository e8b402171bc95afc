#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/data/dataset.hpp>
#include <tenon/error.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/select.hpp>
#include <tenon/options.hpp>
#include <tenon/train/archive.hpp>
#include <tenon/train/arguments.hpp>

namespace tenon {

namespace detail {

/// average += rate (values - average).
template <class A, class V>
void move_towards(A average, V values, double rate) {
  using T = typename A::value_type;
  for (size_t i = 0; i < average.size(); ++i) average[i] += static_cast<T>(rate) * (values[i] - average[i]);
}

template <class M>
constexpr bool can_be_averaged() {
  using Mistake = typename decltype(judge_model<"average", M>())::type;
  if constexpr (std::is_void_v<Mistake>) return true;
  else return refuse<Mistake>();
}

/// What averages have in common: a model of their own, and how often it was updated.
template <class M>
struct Average {
  static_assert(can_be_averaged<M>());
  M model;
  std::uint64_t updates = 0;

  void move(M& trained, double rate) {
    if (updates++ == 0) rate = 1;
    move_towards(model.parameters().span(), trained.parameters().span(), rate);
    // running statistics are averages already
    std::copy_n(trained.buffers().data(), trained.buffers().size(), model.buffers().data());
  }
  void archive(Archive& a) {
    a.value("updates", updates);
    for (const ParameterEntry& entry : parameter_table<typename M::network>)
      a.tensor(entry.name, {entry.dims, entry.rank}, model.values(entry));
  }
};

}  // namespace detail

/// A callback with an exponential moving average of the weights (Polyak averaging): after every step
///     average = decay average + (1 - decay) weights,
/// beginning with the weights after the first. PyTorch: swa_utils.AveragedModel with an avg_fn.
///
///     EMA average{model, 0.999};
///     fit(model, train, Fit{..., .callbacks = callbacks(average)});
///     evaluate(average.model, test, loss);
template <class M>
struct EMA : detail::Average<M> {
  double decay = 0.999;

  explicit EMA(const M& like, double factor = 0.999) : detail::Average<M>{like}, decay(factor) { check_options(*this); }
  static constexpr void each_option(auto& o, auto visit) { visit("decay", o.decay, from_below(0, 1)); }
  void on_step_end(auto& run) { this->move(run.model(), 1 - decay); }
};

/// Stochastic weight averaging (Izmailov et al. 2018): the plain mean of the weights w at the end of each of the n
/// epochs from `start` on,
///     average = 1 / n sum_k w_k.
/// Batch normalisation needs `update_batch_norm` afterwards. PyTorch: swa_utils.AveragedModel.
/// Keras: none.
///
///     SWA average{model, 15};
///     fit(model, train, Fit{.epochs = 20, .callbacks = callbacks(average)});
///     update_batch_norm(average.model, train, 64);
template <class M>
struct SWA : detail::Average<M> {
  std::uint64_t start = 1;  // the first epoch that counts, from 1

  explicit SWA(const M& like, std::uint64_t first_epoch = 1) : detail::Average<M>{like}, start(first_epoch) {}
  void on_epoch_end(auto& run) {
    if (run.epoch() >= start) this->move(run.model(), 1.0 / static_cast<double>(this->updates + 1));
  }
};

namespace detail {

template <class M>
void take_statistics(M& model, const Dataset<typename M::scalar>& data, size_t batch_size) {
  using T = typename M::scalar;
  constexpr const Layout& layout = workspace<typename M::network>;
  constexpr const Needs& needs = layout.needs;
  if (data.size() == 0 || data.features().size() != data.size() * M::input::size)
    throw Error("update_batch_norm: expected samples of " + std::to_string(M::input::size) + " numbers, got " +
                std::to_string(data.features().size()) + " numbers in " + std::to_string(data.size()) + " samples");
  if (batch_size == 0) throw Error("update_batch_norm: expected a batch_size of at least 1, got 0");
  if constexpr (layout.buffer_size > 0) {
    batch_size = std::min(batch_size, data.size());
    Arena<T> saved(needs.saved.sample * batch_size), saved_fixed(needs.saved.fixed),
        scratch(needs.forward.sample * batch_size), scratch_fixed(needs.forward.fixed),
        output(M::output::size * batch_size);
    typename M::context context;
    const Memory<T> memory{.parameters = {.values = model.parameters().data(),
                                          .buffers = model.buffers().data(),
                                          .constants = model.buffers().data()},
                           .workspace = {saved.data(), saved_fixed.data(), scratch.data(), scratch_fixed.data()}};
    const std::span<T> running = model.buffers().span();
    const auto for_each_running = [](auto work) {
      for (const auto& [start, size] : running_statistics<typename M::network>)
        for (size_t i = start; i < start + size; ++i) work(i);
    };
    const auto batch_from = [&](size_t first, T before) {
      const size_t count = std::min(batch_size, data.size() - first);
      for_each_running([&](size_t i) { running[i] = before; });
      run_forward<bound_network<typename M::network>>(context, memory,
                                                      Rows<const T>{data.sample(first).data(), count, M::input::size},
                                                      Rows<T>{output.data(), count, M::output::size}, Training{});
    };
    const std::vector<T> old(running.begin(), running.end());
    std::vector<double> share(running.size()), mean(running.size());
    double batches = 0;
    try {
      // A layer leaves (1 - momentum) before + momentum statistic: two runs over one batch show its momentum.
      batch_from(0, T(1));
      const std::vector<T> with_one(running.begin(), running.end());
      batch_from(0, T(0));
      for (size_t i = 0; i < running.size(); ++i)
        share[i] = 1 - (static_cast<double>(with_one[i]) - static_cast<double>(running[i]));
      for (size_t first = 0; first < data.size(); first += batch_size, ++batches) {
        if (first > 0) batch_from(first, T(0));
        for (size_t i = 0; i < mean.size(); ++i)
          mean[i] += share[i] > 0 ? static_cast<double>(running[i]) / share[i] : 0;
      }
    } catch (...) {
      std::copy(old.begin(), old.end(), running.begin());
      throw;
    }
    for_each_running([&](size_t i) { running[i] = static_cast<T>(mean[i] / batches); });
  }
}
/// Data of the other precision, converted once.
template <class M, class T>
  requires(!std::is_same_v<T, typename M::scalar>)
void take_statistics(M& model, const Dataset<T>& data, size_t batch_size) {
  take_statistics(model, data.template as<typename M::scalar>(), batch_size);
}

}  // namespace detail

/// Takes batch normalisation's running statistics anew, as the plain mean over the batches of one pass, for weights
/// that no training has seen, such as an average's. Where it throws, say at a last batch of one sample, they stay as
/// they were. PyTorch: swa_utils.update_bn.
template <class M, class D>
void update_batch_norm(M&& model, const D& data, size_t batch_size = 256) {
  using Mistake = typename detail::first_mistake<
      typename decltype(detail::judge_trained_model<"update_batch_norm", M>())::type,
      typename decltype(detail::judge_data_set<"update_batch_norm", D>())::type>::type;
  if constexpr (!std::is_void_v<Mistake>) {
    detail::refuse<Mistake>();
  } else {
    const Dataset<typename D::value_type>& samples = data;
    detail::take_statistics(model, samples, batch_size);
  }
}

}  // namespace tenon
