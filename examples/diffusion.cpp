// prints: as asked: 0\.9
#include <tenon/tenon.hpp>

#include <cstdio>
#include <vector>

#include <tenon/generative/diffusion.hpp>
#include <xtensor/xsort.hpp>

using namespace tenon;

/// Two convolutions; what the first says of each channel is scaled and shifted by time and label.
template <std::size_t Channels>
using Block = Graph<In<"x">, In<"t">,
                    Node<"seen", Conv2D<Channels, 3, padding<1>>, "x">,
                    Node<"scale", Dense<Channels>, "t">,
                    Node<"shift", Dense<Channels>, "t">,
                    Node<"told", FiLM, "seen", "scale", "shift">,
                    Node<"y", Sequential<SiLU, Conv2D<Channels, 3, padding<1>>, SiLU>>,
                    Out<"y">>;

using Net = Graph<In<"noisy", 1, 8, 8>, In<"time", 1>, In<"label", 10>,
                  Node<"when", Sequential<Dense<32>, SiLU, Dense<32>>, "time">,
                  Node<"what", Dense<32>, "label">,
                  Node<"sum", Add<>, "when", "what">,
                  Node<"t", SiLU>,
                  Node<"outer", Block<16>, "noisy", "t">,
                  Node<"smaller", MaxPool2D<2>, "outer">,
                  Node<"inner", Block<32>, "smaller", "t">,
                  Node<"smallest", MaxPool2D<2>, "inner">,
                  Node<"bottom", Block<32>, "smallest", "t">,
                  Node<"larger", Upsample<2>, "bottom">,
                  Node<"inner_skip", Concat<>, "inner", "larger">,
                  Node<"inner_up", Block<32>, "inner_skip", "t">,
                  Node<"largest", Upsample<2>, "inner_up">,
                  Node<"outer_skip", Concat<>, "outer", "largest">,
                  Node<"outer_up", Block<16>, "outer_skip", "t">,
                  Node<"prediction", Conv2D<1, 1>, "outer_up">,
                  Out<"prediction">>;

using Classifier = Sequential<Input<1, 8, 8>, Conv2D<16, 3, padding<1>>, ReLU, MaxPool2D<2>, Conv2D<32, 3, padding<1>>, ReLU, Flatten,
                              Named<"features", Sequential<Dense<32>, ReLU>>, Dense<10>, Softmax>;

int main() {
  Dataset<float> all = digits();
  for (float& v : all.features()) v = 2 * v - 1;  // from -1 to 1
  const auto [train, test] = all.stratified_split(0.8, 1);
  Model<Classifier> judge{1};
  fit(judge, train, Fit{.optimizer = Adam{.lr = 2e-3}, .epochs = 20, .batch_size = 64, .seed = 1, .progress = Progress::Mode::quiet});
  std::printf("a classifier names %.3f of new digits\n", evaluate(judge, test, CrossEntropy{}).accuracy);

  const Diffusion diffusion{.schedule = NoiseSchedule::cosine(), .predicts = PRED, .drop_label = 0.1};
  Model<Net> model{S};
  summary(model);
  EMA average{model, 0.995};
  const std::size_t epochs = std::atoi(getenv("EP"));
  fit(model, diffusion.columns(train),
      Fit{.loss = MeanSquaredError{}, .optimizer = Adam{.lr = std::atof(getenv("LR"))}, .epochs = epochs, .batch_size = 64, .seed = S,
          .schedule = CosineAnnealingLR{.T_max = epochs}, .progress = Progress::Mode::quiet, .callbacks = callbacks(diffusion, average)});
  std::vector<std::int32_t> asked;
  for (std::int32_t i = 0; i < 500; ++i) asked.push_back(i % 10);
  for (double g : {1., 2., 3.}) for (std::size_t steps : {10, 25, 50}) {
  const auto drawn = diffusion.sample(average.model, asked, Sampling{.steps = steps, .guidance_scale = g}, 1);
  const auto scores = judge(xt::adapt(drawn, std::array<std::size_t, 4>{500, 1, 8, 8}));
  double right = 0;
  for (std::size_t i = 0; i < asked.size(); ++i) right += xt::argmax(xt::view(scores, i))() == static_cast<std::size_t>(asked[i]);
  std::printf("guidance %.1f steps %zu as asked: %.3f pixels frechet %.3f (train %.3f)\n", g, steps, right / 500,
    frechet_distance(std::span<const float>(drawn), test.features(), 64), frechet_distance(train.features(), test.features(), 64));
  if (g==2 && steps==25) save_png("diffusion.png", picture(std::span(drawn).first(6400), 8, 8, {.columns = 10, .zoom = 4, .together=true}));
  }
}
