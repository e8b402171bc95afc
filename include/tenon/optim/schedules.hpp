#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <tenon/optim/schedule.hpp>

/// PyTorch's schedules, with its names and defaults, as functions of t, the number of epochs done.
/// `lr` is the rate the optimizer was given.
namespace tenon {

namespace detail {

/// Throws an Error for a milestone that is less than the one before.
void expect_rising_milestones(std::string_view owner, std::span<const std::uint64_t> milestones);

}  // namespace detail

/// A smaller rate at the beginning:
///     eta_t = factor lr   where t < total_iters,
///     eta_t = lr   from then on.
/// PyTorch: ConstantLR.
///
///     fit(model, train, Fit{.epochs = 30, .schedule = ConstantLR{.factor = 0.1, .total_iters = 3}});
struct ConstantLR {
  double factor = 1.0 / 3;
  std::uint64_t total_iters = 5;

  static constexpr void each_option(auto& o, auto visit) { visit("factor", o.factor, at_least(0)); }
  constexpr double operator()(double lr, std::uint64_t t) const { return t < total_iters ? lr * factor : lr; }
};

/// The rate times gamma after every `step_size` epochs:
///     eta_t = lr gamma^floor(t / step_size)
/// PyTorch: StepLR.
///
///     fit(model, train, Fit{.epochs = 30, .schedule = StepLR{.step_size = 10, .gamma = 0.5}});
struct StepLR {
  std::uint64_t step_size = 1;
  double gamma = 0.1;

  static constexpr void each_option(auto& o, auto visit) {
    visit("step_size", o.step_size, at_least(1));
    visit("gamma", o.gamma, at_least(0));
  }
  double operator()(double lr, std::uint64_t t) const;
};

/// The rate times gamma at each milestone:
///     eta_t = lr gamma^n   where n milestones are at most t
/// PyTorch: MultiStepLR.
///
///     fit(model, train, Fit{.epochs = 30, .schedule = MultiStepLR{{15, 25}, 0.1}});
struct MultiStepLR {
  std::vector<std::uint64_t> milestones{};
  double gamma = 0.1;

  static constexpr void each_option(auto& o, auto visit) { visit("gamma", o.gamma, at_least(0)); }
  double operator()(double lr, std::uint64_t t) const;
};

/// The rate times gamma after every epoch:
///     eta_t = lr gamma^t
/// PyTorch: ExponentialLR.
///
///     fit(model, train, Fit{.epochs = 30, .schedule = ExponentialLR{.gamma = 0.95}});
struct ExponentialLR {
  double gamma = 0.9;

  static constexpr void each_option(auto& o, auto visit) { visit("gamma", o.gamma, at_least(0)); }
  double operator()(double lr, std::uint64_t t) const { return lr * std::pow(gamma, static_cast<double>(t)); }
};

/// A linear warm-up:
///     eta_t = lr (s + (e - s) min(t, n) / n)   where s = start_factor, e = end_factor, n = total_iters
/// PyTorch: LinearLR.
///
///     fit(model, train, Fit{.epochs = 30, .schedule = LinearLR{.start_factor = 0.1, .total_iters = 5}});
struct LinearLR {
  double start_factor = 1.0 / 3;
  double end_factor = 1;
  std::uint64_t total_iters = 5;

  static constexpr void each_option(auto& o, auto visit) {
    visit("start_factor", o.start_factor, at_least(0));
    visit("end_factor", o.end_factor, at_least(0));
  }
  constexpr double operator()(double lr, std::uint64_t t) const {
    if (t >= total_iters) return lr * end_factor;
    return lr *
           (start_factor + (end_factor - start_factor) * static_cast<double>(t) / static_cast<double>(total_iters));
  }
};

/// Down to 0, as a power of the part of the run that is left:
///     eta_t = lr (1 - min(t, n) / n)^power   where n = total_iters
/// PyTorch: PolynomialLR.
///
///     fit(model, train, Fit{.epochs = 30, .schedule = PolynomialLR{.total_iters = 30, .power = 2}});
struct PolynomialLR {
  std::uint64_t total_iters = 5;
  double power = 1;

  static constexpr void each_option(auto& o, auto visit) {
    visit("total_iters", o.total_iters, at_least(1));
    visit("power", o.power, at_least(0));
  }
  double operator()(double lr, std::uint64_t t) const {
    if (t >= total_iters) return 0;
    return lr * std::pow(1 - static_cast<double>(t) / static_cast<double>(total_iters), power);
  }
};

/// Half a cosine down (Loshchilov and Hutter 2017, without its restarts):
///     eta_t = eta_min + (lr - eta_min) (1 + cos(pi t / T_max)) / 2
/// After T_max it rises again. PyTorch: CosineAnnealingLR.
/// Keras: CosineDecay.
///
///     fit(model, train, Fit{.epochs = 30, .schedule = CosineAnnealingLR{.T_max = 30}});
struct CosineAnnealingLR {
  std::uint64_t T_max = 1;
  double eta_min = 0;

