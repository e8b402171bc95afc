#pragma once

// What the examples that draw digits have in common: digits of numbers from -1 to 1, and a judge of what is drawn, a
// classifier that has learnt the true ones.

#include <tenon/model/tensor_tools.hpp>
#include <tenon/tenon.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

/// The built-in digits, their pixels from -1 to 1.
inline tenon::DatasetSplit<float> drawable_digits() {
  tenon::Dataset<float> all = tenon::digits();
  for (float& v : all.features()) v = 2 * v - 1;
  return all.stratified_split(0.8, 1);
}

/// 0, 1, ..., 9, 0, 1, ...
inline std::vector<std::int32_t> digits_in_turn(std::size_t count) {
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < count; ++i) labels.push_back(static_cast<std::int32_t>(i % 10));
  return labels;
}

class Judge {
  template <std::size_t Channels>
  using Seen = tenon::Sequential<tenon::Conv2D<Channels, 3, tenon::padding<1>>, tenon::ReLU>;
  using Features = tenon::Sequential<tenon::Input<1, 8, 8>, Seen<16>, tenon::MaxPool2D<2>, Seen<32>, tenon::Flatten,
                                     tenon::Dense<32>, tenon::ReLU>;
  using Net = tenon::Sequential<tenon::Named<"features", Features>, tenon::Dense<10>, tenon::Softmax>;

public:
  explicit Judge(const tenon::DatasetSplit<float>& digits) : test_(digits.test), model_(1) {
    tenon::fit(model_, digits.train,
               tenon::Fit{.optimizer = tenon::Adam{.lr = 2e-3},
                          .epochs = 20,
                          .batch_size = 64,
                          .seed = 1,
                          .progress = tenon::Progress::Mode::quiet});
  }

  /// The share of images that it takes for what was asked for.
  double as_asked(std::span<const float> images, std::span<const std::int32_t> labels) const {
    const auto scores = model_(xt::adapt(images.data(), images.size(), xt::no_ownership(), shape(images)));
    double right = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
      right += xt::argmax(xt::view(scores, i))() == static_cast<std::size_t>(labels[i]);
    return right / static_cast<double>(labels.size());
  }
  /// The Fréchet distance from true digits that it has not learnt, in its 32 features.
  double distance(std::span<const float> images) const {
    return tenon::frechet_distance(features(images), features(test_.features()), 32);
  }
  std::vector<float> features(std::span<const float> images) const {
    std::vector<float> result(images.size() / 2);
    tenon::part<"features">(model_)->predict(images, result);
    return result;
  }

private:
  static std::array<std::size_t, 4> shape(std::span<const float> images) { return {images.size() / 64, 1, 8, 8}; }

  tenon::Dataset<float> test_;
  tenon::Model<Net> model_;
};
