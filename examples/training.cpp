// Callbacks, a run that can be interrupted, penalties, parameter groups, and a pretrained part that is frozen.
// prints: alone: 0\.7.*frozen: 0\.8[3-9].*all: 0\.8[3-9]
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

using Trunk = Sequential<Dense<64, 64>, ReLU, Dropout<0.2>, Dense<32>, ReLU>;
template <std::size_t Classes>
using Net = Sequential<Named<"features", Trunk>, Named<"head", Dense<Classes>>, Softmax>;

/// Another question about the same digits: are they below five?
Dataset<float> small_or_large(const Dataset<float>& data) {
  std::vector<std::int32_t> labels;
  for (const std::int32_t digit : data.labels()) labels.push_back(digit < 5 ? 0 : 1);
  return {{64}, {data.features().begin(), data.features().end()}, Labels{labels, 2}};
}

int main() {
  const auto [train, test] = digits().stratified_split(0.8, 1);
  Model<Net<10>> model{1};
  EarlyStopping stopping{.patience = 8, .restore_best_weights = true};
  fit(model, train,
      Fit{.optimizer = Adam{.lr = 2e-3},
          .epochs = 100,
          .batch_size = 32,
          .validation = test,
          .callbacks = callbacks(stopping, CSVLogger{"run.csv"},
                                 ModelCheckpoint{.path = "run.safetensors", .resume = true}),
          .regularizer = L1<by_name<"features.*">>{1e-5}});
  std::printf("stopped after epoch %d, the best was %d\n", static_cast<int>(stopping.stopped_epoch),
              static_cast<int>(stopping.best_epoch));

  // Twenty answers are enough for a new head on features that know digits ...
  const auto [few, others] = small_or_large(test).stratified_split(0.06, 1);
  Model<freeze<Net<2>, "features">> tuned{2};
  copy_parameters<by_name<"features.*">>(model, tuned);
  fit(tuned, few,
      Fit{.optimizer = Adam{.lr = 1e-2}, .epochs = 60, .batch_size = 10, .progress = Progress::Mode::quiet});

  // ... which may learn on, more slowly than the head ...
  Model<Net<2>> whole{3};
  copy_parameters(tuned, whole);
  fit(whole, few,
      Fit{.optimizer = Groups{Adam{.lr = 1e-4}, group<by_name<"head.*">>(Adam{.lr = 1e-3})},
          .epochs = 40,
          .batch_size = 10,
          .progress = Progress::Mode::quiet});

  // ... and too few to learn all of it from.
  Model<Net<2>> alone{4};
  fit(alone, few,
      Fit{.optimizer = Adam{.lr = 2e-3}, .epochs = 100, .batch_size = 10, .progress = Progress::Mode::quiet});
  std::printf("alone: %.4f  frozen: %.4f  all: %.4f\n", evaluate(alone, others, CrossEntropy{}).accuracy,
              evaluate(tuned, others, CrossEntropy{}).accuracy, evaluate(whole, others, CrossEntropy{}).accuracy);
}
