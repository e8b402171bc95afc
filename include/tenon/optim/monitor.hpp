#pragma once

#include <cstdint>

namespace tenon {

/// A number of an epoch's record that callbacks watch. Losses are better when smaller, accuracies when
/// larger; those with `val_` are of the validation data.
enum class Monitor : std::uint8_t { loss, accuracy, val_loss, val_accuracy };

constexpr bool more_is_better(Monitor monitor) { return monitor == Monitor::accuracy || monitor == Monitor::val_accuracy; }

/// Which way is better; automatic: what the monitored number says.
enum class MonitorMode : std::uint8_t { automatic, min, max };

/// Whether a number is better by more than `min_delta` than the best so far, which is NaN where there is none yet. NaN
/// is never better.
constexpr bool is_better(double best, double value, Monitor monitor, MonitorMode mode, double min_delta = 0) {
  if (value != value) return false;
  if (best != best) return true;
  const bool up = mode == MonitorMode::max || (mode == MonitorMode::automatic && more_is_better(monitor));
  return (up ? value - best : best - value) > min_delta;
}

/// Its name in logs and messages.
constexpr const char* name_of(Monitor monitor) {
  constexpr const char* names[]{"loss", "accuracy", "val_loss", "val_accuracy"};
  return names[static_cast<int>(monitor)];
}

}  // namespace tenon
