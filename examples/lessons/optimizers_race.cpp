// Optimizers race on Rosenbrock's surface, f(a, b) = (1 - a)^2 + 100 (b - a^2)^2: a bent valley whose lowest point is
// (1, 1).
// prints: SGD .*\n.*momentum.*\n.*RMSprop.*\n.*Adam.*\nthe others beat plain SGD: yes
#include "lesson.hpp"

#include <array>
#include <cmath>

using namespace tenon;

double height(double a, double b) { return (1 - a) * (1 - a) + 100 * (b - a * a) * (b - a * a); }

template <class O>
double race(const char* name, O optimizer, Plot& plot) {
  constexpr std::size_t states = static_cast<std::size_t>(O::states);
  std::array<double, 2> place{-1.5, 1.8}, slope{};
  std::array<std::array<double, 2>, states> memory{};
  std::vector<double> a{place[0]}, b{place[1]};
  for (std::uint64_t step = 1; step <= 2000; ++step) {
    const double off = place[1] - place[0] * place[0];
    slope = {-2 * (1 - place[0]) - 400 * place[0] * off, 200 * off};
    OptimizerArrays<double, states> arrays{place.data(), slope.data(), {}, 2};
    for (std::size_t k = 0; k < states; ++k) arrays.state[k] = memory[k].data();
    optimizer.update(arrays, step);
    a.push_back(place[0]);
    b.push_back(place[1]);
  }
  plot.line(name, a, b);
  const double left = std::hypot(place[0] - 1, place[1] - 1);
  std::printf("%-22s %.4f from the lowest point after 2,000 steps\n", name, left);
  return left;
}

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "Optimizers race on a surface");
  Plot plot{.title = "Rosenbrock's valley", .x_label = "a", .y_label = "b", .height = 460};
  plot.area(-2, 2, -1, 3, [](double a, double b) { return -std::log1p(height(a, b)); });
  const double plain = race("SGD", SGD{.lr = 4e-4}, plot);
  const double momentum = race("SGD with momentum", SGD{.lr = 4e-4, .momentum = 0.9}, plot);
  const double rms = race("RMSprop", RMSprop{.lr = 2e-3}, plot);
  const double adam = race("Adam", Adam{.lr = 2e-2}, plot);
  for (std::size_t i = 0; i < 4; ++i) plot.series[i].color = std::array{4, 1, 3, 5}[i];
  std::printf("the others beat plain SGD: %s\n", momentum < plain && rms < plain && adam < plain ? "yes" : "no");
  plot.save(out + "optimizers_race.svg");
}
