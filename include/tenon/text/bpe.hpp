#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon {

/// A text cut as GPT-2 cuts it before bytes are paired: contractions ('s 't 're 've 'm 'll 'd), letters, digits, or
/// other signs, each with the blank before it, and blanks. Every character beyond ASCII counts as a letter, signs too:
/// texts in ASCII are cut exactly as by GPT-2, others nearly so.
std::vector<std::string_view> split_words(std::string_view text);

/// Byte-pair encoding: every byte is a token, and so is each pair of tokens that was often seen together; any text has
/// tokens. Sennrich, Haddow, Birch 2016; over bytes as in GPT-2 (Radford et al. 2019).
///
///     const auto tokenizer = BpeTokenizer::train(text, 500);
///     const auto gpt2 = BpeTokenizer::load("vocab.json", "merges.txt");
///     auto tokens = gpt2.encode("Hello world");    // 15496, 995
class BpeTokenizer {
public:
  /// Pairs up what stands together most often in words, until there are so many tokens or no pair comes twice; of
  /// pairs that come equally often the one with the lower tokens is first. Error: fewer than 256 tokens asked for, no
  /// text.
  static BpeTokenizer train(std::string_view text, size_t vocab_size);
  /// GPT-2's files, and those of others that are written so: a number for each text, and pairs, the first to be joined
  /// first. Texts that no pair makes, such as <|endoftext|>, are decoded, but no text is encoded as one. Error: numbers
  /// that are not 0, 1, ...; a pair that makes no token; a byte without a token.
  static BpeTokenizer load(const std::string& vocab, const std::string& merges);
  static BpeTokenizer parse(std::string_view vocab, std::string_view merges, const std::string& vocab_name,
                            const std::string& merges_name);
  /// Writes the two files; each is written whole or not at all.
  void save(const std::string& vocab, const std::string& merges) const;

  size_t vocab_size() const noexcept { return tokens_.size(); }
  /// The bytes of a token.
  const std::string& bytes(std::int32_t token) const;
  std::vector<std::int32_t> encode(std::string_view text) const;
  std::string decode(std::span<const std::int32_t> tokens) const;

private:
  using Pair = std::pair<std::int32_t, std::int32_t>;
  struct Merge {
    size_t rank;
    std::int32_t token;
  };
  void encode_word(std::string_view word, std::vector<std::int32_t>& to) const;

  std::vector<std::string> tokens_;  // what each is in bytes
  std::vector<std::int32_t> of_byte_ = std::vector<std::int32_t>(256, -1);
  std::vector<Pair> pairs_;  // in the order in which they are joined
  std::map<Pair, Merge> merges_;
};

/// A token for each of the words that come most often in a text; all others are `unknown`.
///
///     const WordTokenizer words{text, 10000};      // 0 is padding, 1 an unknown word
///
/// A word is letters, digits, underscores and bytes beyond ASCII, or one other sign; blanks are left out, so decoding
/// puts one between words.
class WordTokenizer {
public:
  static constexpr std::int32_t padding = 0, unknown = 1;

  /// At most `vocab_size` tokens, of words that come at least so many times; of words that come equally often the first
  /// in the order of bytes is taken. Error: fewer than 3 tokens asked for, no word.
  explicit WordTokenizer(std::string_view text, size_t vocab_size = 10000, size_t at_least = 1, bool lower_case = true);

  size_t vocab_size() const noexcept { return words_.size(); }
  std::vector<std::int32_t> encode(std::string_view text) const;
  std::string decode(std::span<const std::int32_t> tokens) const;

  /// One word a line.
  void save(const std::string& path) const;
  static WordTokenizer load(const std::string& path);

private:
  WordTokenizer() = default;
  std::vector<std::string_view> cut(std::string_view text) const;
  void number_words();

  bool lower_case_ = true;
  std::vector<std::string> words_;  // the padding is "<pad>", the unknown "<unk>"
  std::map<std::string, std::int32_t, std::less<>> numbers_;
};

}  // namespace tenon
