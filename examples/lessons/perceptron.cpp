// The perceptron: one unit, one line. Its weights are the line 1 + 3 x1 - 2 x2 = 0; without a bias every line it has
// goes through the origin, and this one is out of reach.
// prints: right by construction: 1\.0000\n.*with bias: (0\.99|1\.).*without bias: 0\.[0-8]
#include "lesson.hpp"

using namespace tenon;

using Perceptron = Sequential<Dense<2, 1>, Step>;
using WithBias = Sequential<Dense<2, 1>, Sigmoid>;
using WithoutBias = Sequential<Dense<2, 1, bias<false>>, Sigmoid>;

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "The perceptron and its line");
  const auto above = [](float x1, float x2) { return 1 + 3 * x1 - 2 * x2 > 0 ? 1 : 0; };
  const Dataset<float> data = lesson::points(400, -1, 1, above);

  // The weights are the line's coefficients.
  Model<Perceptron> made{1};
  made.get<"0.weight">()(0, 0) = 3;
  made.get<"0.weight">()(0, 1) = -2;
  made.get<"0.bias">()(0) = 1;
  Accuracy right;
  measure(made, data, right);
  std::printf("right by construction: %.4f\n", right.value());

  // Learned from examples; the sigmoid is a step that has a slope to follow.
  const auto learn = [&](auto model) {
    fit(model, data,
        Fit{.loss = BinaryCrossEntropy{},
            .optimizer = Adam{.lr = 0.1},
            .epochs = 200,
            .batch_size = 50,
            .progress = lesson::quiet});
    return model;
  };
  const auto with = learn(Model<WithBias>{1});
  const auto without = learn(Model<WithoutBias>{1});
  const auto w = with.get<"0.weight">();
  const double scale = 1 / static_cast<double>(with.get<"0.bias">()(0));
  std::printf("learned: 1 + %.2f x1 - %.2f x2\n", scale * static_cast<double>(w(0, 0)),
              -scale * static_cast<double>(w(0, 1)));
  std::printf("with bias: %.4f, without bias: %.4f\n", evaluate(with, data, BinaryCrossEntropy{}).accuracy,
              evaluate(without, data, BinaryCrossEntropy{}).accuracy);

  lesson::regions("1 + 3 x1 - 2 x2, learned with a bias", with, data, -1, 1).save(out + "perceptron.svg");
  lesson::regions("the same without a bias", without, data, -1, 1).save(out + "perceptron_without_bias.svg");
}
