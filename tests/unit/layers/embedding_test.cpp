#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <tenon/layers/embedding.hpp>
#include <tenon/layers/learned_positional_embedding.hpp>
#include <tenon/layers/sinusoidal_positional_encoding.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/layers/tied.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

using Words = Embedding<6, 4>;
using Padded = Embedding<7, 4, padding_idx<2>>;
using TiedNet = Sequential<Input<5>, Words, Dense<4>, Tanh, Tied<Words>>;

constexpr GradientOptions tokens_of(double count) { return {.low = 0, .high = count, .tokens = true}; }

}  // namespace

TEST_CASE("an embedding gives what PyTorch gives") {
  const Golden golden{"transformers"};
  check_golden<Alone<Embedding<7, 4>, 5>>(golden, "embedding");
  check_golden<Alone<Padded, 5>>(golden, "padded");
  check_golden<TiedNet>(golden, "tied", {.floor = 1});  // sums of terms of either sign
}

TEST_CASE("embeddings and positions have the gradients of their values") {
  check_gradients<Alone<Embedding<7, 4>, 5>>(tokens_of(7));
  check_gradients<Sequential<Input<5>, Words, LearnedPositionalEmbedding<>, Dense<4>, Tanh, Tied<Words>>>(tokens_of(6));
  check_gradients<Alone<LearnedPositionalEmbedding<>, 3, 4>>();
  check_gradients<Alone<SinusoidalPositionalEncoding<>, 3, 5>>();
}

TEST_CASE("the row of padding starts as zeros and does not learn") {
  NetworkRun<Alone<Padded, 3>, float> run{1};
  visit_parameters<Alone<Padded, 3>>([&]<class I>(const ParameterEntry& entry, I) {
    ParameterSpec spec{.name = entry.name, .rank = entry.rank};
    std::copy_n(entry.dims, entry.rank, spec.dims);
    Stream stream{1};
    I::fill(run.parameter(entry), spec, stream);
  });
  run.x.assign(std::vector<float>{2, 1, 2});
  run.forward(Training{});
  for (std::size_t j = 0; j < 4; ++j) CHECK(run.y.values()[j] == 0);
  CHECK(run.y.values()[4] != 0);
  run.dy.assign(std::vector<float>(12, 1));
  run.backward();
  const auto slopes = run.parameter_gradients();
  for (std::size_t row = 0; row < 7; ++row)
    for (std::size_t j = 0; j < 4; ++j) CHECK(slopes[row * 4 + j] == (row == 1 ? 1 : 0));
}

TEST_CASE("positions are encoded by waves") {
  NetworkRun<Alone<SinusoidalPositionalEncoding<>, 6, 4>, double> run{1};
  run.x.assign(std::vector<double>(24));
  run.forward(Evaluation{});
  const auto y = run.y.values();
  for (std::size_t t = 0; t < 6; ++t) {
    const double slow = static_cast<double>(t) / 100;
    CHECK(y[t * 4] == Approx(std::sin(static_cast<double>(t))));
    CHECK(y[t * 4 + 1] == Approx(std::cos(static_cast<double>(t))));
    CHECK(y[t * 4 + 2] == Approx(std::sin(slow)));
    CHECK(y[t * 4 + 3] == Approx(std::cos(slow)));
  }
}

TEST_CASE("a token outside the table gives NaN where errors cannot be thrown") {
  NetworkRun<Alone<Words, 3>, float> run{1};
  std::fill_n(run.parameters.data(), run.parameters.size(), 1.0f);
  for (const float none : {6.0F, 1.5F}) {
    run.x.assign(std::vector<float>{none, -1, 5});
    run.forward(Evaluation{});
    for (std::size_t j = 0; j < 8; ++j) CHECK(std::isnan(run.y.values()[j]));
    for (std::size_t j = 8; j < 12; ++j) CHECK_FALSE(std::isnan(run.y.values()[j]));
  }
}
