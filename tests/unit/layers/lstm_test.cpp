#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <type_traits>
#include <vector>

#include <tenon/layers/last.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/model/model.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

// A sum of terms of about 1 is rounded as they are, however small it turns out.
const GoldenOptions sums{.floor = 1};

static_assert(std::is_same_v<output_shape<Alone<LSTM<128>, 50, 32>>, Shape<50, 128>>);
static_assert(std::is_same_v<output_shape<Alone<LSTM<32, 128, bidirectional>, 50, 32>>, Shape<50, 256>>);
static_assert(parameter_count<Alone<LSTM<32, 128>, 50, 32>> == 4 * 128 * (32 + 128 + 2));
static_assert(parameter_count<Alone<LSTM<128, peepholes>, 50, 32>> == 4 * 128 * (32 + 128 + 128 + 2));
static_assert(parameter_count<Alone<LSTM<128, diagonal_peepholes>, 50, 32>> == 4 * 128 * (32 + 128 + 2) + 3 * 128);

TEST_CASE("LSTM gives what PyTorch gives") {
  const Golden golden{"recurrent"};
  check_golden<Alone<LSTM<4>, 7, 3>>(golden, "lstm", sums);
  check_golden<Alone<LSTM<17>, 3, 5>>(golden, "lstm_one_sample", sums);
  check_golden<Sequential<Input<5, 3>, LSTM<4>, Last>>(golden, "lstm_last", sums);
  check_golden<Alone<LSTM<3, 4, layers<3>>, 5, 3>>(golden, "lstm_stacked", sums);
  check_golden<Alone<LSTM<4, layers<2>, bidirectional>, 5, 3>>(golden, "lstm_both", sums);
  check_golden<Sequential<Input<5, 3>, LSTM<4, bidirectional, bias<false>>, Last>>(golden, "lstm_both_last", sums);
}

TEST_CASE("LSTM gives for sequences of different lengths what PyTorch gives for packed ones") {
  const Golden golden{"recurrent"};
  check_golden<Alone<LSTM<4, mask<0>, layers<2>, bidirectional>, 6, 3>>(golden, "lstm_masked", sums);
  check_golden<Sequential<Input<5, 3>, LSTM<4, mask<0>>, Last>>(golden, "lstm_masked_last", sums);
}

TEST_CASE("LSTM with peepholes gives what its equations give") {
  const Golden golden{"recurrent"};
  check_golden<Alone<LSTM<4, peepholes>, 5, 3>>(golden, "lstm_peepholes", sums);
  check_golden<Alone<LSTM<4, diagonal_peepholes>, 5, 3>>(golden, "lstm_diagonal_peepholes", sums);
  check_golden<Alone<LSTM<4, mask<0>, peepholes>, 5, 3>>(golden, "lstm_peepholes_masked", sums);
  check_golden<Alone<LSTM<4, mask<0>, diagonal_peepholes>, 5, 3>>(golden, "lstm_diagonal_masked", sums);
}

TEST_CASE("an LSTM's memory stays within its cell_clip") {
  Model<Alone<LSTM<1, cell_clip<0.25>>, 4, 1>, double> model;
  // gates i, f, g, o of W x, W h and both biases
  const double input[]{0.5, -0.25, 2, 1}, state[]{0.75, 0.5, -1, 0.25}, bias[]{1, 2, 0.5, 0};
  for (std::size_t g = 0; g < 4; ++g) {
    model.get<"0.weight_ih_l0">()(g, 0) = input[g];
    model.get<"0.weight_hh_l0">()(g, 0) = state[g];
    model.get<"0.bias_ih_l0">()(g) = bias[g];
    model.get<"0.bias_hh_l0">()(g) = 0;
  }
  const std::vector<double> x{1, 2, -3, -2};
  std::vector<double> expected;
  double h = 0, c = 0;
  bool above = false, below = false;
  for (const double now : x) {
    const auto sum = [&](std::size_t g) { return input[g] * now + state[g] * h + bias[g]; };
    const auto logistic = [](double z) { return 1 / (1 + std::exp(-z)); };
    const double memory = logistic(sum(1)) * c + logistic(sum(0)) * std::tanh(sum(2));
    above = above || memory > 0.25;
    below = below || memory < -0.25;
    c = std::clamp(memory, -0.25, 0.25);
    h = logistic(sum(3)) * std::tanh(c);
    expected.push_back(h);
  }
  CHECK((above && below));
  std::vector<double> y(4);
  model.predict(std::span<const double>(x), std::span<double>(y));
  for (std::size_t t = 0; t < 4; ++t) CHECK(y[t] == Approx(expected[t]).epsilon(1e-12));
}

TEST_CASE("the gradients of LSTM") {
  check_gradients<Alone<LSTM<2, layers<2>, peepholes, dropout<0.3>>, 3, 2>>();
  check_gradients<Alone<LSTM<2, bidirectional, diagonal_peepholes>, 3, 2>>();
  check_gradients<Alone<LSTM<2, cell_clip<0.05>>, 4, 2>>();
}

TEST_CASE("an LSTM's parameters start as PyTorch draws them") {
  visit_parameters<Alone<LSTM<4, layers<2>, init<HeNormal>>, 6, 5>>([]<class I>(const ParameterEntry& entry, I) {
    const bool weight = entry.name.find("weight") != entry.name.npos;
    CHECK((weight ? std::is_same_v<I, HeNormal> : std::is_same_v<I, RecurrentDefault<4>>));
  });
  std::vector<float> values(4000);
  Stream stream{1};
  RecurrentDefault<16>::fill(std::span<float>(values), ParameterSpec{}, stream);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  CHECK(*low >= -0.25F);
  CHECK(*low < -0.24F);
  CHECK(*high <= 0.25F);
  CHECK(*high > 0.24F);
}
