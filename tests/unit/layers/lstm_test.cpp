#include <catch2/catch.hpp>

#include <algorithm>
#include <span>
#include <type_traits>
#include <vector>

#include <tenon/layers/last.hpp>
#include <tenon/layers/lstm.hpp>

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

TEST_CASE("the gradients of LSTM") {
  check_gradients<Alone<LSTM<2, layers<2>, peepholes, dropout<0.3>>, 3, 2>>();
  check_gradients<Alone<LSTM<2, bidirectional, diagonal_peepholes>, 3, 2>>();
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
