// What a user writes to train a GPT of six blocks on a text.
#include <tenon/tenon.hpp>

#include <cstdio>

using namespace tenon;

constexpr std::size_t vocabulary = 65, context = 64;
using Net = GPT<vocabulary, context, 6, 4, 128>;

int main() {
  const std::string text = read_text("text.txt");
  const CharTokenizer tokenizer{text};
  const auto tokens = tokenizer.encode(text);
  const auto [train, test] = split_tokens(tokens, 0.9);
  const auto validation = next_token_windows(test, vocabulary, context, context);
  Model<Net> model{1};
  const auto history = fit(
      model, next_token_windows(train, vocabulary, context, context),
      Fit{.loss = CrossEntropy{}, .optimizer = AdamW{.lr = 2e-3}, .epochs = 8, .validation = validation});
  Session generator{model, session::generating};
  const auto written = generator(tokenizer.encode("A"), 500, Sampler{}, 1);
  std::printf("%.4f\n%s\n", history.last().validation.loss, tokenizer.decode(written).c_str());
}
