// The chain rule by hand, against backpropagation: a network 1-1-1, y = v s(w x + b) + c with the sigmoid s, and
// the loss L = (y - t)^2.
// prints: largest difference: [0-9.]+e-1[5-9]|largest difference: 0\.00e\+00
#include "lesson.hpp"

#include <algorithm>
#include <cmath>

using namespace tenon;

using Net = Sequential<Dense<1, 1>, Sigmoid, Dense<1>>;

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "The chain rule by hand, against backpropagation");
  Model<Net, double> model{1};
  const double w = model.get<"0.weight">()(0, 0) = 0.8, b = model.get<"0.bias">()(0) = -0.3;
  const double v = model.get<"2.weight">()(0, 0) = 1.5, c = model.get<"2.bias">()(0) = 0.2;
  std::vector<double> in{0.5}, wanted{2.0};

  // Forward, keeping what is in between ...
  const double z = w * in[0] + b, h = 1 / (1 + std::exp(-z)), y = v * h + c;
  // ... and backward, one factor a step: dL/dy, then dL/dh = dL/dy v, dL/dz = dL/dh h (1 - h), dL/dw = dL/dz x.
  const double dy = 2 * (y - wanted[0]), dv = dy * h, dc = dy, dh = dy * v, dz = dh * h * (1 - h), dw = dz * in[0],
               db = dz;
  const double by_hand[]{dw, db, dv, dc};

  Trainer trainer{model, MeanSquaredError{}, SGD{}, 1};
  trainer.zero_grad();
  trainer.forward({.features = in, .labels = {}, .targets = wanted, .count = 1, .first = 0, .indices = {}});
  std::printf("L = %.6f by hand, %.6f by Tenon\n", (y - wanted[0]) * (y - wanted[0]), trainer.loss());
  trainer.backward();
  double worst = 0;
  std::size_t i = 0;
  trainer.for_each_parameter([&](std::string_view name, auto, auto gradient) {
    std::printf("dL/d %-9s by hand %+.6f, backpropagated %+.6f\n", std::string(name).c_str(), by_hand[i], gradient[0]);
    worst = std::max(worst, std::abs(by_hand[i++] - gradient[0]));
  });
  std::printf("largest difference: %.2e\n", worst);

  // The slope at w is that of the loss as a function of w.
  const auto loss = [&](double weight) {
    const double error = v / (1 + std::exp(-(weight * in[0] + b))) + c - wanted[0];
    return error * error;
  };
  Plot plot{.title = "the loss over w, and its slope by the chain rule", .x_label = "w", .y_label = "L"};
  draw_function(plot, "L(w)", -4, 6, loss);
  draw_function(plot, "dL/dw", -1, 2.6, [&](double weight) { return loss(w) + dw * (weight - w); });
  plot.points("", {w}, {loss(w)}).save(out + "chain_rule.svg");
}
