// Universal approximation: one hidden layer comes as near to a curve as it is wide (Cybenko 1989).
// prints: width  2: error 0\.[4-9].*width  8: error 0\.[12].*width 32: error 0\.0[0-2]
#include "lesson.hpp"

#include <cmath>
#include <numbers>

using namespace tenon;

template <std::size_t Width>
using Net = Sequential<Dense<1, Width, init<Normal<0, 6.0>>, bias_init<Uniform<-6, 6>>>, Tanh, Dense<1>>;

double curve(double t) { return std::sin(2 * std::numbers::pi * t) + 0.5 * std::sin(6 * std::numbers::pi * t); }

template <std::size_t Width>
double approximate(const Dataset<float>& data, Plot& plot) {
  Model<Net<Width>> model{3};
  fit(model, data,
      Fit{.loss = MeanSquaredError{},
          .optimizer = Adam{.lr = 0.03},
          .epochs = 8000,
          .batch_size = data.size(),
          .schedule = CosineAnnealingLR{.T_max = 8000},
          .progress = lesson::quiet});
  RMSE error;
  measure(model, data, error);
  std::printf("width %2zu: error %.4f\n", Width, error.value());
  draw_function(plot, "width " + std::to_string(Width), -1, 1,
                [&](double t) { return static_cast<double>(model(xt::xtensor<float, 1>{static_cast<float>(t)})(0)); });
  return error.value();
}

int main(int argc, char** argv) {
  const std::string out = lesson::folder(argc, argv, "Universal approximation by width");
  std::vector<float> t(100), y(100);
  for (std::size_t i = 0; i < 100; ++i) {
    t[i] = static_cast<float>(i) / 49.5F - 1;
    y[i] = static_cast<float>(curve(static_cast<double>(t[i])));
  }
  const Dataset<float> data{{1}, t, Targets<float>{y, 1}};
  Plot plot{.title = "one hidden layer against a curve", .x_label = "x"};
  draw_function(plot, "the curve", -1, 1, curve);
  approximate<2>(data, plot);
  approximate<8>(data, plot);
  approximate<32>(data, plot);
  plot.save(out + "universal_approximation.svg");
}
