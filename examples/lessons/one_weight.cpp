// Gradient descent with one weight: J(w) = (w - 3)^2, from w = 5 with rate 0.1. The slope is 4, so w becomes 4.6
// and J 2.56.
// prints: step 1: w = 4\.6000, J = 2\.5600\n.*step 40: w = 3\.000
#include "lesson.hpp"

using namespace tenon;

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "Gradient descent with one weight");
  constexpr auto J = (x - 3) * (x - 3);
  constexpr auto slope = gradient(J);

  double w = 5;
  std::vector<double> path{w}, heights{J(w)};
  for (int step = 1; step <= 40; ++step) {
    w -= 0.1 * slope(w);
    path.push_back(w);
    heights.push_back(J(w));
    if (step == 1 || step == 2 || step == 40) std::printf("step %d: w = %.4f, J = %.4f\n", step, w, J(w));
  }

  Plot plot{.title = "J(w) = (w - 3)^2", .x_label = "w", .y_label = "J"};
  draw_function(plot, "J", 0.8, 5.2, [&](double v) { return J(v); });
  plot.line("", path, heights).points("w after each step", path, heights);
  plot.series[1].color = plot.series[2].color = 1;
  plot.save(out + "one_weight.svg");
}
