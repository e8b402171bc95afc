#include <tenon/text/tokenizer.hpp>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(tokenizer) {
  const ByteTokenizer bytes;
  demand(bytes.decode(bytes.encode(input.text())) == input.text(), "bytes come back");
  const std::string text = read_text(input.path());
  const CharTokenizer tokenizer{text};
  demand(tokenizer.decode(tokenizer.encode(text)) == text, "characters come back");
  const CharTokenizer loaded = CharTokenizer::load(input.path());
  demand(loaded.characters() == text, "what was saved is loaded");
}
