// A siamese network: one tower looks at both digits of a pair, and learns eight numbers for each that are alike where
// the digits are the same. Then the nearest of the known digits says what a new one is: rightly for 99 % of the new
// ones, where the untrained tower's eight numbers reach 76 %, and all 64 pixels 99.2 %.
// prints: eight numbers of the trained tower: 0\.9[7-9]
#include <tenon/model/tensor_tools.hpp>
#include <tenon/tenon.hpp>

#include <cstdio>
#include <vector>

using namespace tenon;

using Tower = Sequential<Conv2D<16, 3, padding<1>>, ReLU, MaxPool2D<2>, Conv2D<32, 3, padding<1>>, ReLU, Flatten,
                         Dense<8>>;
using Net = Graph<In<"a", 1, 8, 8>, In<"b", 1, 8, 8>, Node<"left", Tower, "a">, Node<"right", Shared<"left">, "b">,
                  Node<"alike", CosineSimilarity, "left", "right">, Out<"alike", "left">>;

/// Pairs of the same digit (target 1) are drawn together, others (target 0) pushed apart until they are less alike than
/// the margin (Hadsell et al. 2006, with the cosine for the distance).
struct Contrastive {
  double margin = 0.4;
  Reduction reduction = Reduction::mean;

  static constexpr auto formula = target * square(1 - prediction) +
                                  (1 - target) * square(max(prediction - param<"margin">, 0));
  constexpr std::array<double, 1> options() const { return {margin}; }
};

/// Every other pair is of the same digit.
Dataset<float> pairs(const Dataset<float>& digits, std::size_t count, std::uint64_t seed) {
  std::vector<float> a, b, alike;
  Stream random(seed, Purpose::user);
  while (alike.size() < count) {
    const std::size_t i = random.below(digits.size()), j = random.below(digits.size());
    const bool equal = digits.label(i) == digits.label(j);
    if (i == j || equal != (alike.size() % 2 == 0)) continue;
    a.insert(a.end(), digits.sample(i).begin(), digits.sample(i).end());
    b.insert(b.end(), digits.sample(j).begin(), digits.sample(j).end());
    alike.push_back(equal ? 1.F : 0.F);
  }
  return Dataset{Features{"a", {1, 8, 8}, a}, Features{"b", {1, 8, 8}, b}, Targets{alike, 1}.named("alike")};
}

/// How many digits are named rightly by the known one whose angle to theirs is the smallest.
template <class Rows>
double nearest(const Rows& known, std::span<const std::int32_t> known_labels, const Rows& asked,
               std::span<const std::int32_t> labels) {
  double right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = xt::view(asked, i, xt::newaxis(), xt::all());
    const auto cosine = xt::eval(xt::sum(known * row, {1}) / xt::sqrt(xt::sum(known * known, {1})));
    right += known_labels[xt::argmax(cosine)()] == labels[i];
  }
  return right / static_cast<double>(labels.size());
}

/// The images of a data set as rows of 64 numbers.
xt::xtensor<float, 2> pixels(const Dataset<float>& data) { return features_tensor<2>(data); }

int main() {
  const auto split = digits().stratified_split(0.8, 1);
  const Dataset<float>&known = split.train, &asked = split.test;
  const auto score = [&](auto rows) {
    return nearest(rows(pixels(known)), known.labels(), rows(pixels(asked)), asked.labels());
  };

  Model<Net> model{1};
  summary(model);
  const auto tower = [&](const auto& images) { return model(images, images).template get<"left">(); };
  const double raw = score([](const auto&images) { return images; }), untrained = score(tower);
  fit(model, pairs(known, 8000, 1),
      Fit{.loss = on<"alike">(Contrastive{}),
          .optimizer = Adam{.lr = 2e-3},
          .epochs = 10,
          .batch_size = 64,
          .seed = 1});
  std::printf("the nearest of %zu digits is the same as a new one, by\n  64 pixels: %.4f\n", known.size(), raw);
  std::printf("  eight numbers of the untrained tower: %.4f\n  eight numbers of the trained tower: %.4f\n", untrained,
              score(tower));
}
