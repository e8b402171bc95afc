// Momentum in a narrow valley, f(a, b) = (a^2 + 25 b^2) / 2: too little crawls, too much swings past, the right one
// arrives.
// prints: momentum 0\.00: .*\nmomentum 0\.67: .*\nmomentum 0\.98: .*\nright is best: yes
#include "lesson.hpp"

#include <array>
#include <cmath>

using namespace tenon;

double height(double a, double b) { return (a * a + 25 * b * b) / 2; }

/// The way down from (-9, 2): what is left after 40 steps.
double descend(double momentum, Plot& plot) {
  const SGD sgd{.lr = 0.025, .momentum = momentum};
  std::array<double, 2> place{-9, 2}, slope{}, memory{};
  std::vector<double> a{place[0]}, b{place[1]};
  for (std::uint64_t step = 1; step <= 40; ++step) {
    slope = {place[0], 25 * place[1]};
    sgd.update(OptimizerArrays<double, 1>{place.data(), slope.data(), {memory.data()}, 2}, step);
    a.push_back(place[0]);
    b.push_back(place[1]);
  }
  char name[32];
  std::snprintf(name, sizeof name, "momentum %.2f", momentum);
  plot.line(name, a, b);
  std::printf("%s: f = %.5f after 40 steps\n", name, height(place[0], place[1]));
  return height(place[0], place[1]);
}

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "Momentum: too little, too much, right");
  Plot plot{.title = "three ways down a valley", .x_label = "a", .y_label = "b", .height = 340};
  plot.area(-10, 8, -3, 3, [](double a, double b) { return -std::log1p(height(a, b)); });
  const double none = descend(0, plot), right = descend(0.67, plot), much = descend(0.98, plot);
  std::printf("right is best: %s\n", 10 * right < none && 10 * right < much ? "yes" : "no");
  plot.series[0].color = 4;
  plot.series[1].color = 1;
  plot.series[2].color = 3;
  plot.save(out + "momentum.svg");
}
