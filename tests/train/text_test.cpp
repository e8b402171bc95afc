#include <tenon/tenon.hpp>

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

using namespace tenon;

namespace {

constexpr std::size_t vocabulary = 65, context = 32;

/// The validation loss after three passes over half of Tiny Shakespeare; nothing where the text is not on this machine.
template <class Net>
double loss_after_three_passes(double rate) {
  const char* folder = std::getenv("TENON_DATA");
  const std::string path = std::string(folder ? folder : "") + "/text/tinyshakespeare.txt";
  if (!folder || !std::filesystem::exists(path)) {
    WARN("skipped: no text/tinyshakespeare.txt in the folder TENON_DATA");
    return 0;
  }
  const std::string text = read_text(path);
  const CharTokenizer tokenizer{text};
  REQUIRE(tokenizer.vocab_size() == vocabulary);
  const auto tokens = tokenizer.encode(text);
  const auto parts = split_tokens(tokens, 0.9);
  const auto data = next_token_windows(parts.train, vocabulary, context, 2 * context);
  const auto validation = next_token_windows(parts.test.first(20000), vocabulary, context, context);
  Model<Net> model{1};
  return fit(model, data,
             Fit{.loss = CrossEntropy{},
                 .optimizer = AdamW{.lr = rate},
                 .epochs = 3,
                 .batch_size = 16,
                 .validation = validation,
                 .seed = 1,
                 .schedule = OneCycleLR{.max_lr = rate, .total_steps = 3 * ((data.size() + 15) / 16)},
                 .clip_grad_norm = 1.0,
                 .progress = Progress::Mode::plain})
      .last()
      .validation.loss;
}

}  // namespace

TEST_CASE("a GPT learns to write") {
  CHECK(loss_after_three_passes<GPT<vocabulary, context, 2, 4, 64>>(4e-3) < 1.90);
}  // over four seeds 1.80 to 1.82

TEST_CASE("an LSTM learns to write") {
  CHECK(loss_after_three_passes<
            Sequential<Input<context>, Embedding<vocabulary, 32>, LSTM<96>, Dense<vocabulary>, Softmax>>(8e-3) <
        1.82);  // over four seeds 1.75 to 1.77
}
