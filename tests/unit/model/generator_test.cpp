#include <catch2/catch.hpp>

#include <numeric>
#include <vector>

#include <tenon/layers/gru.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/model/attention_weights.hpp>
#include <tenon/model/generate.hpp>
#include <tenon/networks/transformer.hpp>

#include "support/counting_new.hpp"

using namespace tenon;
using Catch::Contains;

namespace {

using Learned = GPT<11, 12, 2, 2, 8>;
using Rotary = Sequential<
    Input<12>, Embedding<11, 8>, SinusoidalPositionalEncoding<>,
    Repeat<2, TransformerEncoderLayer<8, 2, 16, PostNorm, ReLU, 0.0, MultiheadAttention<2, causal, rope<>>>>,
    Dense<11>>;

using Recurring = Sequential<Input<12>, Embedding<11, 6>, LSTM<8, layers<2>>, GRU<8>, Dense<11>, Softmax>;

static_assert(steps_forward<Learned> && steps_forward<Rotary> && steps_forward<Recurring>);
static_assert(!steps_forward<Sequential<Input<12>, Embedding<11, 8>, MultiheadAttention<2>, Dense<11>>>);
static_assert(!steps_forward<Sequential<Input<12>, Embedding<11, 8>, GRU<8, bidirectional>, Dense<11>>>);

template <class Net>
void check_generation() {
  Model<Net> model{3};
  Stream stream{5};
  for (float& v : model.parameters().span())
    v = static_cast<float>(stream.uniform(-0.7, 0.7));  // or all tokens were as good
  Session generator{model, session::generating};
  const std::vector<std::int32_t> prompt{1, 2, 3, 4, 5};
  for (const Sampler& sampler :
       {Sampler{.temperature = 0}, Sampler{}, Sampler{.temperature = 0.8, .top_k = 5, .top_p = 0.9}})
    for (const std::size_t count : {1U, 7U, 30U}) {
      const auto tokens = generator(prompt, count, sampler, 9);
      CHECK(tokens.size() == count);
      CHECK(tokens == generate_plainly(model, prompt, count, sampler, 9));
      CHECK(tokens == generator(prompt, count, sampler, 9));
    }
  // a prompt longer than the context counts by its end
  std::vector<std::int32_t> longer(20);
  std::iota(longer.begin(), longer.end(), -9);
  for (auto& t : longer) t = t < 0 ? 0 : t;
  CHECK(generator(longer, 8, {}, 2) == generate_plainly(model, longer, 8, {}, 2));
  CHECK(generator(longer, 8, {}, 2) != generator(longer, 8, {}, 3));
}

}  // namespace

TEST_CASE("remembered keys and values give the tokens of the whole network") {
  check_generation<Learned>();
  check_generation<Rotary>();
  check_generation<Recurring>();
}

TEST_CASE("a step of generation allocates nothing, and bad tokens are an Error") {
  Model<Learned> model{1};
  Session generator{model, session::generating};
  generator.step(1);
  const auto use = test::heap_use([&] {
    for (std::int32_t t = 0; t < 40; ++t) generator.step(t % 11);
  });
  CHECK(use.news <= 1);  // half a context is kept once when it is full
  CHECK(test::heap_use([&] {
          for (std::int32_t t = 0; t < 40; ++t) generator.step(t % 11);
        }).news == 0);
  CHECK_THROWS_WITH(generator.step(11), Contains("Embedding: expected tokens from 0 to 10, got 11"));
  CHECK_THROWS_WITH(generator({}, 3, {}, 1), Contains("a prompt of at least one token"));
}

TEST_CASE("attention shows what it looks at") {
  Model<Learned> model{1};
  std::vector<float> sample{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1};
  const auto maps = attention_weights(model, sample);
  REQUIRE(maps.size() == 2);
  CHECK(maps[0].layer.find("self_attn") != std::string_view::npos);
  CHECK((maps[1].heads == 2 && maps[1].queries == 12 && maps[1].keys == 12));
  for (const auto& map : maps)
    for (std::size_t h = 0; h < 2; ++h)
      for (std::size_t q = 0; q < 12; ++q) {
        double sum = 0;
        for (std::size_t k = 0; k < 12; ++k) {
          sum += map(h, q, k);
          if (k > q) CHECK(map(h, q, k) == 0);
        }
        CHECK(sum == Approx(1));
      }
  CHECK_THROWS_WITH(attention_weights(model, std::span<const float>(sample).first(3)),
                    Contains("expected a sample of 12 numbers, got 3"));

  // what is padding gets no weight
  using Hidden = Sequential<Input<4>, Masked<0, Embedding<5, 4>, MultiheadAttention<1>>, Dense<2>>;
  Model<Hidden> padded{1};
  const auto map = attention_weights(padded, std::vector<float>{1, 0, 2, 0}).at(0);
  for (std::size_t q = 0; q < 4; ++q) CHECK((map(0, q, 1) == 0 && map(0, q, 3) == 0 && map(0, q, 0) > 0));
}

TEST_CASE("a token is a whole number") {
  Model<Learned> model{1};
  std::vector<float> tokens(12, 1), scores(Model<Learned>::output::size);
  CHECK_NOTHROW(model.predict(tokens, scores));
  tokens[3] = 1.5F;
  CHECK_THROWS_WITH(model.predict(tokens, scores), Contains("Embedding: expected tokens from 0 to 10, got 1.5"));
}
