#include <tenon/text/bpe.hpp>
#include <tenon/text/padding.hpp>

#include <cstdio>
#include <fstream>

#include <catch2/catch.hpp>

#include <tenon/error.hpp>

#include "support/faults.hpp"

using Catch::Matchers::Contains;
using namespace tenon;
using Tokens = std::vector<std::int32_t>;

TEST_CASE("texts are cut as GPT-2 cuts them") {
  const auto cut = [](std::string_view text) {
    std::string all;
    for (const auto word : split_words(text)) all += std::string(word) + '|';
    return all;
  };
  // regex.findall(GPT-2's pattern)
  CHECK(cut("Hello world") == "Hello| world|");
  CHECK(cut("we'll see  it's 42nd!?\n\n x") == "we|'ll| see| | it|'s| 42|nd|!?|\n\n| x|");
  CHECK(cut("a  ") == "a|  |");
  CHECK(cut("\tx 'q") == "\t|x| '|q|");
  CHECK(cut("") == "");
}

TEST_CASE("bytes that often come together become tokens") {
  const std::string
      text = "low low low low low lower lower newest newest newest newest newest newest widest widest widest";
  const auto t = BpeTokenizer::train(text, 256 + 4);
  CHECK(t.vocab_size() == 260);
  // by hand: "es" comes 9 times, and of equals the pair of lower bytes is first; then es t; then " n" e w... by their
  // counts
  CHECK(t.bytes(256) == "es");
  CHECK(t.bytes(257) == "est");
  const auto tokens = t.encode(text);
  CHECK(tokens.size() < text.size());
  CHECK(t.decode(tokens) == text);
  std::string every;
  for (int b = 0; b < 256; ++b) every += static_cast<char>(b);
  CHECK(t.decode(t.encode(every)) == every);
  CHECK(BpeTokenizer::train("abcd", 300).vocab_size() == 256);  // nothing comes twice
  CHECK_THROWS_AS(BpeTokenizer::train(text, 255), Error);
  CHECK_THROWS_AS(BpeTokenizer::train("", 300), Error);
  CHECK_THROWS_WITH(t.decode(Tokens{260}), "BpeTokenizer: expected tokens from 0 to 259, got 260");
}

TEST_CASE("the vocabulary goes to GPT-2's files and back") {
  const std::string text = "low low lower \"low\" \\low\n\xc3\xa9t\xc3\xa9 \xc3\xa9t\xc3\xa9";
  const auto t = BpeTokenizer::train(text, 266);
  t.save("vocab_test.json", "merges_test.txt");
  const auto again = BpeTokenizer::load("vocab_test.json", "merges_test.txt");
  CHECK(again.vocab_size() == t.vocab_size());
  CHECK(again.encode(text) == t.encode(text));
  CHECK(again.decode(again.encode(text)) == text);
  std::ifstream file("merges_test.txt");
  std::string line;
  std::getline(file, line);
  CHECK(line == "#version: 0.2");
  std::getline(file, line);
  CHECK(line == "l o");
  std::ifstream vocab("vocab_test.json");
  std::getline(vocab, line);
  // GPT-2 spells a blank as U+0120 and a line end as U+010A
  CHECK_THAT(line, Contains("\"\xc4\xa0\": 32,") && Contains("\"\xc4\x8a\": 10,") && Contains("\"\\\"\": 34,"));

  std::string json;
  std::ifstream whole("vocab_test.json");
  std::getline(whole, json);
  const auto parse = [](const std::string& v, const std::string& m) {
    return BpeTokenizer::parse(v, m, "vocab.json", "merges.txt");
  };
  const std::string special = json.substr(0, json.size() - 1) +
                              ", \"<|endoftext|>\": " + std::to_string(t.vocab_size()) + "}";
  CHECK(parse(special, "l o\n").decode(Tokens{static_cast<std::int32_t>(t.vocab_size())}) == "<|endoftext|>");
  CHECK(parse(special, "").encode("lo") == Tokens{'l', 'o'});
  CHECK_THROWS_WITH(parse(json, "l o\nq z\n"), Contains("merges.txt:2: expected two tokens that make a third"));
  CHECK_THROWS_WITH(parse(json, "l o\nl o\n"), Contains("merges.txt:2: expected each pair once"));
  CHECK_THROWS_WITH(parse("{\"a\": 0}", ""), Contains("vocab.json: expected a token for every byte"));
  CHECK_THROWS_WITH(parse("{\"a\": 1}", ""), Contains("expected the numbers 0 to 0, once each, got 1 for \"a\""));
  CHECK_THROWS_WITH(parse("{\"a\": [1]}", ""),
                    Contains("expected an object with a number for each text, got an array"));
  CHECK_THROWS_WITH(parse("{\"a\"", ""), Contains("expected a vocabulary in JSON"));
  CHECK_THROWS_AS(parse("3", ""), Error);
  std::remove("vocab_test.json");
  std::remove("merges_test.txt");
}

TEST_CASE("words that come most often are tokens") {
  const WordTokenizer words{"The cat, the dog. The cat!", 5};
  CHECK(words.vocab_size() == 5);
  CHECK(words.encode("the CAT and !") == Tokens{2, 3, 1, 4});
  CHECK(words.decode(Tokens{2, 3, 1, 0}) == "the cat <unk>");
  CHECK(WordTokenizer("a a b", 9, 2).vocab_size() == 3);
  words.save("words_test.txt");
  CHECK(WordTokenizer::load("words_test.txt").encode("The cat") == words.encode("The cat"));
  std::ofstream("words_test.txt", std::ios::app) << "dog\ncat\n";
  CHECK_THROWS_WITH(WordTokenizer::load("words_test.txt"),
                    Contains("words_test.txt:6: expected each word once, got \"cat\" twice"));
  std::ofstream("words_test.txt") << "something else\n";
  CHECK_THROWS_WITH(WordTokenizer::load("words_test.txt"),
                    Contains("words_test.txt:1: expected words of a WordTokenizer, got \"something else\""));
  std::remove("words_test.txt");
  CHECK_THROWS_AS(WordTokenizer("  "), Error);
}

TEST_CASE("sequences are filled up, and sorted by length") {
  const std::vector<Tokens> sequences{{1, 2, 3}, {4}, {}};
  const PaddedTokens padded = pad_tokens(sequences);
  CHECK(padded.length == 3);
  CHECK(padded.tokens == Tokens{1, 2, 3, 4, 0, 0, 0, 0, 0});
  CHECK(padded.mask == std::vector<float>{1, 1, 1, 1, 0, 0, 0, 0, 0});
  for (const std::size_t length : {std::size_t{1} << 62, std::size_t{1} << 63})
    CHECK_THROWS_WITH(pad_tokens(sequences, length), Contains("a length that fits in memory"));
  CHECK(pad_tokens(sequences, 2, -1).tokens == Tokens{1, 2, 4, -1, -1, -1});
  const auto pad = [&] { pad_tokens(sequences, 5); };
  const auto check = [](const std::exception_ptr& thrown) { CHECK((!thrown || test::is_error(thrown))); };
  CHECK(test::fail_each(
            test::Fault::allocation, [] {}, pad, check) == 2);
  const std::vector<std::size_t> lengths{1, 4};
  CHECK(bucket_by_length(sequences, lengths) == std::vector<std::vector<std::size_t>>{{1, 2}, {0}});
  CHECK_THROWS_WITH(bucket_by_length(sequences, std::vector<std::size_t>{2}), Contains("got 3 in sequence 0"));
}
