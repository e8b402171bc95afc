#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

#include <tenon/losses/cross_entropy.hpp>
#include <tenon/model/decode.hpp>
#include <tenon/networks/transformer.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/train/callbacks/teacher_forcing.hpp>
#include <tenon/train/fit.hpp>

using namespace tenon;
using Catch::Contains;

namespace {

constexpr std::size_t word_length = 5, answer_length = 6, tokens = 8;
constexpr std::int32_t border = 1;  // before and behind what the decoder says
using Net = Transformer<tokens, tokens, word_length, answer_length, 1, 2, 24>;

std::vector<std::int32_t> draw_word(Stream& stream) {
  std::vector<std::int32_t> word(3 + stream.below(3));
  for (auto& t : word) t = 2 + static_cast<std::int32_t>(stream.below(tokens - 2));
  return word;
}

/// Words of three to five letters, to be spelt backwards.
Dataset<float> words(std::size_t count) {
  Stream stream{1};
  std::vector<float> x(count * (word_length + answer_length));
  Labels labels{std::vector<std::int32_t>(count * answer_length, ignore_index), tokens, answer_length};
  for (std::size_t i = 0; i < count; ++i) {
    const auto word = draw_word(stream);
    float* const sample = x.data() + i * (word_length + answer_length);
    std::copy(word.begin(), word.end(), sample);
    sample[word_length] = border;
    std::copy(word.rbegin(), word.rend(), sample + word_length + 1);
    const auto label = labels.values.begin() + static_cast<std::ptrdiff_t>(i * answer_length);
    *std::copy(word.rbegin(), word.rend(), label) = border;
  }
  return {{word_length + answer_length}, std::move(x), std::move(labels)};
}

struct Seen {
  std::vector<std::vector<float>> batches{};
  void on_batch(auto&, auto& batch) { batches.emplace_back(batch.features.begin(), batch.features.end()); }
};

}  // namespace

TEST_CASE("a transformer learns to say words backwards, of any length and by its own words") {
  const auto data = words(1500);
  Model<Net> model{1};
  TeacherForcing<word_length> forcing{.rate = 0.8};
  fit(model, data,
      Fit{.loss = CrossEntropy{},
          .optimizer = Adam{.lr = 5e-3},
          .epochs = 12,
          .batch_size = 32,
          .seed = 1,
          .clip_grad_norm = 1.0,
          .callbacks = callbacks(forcing)});
  Stream stream{2};
  int right = 0;
  for (int i = 0; i < 100; ++i) {
    const auto word = draw_word(stream);
    const auto answer = decode(model, word, border, border);
    right += std::equal(answer.begin(), answer.end(), word.rbegin(), word.rend()) ? 1 : 0;
  }
  CHECK(right >= 95);

  const std::vector<std::int32_t> word{2, 3, 4};
  CHECK(decode(model, word, border, border, Sampler{.temperature = 5}, 3) ==
        decode(model, word, border, border, Sampler{.temperature = 5}, 3));
  CHECK_THROWS_WITH(decode(model, std::vector<std::int32_t>(6, 2), border, border),
                    Contains("expected a source of at most 5 tokens, got 6"));
}

TEST_CASE("a part of the decoder's tokens is what the model says") {
  const auto data = words(64);
  const auto run = [&](double rate) {
    Model<Net> model{1};
    Seen before, after;
    TeacherForcing<word_length> forcing{.rate = rate};
    fit(model, data,
        Fit{.loss = CrossEntropy{},
            .optimizer = Adam{.lr = 0},
            .batch_size = 64,
            .seed = 1,
            .callbacks = callbacks(before, forcing, after)});
    return std::pair{before.batches.at(0), after.batches.at(0)};
  };
  const auto [right, none] = run(1);
  CHECK(none == right);
  const auto [same, all] = run(0);
  CHECK(same == right);
  CHECK(run(0.5).second == run(0.5).second);

  // with a rate of 0 every token that has a label but the first is the most probable one of the step before
  Model<Net> model{1};
  std::vector<float> y(64 * answer_length * tokens);
  model.predict(right, y);
  DataLoader<float> loader(data, 64, 1);
  Batch<float> batch;
  REQUIRE(loader.next(batch));
  std::size_t replaced = 0;
  for (std::size_t i = 0; i < 64; ++i)
    for (std::size_t t = 0; t < answer_length; ++t) {
      const std::size_t place = i * (word_length + answer_length) + word_length + t;
      if (t == 0 || batch.labels[i * answer_length + t] == ignore_index) {
        CHECK(all[place] == right[place]);
        continue;
      }
      const float* const scores = y.data() + (i * answer_length + t - 1) * tokens;
      CHECK(all[place] == static_cast<float>(std::max_element(scores, scores + tokens) - scores));
      ++replaced;
    }
  CHECK(replaced > 100);

  TeacherForcing<word_length> wrong{.rate = 1.5};
  CHECK_THROWS_WITH(fit(model, data, Fit{.loss = CrossEntropy{}, .callbacks = callbacks(wrong)}),
                    "TeacherForcing: rate: expected 0 to 1, got 1.5");
}
