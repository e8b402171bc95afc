#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include <tenon/error.hpp>
#include <tenon/optim/monitor.hpp>
#include <tenon/options.hpp>

namespace tenon {

/// PyTorch's ReduceLROnPlateau: where a metric has not improved for more than `patience` epochs, the
/// learning rate is multiplied by `factor`,
///     lr = max(factor lr, min_lr)   where bad_epochs > patience.
/// Called by hand:
///
///     ReduceLROnPlateau plateau{.factor = 0.5, .patience = 3};
///     trainer.set_lr(plateau.step(validation_loss, trainer.lr()));     // after every epoch
///
/// In `fit` it is a callback that watches `monitor`, without a schedule beside it.
///
/// Better means below best (1 - threshold) or best - threshold (relative, absolute; above best
/// (1 + threshold) or best + threshold where more is better). After a reduction, bad epochs are not
/// counted for `cooldown` epochs. `state` is all it remembers: who saves it and sets it again goes on from there.
/// PyTorch: ReduceLROnPlateau. Keras: ReduceLROnPlateau.
struct ReduceLROnPlateau {
  enum class Mode { automatic, min, max };
  enum class Threshold { rel, abs };
  struct State {
    double best = std::numeric_limits<double>::quiet_NaN();  // none yet
    std::uint64_t bad_epochs = 0;
    std::uint64_t cooldown_left = 0;
  };

  Mode mode = Mode::automatic;  // which way is better: losses downwards, accuracies upwards
  double factor = 0.1;
  std::uint64_t patience = 10;
  double threshold = 1e-4;
  Threshold threshold_mode = Threshold::rel;
  std::uint64_t cooldown = 0;
  double min_lr = 0;
  double eps = 1e-8;  // the rate stays where it would change by no more than this
  State state{};
  Monitor monitor = Monitor::val_loss;

  static constexpr void each_option(auto& o, auto visit) {
    visit("factor", o.factor, from_below(0, 1));
    visit("threshold", o.threshold, at_least(0));
    visit("min_lr", o.min_lr, at_least(0));
    visit("eps", o.eps, at_least(0));
  }
  void on_train_begin(auto& run) const {
    if (run.settings().schedule)
      throw Error("ReduceLROnPlateau: expected fit without a schedule, which sets the rate itself");
  }
  void on_epoch_end(auto& run) {
    run.trainer().set_lr(
        step(detail::watch(run, monitor, mode == Mode::automatic, "ReduceLROnPlateau"), run.trainer().lr()));
  }
  void archive(auto& a) {
    a.value("best", state.best);
    a.value("bad_epochs", state.bad_epochs);
    a.value("cooldown_left", state.cooldown_left);
  }

  /// Takes an epoch's metric and returns the rate to go on with.
  constexpr double step(double metric, double lr) {
    check_options(*this);
    if (is_better(metric)) {
      state.best = metric;
      state.bad_epochs = 0;
    } else {
      ++state.bad_epochs;
    }
    if (state.cooldown_left > 0) {
      --state.cooldown_left;
      state.bad_epochs = 0;
    }
    if (state.bad_epochs <= patience) return lr;
    state.bad_epochs = 0;
    state.cooldown_left = cooldown;
    const double reduced = std::max(lr * factor, min_lr);
    return lr - reduced > eps ? reduced : lr;
  }

private:
  constexpr bool is_better(double metric) const {
    if (metric != metric) return false;         // NaN
    if (state.best != state.best) return true;  // the first
    const double margin = threshold_mode == Threshold::rel ? threshold * state.best : threshold;
    const bool up = mode == Mode::max || (mode == Mode::automatic && more_is_better(monitor));
    return up ? metric > state.best + margin : metric < state.best - margin;
  }
};

}  // namespace tenon
