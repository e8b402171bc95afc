// Initialisation and vanishing gradients: through ten sigmoid layers hardly any gradient comes back to the first;
// with ReLU and He's initialisation it does.
// prints: sigmoid: first layer / last layer = [0-9.]+e-0[3-9].*\nrelu.*= [0-9.]+e(-01|\+0)
#include "lesson.hpp"

#include <cmath>

using namespace tenon;

using Deep = Sequential<Dense<64, 32>, Sigmoid, Repeat<9, Sequential<Dense<32>, Sigmoid>>, Dense<10>, Softmax>;
using Better = Sequential<Dense<64, 32, init<HeNormal>, bias_init<Zeros>>, ReLU,
                          Repeat<9, Sequential<Dense<32, init<HeNormal>, bias_init<Zeros>>, ReLU>>, Dense<10>, Softmax>;

/// The gradient of each weight matrix in the first step, as the root of its mean square.
template <class Net>
void first_step(const char* name, Plot& plot) {
  Model<Net> model{1};
  const Dataset<float> data = digits().take(256);
  DataLoader<float> batches(data, 256, 1);
  Batch<float> batch;
  batches.next(batch);
  Trainer trainer{model, CrossEntropy{}, SGD{}, 256};
  trainer.zero_grad();
  trainer.forward(batch);
  trainer.backward();
  std::vector<double> sizes;
  trainer.for_each_parameter([&](std::string_view parameter, auto, auto gradient) {
    if (!parameter.ends_with("weight")) return;
    double squares = 0;
    for (const float g : gradient) squares += static_cast<double>(g) * static_cast<double>(g);
    sizes.push_back(std::sqrt(squares / static_cast<double>(gradient.size())));
  });
  std::printf("%s: first layer / last layer = %.1e\n", name, sizes.front() / sizes.back());
  plot.line(name, sizes, 1);
}

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "Initialisation and vanishing gradients");
  Plot plot{.title = "gradients of the weights, layer by layer",
            .x_label = "layer",
            .y_label = "root of the mean square",
            .log_y = true};
  first_step<Deep>("sigmoid", plot);
  first_step<Better>("relu, He", plot);
  plot.save(out + "vanishing_gradients.svg");
}
