#pragma once

#include <type_traits>
#include <vector>

#include <tenon/options.hpp>
#include <tenon/train/clock.hpp>

namespace tenon {

/// Ends training after the first step that goes beyond so many seconds, counted from the beginning of this
/// call of `fit`; a resumed run has them anew.
/// Keras: none.
///
///     fit(model, train, Fit{.epochs = 50, .validation = test, .callbacks = callbacks(TimeLimit{.seconds = 60})});
struct TimeLimit {
  double seconds = 0;

  double start = 0;

  static constexpr void each_option(auto& o, auto visit) { visit("seconds", o.seconds, at_least(0).or_infinity()); }
  void on_train_begin(auto&) { start = detail::steady_seconds(); }
  void on_step_end(auto& run) {
    if (run.agreed(detail::steady_seconds() - start >= seconds)) run.stop();
  }
};

/// Ends training where the loss becomes NaN or infinite, with the weights of the end of the last epoch (or of the
/// beginning). Without it `fit` throws an Error that says in which layer that came up.
/// Keras: TerminateOnNaN.
///
///     fit(model, train, Fit{.epochs = 50, .validation = test, .callbacks = callbacks(TerminateOnNaN{})});
struct TerminateOnNaN {
  bool terminated = false;
  std::vector<double> weights{};

  void on_epoch_begin(auto& run) {
    weights.clear();
    for (const auto numbers : {run.model().parameters().span(), run.model().buffers().span()})
      weights.insert(weights.end(), numbers.begin(), numbers.end());
  }
  bool on_non_finite(auto& run) {
    if (weights.empty()) return false;  // before the first epoch
    const double* next = weights.data();
    for (const auto numbers : {run.model().parameters().span(), run.model().buffers().span()})
      for (auto& v : numbers) v = static_cast<std::remove_reference_t<decltype(v)>>(*next++);
    return terminated = true;
  }
};

}  // namespace tenon
