#include <catch2/catch.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/multihead_attention.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/net/networks.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <std::size_t Heads, std::size_t Inner, std::size_t Width>
using Block = Sequential<Residual<LayerNorm<>, MultiheadAttention<Heads>>,
                         Residual<LayerNorm<>, Dense<Inner>, ReLU, Dense<Width>>>;

}  // namespace

TEST_CASE("attention gives what PyTorch gives") {
  const Golden golden{"attention"};
  const GoldenOptions sums{.floor = 1};
  check_golden<Alone<MultiheadAttention<2>, 5, 6>>(golden, "heads", sums);
  check_golden<Alone<MultiheadAttention<3, causal>, 7, 6>>(golden, "causal", sums);
  check_golden<Alone<MultiheadAttention<1>, 4, 5>>(golden, "one_head", sums);
  check_golden<Alone<MultiheadAttention<2, causal>, 1, 4>>(golden, "one_step", sums);
  check_golden<Alone<Block<2, 12, 8>, 5, 8>>(golden, "encoder_block", sums);
}

TEST_CASE("attention has the gradients of its values") {
  check_gradients<Alone<MultiheadAttention<2>, 4, 6>>();
  check_gradients<
      Sequential<Input<3, 4>, MultiheadAttention<2, causal>, Concat<MultiheadAttention<1>, Identity>, Dense<2>>>();
}
