// Foretells the next sample of a wave from those that have come one by one: trained on windows, used step by step.
// prints: error: 0\.0[0-4]
#include <tenon/model/session.hpp>
#include <tenon/tenon.hpp>

#include <cmath>
#include <cstdio>

using namespace tenon;

using Net = Sequential<Input<32, 1>, GRU<16>, Dense<1>>;

float wave(std::size_t t, double phase) {
  const double s = 0.2 * static_cast<double>(t) + phase;
  return static_cast<float>(0.7 * std::sin(s) + 0.3 * std::sin(2.3 * s));
}

int main() {
  constexpr std::uint64_t seed = 1;
  std::vector<float> waves, next_values;
  Stream stream{seed};
  for (std::size_t i = 0; i < 400; ++i) {
    const double phase = stream.uniform(0.0, 100.0);
    for (std::size_t t = 0; t < 32; ++t) waves.push_back(wave(t, phase)), next_values.push_back(wave(t + 1, phase));
  }
  const Dataset<float> data{{32, 1}, std::move(waves), Targets<float>{std::move(next_values), 32}};

  Model<Net> model{seed};
  fit(model, data,
      Fit{.loss = MeanSquaredError{},
          .optimizer = Adam{.lr = 1e-2},
          .epochs = 30,
          .batch_size = 20,
          .seed = seed,
          .clip_grad_norm = 1.0});

  // far beyond the 32 steps it has been trained on
  Session net{model, session::stepped};
  double error = 0;
  for (std::size_t t = 0; t < 1000; ++t) {
    const float sample[]{wave(t, 0)};
    float next[1];
    net.step(sample, next);
    if (t >= 20) error += std::abs(static_cast<double>(next[0] - wave(t + 1, 0))) / 980;
  }
  std::printf("error: %.4f\n", error);
}
