// A vocabulary and, behind the first NUL, its pairs; and whatever is given as a text.
#include <tenon/text/bpe.hpp>

#include <algorithm>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(bpe) {
  const std::string_view text = input.text();
  static const BpeTokenizer small = BpeTokenizer::train("the cat and the hat and the mat", 270);
  demand(small.decode(small.encode(text)) == text, "a text is its tokens");
  std::size_t size = 0;
  for (const std::string_view word : split_words(text)) size += word.size();
  demand(size == text.size(), "words are all of a text");
  const std::size_t nul = std::min(text.find('\0'), text.size());
  const BpeTokenizer read = BpeTokenizer::parse(text.substr(0, nul), text.substr(std::min(nul + 1, text.size())),
                                                "vocab", "merges");
  demand(read.vocab_size() >= 256, "a token for every byte");
  read.encode("the cat in the hat");
}
