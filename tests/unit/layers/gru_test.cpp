#include <catch2/catch.hpp>

#include <type_traits>

#include <tenon/layers/gru.hpp>
#include <tenon/layers/last.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

// A sum of terms of about 1 is rounded as they are, however small it turns out.
const GoldenOptions sums{.floor = 1};

static_assert(std::is_same_v<output_shape<Alone<GRU<128, last, layers<2>>, 50, 32>>, Shape<128>>);
static_assert(parameter_count<Alone<GRU<128, bias<false>>, 50, 32>> == 3 * 128 * (32 + 128));

TEST_CASE("GRU gives what PyTorch gives") {
  const Golden golden{"recurrent"};
  check_golden<Alone<GRU<4>, 7, 3>>(golden, "gru", sums);
  check_golden<Alone<GRU<17, last>, 3, 5>>(golden, "gru_one_sample", sums);
  check_golden<Alone<GRU<4, bias<false>>, 5, 3>>(golden, "gru_no_bias", sums);
  check_golden<Alone<GRU<4, layers<3>, last>, 5, 3>>(golden, "gru_stacked", sums);
  check_golden<Alone<GRU<4, layers<2>, bidirectional>, 5, 3>>(golden, "gru_both", sums);
  check_golden<Alone<GRU<4, mask<9>, layers<2>, bidirectional, last>, 5, 3>>(golden, "gru_masked_last", sums);
}

TEST_CASE("GRU with the reset gate before the product gives what its equations give") {
  const Golden golden{"recurrent"};
  check_golden<Alone<GRU<4, linear_before_reset<false>>, 5, 3>>(golden, "gru_reset_before", sums);
  check_golden<Alone<GRU<4, mask<0>, linear_before_reset<false>>, 5, 3>>(golden, "gru_reset_before_masked", sums);
}

TEST_CASE("the gradients of GRU") {
  check_gradients<Sequential<Input<3, 2>, GRU<2, layers<3>, bidirectional, dropout<0.5>>, Last>>();
  check_gradients<Alone<GRU<2, linear_before_reset<false>, bidirectional>, 3, 2>>();
}
