#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <unistd.h>

#include <tenon/optim/monitor.hpp>
#include <tenon/options.hpp>
#include <tenon/train/archive.hpp>

namespace tenon {

/// Writes everything the run consists of to a file, atomically: weights, the optimizer's arrays, epoch, step and
/// place in the data, the history and what callbacks remember. With `resume`, a run that finds the file goes
/// on from it, and ends with the same weights, bit for bit, as one that was never interrupted. A file of another
/// network, optimizer, loss, seed or data size is refused with an Error that says what differs, and so is one that is
/// damaged or of an older format; nothing is changed then:
///
///     fit(model, train, Fit{.epochs = 50, .callbacks = callbacks(ModelCheckpoint{.path = "run.safetensors", .resume =
///     true})});
///
/// A resumed run has to be the same run: an Error where the data's size, batch size, accumulation or seed, or an option
/// of the optimizer (its learning rate too), loss, regulariser or clipping is another. It may have more epochs, another
/// schedule (the way to another rate), and other callbacks behind the first ones. Of several ranks the first writes,
/// and all of them read; there may be another number of them.
/// Keras: BackupAndRestore.
struct ModelCheckpoint {
  std::string path;
  std::uint64_t every_epochs = 1;  // 0: not by epoch
  std::uint64_t every_steps = 0;   // 0: not by step
  bool resume = false;

  static constexpr void each_option(auto& o, auto visit) { visit("path", o.path, not_empty); }
  void on_train_begin(auto& run) const {
    if (resume && run.agreed(::access(path.c_str(), F_OK) == 0)) run.resume(path);
  }
  void on_step_end(auto& run) const {
    if (every_steps > 0 && run.step() % every_steps == 0) run.save_checkpoint(path);
  }
  void on_epoch_end(auto& run) const {
    if (every_epochs > 0 && run.epoch() % every_epochs == 0) run.save_checkpoint(path);
  }
};

/// Saves the model, as `model.save(path)` does, whenever the monitored number is the best so far. NaN never is.
/// Keras: ModelCheckpoint(save_best_only=True).
///
///     fit(model, train, Fit{.epochs = 50, .validation = test, .callbacks = callbacks(SaveBest{"best.safetensors"})});
struct SaveBest {
  std::string path;
  Monitor monitor = Monitor::val_loss;
  MonitorMode mode = MonitorMode::automatic;

  double best = std::numeric_limits<double>::quiet_NaN();

  static constexpr void each_option(auto& o, auto visit) { visit("path", o.path, not_empty); }
  void on_epoch_end(auto& run) {
    const double value = detail::watch(run, monitor, mode == MonitorMode::automatic, "SaveBest");
    if (!is_better(best, value, monitor, mode)) return;
    if (run.leads()) run.model().save(path);
    best = value;
  }
  void archive(Archive& a) { a.value("best", best); }
};

using Checkpoint [[deprecated("called ModelCheckpoint")]] = ModelCheckpoint;

}  // namespace tenon
