// "Will I pass this class?" Two features, lectures attended and hours on the project; the output is a probability.
// prints: accuracy: 0\.9.*\n4 lectures, 5 hours: [0-4]?[0-9] %\n.*8 lectures, 20 hours: (9[0-9]|100) %
#include "lesson.hpp"

#include <cmath>

using namespace tenon;

using Net = Sequential<Dense<2, 6>, Tanh, Dense<1>, Sigmoid>;

/// Features for the network: both about between -1 and 1.
xt::xtensor<float, 1> inputs(double lectures, double hours) {
  return {static_cast<float>(lectures / 5 - 1), static_cast<float>(hours / 15 - 1)};
}

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "Will I pass this class?");
  // Last year's students: lectures and hours both help, neither does it alone, and there is luck.
  Stream random(4);
  std::vector<float> numbers;
  std::vector<std::int32_t> passed;
  std::vector<double> lectures[2], hours[2];
  for (int i = 0; i < 300; ++i) {
    const double l = random.uniform(0.0, 10.0), h = random.uniform(0.0, 30.0);
    const int pass = l * h + 8 * random.normal<double>() > 50 ? 1 : 0;
    for (const float v : inputs(l, h)) numbers.push_back(v);
    passed.push_back(pass);
    lectures[pass].push_back(l);
    hours[pass].push_back(h);
  }
  const Dataset<float> data{{2}, numbers, Labels{passed, 2}};
  const auto [train, test] = data.stratified_split(0.8, 1);

  Model<Net> model{1};
  fit(model, train,
      Fit{.loss = BinaryCrossEntropy{},
          .optimizer = Adam{.lr = 0.02},
          .epochs = 200,
          .batch_size = 32,
          .progress = lesson::quiet});
  std::printf("accuracy: %.4f\n", evaluate(model, test, BinaryCrossEntropy{}).accuracy);
  const auto chance = [&](double l, double h) { return static_cast<double>(model(inputs(l, h))(0)); };
  for (const auto& [l, h] : {std::pair{4, 5}, {5, 10}, {8, 20}})
    std::printf("%d lectures, %d hours: %.0f %%\n", l, h, 100 * chance(l, h));

  Plot plot{
      .title = "will I pass?", .x_label = "lectures", .y_label = "hours on the project", .width = 520, .height = 440};
  plot.area(
      0, 10, 0, 30, [&](double l, double h) { return chance(l, h) > 0.5 ? 1.0 : 0.0; }, true);
  plot.points("did not pass", lectures[0], hours[0])
      .points("passed", lectures[1], hours[1])
      .save(out + "will_i_pass.svg");
}
