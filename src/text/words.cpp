#include <tenon/text/bpe.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include "../io/input_file.hpp"
#include "../io/words.hpp"

namespace tenon {
namespace {

char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_blank(char c) { return c == ' ' || (c >= 9 && c <= 13); }
bool in_word(char c) {
  return (c >= '0' && c <= '9') || (lowered(c) >= 'a' && lowered(c) <= 'z') || c == '_' ||
         static_cast<unsigned char>(c) >= 128;
}

constexpr std::string_view mark = "tenon words ";  // then whether letters are made small

}  // namespace

WordTokenizer::WordTokenizer(std::string_view text, std::size_t vocab_size, std::size_t at_least, bool lower_case)
    : lower_case_(lower_case) {
  if (vocab_size < 3) throw Error(fmt::format("WordTokenizer: expected at least 3 tokens, got {}", vocab_size));
  std::string small(text);
  if (lower_case) std::ranges::transform(small, small.begin(), lowered);
  std::map<std::string_view, std::size_t> counts;
  for (const std::string_view word : cut(small)) ++counts[word];
  std::vector<std::pair<std::size_t, std::string_view>> all;
  for (const auto& [word, count] : counts)
    if (count >= at_least) all.emplace_back(count, word);
  if (all.empty())
    throw Error(
        fmt::format("WordTokenizer: expected a text with words that come at least {} times, got none", at_least));
  std::ranges::sort(
      all, [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  words_ = {"<pad>", "<unk>"};
  for (std::size_t k = 0; k < all.size() && words_.size() < vocab_size; ++k) words_.emplace_back(all[k].second);
  number_words();
}

void WordTokenizer::number_words() {
  for (std::size_t k = 2; k < words_.size(); ++k) numbers_.emplace(words_[k], static_cast<std::int32_t>(k));
}

std::vector<std::string_view> WordTokenizer::cut(std::string_view text) const {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (in_word(text[i]))
      while (end < text.size() && in_word(text[end])) ++end;
    if (!is_blank(text[i])) words.push_back(text.substr(i, end - i));
    i = end;
  }
  return words;
}

std::vector<std::int32_t> WordTokenizer::encode(std::string_view text) const {
  std::string small(text);
  if (lower_case_) std::ranges::transform(small, small.begin(), lowered);
  std::vector<std::int32_t> tokens;
  for (const std::string_view word : cut(small)) {
    const auto found = numbers_.find(word);
    tokens.push_back(found == numbers_.end() ? unknown : found->second);
  }
  return tokens;
}

std::string WordTokenizer::decode(std::span<const std::int32_t> tokens) const {
  std::string text;
  for (const std::int32_t token : tokens) {
    if (token < 0 || static_cast<std::size_t>(token) >= words_.size())
      throw Error(fmt::format("WordTokenizer: expected tokens from 0 to {}, got {}", words_.size() - 1, token));
    if (token == padding) continue;
    text += (text.empty() ? "" : " ") + words_[static_cast<std::size_t>(token)];
  }
  return text;
}

void WordTokenizer::save(const std::string& path) const {
  std::string lines = std::string(mark) + (lower_case_ ? "small\n" : "as written\n");
  for (std::size_t k = 2; k < words_.size(); ++k) lines += words_[k] + '\n';
  write_file_atomically(path, std::as_bytes(std::span(lines)));
}

WordTokenizer WordTokenizer::load(const std::string& path) {
  const std::string content = detail::read_file(path, "words");
  return detail::within_memory(path, [&] {
    std::string_view text = content;
    std::size_t number = 0;
    const auto line = [&] {
      const std::size_t end = text.find('\n');
      ++number;
      if (end == text.npos)
        throw Error(fmt::format("{}:{}: expected words of a WordTokenizer, each in a line, got a line without an end",
                                path, number));
      const std::string_view word = text.substr(0, end);
      text.remove_prefix(end + 1);
      return word;
    };
    WordTokenizer t;
    const std::string_view first = line();
    if (first != std::string(mark) + "small" && first != std::string(mark) + "as written")
      throw Error(
          fmt::format("{}:{}: expected words of a WordTokenizer, got {}", path, number, detail::quoted_text(first)));
    t.lower_case_ = first.ends_with("small");
    t.words_ = {"<pad>", "<unk>"};
    while (!text.empty()) {
      const std::string_view word = line();
      if (t.cut(word).size() != 1 || t.cut(word)[0] != word)
        throw Error(fmt::format("{}:{}: expected one word a line, got {}", path, number, detail::quoted_text(word)));
      if (!t.numbers_.emplace(word, static_cast<std::int32_t>(t.words_.size())).second)
        throw Error(
            fmt::format("{}:{}: expected each word once, got {} twice", path, number, detail::quoted_text(word)));
      t.words_.emplace_back(word);
    }
    if (t.words_.size() < 3) throw Error(fmt::format("{}: expected words, got none", path));
    return t;
  });
}

}  // namespace tenon
