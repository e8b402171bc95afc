// XOR: no line separates it; a hidden layer of a few units does.
// prints: linear: 0\.[4-7].*hidden layer: (0\.99|1\.)
#include "lesson.hpp"

using namespace tenon;

using Linear = Sequential<Dense<2, 1>, Sigmoid>;
using Hidden = Sequential<Dense<2, 8>, Tanh, Dense<1>, Sigmoid>;

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "XOR: what a line cannot separate");
  const Dataset<float> data = lesson::points(400, -1, 1,
                                             [](float x1, float x2) { return (x1 > 0) != (x2 > 0) ? 1 : 0; });
  const auto learn = [&](auto model) {
    fit(model, data,
        Fit{.loss = BinaryCrossEntropy{},
            .optimizer = Adam{.lr = 0.03},
            .epochs = 300,
            .batch_size = 50,
            .seed = 1,
            .progress = lesson::quiet});
    return model;
  };
  const auto linear = learn(Model<Linear>{1});
  const auto hidden = learn(Model<Hidden>{1});
  std::printf("linear: %.4f, with a hidden layer: %.4f\n", evaluate(linear, data, BinaryCrossEntropy{}).accuracy,
              evaluate(hidden, data, BinaryCrossEntropy{}).accuracy);
  lesson::regions("one line", linear, data, -1, 1).save(out + "xor_linear.svg");
  lesson::regions("eight hidden units", hidden, data, -1, 1).save(out + "xor.svg");
}
