// Learning rates: too small learns too slowly, too wide diverges, and the right one is in between.
// prints: too small: loss [0-9.]+.*\nright: loss 0\.0.*\ntoo wide: diverged
#include "lesson.hpp"

#include <cmath>

using namespace tenon;

// Linear regression: how far a digit's label can be told from its pixels by a weighted sum.
using Net = Sequential<Dense<64, 10>>;

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "Learning rates: too small, too wide, right");
  const Dataset<float> all = digits();
  std::vector<float> answers(all.size() * 10, 0.0F);
  for (std::size_t i = 0; i < all.size(); ++i) answers[10 * i + static_cast<std::size_t>(all.label(i))] = 1;
  const Dataset<float> data{{64}, {all.features().begin(), all.features().end()}, Targets<float>{answers, 10}};

  Plot plot{.title = "loss of linear regression on the digits", .x_label = "epoch", .log_y = true};
  for (const auto& [name, rate] : {std::pair{"too small", 1e-3}, {"right", 0.3}, {"too wide", 5.0}}) {
    Model<Net> model{1};
    TerminateOnNaN guard;
    std::vector<double> losses;
    fit(model, data,
        Fit{.loss = MeanSquaredError{},
            .optimizer = SGD{.lr = rate},
            .epochs = 30,
            .batch_size = 64,
            .progress = lesson::quiet,
            .callbacks = callbacks(guard,
                                   OnEpochEnd{[&](auto& run) { losses.push_back(run.record().training.loss); }})});
    const double final_loss = losses.empty() ? INFINITY : losses.back();
    if (guard.terminated || final_loss > 10) std::printf("%s: diverged\n", name);
    else std::printf("%s: loss %.4f after 30 epochs\n", name, final_loss);
    plot.line(name, losses, 1);
  }
  plot.save(out + "learning_rate.svg");
}
