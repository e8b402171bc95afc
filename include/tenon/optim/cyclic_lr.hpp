#pragma once

#include <cstdint>
#include <optional>

#include <tenon/optim/schedule.hpp>

/// The schedules that go up and down. They count steps, set the rate by themselves (the optimizer's own
/// is ignored), and while the rate rises the momentum falls.
namespace tenon {

/// Cyclical learning rates (Smith 2017), as PyTorch's CyclicLR: with cycle c = 0, 1, ... of
/// step_size_up + step_size_down steps and h rising from 0 to 1 and falling back within each,
///     lr = base_lr + (max_lr - base_lr) h s,   s = 1 (triangular), 1/2^c (triangular2), gamma^t (exp_range),
///     momentum = max_momentum - (max_momentum - base_momentum) h s.
/// PyTorch: CyclicLR. Keras: none.
///
///     fit(model, train, Fit{.schedule = CyclicLR{.base_lr = 1e-4, .max_lr = 1e-2, .step_size_up = 200}});
struct CyclicLR {
  enum class Mode { triangular, triangular2, exp_range };

  double base_lr = 1e-3;
  double max_lr = 1e-2;
  std::uint64_t step_size_up = 2000;
  std::uint64_t step_size_down = 0;  // 0: as many as up
  Mode mode = Mode::triangular;
  double gamma = 1;
  bool cycle_momentum = true;
  double base_momentum = 0.8;
  double max_momentum = 0.9;

  static constexpr bool per_step = true;
  static constexpr void each_option(auto& o, auto visit) {
    visit("base_lr", o.base_lr, at_least(0));
    visit("max_lr", o.max_lr, at_least(0));
    visit("step_size_up", o.step_size_up, at_least(1));
    visit("gamma", o.gamma, from_to(0, 1));
    visit("base_momentum", o.base_momentum, from_to(0, 1));
    visit("max_momentum", o.max_momentum, from_to(0, 1));
  }
  double operator()(double, std::uint64_t t) const { return base_lr + (max_lr - base_lr) * height(t); }
  std::optional<double> momentum(std::uint64_t t) const {
    if (!cycle_momentum) return std::nullopt;
    return max_momentum - (max_momentum - base_momentum) * height(t);
  }

private:
  double height(std::uint64_t t) const;
};

/// One cycle (Smith and Topin 2018), as PyTorch's OneCycleLR: from max_lr / div_factor up to max_lr in the
/// first pct_start of the steps, then down to max_lr / div_factor / final_div_factor; with three_phase
/// down as steeply as up, then on to the end. From a to b, with the part p of the way gone, the rate is
///     eta = b + (a - b) (1 + cos(pi p)) / 2   (cos),   eta = a + (b - a) p   (linear).
/// The momentum goes the other way. `fit` refuses a run of more steps, where
/// PyTorch throws at the first step too many; asked by itself, the schedule keeps its last values.
/// PyTorch: OneCycleLR. Keras: none.
///
///     fit(model, train, Fit{.epochs = 20, .schedule = OneCycleLR{.max_lr = 0.01, .total_steps = 2000}});
struct OneCycleLR {
  enum class Anneal { cos, linear };

  double max_lr = 1e-2;
  std::uint64_t total_steps = 0;  // has to be given: steps an epoch times epochs
  double pct_start = 0.3;
  Anneal anneal_strategy = Anneal::cos;
  bool cycle_momentum = true;
  double base_momentum = 0.85;
  double max_momentum = 0.95;
  double div_factor = 25;
  double final_div_factor = 1e4;
  bool three_phase = false;

  static constexpr bool per_step = true;
  static constexpr void each_option(auto& o, auto visit) {
    visit("max_lr", o.max_lr, at_least(0));
    visit("total_steps", o.total_steps, at_least(1));
    visit("pct_start", o.pct_start, from_to(0, 1));
    visit("base_momentum", o.base_momentum, from_to(0, 1));
    visit("max_momentum", o.max_momentum, from_to(0, 1));
    visit("div_factor", o.div_factor, as_epsilon);
    visit("final_div_factor", o.final_div_factor, as_epsilon);
  }
  double operator()(double, std::uint64_t t) const;
  std::optional<double> momentum(std::uint64_t t) const;
  constexpr std::uint64_t length() const { return total_steps; }

private:
  struct Phase {
    int index;        // 0, 1, 2
    double progress;  // from 0 to 1
  };
  Phase phase(std::uint64_t t) const;
  double between(double from, double to, double progress) const;
};

}  // namespace tenon