  static constexpr void each_option(auto& o, auto visit) {
    visit("T_max", o.T_max, at_least(1));
    visit("eta_min", o.eta_min, at_least(0));
  }
  double operator()(double lr, std::uint64_t t) const;
};

/// SGDR (Loshchilov and Hutter 2017): the same half cosine again and again; the first takes T_0 epochs,
/// each one T_mult times as many as the one before. With s epochs gone since the last start, and i starts before it,
///     eta_t = eta_min + (lr - eta_min) (1 + cos(pi s / T_i)) / 2,   T_i = T_0 T_mult^i.
/// PyTorch: CosineAnnealingWarmRestarts.
/// Keras: CosineDecayRestarts.
///
///     fit(model, train, Fit{.epochs = 30, .schedule = CosineAnnealingWarmRestarts{.T_0 = 10, .T_mult = 2}});
struct CosineAnnealingWarmRestarts {
  std::uint64_t T_0 = 1;
  std::uint64_t T_mult = 1;
  double eta_min = 0;

  static constexpr void each_option(auto& o, auto visit) {
    visit("T_0", o.T_0, at_least(1));
    visit("T_mult", o.T_mult, at_least(1));
    visit("eta_min", o.eta_min, at_least(0));
  }
  double operator()(double lr, std::uint64_t t) const;
};

/// Schedules one inside the other: each is given the rate that the one before it makes of lr,
///     eta_t = S_n(... S_2(S_1(lr, t), t) ..., t).
/// For those that are lr times a factor, the factors multiply; those that set the rate by themselves (CyclicLR,
/// OneCycleLR) come first. The momentum is that of the last one that moves it, and the first end of any is the end of
/// all.
/// PyTorch: ChainedScheduler.
///
///     ChainedScheduler{LinearLR{.total_iters = 10}, ExponentialLR{.gamma = 0.97}}
template <Schedule... S>
struct ChainedScheduler {
  std::tuple<S...> schedules;

  explicit ChainedScheduler(S... s) : schedules(std::move(s)...) {}
  static constexpr void each_option(auto& o, auto visit) {
    std::apply([&](auto&... s) { (visit(s), ...); }, o.schedules);
  }
  static constexpr bool per_step = (counts_steps<S> || ...);
  static_assert(((counts_steps<S> == per_step) && ...), "all count epochs, or all count steps, as PerStep{...} does");

  double operator()(double lr, std::uint64_t t) const {
    std::apply([&](const S&... s) { ((lr = s(lr, t)), ...); }, schedules);
    return lr;
  }
  std::optional<double> momentum(std::uint64_t t) const {
    std::optional<double> latest;
    const auto take = [&](std::optional<double> one) { latest = one ? one : latest; };
    std::apply([&](const S&... s) { (take(momentum_of(s, t)), ...); }, schedules);
    return latest;
  }
  std::optional<ScheduleEnd> end() const {
    std::optional<ScheduleEnd> first;
    const auto take = [&](const std::optional<ScheduleEnd>& one) {
      if (one && (!first || one->time() < first->time())) first = one;
    };
    std::apply([&](const S&... s) { (take(end_of(s)), ...); }, schedules);
    return first;
  }
};

/// Schedules one after the other, the next one from each milestone m on, counting from 0 again:
///     eta_t = S_k(lr, t - m_k)   where m_k <= t < m_k+1, and m_0 = 0
/// While a schedule that moves no momentum is in force, the momentum stays as it was. Each schedule must last until the
/// next milestone, the last one until the end of the run. Error: milestones that fall. PyTorch: SequentialLR.
///
///     SequentialLR{{10}, LinearLR{.total_iters = 10}, CosineAnnealingLR{.T_max = 90}}
template <Schedule... S>
struct SequentialLR {
  std::array<std::uint64_t, sizeof...(S) - 1> milestones;
  std::tuple<S...> schedules;

  explicit SequentialLR(std::array<std::uint64_t, sizeof...(S) - 1> at, S... s)
      : milestones(at), schedules(std::move(s)...) {
    detail::expect_rising_milestones("SequentialLR", milestones);
  }
  static constexpr void each_option(auto& o, auto visit) {
    std::apply([&](auto&... s) { (visit(s), ...); }, o.schedules);
  }
  static constexpr bool per_step = (counts_steps<S> || ...);
  static_assert(((counts_steps<S> == per_step) && ...), "all count epochs, or all count steps, as PerStep{...} does");

  double operator()(double lr, std::uint64_t t) const {
    double rate = lr;
    each_turn([&](const auto& s, std::uint64_t begin, std::uint64_t end) {
      if (begin <= t && (t < end || end == never)) rate = s(lr, t - begin);
    });
    return rate;
  }
  std::optional<double> momentum(std::uint64_t t) const {
    std::optional<double> latest;
    each_turn([&](const auto& s, std::uint64_t begin, std::uint64_t end) {
      if (begin > t || begin == end) return;
      if (const auto moved = momentum_of(s, std::min(t, end - 1) - begin)) latest = moved;
    });
    return latest;
  }
  std::optional<ScheduleEnd> end() const {
    std::optional<ScheduleEnd> first;
    each_turn([&](const auto& s, std::uint64_t begin, std::uint64_t end) {
      const auto own = end_of(s);
      if (!first && own && own->time() < end - begin) first = ScheduleEnd{begin + own->begin, own->length, own->name};
    });
    return first;
  }

private:
  static constexpr auto never = std::numeric_limits<std::uint64_t>::max();

  /// Calls f(schedule, begin, end) for each in its turn; the last one's end is `never`.
  void each_turn(auto f) const {
    size_t i = 0;
    const auto turn = [&](const auto& s) {
      f(s, i == 0 ? 0 : milestones[i - 1], i < milestones.size() ? milestones[i] : never);
      ++i;
    };
    std::apply([&](const S&... s) { (turn(s), ...); }, schedules);
  }
};

}  // namespace tenon
