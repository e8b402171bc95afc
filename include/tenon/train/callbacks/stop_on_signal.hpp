#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tenon/report/progress.hpp>

namespace tenon {

namespace detail {

/// As long as it lives, SIGINT (Ctrl-C) and SIGTERM are noted and no more; a second one ends the program as it would
/// have without. Signals that the program ignores stay ignored. Several may live at a time.
class SignalWatch {
public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// The number of the signal that came since the oldest watch that lives was made; 0: none.
  static int received() noexcept;
  /// From now on a signal's handler calls this first, with the signal's number; null: nothing.
  static void ask_first(void (*look)(int) noexcept) noexcept;
  /// The number that stands for a signal which another rank was sent.
  static const int terminate;
};

/// On stderr: "stopped by a signal after step 12 of epoch 2; saved as run.safetensors, ...".
void say_stopped(std::uint64_t epoch, std::uint64_t step, const std::string& path);

}  // namespace detail

/// Ctrl-C (or SIGTERM) ends training after the step that runs, saves a checkpoint where there is a path, and says so on
/// stderr; a second one ends the program at once. `fit` then returns what it has, as after run.stop(), and `signal` is
/// the signal's number. The same call with `ModelCheckpoint{.path = ..., .resume = true}` goes on from there:
///
///     fit(model, train, Fit{.epochs = 50, .callbacks = callbacks(ModelCheckpoint{.path = "run.safetensors", .resume =
///     true},
///                                                                StopOnSignal{"run.safetensors"})});
///
/// Signals are handled only while `fit` runs; the library itself never does. PyTorch: none. Keras: none.
struct StopOnSignal {
  std::string path{};

  int signal = 0;  // that ended training; 0: none did
  std::uint64_t at_epoch = 0, at_step = 0;

  void on_train_begin(auto& run) {
    signal = 0;
    run.keep(std::make_shared<detail::SignalWatch>());
  }
  void on_step_end(auto& run) { look(run); }
  void on_epoch_end(auto& run) { look(run); }
  void on_train_end(auto& run) const {
    if (signal != 0 && run.leads() && run.settings().progress != Progress::Mode::quiet)
      detail::say_stopped(at_epoch, at_step, path);
  }

private:
  void look(auto& run) {
    if (signal != 0) return;
    const int received = detail::SignalWatch::received();
    if (!run.agreed(received != 0)) return;
    signal = received != 0 ? received : detail::SignalWatch::terminate;
    at_epoch = run.epoch();
    at_step = run.step();
    if (!path.empty()) run.save_checkpoint(path);
    run.stop();
  }
};

}  // namespace tenon
