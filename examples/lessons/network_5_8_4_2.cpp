// A network of 5-8-4-2 and its summary: what has how many parameters, and why there are 94.
// prints: parameters: 5 x 8 \+ 8 \+ 8 x 4 \+ 4 \+ 4 x 2 \+ 2 = 94
#include "lesson.hpp"

using namespace tenon;

using Net = Sequential<Dense<5, 8>, ReLU, Dense<8, 4>, ReLU, Dense<4, 2>, Softmax>;
static_assert(parameter_count<Net> == 94);

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "A network of 5-8-4-2");
  const Model<Net> model{1};
  summary(model);
  std::printf("parameters: 5 x 8 + 8 + 8 x 4 + 4 + 4 x 2 + 2 = %zu\n", parameter_count<Net>);
  const auto p = model(xt::xtensor<float, 1>{1, 0, -1, 2, 0.5F});
  std::printf("probabilities before training: %.3f and %.3f\n", static_cast<double>(p(0)), static_cast<double>(p(1)));

  Plot plot{.title = "5-8-4-2", .x_label = "layer", .height = 360};
  const int units[]{5, 8, 4, 2};
  for (int layer = 0; layer < 4; ++layer)
    for (int i = 0; i < units[layer]; ++i) {
      const double y = i - (units[layer] - 1) / 2.0;
      for (int j = 0; layer < 3 && j < units[layer + 1]; ++j) {
        plot.line("", {static_cast<double>(layer), layer + 1.0}, {y, j - (units[layer + 1] - 1) / 2.0});
        plot.series.back().color = 5;
      }
    }
  for (int layer = 0; layer < 4; ++layer)
    for (int i = 0; i < units[layer]; ++i) {
      plot.points("", {static_cast<double>(layer)}, {i - (units[layer] - 1) / 2.0});
      plot.series.back().color = 0;
    }
  plot.save(out + "network_5_8_4_2.svg");
}
