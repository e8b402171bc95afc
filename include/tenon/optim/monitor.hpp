#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <tenon/error.hpp>

namespace tenon {

/// Whether smaller (`min`) or larger numbers are better; `automatic`: as it is for the monitored number.
enum class MonitorMode : std::uint8_t { automatic, min, max };

/// A number of an epoch's record that callbacks watch: `Monitor::val_loss`, or by its name, which is how the metrics of
/// a Fit are watched: `.monitor = "val_mae"`. Losses are better when smaller, accuracies when larger, metrics as they
/// say; those with `val_` are of the validation data.
class Monitor {
public:
  static const Monitor loss, accuracy, val_loss, val_accuracy;

  constexpr Monitor(std::string_view name) : size_(static_cast<std::uint8_t>(name.size())) {
    if (name.size() >= sizeof text_)
      throw Error("Monitor: expected a name of less than " + std::to_string(sizeof text_) + " letters, got " +
                  std::string(name));
    std::copy(name.begin(), name.end(), text_);
    if (name == "loss" || name == "val_loss") better = MonitorMode::min;
    if (name == "accuracy" || name == "val_accuracy") better = MonitorMode::max;
  }
  constexpr Monitor(const char* name) : Monitor(std::string_view(name)) {}
  Monitor(const std::string& name) : Monitor(std::string_view(name)) {}

  constexpr std::string_view name() const { return {text_, size_}; }
  constexpr const char* c_str() const { return text_; }
  constexpr bool operator==(const Monitor& other) const { return name() == other.name(); }
  /// Whether every run has this number; any other only a run with a metric of that name has.
  constexpr bool is_built_in() const;

  MonitorMode better = MonitorMode::automatic;  // of a metric: unknown until the run has found it

private:
  // no more than 64 bytes in all, which compilers let a loop copy without a warning
  char text_[60]{};
  std::uint8_t size_;
};
inline constexpr Monitor Monitor::loss("loss");
inline constexpr Monitor Monitor::accuracy("accuracy");
inline constexpr Monitor Monitor::val_loss("val_loss");
inline constexpr Monitor Monitor::val_accuracy("val_accuracy");

constexpr bool Monitor::is_built_in() const {
  return *this == loss || *this == accuracy || *this == val_loss || *this == val_accuracy;
}
/// Whether a larger number is the better one.
constexpr bool more_is_better(const Monitor& monitor) { return monitor.better == MonitorMode::max; }

/// Whether a number is better by more than `min_delta` than the best so far, which is NaN where there is none yet. NaN
/// is never better.
constexpr bool is_better(double best, double value, const Monitor& monitor, MonitorMode mode, double min_delta = 0) {
  if (value != value) return false;
  if (best != best) return true;
  const bool up = mode == MonitorMode::max || (mode == MonitorMode::automatic && more_is_better(monitor));
  return (up ? value - best : best - value) > min_delta;
}

/// Its name in logs and messages.
constexpr const char* name_of(const Monitor& monitor) { return monitor.c_str(); }

namespace detail {

/// The monitored number of a run, for the callback `who`. With `asked`, whether smaller or larger is better is the
/// metric's to say, and is taken from the run, which knows the metric.
template <class Run>
double watch(Run& run, Monitor& monitor, bool asked, const char* who) {
  if constexpr (requires { run.better(monitor, who); }) {
    if (asked && monitor.better == MonitorMode::automatic) monitor.better = run.better(monitor, who);
  }
  return run.monitored(monitor, who);
}

}  // namespace detail
}  // namespace tenon
