// Schedules: how the learning rate goes over a hundred epochs.
// prints: cosine: 0\.1000 0\.0500 0\.0000\n
#include "lesson.hpp"

using namespace tenon;

constexpr std::size_t epochs = 101;

template <Schedule S>
void draw(Plot& plot, const char* name, const S& schedule) {
  const std::vector<double> rates = lr_values(schedule, 0.1, epochs);
  plot.line(name, rates);
  std::printf("%s: %.4f %.4f %.4f\n", name, rates[0], rates[50], rates[100]);
}

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "Schedules of the learning rate");
  Plot falling{.title = "schedules that fall", .x_label = "epoch", .y_label = "learning rate"};
  draw(falling, "step", StepLR{.step_size = 25, .gamma = 0.5});
  draw(falling, "exponential", ExponentialLR{.gamma = 0.96});
  draw(falling, "polynomial", PolynomialLR{.total_iters = 100, .power = 2});
  draw(falling, "cosine", CosineAnnealingLR{.T_max = 100});
  draw(falling, "warm restarts", CosineAnnealingWarmRestarts{.T_0 = 25});
  draw(falling, "warm-up, then cosine",
       SequentialLR{{10}, LinearLR{.start_factor = 0.01, .total_iters = 10}, CosineAnnealingLR{.T_max = 90}});
  falling.save(out + "schedules.svg");

  Plot cycles{.title = "schedules that rise too", .x_label = "step", .y_label = "learning rate"};
  draw(cycles, "triangular", CyclicLR{.base_lr = 0.01, .max_lr = 0.1, .step_size_up = 12});
  draw(cycles, "one cycle", OneCycleLR{.max_lr = 0.1, .total_steps = 101});
  cycles.save(out + "schedules_cycles.svg");
}
