// Activations and their derivatives, plotted from the formulas: nobody wrote the derivatives down.
// prints: sigmoid.*\n(.*\n)*largest error of a derivative: [0-9.]+e-(0[7-9]|1)
#include "lesson.hpp"

#include <algorithm>
#include <cmath>

using namespace tenon;

double worst = 0;

/// The formula and its derivative as two curves; the derivative is also held against a difference quotient.
template <class F>
void draw(Plot& functions, Plot& slopes, const char* name, F f) {
  const auto slope = gradient(f);
  draw_function(functions, name, -4, 4, [&](double v) { return f(v); });
  draw_function(slopes, name, -4, 4, [&](double v) { return slope(v); });
  for (double v = -3.95; v < 4; v += 0.1)
    worst = std::max(worst, std::abs((f(v + 1e-5) - f(v - 1e-5)) / 2e-5 - slope(v)));
  std::printf("%-10s at 1: %.4f, slope %.4f\n", name, f(1.0), slope(1.0));
}

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "Activations and their derivatives");
  Plot functions{.title = "activations", .x_label = "x"}, slopes{.title = "their derivatives", .x_label = "x"};
  draw(functions, slopes, "sigmoid", sigmoid(x));
  draw(functions, slopes, "tanh", tanh(x));
  draw(functions, slopes, "relu", max(x, 0));
  draw(functions, slopes, "leaky relu", select(x > 0, x, 0.1 * x));
  draw(functions, slopes, "gelu", 0.5 * x * (1 + erf(x / std::sqrt(2.0))));
  draw(functions, slopes, "swish", x * sigmoid(x));
  draw(functions, slopes, "mish", x * tanh(softplus(x)));
  std::printf("largest error of a derivative: %.1e\n", worst);
  functions.save(out + "activations.svg");
  slopes.save(out + "activations_slopes.svg");
}
