#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/optim/monitor.hpp>
#include <tenon/options.hpp>
#include <tenon/train/archive.hpp>

namespace tenon {

/// Ends training when the monitored number has not improved by more than `min_delta` for `patience` epochs in a
/// row (Keras' EarlyStopping; Prechelt 1998). Losses improve downwards, accuracies upwards, unless `mode` says; NaN is
/// never an improvement. With
/// `restore_best_weights` the model ends with the weights and running statistics of its best epoch, also where
/// training was not cut short.
/// Keras: EarlyStopping.
///
///     fit(model, train, Fit{.epochs = 50, .validation = test, .callbacks = callbacks(EarlyStopping{.patience = 5})});
struct EarlyStopping {
  Monitor monitor = Monitor::val_loss;
  std::uint64_t patience = 0;
  double min_delta = 0;
  bool restore_best_weights = false;
  MonitorMode mode = MonitorMode::automatic;

  double best = std::numeric_limits<double>::quiet_NaN();
  std::uint64_t best_epoch = 0;     // from 1; 0: none yet
  std::uint64_t stopped_epoch = 0;  // 0: it did not stop
  std::uint64_t bad_epochs = 0;
  std::vector<double> best_weights{};  // parameters, then running statistics

  static constexpr void each_option(auto& o, auto visit) { visit("min_delta", o.min_delta, any_number); }
  /// A resumed run that had stopped stays so.
  void on_epoch_begin(auto& run) {
    if (stopped_epoch > 0) run.stop();
  }
  void on_epoch_end(auto& run) {
    const double value = detail::watch(run, monitor, mode == MonitorMode::automatic, "EarlyStopping");
    if (is_better(best, value, monitor, mode, std::abs(min_delta))) {
      best = value;
      best_epoch = run.epoch();
      bad_epochs = 0;
      if (restore_best_weights) {
        best_weights.clear();
        for_each_array(run.model(), [this](auto numbers) {
          best_weights.insert(best_weights.end(), numbers.begin(), numbers.end());
        });
      }
      return;
    }
    if (++bad_epochs < patience) return;
    stopped_epoch = run.epoch();
    run.stop();
  }
  void on_train_end(auto& run) {
    if (!best_weights.empty() && best_weights.size() != count_numbers(run.model()))
      throw Error("EarlyStopping: expected best_weights of " + std::to_string(count_numbers(run.model())) +
                  " numbers, as the model has, got " + std::to_string(best_weights.size()));
    const double* next = best_weights.data();
    if (!best_weights.empty())
      for_each_array(run.model(), [&next](auto numbers) {
        for (auto& v : numbers) v = static_cast<std::remove_reference_t<decltype(v)>>(*next++);
      });
  }
  void archive(Archive& a, auto& run) {
    a.value("best", best);
    a.value("best_epoch", best_epoch);
    a.value("stopped_epoch", stopped_epoch);
    a.value("bad_epochs", bad_epochs);
    if (a.checking()) {
      const size_t there = a.list("best_weights").size(), expected = count_numbers(run.model());
      if (there != 0 && there != expected)
        a.refuse("best_weights", "as many numbers as the model has, " + std::to_string(expected) + ", or none",
                 std::to_string(there));
    }
    a.values("best_weights", best_weights);
  }

private:
  static size_t count_numbers(auto& model) { return model.parameters().span().size() + model.buffers().span().size(); }
  static void for_each_array(auto& model, auto f) {
    f(model.parameters().span());
    f(model.buffers().span());
  }
};

}  // namespace tenon
