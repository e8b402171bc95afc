#include <catch2/catch.hpp>

#include <type_traits>

#include <tenon/layers/last.hpp>
#include <tenon/layers/rnn.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

// A sum of terms of about 1 is rounded as they are, however small it turns out.
const GoldenOptions sums{.floor = 1};

static_assert(std::is_same_v<output_shape<Sequential<Input<50, 32>, RNN<8, bidirectional>, Last>>, Shape<16>>);

TEST_CASE("RNN gives what PyTorch gives") {
  const Golden golden{"recurrent"};
  check_golden<Alone<RNN<4>, 5, 3>>(golden, "rnn", sums);
  check_golden<Alone<RNN<3, 4, nonlinearity<ReLU>>, 5, 3>>(golden, "rnn_relu", sums);
  check_golden<Alone<RNN<4, bias<false>>, 1, 3>>(golden, "rnn_no_bias", sums);
  check_golden<Alone<RNN<2, layers<2>, bidirectional, last>, 3, 3>>(golden, "rnn_both", sums);
  check_golden<Alone<RNN<4, mask<0>>, 5, 3>>(golden, "rnn_masked", sums);
}

TEST_CASE("the gradients of RNN") { check_gradients<Alone<RNN<3, nonlinearity<ReLU>, layers<2>>, 4, 2>>(); }
