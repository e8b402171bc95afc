#include <tenon/text/bpe.hpp>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(word_tokenizer) {
  for (const std::int32_t token : WordTokenizer("the cat").encode(input.text()))
    demand(token >= 1 && token < 4, "a word has a token");
  const WordTokenizer loaded = WordTokenizer::load(input.path());
  demand(loaded.vocab_size() >= 2, "padding and the unknown are there");
  const std::vector<std::int32_t> tokens = loaded.encode(input.text());
  for (const std::int32_t token : tokens)
    demand(token >= 1 && static_cast<std::size_t>(token) < loaded.vocab_size(), "a word has a token");
  demand(loaded.encode(loaded.decode(tokens)).size() >= tokens.size(), "words stay apart");
}
