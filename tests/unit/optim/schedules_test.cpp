#include <tenon/optim/cyclic_lr.hpp>
#include <tenon/optim/reduce_lr_on_plateau.hpp>
#include <tenon/optim/schedules.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/golden.hpp"

using namespace tenon;

namespace {

const test::Golden& golden() {
  static const test::Golden values{"schedules"};
  return values;
}
double real(const std::string& name) { return golden().value(name); }
std::uint64_t whole(const std::string& name) { return static_cast<std::uint64_t>(golden().value(name)); }

void same(const std::string& name, const std::vector<double>& got) {
  const auto expected = golden().values(name);
  REQUIRE(got.size() == expected.size());
  for (std::size_t t = 0; t < got.size(); ++t) {
    INFO(name << " at " << t << ": " << got[t] << " instead of " << expected[t]);
    CHECK(std::abs(got[t] - expected[t]) <= 1e-7);
  }
}
template <class S>
void follow(const std::string& of_case, const S& schedule) {
  same(of_case + ".lr", lr_values(schedule, real(of_case + ".initial_lr"), 100));
  if (momentum_of(schedule, 0)) {
    std::vector<double> momenta;
    for (std::uint64_t t = 0; t < 100; ++t) momenta.push_back(momentum_of(schedule, t).value());
    same(of_case + ".momentum", momenta);
  }
}

}  // namespace

TEST_CASE("schedules of epochs follow PyTorch") {
  follow("constant", ConstantLR{real("constant.factor"), whole("constant.total_iters")});
  follow("constant", ConstantLR{});
  follow("step", StepLR{whole("step.step_size"), real("step.gamma")});
  MultiStepLR multi{.gamma = real("multi_step.gamma")};
  for (const double m : golden().values("multi_step.milestones"))
    multi.milestones.push_back(static_cast<std::uint64_t>(m));
  follow("multi_step", multi);
  follow("exponential", ExponentialLR{real("exponential.gamma")});
  follow("linear_default", LinearLR{});
  follow("linear_warmup", LinearLR{real("linear_warmup.start_factor"), real("linear_warmup.end_factor"),
                                   whole("linear_warmup.total_iters")});
  for (const std::string c : {"polynomial", "polynomial_linear"})
    follow(c, PolynomialLR{whole(c + ".total_iters"), real(c + ".power")});
  for (const std::string c : {"cosine_annealing", "cosine_annealing_back"})
    follow(c, CosineAnnealingLR{whole(c + ".T_max"), real(c + ".eta_min")});
  for (const std::string c : {"cosine_restarts", "cosine_restarts_doubling"})
    follow(c, CosineAnnealingWarmRestarts{whole(c + ".T_0"), whole(c + ".T_mult"), real(c + ".eta_min")});
}

TEST_CASE("schedules of steps follow PyTorch, with the momentum they move") {
  for (const auto& [c, mode] : {std::pair<std::string, CyclicLR::Mode>{"cyclic_triangular", CyclicLR::Mode::triangular},
                                {"cyclic_triangular2", CyclicLR::Mode::triangular2},
                                {"cyclic_exp_range", CyclicLR::Mode::exp_range}})
    follow(c, CyclicLR{.base_lr = real(c + ".base_lr"),
                       .max_lr = real(c + ".max_lr"),
                       .step_size_up = whole(c + ".step_size_up"),
                       .step_size_down = whole(c + ".step_size_down"),
                       .mode = mode,
                       .gamma = golden().has(c + ".gamma") ? real(c + ".gamma") : 1});
  for (const std::string c : {"one_cycle", "one_cycle_linear", "one_cycle_three_phase"}) {
    const OneCycleLR schedule{.max_lr = real(c + ".max_lr"),
                              .total_steps = whole(c + ".total_steps"),
                              .pct_start = real(c + ".pct_start"),
                              .anneal_strategy = c == "one_cycle_linear" ? OneCycleLR::Anneal::linear
                                                                         : OneCycleLR::Anneal::cos,
                              .base_momentum = real(c + ".base_momentum"),
                              .max_momentum = real(c + ".max_momentum"),
                              .div_factor = real(c + ".div_factor"),
                              .final_div_factor = real(c + ".final_div_factor"),
                              .three_phase = golden().has(c + ".three_phase")};
    follow(c, schedule);
    CHECK(schedule(0.1, 500) == schedule(0.1, 99));
  }
  CHECK_FALSE(CyclicLR{.cycle_momentum = false}.momentum(3));
}

TEST_CASE("chained and sequential schedules follow PyTorch") {
  follow("chained", ChainedScheduler{LinearLR{0.1, 1, whole("chained.warmup")}, ExponentialLR{real("chained.gamma")}});
  follow("sequential", SequentialLR{{whole("sequential.warmup")},
                                    LinearLR{0.1, 1, whole("sequential.warmup")},
                                    CosineAnnealingLR{whole("sequential.T_max")}});
  follow("sequential_three", SequentialLR{{whole("sequential_three.first"), whole("sequential_three.second")},
                                          ConstantLR{0.1, 1000},
                                          ExponentialLR{0.95},
                                          StepLR{10, 0.5}});
}

