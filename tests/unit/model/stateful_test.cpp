// States that outlast a call: prediction and training piece by piece.
#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/layers/rnn.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/model/session.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/optim/sgd.hpp>
#include <tenon/train/trainer.hpp>

#include "support/counting_new.hpp"

using namespace tenon;
using test::heap_use;
using test::HeapUse;

namespace {

template <std::size_t Steps>
using Net = Sequential<Input<Steps, 2>, LSTM<3, layers<2>, stateful>, Residual<GRU<3, stateful>>,
                       LSTM<3, peepholes, stateful>, GRU<3, linear_before_reset<false>, stateful>, RNN<4, stateful>,
                       LSTM<2, diagonal_peepholes, stateful>, Dense<1>>;

constexpr std::size_t sequences = 3;

struct Data {
  std::vector<double> x = std::vector<double>(sequences * 6 * 2), target = std::vector<double>(sequences * 6);
  Data() {
    Stream random{7};
    for (std::vector<double>* numbers : {&x, &target})
      for (double& number : *numbers) number = random.uniform(-1.0, 1.0);
  }
  /// Steps from `first` on of all sequences, `width` numbers each.
  static std::vector<double> piece(const std::vector<double>& whole, std::size_t first, std::size_t steps,
                                   std::size_t width) {
    std::vector<double> part;
    for (std::size_t i = 0; i < sequences; ++i)
      for (std::size_t j = 0; j < steps * width; ++j) part.push_back(whole[(i * 6 + first) * width + j]);
    return part;
  }
};

double worst(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

template <class A, class B>
void share(const A& from, B& to) {
  std::copy_n(from.parameters().data(), from.parameters().size(), to.parameters().data());
}

}  // namespace

TEST_CASE("pieces of sequences give what whole ones give") {
  const Data data;
  const Model<Net<6>, double> whole{4};
  Model<Net<2>, double> pieces;
  share(whole, pieces);
  std::vector<double> expected(sequences * 6), y(sequences * 2);
  whole.predict(data.x, expected);
  Session run{pieces, session::stateful, sequences};
  for (int pass = 0; pass < 2; ++pass, run.reset()) {
    for (std::size_t first = 0; first < 6; first += 2) {
      const std::vector<double> x = Data::piece(data.x, first, 2, 2);
      const HeapUse used = heap_use([&] { run(x, y); });
      CHECK(used.news == 0);
      CHECK(worst(y, Data::piece(expected, first, 2, 1)) < 1e-12);
    }
  }
  // without a run every piece starts anew
  pieces.predict(Data::piece(data.x, 2, 2, 2), y);
  CHECK(worst(y, Data::piece(expected, 2, 2, 1)) > 1e-3);
  CHECK_THROWS_AS(run(std::vector<double>(5), y), Error);
}

TEST_CASE("a stateful Trainer goes on with the next batch, and gradients stop at its start") {
  const Data data;
  Model<Net<6>, double> whole{4};
  Model<Net<2>, double> pieces;
  share(whole, pieces);
  std::vector<double> expected(sequences * 6);
  whole.predict(data.x, expected);
  Trainer trainer{pieces, MeanSquaredError{.reduction = Reduction::sum}, SGD{.lr = 0.1}, sequences};
  const auto forward = [&](std::size_t first) {
    static std::vector<double> x, target;
    x = Data::piece(data.x, first, 2, 2);
    target = Data::piece(data.target, first, 2, 1);
    Batch<double> batch;
    batch.features = x;
    batch.targets = target;
    batch.count = sequences;
    return trainer.forward(batch);
  };
  for (int pass = 0; pass < 2; ++pass, trainer.reset_states()) {
    for (std::size_t first = 0; first < 6; first += 2) {
      const Rows<const double> y = forward(first);
      CHECK(worst({y.data, y.data + sequences * 2}, Data::piece(expected, first, 2, 1)) < 1e-12);
    }
  }

  // the gradient of the second piece alone, with the states that the first one left held fixed: parameters
  // are moved after the first piece
  std::vector<double> gradients;
  forward(0);
  trainer.zero_grad();
  forward(2);
  trainer.loss();
  trainer.backward();
  trainer.for_each_parameter([&](std::string_view, std::span<double>, std::span<double> gradient) {
    gradients.insert(gradients.end(), gradient.begin(), gradient.end());
  });
  const auto loss_after_moving = [&](double& parameter, double by) {
    const double kept = parameter;
    trainer.reset_states();
    forward(0);
    parameter = kept + by;
    forward(2);
    const double loss = trainer.loss();
    parameter = kept;
    return loss;
  };
  std::size_t at = 0, wrong = 0;
  pieces.for_each_parameter([&](std::string_view, std::span<double> values) {
    for (double& value : values) {
      const double slope = (loss_after_moving(value, 1e-5) - loss_after_moving(value, -1e-5)) / 2e-5;
      wrong += std::abs(slope - gradients[at++]) > 1e-7 * (1 + std::abs(slope));
    }
  });
  CHECK(at == pieces.parameter_count);
  CHECK(wrong == 0);
}
