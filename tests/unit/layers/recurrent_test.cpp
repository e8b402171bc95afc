#include <catch2/catch.hpp>

#include <type_traits>

#include <tenon/layers/gru.hpp>
#include <tenon/layers/last.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/layers/rnn.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

// A sum of terms of about 1 is rounded as they are, however small it turns out.
const GoldenOptions sums{.floor = 1};

static_assert(std::is_same_v<output_shape<Alone<LSTM<128>, 50, 32>>, Shape<50, 128>>);
static_assert(std::is_same_v<output_shape<Alone<LSTM<32, 128, bidirectional>, 50, 32>>, Shape<50, 256>>);
static_assert(std::is_same_v<output_shape<Alone<GRU<128, last, layers<2>>, 50, 32>>, Shape<128>>);
static_assert(std::is_same_v<output_shape<Sequential<Input<50, 32>, RNN<8, bidirectional>, Last>>, Shape<16>>);
static_assert(parameter_count<Alone<LSTM<32, 128>, 50, 32>> == 4 * 128 * (32 + 128 + 2));
static_assert(parameter_count<Alone<GRU<128, bias<false>>, 50, 32>> == 3 * 128 * (32 + 128));

TEST_CASE("RNN gives what PyTorch gives") {
  const Golden golden{"recurrent"};
  check_golden<Alone<RNN<4>, 5, 3>>(golden, "rnn", sums);
  check_golden<Alone<RNN<3, 4, nonlinearity<ReLU>>, 5, 3>>(golden, "rnn_relu", sums);
  check_golden<Alone<RNN<4, bias<false>>, 1, 3>>(golden, "rnn_no_bias", sums);
  check_golden<Alone<RNN<2, layers<2>, bidirectional, last>, 3, 3>>(golden, "rnn_both", sums);
}

TEST_CASE("LSTM gives what PyTorch gives") {
  const Golden golden{"recurrent"};
  check_golden<Alone<LSTM<4>, 7, 3>>(golden, "lstm", sums);
  check_golden<Alone<LSTM<17>, 3, 5>>(golden, "lstm_one_sample", sums);
  check_golden<Sequential<Input<5, 3>, LSTM<4>, Last>>(golden, "lstm_last", sums);
  check_golden<Alone<LSTM<3, 4, layers<3>>, 5, 3>>(golden, "lstm_stacked", sums);
  check_golden<Alone<LSTM<4, layers<2>, bidirectional>, 5, 3>>(golden, "lstm_both", sums);
  check_golden<Sequential<Input<5, 3>, LSTM<4, bidirectional, bias<false>>, Last>>(golden, "lstm_both_last", sums);
}

TEST_CASE("GRU gives what PyTorch gives") {
  const Golden golden{"recurrent"};
  check_golden<Alone<GRU<4>, 7, 3>>(golden, "gru", sums);
  check_golden<Alone<GRU<17, last>, 3, 5>>(golden, "gru_one_sample", sums);
  check_golden<Alone<GRU<4, bias<false>>, 5, 3>>(golden, "gru_no_bias", sums);
  check_golden<Alone<GRU<4, layers<3>, last>, 5, 3>>(golden, "gru_stacked", sums);
  check_golden<Alone<GRU<4, layers<2>, bidirectional>, 5, 3>>(golden, "gru_both", sums);
}

TEST_CASE("LSTM with peepholes gives what its equations give") {
  const Golden golden{"recurrent"};
  check_golden<Alone<LSTM<4, peepholes>, 5, 3>>(golden, "lstm_peepholes", sums);
  check_golden<Alone<LSTM<4, diagonal_peepholes>, 5, 3>>(golden, "lstm_diagonal_peepholes", sums);
}

TEST_CASE("GRU with the reset gate before the product gives what its equations give") {
  check_golden<Alone<GRU<4, reset_before>, 5, 3>>(Golden{"recurrent"}, "gru_reset_before", sums);
  check_gradients<Alone<GRU<2, reset_before, bidirectional>, 3, 2>>();
}

TEST_CASE("the gradients of recurrent layers") {
  check_gradients<Alone<RNN<3, nonlinearity<ReLU>>, 4, 2>>();
  check_gradients<Sequential<Input<3, 2>, GRU<2, layers<3>, bidirectional, dropout<0.5>>, Last>>();
  check_gradients<Alone<LSTM<2, layers<2>, peepholes, dropout<0.3>>, 3, 2>>();
  check_gradients<Alone<LSTM<2, bidirectional, diagonal_peepholes>, 3, 2>>();
}

TEST_CASE("a recurrent layer's parameters start as PyTorch draws them") {
  visit_parameters<Alone<LSTM<4, layers<2>, init<HeNormal>>, 6, 5>>([]<class I>(const ParameterEntry& entry, I) {
    const bool weight = entry.name.find("weight") != entry.name.npos;
    CHECK((weight ? std::is_same_v<I, HeNormal> : std::is_same_v<I, RecurrentDefault<4>>));
  });
}
