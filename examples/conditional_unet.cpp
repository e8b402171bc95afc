// A U-Net that is given the level of the noise: every block takes it as a second input, which scales and shifts its
// channels. On digits of 8x8 pixels that it has not seen, noise of 0.2 goes from 14.0 to 17.7 dB and noise
// of 0.8 from 1.9 to 12.5 dB; given a wrong level, to 14.3 and 10.6 dB. The picture shows noisy, cleaned and true ones.
// prints: level 0\.2: noisy 1[34]\..* cleaned 1[6-9]\..*level 0\.8: noisy  1\..* cleaned 1[1-3]\.
#include <tenon/tenon.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

using namespace tenon;

/// Two convolutions; t gives the scale and the shift of each channel of the first.
template <std::size_t Channels>
using Block = Graph<In<"x">, In<"t">, Node<"seen", Conv2D<Channels, 3, padding<1>>, "x">,
                    Node<"scale", Dense<Channels>, "t">, Node<"shift", Dense<Channels>, "t">,
                    Node<"modulated", FiLM, "seen", "scale", "shift">,
                    Node<"y", Sequential<ReLU, Conv2D<Channels, 3, padding<1>>, ReLU>>, Out<"y">>;

using Net = Graph<
    In<"noisy", 1, 8, 8>, In<"level", 1>, Node<"t", Sequential<Dense<16>, SiLU, Dense<16>, SiLU>, "level">,
    Node<"outer", Block<12>, "noisy", "t">, Node<"smaller", MaxPool2D<2>, "outer">,
    Node<"inner", Block<24>, "smaller", "t">, Node<"smallest", MaxPool2D<2>, "inner">,
    Node<"bottom", Block<24>, "smallest", "t">, Node<"larger", Upsample<2>, "bottom">,
    Node<"inner_skip", Concat<>, "inner", "larger">, Node<"inner_up", Block<24>, "inner_skip", "t">,
    Node<"largest", Upsample<2>, "inner_up">, Node<"outer_skip", Concat<>, "outer", "largest">,
    Node<"outer_up", Block<12>, "outer_skip", "t">, Node<"clean", Conv2D<1, 1>, "outer_up">, Out<"clean">>;

/// Every digit with normal noise of its own level, from 0.1 to 1.
Dataset<float> noisy(const Dataset<float>& digits, std::size_t copies, std::uint64_t seed) {
  std::vector<float> pixels, levels, clean;
  Stream random(seed, Purpose::user);
  for (std::size_t i = 0; i < copies * digits.size(); ++i) {
    levels.push_back(random.uniform(0.1F, 1.F));
    for (const float v : digits.sample(i % digits.size())) {
      pixels.push_back(v + levels.back() * random.normal<float>());
      clean.push_back(v);
    }
  }
  return Dataset{Features{"noisy", {1, 8, 8}, pixels}, Features{"level", {1}, levels},
                 Targets{clean, 64}.named("clean")};
}

/// 10 log10(1 / mean square error) decibels, for pixels between 0 and 1.
double psnr(std::span<const float> a, std::span<const float> b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) squares += std::pow(static_cast<double>(a[i] - b[i]), 2);
  return -10 * std::log10(squares / static_cast<double>(a.size()));
}

int main() {
  constexpr std::size_t epochs = 10;
  const auto [train, test] = digits().stratified_split(0.8, 1);
  Model<Net> model{1};
  summary(model);
  fit(model, noisy(train, 2, 1),
      Fit{.loss = MeanSquaredError{},
          .optimizer = Adam{.lr = 5e-3},
          .epochs = epochs,
          .batch_size = 64,
          .seed = 1,
          .schedule = CosineAnnealingLR{.T_max = epochs}});

  const std::vector<float> clean(test.features().begin(), test.features().end());
  const auto images = features_tensor<4>(test);
  std::vector<float> shown;
  Stream random(2, Purpose::user);
  for (const float level : {0.2F, 0.5F, 0.8F}) {
    xt::xtensor<float, 4> given = images;
    for (float& v : given) v += level * random.normal<float>();
    const auto clean_at = [&](float assumed) {
      const xt::xtensor<float, 2> levels = assumed * xt::ones<float>({test.size(), std::size_t{1}});
      return model(in<"noisy">(given), in<"level">(levels));
    };
    const auto cleaned = clean_at(level), misled = clean_at(level < 0.5F ? 0.8F : 0.2F);
    std::printf("level %.1f: noisy %5.2f dB, cleaned %5.2f dB, given a wrong level %5.2f dB\n",
                static_cast<double>(level), psnr(given, clean), psnr(cleaned, clean), psnr(misled, clean));
    for (std::size_t i = 0; i < 4; ++i)
      for (const std::span<const float> all :
           {std::span<const float>(given), std::span<const float>(cleaned), std::span(clean)}) {
        const auto image = all.subspan(64 * i, 64);
        shown.insert(shown.end(), image.begin(), image.end());
      }
  }
  save_png("conditional_unet.png", picture(shown, 8, 8, {.columns = 12, .zoom = 6}));
}
