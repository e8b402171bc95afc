// Keras's functional API, line for line: five numbers go through two layers into two classes.
//
//     x = Input(5)                              In<"x", 5>
//     L1 = Dense(8, relu)(x)                    Node<"L1", Sequential<Dense<8>, ReLU>, "x">
//     L2 = Dense(4, relu)(L1)                   Node<"L2", Sequential<Dense<4>, ReLU>, "L1">
//     Out = Dense(2, softmax)(L2)               Node<"Out", Sequential<Dense<2>, Softmax>, "L2">
//     model = Model(x, Out)                     Out<"Out">
//
// prints: accuracy on points it has not seen: (0\.9[4-9]|1\.)
#include <tenon/tenon.hpp>

#include <cstdio>
#include <vector>

using namespace tenon;

using Net = Graph<In<"x", 5>, Node<"L1", Sequential<Dense<8>, ReLU>, "x">, Node<"L2", Sequential<Dense<4>, ReLU>, "L1">,
                  Node<"Out", Sequential<Dense<2>, Softmax>, "L2">, Out<"Out">>;

static_assert(parameter_count<Net> == (5 * 8 + 8) + (8 * 4 + 4) + (4 * 2 + 2));

/// Points of the cube from -1 to 1 in five dimensions; the class says on which side of a bent surface they lie.
Dataset<float> points(std::size_t count, std::uint64_t seed) {
  std::vector<float> coordinates;
  std::vector<std::int32_t> side;
  Stream random(seed, Purpose::user);
  for (std::size_t i = 0; i < count; ++i) {
    float p[5];
    for (float& v : p) coordinates.push_back(v = 2 * random.uniform<float>() - 1);
    side.push_back(p[0] + p[1] * p[1] - p[2] + 0.5F * p[3] > p[4] * p[4] ? 1 : 0);
  }
  return {{5}, coordinates, Labels{side, 2}};
}

int main() {
  const Dataset<float> train = points(2000, 1), test = points(500, 2);
  Model<Net> model{1};
  summary(model);
  fit(model, train,
      Fit{.loss = CrossEntropy{},
          .optimizer = Adam{.lr = 1e-2},
          .epochs = 20,
          .batch_size = 32,
          .validation = test,
          .seed = 1});

  const auto probabilities = model(test.sample(0));
  std::printf("the first of them: %.3f, %.3f\n", static_cast<double>(probabilities(0)),
              static_cast<double>(probabilities(1)));
  std::printf("accuracy on points it has not seen: %.4f\n", evaluate(model, test, CrossEntropy{}).accuracy);
}
