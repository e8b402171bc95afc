// What `scripts/bench diffusion` draws and judges:
//
//     judge draw WEIGHTS FOLDER [SEED]     from a model that examples/diffusion_mnist.cpp has saved, digit i % 10 asked
//                                          of image i: unguided.npy, 5,000 images, and guided.npy, 1,000
//     judge judge MNIST NAME=FOLDER...     a LeNet that has learnt MNIST's digits says how many are the digit asked
//                                          for; distances in its 84 features are from the 10,000 test images

#include <tenon/data/npy.hpp>
#include <tenon/generative/diffusion.hpp>
#include <tenon/tenon.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "../../examples/digit_unet.hpp"

using namespace tenon;

namespace {

constexpr std::size_t pixels = 784, seen = 84, unguided = 5000, guided = 1000;

double seconds() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

void draw(const std::string& weights, const std::string& folder, std::uint64_t seed) {
  Model<digit_unet::Net> model;
  model.load(weights);
  set_num_threads(2);
  const Diffusion diffusion{.schedule = NoiseSchedule::cosine(1000), .predicts = Predicts::image};
  Progress progress(stderr);
  const auto written = [&](const char* name, std::span<const std::int32_t> labels, double guidance) {
    std::vector<float> images;
    constexpr std::size_t many = 500;
    progress.begin(std::string("drawing ") + name, labels.size(), "images");
    for (std::size_t i = 0; i < labels.size(); i += many) {
      const auto some = diffusion.sample(model, labels.subspan(i, many),
                                         Sampling{.steps = 20, .guidance_scale = guidance}, seed + i);
      images.insert(images.end(), some.begin(), some.end());
      progress.update(images.size() / pixels);
    }
    progress.finish();
    write_npy(folder + "/" + name, NpyArray({labels.size(), pixels}, images));
  };
  const double began = seconds();
  std::vector<std::int32_t> asked;
  for (std::size_t i = 0; i < unguided; ++i) asked.push_back(static_cast<std::int32_t>(i % 10));
  written("unguided.npy", asked, 1);
  written("guided.npy", std::span(asked).first(guided), 2);
  std::printf("drawn in %.0f s\n", seconds() - began);
}

class Judge {
  using Features = Sequential<Input<1, 28, 28>, Conv2D<6, 5, padding<2>>, ReLU, MaxPool2D<2>, Conv2D<16, 5>, ReLU,
                              MaxPool2D<2>, Flatten, Dense<120>, ReLU, Dense<seen>, ReLU>;
  using Net = Sequential<Named<"features", Features>, Dense<10>, Softmax>;

public:
  explicit Judge(const DatasetSplit<float>& digits) {
    set_num_threads(2);
    // like the LeNet example: a tenth of the learning rate, and a hundredth, at the end
    fit(model_, digits.train,
        Fit{.optimizer = Adam{.lr = 1e-3},
            .epochs = 12,
            .batch_size = 64,
            .seed = 1,
            .schedule = MultiStepLR{.milestones = {4, 8}, .gamma = 0.1}});
    accuracy = evaluate(model_, digits.test, CrossEntropy{}).accuracy;
    truth_ = features(digits.test.features());
  }

  /// The share of images, from 0 to 1, that is taken for i % 10.
  double as_asked(std::span<const float> images) const {
    std::vector<float> scores(images.size() / pixels * 10);
    model_.predict(images, scores);
    double right = 0;
    for (std::size_t i = 0; i < scores.size() / 10; ++i) {
      const auto row = scores.begin() + static_cast<std::ptrdiff_t>(10 * i);
      right += static_cast<std::size_t>(std::max_element(row, row + 10) - row) == i % 10;
    }
    return right / static_cast<double>(scores.size() / 10);
  }
  double distance(std::span<const float> images) const { return frechet_distance(features(images), truth_, seen); }

  double accuracy = 0;

private:
  std::vector<float> features(std::span<const float> images) const {
    std::vector<float> result(images.size() / pixels * seen);
    part<"features">(model_)->predict(images, result);
    return result;
  }

  Model<Net> model_{1};
  std::vector<float> truth_;
};

/// Images of a file, from 0 to 1.
std::vector<float> images_of(const std::string& path, std::size_t count) {
  std::vector<float> images = read_npy(path).values<float>();
  if (images.size() != count * pixels)
    throw Error(path + ": expected " + std::to_string(count) + " images of 784 numbers, got " +
                std::to_string(images.size()) + " numbers");
  for (float& v : images) v = (v + 1) / 2;
  return images;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() >= 3 && words[0] == "draw") {
      draw(words[1], words[2], words.size() > 3 ? std::strtoull(words[3].c_str(), nullptr, 10) : 1);
    } else if (words.size() >= 2 && words[0] == "judge") {
      const DatasetSplit<float> digits = mnist(words[1]);
      const Judge judge(digits);
      std::printf("the judge recognises %.2f %% of the test images\n", 100 * judge.accuracy);
      std::printf("%-22s %9s %17s\n", "", "as asked", "Frechet distance");
      std::printf("%-22s %9s %17.3f\n", "5,000 training images", "",
                  judge.distance(digits.train.features().first(unguided * pixels)));
      for (std::size_t i = 2; i < words.size(); ++i) {
        const std::size_t cut = words[i].find('=');
        if (cut == std::string::npos) throw Error("judge: expected NAME=FOLDER, got " + words[i]);
        const std::string folder = words[i].substr(cut + 1);
        std::printf("%-22s %7.1f %% %17.3f\n", words[i].substr(0, cut).c_str(),
                    100 * judge.as_asked(images_of(folder + "/guided.npy", guided)),
                    judge.distance(images_of(folder + "/unguided.npy", unguided)));
      }
    } else {
      std::fprintf(stderr, "judge draw WEIGHTS FOLDER [SEED] | judge judge MNIST NAME=FOLDER...\n");
      return 2;
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
