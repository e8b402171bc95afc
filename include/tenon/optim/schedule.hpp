#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/net/mistakes.hpp>
#include <tenon/options.hpp>

/// A learning-rate schedule is a function of the number of epochs (or steps) done, and of the rate that
/// the optimizer was given:
///
///     struct Halving {
///       std::uint64_t every = 10;
///       constexpr double operator()(double lr, std::uint64_t t) const { return std::ldexp(lr, -static_cast<int>(t /
///       every)); }
///     };
///
/// It keeps no state, so training resumed at epoch t has the rate of epoch t. One that counts steps says
/// `static constexpr bool per_step = true`; one that also moves the momentum has
/// `std::optional<double> momentum(std::uint64_t t) const`. One that is made for a number of epochs (or steps) and
/// means nothing behind them has `std::uint64_t length() const`: `fit` refuses a longer run before its first step. One
/// that is made of others passes both on, by `momentum_of` and `end_of`.
namespace tenon {

/// What a schedule is: `double operator()(double lr, std::uint64_t t) const`.
struct a_function_of_lr_and_time;

/// A function that gives the learning rate, from the one that the optimizer was given and the time.
template <class S>
concept Schedule = requires(const S& schedule, double lr, std::uint64_t t) {
  { schedule(lr, t) } -> std::convertible_to<double>;
};

/// Whether a schedule counts steps rather than epochs.
template <Schedule S>
inline constexpr bool counts_steps = requires {
  requires S::per_step;
};

/// The end of a schedule that is made for `length` epochs (or steps), and the name of that schedule. Where it is part
/// of another one it may start later, at `begin`. The first time that it is not made for is
///     t = begin + length.
/// PyTorch: none.
///
///     const std::optional<ScheduleEnd> end = end_of(OneCycleLR{.max_lr = 0.01, .total_steps = 2000});
struct ScheduleEnd {
  std::uint64_t begin = 0;
  std::uint64_t length = 0;
  std::string_view name{};

  /// begin + length, or the largest number where that is more.
  constexpr std::uint64_t time() const { return length > ~begin ? ~std::uint64_t{0} : begin + length; }
};

/// The end of a schedule, if it has one. Schedules made of others have `std::optional<ScheduleEnd> end() const`.
template <Schedule S>
constexpr std::optional<ScheduleEnd> end_of(const S& schedule) {
  if constexpr (requires { schedule.end(); }) return schedule.end();
  else if constexpr (requires { schedule.length(); }) return ScheduleEnd{0, schedule.length(), detail::short_name<S>()};
  else return std::nullopt;
}

/// The momentum that a schedule sets at time t; none where it leaves the momentum alone.
template <Schedule S>
std::optional<double> momentum_of(const S& schedule, std::uint64_t t) {
  if constexpr (requires { schedule.momentum(t); }) return schedule.momentum(t);
  else return std::nullopt;
}

/// Any schedule, counted in steps: `PerStep{LinearLR{.total_iters = 500}}`. At step t
///     eta_t = S(lr, t).
/// PyTorch: scheduler.step() after every batch. Keras: a LearningRateSchedule, which always counts steps.
///
///     fit(model, train, Fit{.epochs = 20, .schedule = PerStep{LinearLR{.total_iters = 500}}});
template <Schedule S>
struct PerStep {
  S schedule{};

  static constexpr bool per_step = true;
  constexpr double operator()(double lr, std::uint64_t t) const { return schedule(lr, t); }
  std::optional<double> momentum(std::uint64_t t) const { return momentum_of(schedule, t); }
  constexpr std::optional<ScheduleEnd> end() const { return end_of(schedule); }
  static constexpr void each_option(auto& o, auto visit) { visit(o.schedule); }
};
template <class S>
PerStep(S) -> PerStep<S>;

/// The learning rates of t = 0, 1, ..., count - 1, for a plot or a table.
template <Schedule S>
std::vector<double> lr_values(const S& schedule, double lr, size_t count) {
  std::vector<double> values(count);
  for (size_t t = 0; t < count; ++t) values[t] = schedule(lr, t);
  return values;
}

/// What `Fit` holds: a schedule of any type, or none (the optimizer's own rate throughout).
class AnySchedule {
public:
  AnySchedule() = default;
  template <class S>
    requires(!std::is_same_v<S, AnySchedule>)
  AnySchedule(S schedule) {
    if constexpr (!Schedule<S>) {
      detail::refuse<wrong_argument<argument<"Fit", ".schedule">, takes<a_function_of_lr_and_time>, but_gets<S>,
                                    write<"StepLR{.step_size = 10}">>>();
    } else {
      check_options(schedule);
      per_step_ = counts_steps<S>;
      end_ = end_of(schedule);
      if constexpr (requires { schedule.momentum(std::uint64_t{}); })
        momentum_ = [schedule](std::uint64_t t) { return schedule.momentum(t); };
      lr_ = std::move(schedule);
    }
  }

  explicit operator bool() const { return static_cast<bool>(lr_); }
  double lr(double initial, std::uint64_t epoch, std::uint64_t step) const {
    return lr_ ? lr_(initial, per_step_ ? step : epoch) : initial;
  }
  std::optional<double> momentum(std::uint64_t epoch, std::uint64_t step) const {
    return momentum_ ? momentum_(per_step_ ? step : epoch) : std::nullopt;
  }
  /// Refuses a run that is longer than the schedule, or than one that it is made of.
  void expect_length(std::uint64_t epochs, std::uint64_t steps_an_epoch) const;

private:
  std::function<double(double, std::uint64_t)> lr_{};
  std::function<std::optional<double>(std::uint64_t)> momentum_{};
  std::optional<ScheduleEnd> end_{};
  bool per_step_ = false;
};

}  // namespace tenon
