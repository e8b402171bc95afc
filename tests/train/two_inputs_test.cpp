// The network of examples/two_inputs.cpp: the upper rows of an image and a small table, a class and a number.
#include <tenon/tenon.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <catch2/catch.hpp>

using namespace tenon;

namespace {

using Net = Graph<In<"image", 1, 3, 8>, In<"table", 2>,
                  Node<"seen", Sequential<Conv2D<16, 3, padding<1>>, ReLU, Flatten, Dense<64>, ReLU>, "image">,
                  Node<"known", Sequential<Dense<32>, ReLU>, "table">, Node<"both", Concat<>, "seen", "known">,
                  Node<"digit", Sequential<Dense<64>, ReLU, Dropout<0.2>, Dense<10>, Softmax>, "both">,
                  Node<"price", Sequential<Dense<64>, ReLU, Dense<1>>, "both">, Out<"digit", "price">>;

/// The table: whether the digit is odd, wrong in one case of ten, or nothing, and an amount.
Dataset<float> cut_digits(const Dataset<float>& digits, std::uint64_t seed, bool hint) {
  std::vector<float> rows, table, prices;
  std::vector<std::int32_t> labels;
  Stream random(seed, Purpose::user);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::int32_t digit = digits.label(i);
    const auto upper = digits.sample(i).first(24);
    const bool odd = (digit % 2 == 1) != (random.uniform<float>() < 0.1F);
    const float amount = random.uniform<float>();
    rows.insert(rows.end(), upper.begin(), upper.end());
    table.insert(table.end(), {hint && odd ? 1.F : 0.F, amount});
    labels.push_back(digit);
    prices.push_back(static_cast<float>(digit) * amount);
  }
  return Dataset{Features{"image", {1, 3, 8}, rows}, Features{"table", {2}, table}, Labels{labels, 10}.named("digit"),
                 Targets{prices, 1}.named("price")};
}

struct Score {
  double accuracy = 0, price_error = 0;
};

Score train(std::uint64_t seed, bool hint) {
  const auto [train, test] = cut_digits(digits(), seed, hint).stratified_split(0.8, seed);
  Model<Net> model{seed};
  const auto loss = on<"digit">(CrossEntropy{}) + 0.5 * on<"price">(MeanSquaredError{});
  fit(model, train,
      Fit{.loss = loss,
          .optimizer = Adam{.lr = 2e-3},
          .epochs = 40,
          .batch_size = 64,
          .seed = seed,
          .progress = Progress::Mode::quiet});
  Score score{.accuracy = evaluate(model, test, loss).accuracy};
  for (std::size_t i = 0; i < test.size(); ++i) {
    const auto [digit, price] = model(test.feature_column("image")[i], test.feature_column("table")[i]);
    score.price_error += std::abs(static_cast<double>(price(0) - test.target(i)[0])) / static_cast<double>(test.size());
  }
  return score;
}

}  // namespace

// Over eight seeds the accuracy is 0.794 to 0.844, by 0.028 to 0.106 above what it is without the hint; the price is
// off by 0.60 to 0.83, where the mean of all prices would be off by 1.7.
TEST_CASE("two inputs and two answers are learnt together") {
  double gained = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Score with = train(seed, true), without = train(seed, false);
    INFO("seed " << seed << ": accuracy " << with.accuracy << ", without the hint " << without.accuracy
                 << "; price off by " << with.price_error);
    CHECK(with.accuracy > 0.77);
    CHECK(with.price_error < 0.95);
    gained += (with.accuracy - without.accuracy) / 3;
  }
  CHECK(gained > 0.02);
}
