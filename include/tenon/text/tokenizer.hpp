#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Text as tokens, numbers from 0 to vocab_size() - 1.
namespace tenon {

/// The whole of a file. Throws an Error that names it where it cannot be read or is empty.
std::string read_text(const std::string& path);

/// A token for each of the bytes that a text has, in their order: for English text the same as a token for each
/// character.
///
///     const std::string text = read_text("tinyshakespeare.txt");
///     const CharTokenizer tokenizer{text};                     // 65 tokens
///     auto tokens = tokenizer.encode("ROMEO:");
///     std::string again = tokenizer.decode(tokens);
///
/// Characters beyond ASCII are several bytes, each a token.
class CharTokenizer {
public:
  /// Of the bytes in `text`; an Error where there is none.
  explicit CharTokenizer(std::string_view text);

  size_t vocab_size() const { return characters_.size(); }
  /// The bytes, that of token 0 first.
  const std::string& characters() const { return characters_; }
  /// Throws an Error at a byte that has no token, and says where it stands.
  std::vector<std::int32_t> encode(std::string_view text) const;
  /// Throws an Error at a number that is no token.
  std::string decode(std::span<const std::int32_t> tokens) const;

  /// The bytes in a file, written atomically.
  void save(const std::string& path) const;
  /// An Error where the file is another one, which has a byte twice or not in order.
  static CharTokenizer load(const std::string& path);

private:
  std::string characters_;
  std::array<std::int32_t, 256> token_{};
};

/// Every byte is the token of its value, so that any text, or any file, has tokens: 256 of them.
struct ByteTokenizer {
  static constexpr size_t vocab_size() { return 256; }
  std::vector<std::int32_t> encode(std::string_view text) const;
  std::string decode(std::span<const std::int32_t> tokens) const;
};

}  // namespace tenon
