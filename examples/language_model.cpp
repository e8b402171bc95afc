// Learns to write like a text, character by character, with a GPT or an LSTM:
//
//     language_model tinyshakespeare.txt          the GPT; a few minutes on two cores
//     language_model tinyshakespeare.txt lstm
//
// Without a text it looks for text/tinyshakespeare.txt in the folder $TENON_DATA.
#include <tenon/tenon.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace tenon;

constexpr std::size_t vocabulary = 65, context = 64, batch = 32;

using Attentive = GPT<vocabulary, context, 4, 4, 128>;
using Recurrent = Sequential<Input<context>, Embedding<vocabulary, 64>, LSTM<256>, Dense<vocabulary>, Softmax>;

template <class Net>
void train(Model<Net>& model, const std::string& text, double rate, std::size_t epochs) {
  const CharTokenizer tokenizer{text};
  if (tokenizer.vocab_size() != vocabulary)
    throw Error("expected a text of " + std::to_string(vocabulary) + " different characters, got " +
                std::to_string(tokenizer.vocab_size()));
  const auto tokens = tokenizer.encode(text);
  const auto parts = split_tokens(tokens, 0.9);
  const auto data = next_token_windows(parts.train, vocabulary, context, context);
  const auto validation = next_token_windows(parts.test, vocabulary, context, context);

  summary(model);
  const std::uint64_t steps = epochs * ((data.size() + batch - 1) / batch);
  const History history = fit(model, data,
                              Fit{.loss = CrossEntropy{},
                                  .optimizer = AdamW{.lr = rate, .weight_decay = 0.1},
                                  .epochs = epochs,
                                  .batch_size = batch,
                                  .validation = validation,
                                  .seed = 1,
                                  .schedule = OneCycleLR{.max_lr = rate, .total_steps = steps},
                                  .clip_grad_norm = 1.0,
                                  .callbacks = callbacks(StopOnSignal{})});
  if (!history.empty()) std::printf("validation loss: %.4f nats per character\n", history.last().validation.loss);

  if constexpr (steps_forward<Net>) {
    Session generator{model, session::generating};
    const auto written = generator(tokenizer.encode("ROMEO:\n"), 500, Sampler{.temperature = 0.8, .top_k = 20}, 1);
    std::printf("\nROMEO:\n%s\n", tokenizer.decode(written).c_str());
  }
}

int main(int count, char** arguments) {
  const char* folder = std::getenv("TENON_DATA");
  if (count < 2 && !folder) {
    std::fprintf(stderr, "usage: language_model TEXT [lstm], or TENON_DATA in the environment\n");
    return 2;
  }
  try {
    const std::string text = read_text(count < 2 ? std::string(folder) + "/text/tinyshakespeare.txt" : arguments[1]);
    set_num_threads(2);
    if (count > 2 && std::string_view(arguments[2]) == "lstm") {
      Model<Recurrent> model{1};
      train(model, text, 4e-3, 6);
    } else {
      Model<Attentive> model{1};
      train(model, text, 2e-3, 8);
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "language_model: %s\n", error.what());
    return 1;
  }
}
