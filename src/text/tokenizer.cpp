#include <tenon/text/tokenizer.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include "../io/input_file.hpp"

namespace tenon {

namespace {

std::string show(unsigned char byte) {
  return byte >= 32 && byte < 127 ? fmt::format("'{}'", static_cast<char>(byte)) : fmt::format("byte {}", byte);
}

void require_token(const char* who, std::int32_t token, std::size_t place, std::size_t count) {
  if (token < 0 || static_cast<std::size_t>(token) >= count)
    throw Error(fmt::format("{}: expected tokens from 0 to {}, got {} at position {}", who, count - 1, token, place));
}

}  // namespace

std::string read_text(const std::string& path) {
  std::string text = detail::read_file(path, "a text");
  if (text.empty()) throw Error(path + ": expected a text, got an empty file");
  return text;
}

CharTokenizer::CharTokenizer(std::string_view text) {
  if (text.empty()) throw Error("CharTokenizer: expected a text, got an empty one");
  token_.fill(-1);
  for (const char c : text) token_[static_cast<unsigned char>(c)] = 0;
  for (std::size_t byte = 0; byte < token_.size(); ++byte) {
    if (token_[byte] < 0) continue;
    token_[byte] = static_cast<std::int32_t>(characters_.size());
    characters_.push_back(static_cast<char>(byte));
  }
}

std::vector<std::int32_t> CharTokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> tokens(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    tokens[i] = token_[byte];
    if (tokens[i] < 0)
      throw Error(fmt::format("CharTokenizer: expected one of {} characters, got {} at position {}", vocab_size(),
                              show(byte), i));
  }
  return tokens;
}

std::string CharTokenizer::decode(std::span<const std::int32_t> tokens) const {
  std::string text;
  text.reserve(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    require_token("CharTokenizer", tokens[i], i, vocab_size());
    text.push_back(characters_[static_cast<std::size_t>(tokens[i])]);
  }
  return text;
}

void CharTokenizer::save(const std::string& path) const {
  write_file_atomically(path, std::as_bytes(std::span(characters_)));
}

CharTokenizer CharTokenizer::load(const std::string& path) {
  return detail::within_memory(path, [&] {
    const std::string bytes = read_text(path);
    for (std::size_t i = 1; i < bytes.size(); ++i)
      if (static_cast<unsigned char>(bytes[i - 1]) >= static_cast<unsigned char>(bytes[i]))
        throw Error(fmt::format(
            "{}: expected the bytes of a CharTokenizer, each once and in order, got {} behind {} at position {}", path,
            show(static_cast<unsigned char>(bytes[i])), show(static_cast<unsigned char>(bytes[i - 1])), i));
    return CharTokenizer(bytes);
  });
}

std::vector<std::int32_t> ByteTokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> tokens(text.size());
  std::transform(text.begin(), text.end(), tokens.begin(), [](char c) { return static_cast<unsigned char>(c); });
  return tokens;
}

std::string ByteTokenizer::decode(std::span<const std::int32_t> tokens) const {
  std::string text;
  text.reserve(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    require_token("ByteTokenizer", tokens[i], i, vocab_size());
    text.push_back(static_cast<char>(tokens[i]));
  }
  return text;
}

}  // namespace tenon
