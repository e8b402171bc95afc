// A GAN whose critic does not judge but measures: how far generated digits are from true ones, as the difference of its
// mean scores (Arjovsky et al. 2017). That holds while its scores change by at most one per step of one between images,
// which is seen to by cutting its weights (clip), or by a penalty on its gradient (gp: between true and generated
// digits, Gulrajani et al. 2017), whose own gradient is a second derivative of the network; or its gradient is held
// small at true digits (r1, Mescheder et al. 2018). What is drawn is drawn by an average of the generator's weights.
//
//     wgan [gp|clip|r1 [STEPS [SEED]]]
//
// After 1500 steps, five seconds, digits are 8 to 16 from true ones in a classifier's features, by Frechet's distance,
// with the penalty, 10 to 22 with R1, 25 to 32 with clipping, of six seeds; as many other true ones are 7.
// prints: true digits: distance [5-9]\..*gp: distance ([7-9]|1[0-9])\.
#include <tenon/train/gradient_penalty.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "judge.hpp"

using namespace tenon;

constexpr std::size_t code = 16, pixels = 64, half = 64;

using GeneratorNet = Sequential<Dense<code, 128>, LayerNorm<>, ReLU, Dense<128>, LayerNorm<>, ReLU, Dense<pixels>,
                                Tanh>;
using Critic = Sequential<Dense<pixels, 128>, LeakyReLU<0.2>, Dense<128>, LeakyReLU<0.2>, Dense<1>>;

void draw_codes(std::span<float> numbers, Stream& random) {
  for (float& v : numbers) v = random.normal<float>();
}
std::vector<float> draw(const Model<GeneratorNet>& generator, std::size_t count) {
  Stream random(7, Purpose::user);
  std::vector<float> codes(code * count), images(pixels * count);
  draw_codes(codes, random);
  generator.predict(codes, images);
  return images;
}

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "gp";
  const std::uint64_t steps = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1500;
  const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  if (how != "gp" && how != "clip" && how != "r1") return std::fprintf(stderr, "wgan [gp|clip|r1 [STEPS [SEED]]]\n"), 1;
  const DatasetSplit<float> digits = drawable_digits();
  const Judge judge(digits);
  std::printf("as many true digits: distance %.2f\n", judge.distance(digits.train.features().first(500 * pixels)));

  Model<GeneratorNet> generator{seed};
  Model<Critic> critic{seed};
  EMA shown{generator, 0.995};
  const Adam optimizer{.lr = how == "clip" ? 2e-4 : 5e-4, .beta1 = 0, .beta2 = 0.9};
  Trainer generator_trainer{generator, MeanSquaredError{}, optimizer, half,
                            seed};  // neither trainer's loss is asked for:
  Trainer critic_trainer{critic, MeanSquaredError{}, optimizer, 2 * half, seed};  // gradients at the scores are given
  critic_trainer.want_input_gradient();
  GradientPenalty smooth{critic, half};
  DataLoader loader{digits.train, half, seed, true, true};
  Stream random(seed, Purpose::user);
  Batch<float> batch;
  std::vector<float> slopes(2 * half, -1.F / half), up(half, -1.F / half), codes(code * half), rows,
      between(half * pixels);
  std::fill_n(slopes.begin() + half, half,
              1.F / half);  // the critic: less at true digits, more at generated ones, is lost
  double apart = 0;

  std::uint64_t epoch = 0;
  for (std::uint64_t step = 0; step < steps; ++step) {
    for (int turn = 0; turn < (how == "r1" ? 1 : 3); ++turn) {
      while (!loader.next(batch)) loader.start_epoch(++epoch);
      draw_codes(codes, random);
      const Rows<const float> drawn = generator_trainer.forward(codes);
      rows.assign(batch.features.begin(), batch.features.end());
      rows.insert(rows.end(), drawn[0], drawn[0] + half * pixels);
      critic_trainer.zero_grad();
      const Rows<const float> scores = critic_trainer.forward(rows);
      apart = 0;
      for (std::size_t i = 0; i < half; ++i) apart += static_cast<double>(scores[i][0] - scores[half + i][0]) / half;
      critic_trainer.backward(slopes);
      if (how == "gp") {
        for (std::size_t i = 0; i < half; ++i) {
          const float share = random.uniform<float>();
          for (std::size_t j = i * pixels; j < (i + 1) * pixels; ++j)
            between[j] = std::lerp(rows[j], rows[half * pixels + j], share);
        }
        smooth.add(critic_trainer, between, 10);
      } else if (how == "r1") {
        smooth.add_squared(critic_trainer, {rows.data(), half * pixels}, 5);
      }
      critic_trainer.step();
      if (how == "clip")
        for (float& w : critic.parameters().span()) w = std::clamp(w, -0.03F, 0.03F);
    }
    draw_codes(codes, random);
    const Rows<const float> drawn = generator_trainer.forward(codes);
    critic_trainer.zero_grad();  // what comes of the weights now is thrown away
    critic_trainer.forward(std::span(drawn[0], half * pixels));
    critic_trainer.backward(up);
    generator_trainer.zero_grad();
    generator_trainer.backward(critic_trainer.input_gradient());
    generator_trainer.step();
    shown.move(generator, 1 - shown.decay);
  }
  const std::vector<float> images = draw(shown.model, 500);
  std::printf("%s: distance %.2f, scores apart %.3f\n", how.c_str(), judge.distance(images), apart);
  save_png("wgan.png",
           picture(std::span(images).first(100 * pixels), 8, 8, {.columns = 10, .zoom = 4, .together = true}));
}
