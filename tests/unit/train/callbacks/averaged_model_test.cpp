#include <algorithm>
#include <vector>

#include "unit/train/callbacks/rig.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("averages of weights") {
  const Dataset<double> train = digits().as<double>().take(100);
  using Small = Sequential<Dense<64, 10>, Softmax>;
  Model<Small, double> model{1};
  std::vector<std::vector<double>> steps, epochs;
  const auto weights_of = [](auto& run) {
    return std::vector<double>(run.model().parameters().span().begin(), run.model().parameters().span().end());
  };
  EMA ema{model, 0.9};
  SWA swa{model, 2};
  fit(model, train,
      Fit{.optimizer = SGD{.lr = 0.05},
          .epochs = 4,
          .batch_size = 50,
          .progress = quiet,
          .callbacks = callbacks(ema, swa, OnStepEnd{[&](auto& run) { steps.push_back(weights_of(run)); }},
                                 OnEpochEnd{[&](auto& run) { epochs.push_back(weights_of(run)); }})});
  REQUIRE(steps.size() == 8);
  for (std::size_t i = 0; i < steps[0].size(); i += 7) {
    double moving = steps[0][i];
    for (std::size_t s = 1; s < 8; ++s) moving = 0.9 * moving + 0.1 * steps[s][i];
    CHECK(ema.model.parameters().data()[i] == Approx(moving).margin(1e-13));
    CHECK(swa.model.parameters().data()[i] == Approx((epochs[1][i] + epochs[2][i] + epochs[3][i]) / 3).margin(1e-13));
  }
  CHECK_THROWS_AS((EMA{model, 1.0}), Error);
}

TEST_CASE("batch normalisation's statistics can be taken anew") {
  using Normed = Sequential<Dense<64, 6>, BatchNorm1D<>, Dense<10>, Softmax>;
  const Dataset<double> train = digits().as<double>().take(120);
  Model<Normed, double> model{1};
  CHECK_THROWS_WITH(update_batch_norm(model, train, 0),
                    "update_batch_norm: expected a batch_size of at least 1, got 0");
  const std::vector<double> as_they_were(model.buffers().span().begin(), model.buffers().span().end());
  CHECK_THROWS_WITH(update_batch_norm(model, train.take(61), 60),
                    Catch::Matchers::StartsWith("batch normalisation: expected more than"));
  CHECK(std::ranges::equal(model.buffers().span(), as_they_were));
  update_batch_norm(model, train, 60);
  // the mean of what the first layer gives, over two batches of equal size: the mean over all
  const auto weight = model.get<"0.weight">();
  const auto bias = model.get<"0.bias">();
  for (std::size_t f = 0; f < 6; ++f) {
    double sum = 0, variance = 0;
    for (std::size_t half = 0; half < 2; ++half) {
      double first = 0, second = 0;
      for (std::size_t i = 60 * half; i < 60 * (half + 1); ++i) {
        double z = bias(f);
        for (std::size_t j = 0; j < 64; ++j) z += weight(f, j) * train.sample(i)[j];
        first += z;
        second += z * z;
      }
      sum += first;
      variance += (second - first * first / 60) / 59 / 2;
    }
    CHECK(model.get<"1.running_mean">()(f) == Approx(sum / 120).margin(1e-9));
    CHECK(model.get<"1.running_var">()(f) == Approx(variance).margin(1e-9));
  }
}