TEST_CASE("reduce on plateau follows PyTorch, also when resumed anywhere") {
  const auto run = [](const std::string& c, ReduceLROnPlateau plateau, std::size_t resume_at) {
    const auto metric = golden().values(c + ".metric");
    double lr = real(c + ".initial_lr");
    std::vector<double> rates;
    const ReduceLROnPlateau fresh = plateau;
    for (std::size_t t = 0; t < metric.size(); ++t) {
      if (t == resume_at) {
        ReduceLROnPlateau resumed = fresh;
        resumed.state = plateau.state;
        plateau = resumed;
      }
      rates.push_back(lr);
      lr = plateau.step(metric[t], lr);
    }
    same(c + ".lr", rates);
  };
  const auto made = [](const std::string& c) {
    return ReduceLROnPlateau{
        .factor = real(c + ".factor"), .patience = whole(c + ".patience"), .threshold = real(c + ".threshold")};
  };
  run("plateau", made("plateau"), 17);
  auto cooling = made("plateau_cooldown");
  cooling.cooldown = whole("plateau_cooldown.cooldown");
  cooling.min_lr = real("plateau_cooldown.min_lr");
  for (const std::size_t at : {3u, 6u, 20u, 31u}) run("plateau_cooldown", cooling, at);
  auto highest = made("plateau_max_absolute");
  highest.mode = ReduceLROnPlateau::Mode::max;
  highest.threshold_mode = ReduceLROnPlateau::Threshold::abs;
  run("plateau_max_absolute", highest, 40);
}

TEST_CASE("a schedule of any type counts what it says it counts") {
  const AnySchedule none, epochs{ExponentialLR{0.5}}, steps{PerStep{ExponentialLR{0.5}}},
      cycle{OneCycleLR{.total_steps = 10}};
  CHECK_FALSE(none);
  CHECK(none.lr(0.1, 3, 7) == 0.1);
  CHECK(epochs.lr(1, 2, 7) == 0.25);
  CHECK(steps.lr(1, 7, 2) == 0.25);
  CHECK_FALSE(steps.momentum(0, 0));
  CHECK(cycle.momentum(9, 0).value() == Approx(0.95));
  CHECK(cycle.lr(1, 9, 2) == OneCycleLR{.total_steps = 10}(1, 2));
}

TEST_CASE("a plateau is one of what it watches") {
  const auto rates = [](Monitor monitor, ReduceLROnPlateau::Mode mode, const std::vector<double>& metrics) {
    ReduceLROnPlateau plateau{.mode = mode, .factor = 0.5, .patience = 0, .monitor = monitor};
    std::vector<double> all;
    double lr = 1;
    for (const double m : metrics) all.push_back(lr = plateau.step(m, lr));
    return all;
  };
  using Mode = ReduceLROnPlateau::Mode;
  const std::vector<double> rising{0.5, 0.6, 0.7}, stays{1, 1, 1}, falls{1, 0.5, 0.25};
  for (const Monitor m : {Monitor::accuracy, Monitor::val_accuracy}) CHECK(rates(m, Mode::automatic, rising) == stays);
  for (const Monitor m : {Monitor::loss, Monitor::val_loss}) CHECK(rates(m, Mode::automatic, rising) == falls);
  CHECK(rates(Monitor::val_accuracy, Mode::min, rising) == falls);
  const double nan = std::nan("");
  CHECK(rates(Monitor::val_loss, Mode::automatic, {nan, 2, nan, 1}) == std::vector<double>{0.5, 0.5, 0.25, 0.25});
}

TEST_CASE("schedules made of others pass on the momentum and the end") {
  const OneCycleLR cycle{.max_lr = 0.5, .total_steps = 10};
  const PerStep counted{ConstantLR{}};
  const SequentialLR later{{3}, counted, cycle};
  const SequentialLR before{{4}, cycle, counted};
  const ChainedScheduler both{cycle, counted};
  CHECK_FALSE(later.momentum(2));
  CHECK(later.momentum(5) == cycle.momentum(2));
  CHECK(before.momentum(3) == cycle.momentum(3));
  CHECK(before.momentum(9) == cycle.momentum(3));  // what it was last
  CHECK(both.momentum(7) == cycle.momentum(7));
  CHECK(PerStep{cycle}.momentum(7) == cycle.momentum(7));
  CHECK(PerStep{both}.momentum(7) == cycle.momentum(7));

  const auto refusal = [](const AnySchedule& schedule, std::uint64_t epochs) -> std::string {
    try {
      schedule.expect_length(epochs, 4);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  CHECK(refusal(both, 2) == "");
  CHECK(refusal(both, 3) == "OneCycleLR: the run has 3 epochs of 4 steps, the schedule 10 steps");
  CHECK(refusal(ChainedScheduler{cycle, OneCycleLR{.total_steps = 9}}, 3) ==
        "OneCycleLR: the run has 3 epochs of 4 steps, the schedule 9 steps");
  CHECK(refusal(PerStep{cycle}, 3) != "");
  CHECK(refusal(later, 3) == "");
  CHECK(refusal(later, 4) == "OneCycleLR: the run has 4 epochs of 4 steps, the schedule 10 steps from step 3 on");
  CHECK(refusal(SequentialLR{{2}, counted, later}, 4) ==
        "OneCycleLR: the run has 4 epochs of 4 steps, the schedule 10 steps from step 5 on");
  CHECK(refusal(before, 100) == "");  // the next one begins in time
  CHECK(refusal(SequentialLR{{12}, cycle, counted}, 2) == "");
  CHECK(refusal(SequentialLR{{12}, cycle, counted}, 3) ==
        "OneCycleLR: the run has 3 epochs of 4 steps, the schedule 10 steps");

  CHECK_THROWS_WITH((SequentialLR{{5, 4}, StepLR{}, StepLR{}, StepLR{}}),
                    "SequentialLR: milestones[1]: expected at least 5, the one before, got 4");
  CHECK(SequentialLR{{3}, ConstantLR{}, StepLR{.step_size = 2}}(1, 5) == StepLR{.step_size = 2}(1, 2));
}
