#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/text/tokenizer.hpp>
#include <tenon/text/windows.hpp>

using namespace tenon;
using Catch::Contains;
namespace fs = std::filesystem;

TEST_CASE("characters are tokens in the order of their bytes") {
  const CharTokenizer tokenizer{"hello world"};
  CHECK(tokenizer.vocab_size() == 8);
  CHECK(tokenizer.characters() == " dehlorw");
  const auto tokens = tokenizer.encode("lower");
  CHECK(tokens == std::vector<std::int32_t>{4, 5, 7, 2, 6});
  CHECK(tokenizer.decode(tokens) == "lower");
  CHECK(tokenizer.encode("").empty());
  CHECK_THROWS_WITH(tokenizer.encode("hello World"), Contains("expected one of 8 characters, got 'W' at position 6"));
  CHECK_THROWS_WITH(tokenizer.encode("\n"), Contains("got byte 10 at position 0"));
  CHECK_THROWS_WITH(tokenizer.decode(std::vector<std::int32_t>{1, 8}),
                    Contains("expected tokens from 0 to 7, got 8 at position 1"));
  CHECK_THROWS_WITH(CharTokenizer{""}, Contains("expected a text"));
}

TEST_CASE("a tokenizer is saved and loaded, and any bytes have tokens") {
  const fs::path folder = fs::temp_directory_path() / "tenon_text_test";
  fs::create_directories(folder);
  const std::string path = (folder / "characters.txt").string();
  const CharTokenizer tokenizer{"to be\nor not\0 to be"};
  tokenizer.save(path);
  CHECK(CharTokenizer::load(path).characters() == tokenizer.characters());
  CHECK_THROWS_WITH(read_text((folder / "none").string()),
                    Contains("none: expected a text that can be read, but No such file"));
  std::ofstream(folder / "empty").close();
  CHECK_THROWS_WITH(read_text((folder / "empty").string()), Contains("got an empty file"));
  CHECK_THROWS_WITH(read_text(folder.string()), Contains("it is a directory"));
  const std::string pipe = (folder / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(read_text(pipe), Contains("it is a device, pipe or socket"));
  fs::remove(pipe);
  std::ofstream(folder / "text") << "to be";
  CHECK_THROWS_WITH(CharTokenizer::load((folder / "text").string()),
                    Contains("each once and in order, got 'o' behind 't' at position 1"));
  fs::remove_all(folder);

  const ByteTokenizer bytes;
  const std::string text = "caf\xc3\xa9";
  CHECK(bytes.encode(text) == std::vector<std::int32_t>{'c', 'a', 'f', 0xc3, 0xa9});
  CHECK(bytes.decode(bytes.encode(text)) == text);
  CHECK_THROWS_WITH(bytes.decode(std::vector<std::int32_t>{256}), Contains("expected tokens from 0 to 255, got 256"));
}

TEST_CASE("windows are labelled with the tokens that follow") {
  const std::vector<std::int32_t> tokens{0, 1, 2, 3, 4, 0, 1, 2};
  const auto data = next_token_windows(tokens, 5, 3, 2);
  REQUIRE(data.size() == 3);
  CHECK(data.sample_shape() == std::vector<std::size_t>{3});
  CHECK(data.classes() == 5);
  CHECK(data.label_size() == 3);
  const auto second = data.sample(1);
  CHECK(std::vector<float>(second.begin(), second.end()) == std::vector<float>{2, 3, 4});
  const auto labels = data.labels(2);
  CHECK(std::vector<std::int32_t>(labels.begin(), labels.end()) == std::vector<std::int32_t>{0, 1, 2});
  CHECK(next_token_windows(tokens, 5, 7, 1).size() == 1);
  CHECK_THROWS_WITH(next_token_windows(tokens, 5, 8, 1), Contains("expected more than 8 tokens"));
  CHECK_THROWS_WITH(next_token_windows(tokens, 4, 3, 1), Contains("expected tokens from 0 to 3, got 4"));
  CHECK_THROWS_WITH(next_token_windows(tokens, 5, 3, 0), Contains("a stride of at least 1"));
  CHECK_THROWS_WITH(next_token_windows(tokens, 0, 3, 1), Contains("a vocab_size from 1 to 16777216, got 0"));
  CHECK_THROWS_WITH(next_token_windows(tokens, 20'000'000, 3, 1), Contains("got 20000000"));  // a float would round

  const auto parts = split_tokens(tokens, 0.75);
  CHECK(parts.train.size() == 6);
  CHECK(parts.test.front() == 1);
  CHECK_THROWS_WITH(split_tokens(tokens, 0.01), Contains("leaves one part empty"));
  CHECK_THROWS_WITH(split_tokens(tokens, 1), Contains("expected a fraction between 0 and 1"));
}
