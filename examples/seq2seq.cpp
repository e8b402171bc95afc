// Learns to write dates in figures: "3 march 1998" becomes "1998-03-03". An encoder-decoder of recurrent layers reads
// the words both ways and looks at them by additive attention; what it looks at is drawn in dates.svg.
// prints: exact: (0\.99|1\.)
#include <tenon/tenon.hpp>

#include <array>
#include <cstdio>
#include <string>

using namespace tenon;

constexpr std::size_t longest = 17;  // of a date in words: "30 september 2049"
constexpr std::size_t written = 11;  // "2049-09-30" and the end
constexpr std::size_t tokens = 40;

using Read = Sequential<Embedding<tokens, 32, padding_idx<0>>, GRU<32, bidirectional, mask<0>>>;
using Write = Sequential<Embedding<tokens, 64>, GRU<64>>;
using Net = Sequential<
    Input<longest + written>,
    Masked<0, SplitAt<longest, Read, Write>, Residual<AdditiveAttention<64, longest>>, Slice<0, longest>>, GRU<64>,
    Dense<tokens>, Softmax>;

// 0 is padding; the decoder's first token is a new line, and so is its last
const CharTokenizer characters{std::string("\0\n -0123456789abcdefghijklmnopqrstuvwxyz", 40)};

struct Date {
  std::string words, figures;
};

Date draw_date(Stream& stream) {
  static constexpr std::array months{"january", "february", "march",     "april",   "may",      "june",
                                     "july",    "august",   "september", "october", "november", "december"};
  const auto day = static_cast<int>(stream.below(30)) + 1, month = static_cast<int>(stream.below(12)),
             year = static_cast<int>(stream.below(150)) + 1900;
  char figures[16];
  std::snprintf(figures, sizeof figures, "%04d-%02d-%02d", year % 10000, (month + 1) % 100, day % 100);
  return {std::to_string(day) + " " + months[static_cast<std::size_t>(month)] + " " + std::to_string(year), figures};
}

// the words, then the figures one place on; each figure is labelled with the next
Dataset<float> dates(std::size_t count, std::uint64_t seed) {
  Stream stream{seed};
  std::vector<float> inputs(count * (longest + written));
  Labels labels{{}, tokens, written};
  for (std::size_t i = 0; i < count; ++i) {
    const Date date = draw_date(stream);
    float* const sample = inputs.data() + i * (longest + written);
    const auto words = characters.encode(date.words), figures = characters.encode("\n" + date.figures + "\n");
    std::copy(words.begin(), words.end(), sample);
    std::copy(figures.begin(), figures.end() - 1, sample + longest);
    labels.values.insert(labels.values.end(), figures.begin() + 1, figures.end());
  }
  return {{longest + written}, std::move(inputs), std::move(labels)};
}

int main() {
  constexpr std::uint64_t seed = 1;
  const auto train = dates(8000, seed);

  Model<Net> model{seed};
  TeacherForcing<longest> forcing{.rate = 0.9};
  fit(model, train,
      Fit{.loss = CrossEntropy{},
          .optimizer = Adam{.lr = 4e-3},
          .epochs = 6,
          .batch_size = 64,
          .seed = seed,
          .schedule = CosineAnnealingLR{.T_max = 6, .eta_min = 1e-4},
          .clip_grad_norm = 1.0,
          .callbacks = callbacks(forcing)});

  // dates that it has to write alone
  const std::int32_t start = characters.encode("\n")[0];
  Stream stream{seed + 1};
  int right = 0;
  for (int i = 0; i < 500; ++i) {
    const Date date = draw_date(stream);
    const std::string decoded = characters.decode(decode(model, characters.encode(date.words), start, start));
    if (i < 3) std::printf("%s: %s\n", date.words.c_str(), decoded.c_str());
    right += decoded == date.figures ? 1 : 0;
  }
  std::printf("exact: %.4f\n", right / 500.0);

  const Date date{"9 november 1989", "1989-11-09"};
  const auto question = characters.encode(date.words), answer = characters.encode("\n" + date.figures);
  std::vector<float> sample(longest + written);
  std::copy(question.begin(), question.end(), sample.begin());
  std::copy(answer.begin(), answer.end(), sample.begin() + longest);
  const AttentionMap map = attention_weights(model, sample).at(0);
  Heatmap picture{.title = "which letters each figure looks at", .rows = written, .columns = date.words.size()};
  for (std::size_t t = 0; t < written; ++t)
    for (std::size_t s = 0; s < date.words.size(); ++s) picture.values.push_back(map(0, t, s));
  for (const char c : date.words) picture.column_names.emplace_back(1, c);
  for (const char c : date.figures + " ") picture.row_names.emplace_back(1, c);
  picture.save("dates.svg");
}
