#include <tenon/text/bpe.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <queue>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include "../io/input_file.hpp"
#include "../io/words.hpp"

namespace tenon {
namespace {

using Pair = std::pair<std::int32_t, std::int32_t>;

bool is_blank(unsigned char c) { return c == ' ' || (c >= 9 && c <= 13); }
bool is_figure(unsigned char c) { return c >= '0' && c <= '9'; }
bool is_letter(unsigned char c) { return (c | 32) >= 'a' ? (c | 32) <= 'z' || c >= 128 : c >= 128; }

/// How GPT-2's files spell bytes: those that can be seen as themselves, the others as characters from 256 on.
constexpr std::array<char32_t, 256> spelling_of_bytes = [] {
  std::array<char32_t, 256> all{};
  char32_t next = 256;
  for (unsigned b = 0; b < 256; ++b)
    all[b] = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174 ? static_cast<char32_t>(b) : next++;
  return all;
}();

std::string spelled(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    const char32_t c = spelling_of_bytes[static_cast<unsigned char>(byte)];  // below 0x800: one or two bytes of UTF-8
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else {
      text += static_cast<char>(0xc0 | c >> 6);
      text += static_cast<char>(0x80 | (c & 0x3f));
    }
  }
  return text;
}
/// The bytes that are spelled so; what no byte is spelled as stays as it is.
std::string unspelled(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    char32_t c = first;
    const bool two = first >= 0xc2 && first < 0xe0 && i + 1 < text.size();
    if (two) c = static_cast<char32_t>((first & 0x1f) << 6 | (static_cast<unsigned char>(text[i + 1]) & 0x3f));
    const auto found = first >= 0x80 && !two ? spelling_of_bytes.end() : std::ranges::find(spelling_of_bytes, c);
    if (found == spelling_of_bytes.end()) {
      bytes += text[i];
    } else {
      bytes += static_cast<char>(found - spelling_of_bytes.begin());
      i += two;
    }
  }
  return bytes;
}

/// Takes an object of texts and numbers, and nothing more.
class VocabularyReader : public nlohmann::json_sax<nlohmann::json> {
public:
  explicit VocabularyReader(const std::string& name) : name_(name) {}
  std::vector<std::pair<std::string, std::uint64_t>> entries;

  bool number_unsigned(number_unsigned_t value) override {
    if (!inside_) return refuse("a number");
    entries.emplace_back(std::move(key_), value);
    return true;
  }
  bool start_object(std::size_t) override { return std::exchange(inside_, true) ? refuse("an object") : true; }
  bool key(string_t& text) override { return key_ = std::move(text), true; }
  bool end_object() override { return true; }
  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("a truth value"); }
  bool number_integer(number_integer_t) override { return refuse("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return refuse("a fraction"); }
  bool string(string_t&) override { return refuse("a text"); }
  bool binary(binary_t&) override { return refuse("bytes"); }
  bool start_array(std::size_t) override { return refuse("an array"); }
  bool end_array() override { return true; }
  bool parse_error(std::size_t place, const std::string&, const nlohmann::detail::exception&) override {
    throw Error(fmt::format("{}: expected a vocabulary in JSON, got none at byte {}", name_, place));
  }

private:
  bool refuse(const char* what) const {
    throw Error(fmt::format("{}: expected an object with a number for each text, got {}", name_, what));
  }
  const std::string& name_;
  std::string key_;
  bool inside_ = false;
};

}  // namespace

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto run = [&](std::size_t from, auto of) {
    while (from < text.size() && of(at(from))) ++from;
    return from;
  };
  const auto other = [](unsigned char c) { return !is_blank(c) && !is_figure(c) && !is_letter(c); };
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    if (text[i] == '\'')
      for (const std::string_view tail : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
        if (end == i && text.substr(i).starts_with(tail)) end = i + tail.size();
    if (end == i) {
      const std::size_t first = text[i] == ' ' && i + 1 < text.size() && !is_blank(at(i + 1)) ? i + 1 : i;
      if (is_letter(at(first))) end = run(first, is_letter);
      else if (is_figure(at(first))) end = run(first, is_figure);
      else if (other(at(first))) end = run(first, other);
      else {
        end = run(i, is_blank);
        if (end < text.size() && end - i > 1) --end;  // the last one belongs to the word behind
      }
    }
    words.push_back(text.substr(i, end - i));
    i = end;
  }
  return words;
}

BpeTokenizer BpeTokenizer::train(std::string_view text, std::size_t vocab_size) {
  if (vocab_size < 256)
    throw Error(fmt::format("BpeTokenizer: expected at least 256 tokens, one for each byte, got {}", vocab_size));
  if (text.empty()) throw Error("BpeTokenizer: expected a text, got an empty one");
  BpeTokenizer t;
  for (std::size_t b = 0; b < 256; ++b) {
    t.of_byte_[b] = static_cast<std::int32_t>(b);
    t.tokens_.emplace_back(1, static_cast<char>(b));
  }
  std::map<std::string_view, std::size_t> counts;
  for (const std::string_view word : split_words(text)) ++counts[word];
  std::vector<std::pair<std::vector<std::int32_t>, std::size_t>> words;
  for (const auto& [word, count] : counts) {
    std::vector<std::int32_t> tokens;
    for (const char c : word) tokens.push_back(static_cast<unsigned char>(c));
    words.emplace_back(std::move(tokens), count);
  }
  while (t.tokens_.size() < vocab_size) {
    std::map<Pair, std::size_t> together;
    for (const auto& [tokens, count] : words)
      for (std::size_t i = 1; i < tokens.size(); ++i) together[{tokens[i - 1], tokens[i]}] += count;
    // the first of those that come most often
    const auto best = std::ranges::max_element(together, {}, [](const auto& entry) { return entry.second; });
    if (best == together.end() || best->second < 2) break;
    const Pair pair = best->first;
    const auto token = static_cast<std::int32_t>(t.tokens_.size());
    t.merges_.emplace(pair, Merge{t.pairs_.size(), token});
    t.pairs_.push_back(pair);
    t.tokens_.push_back(t.bytes(pair.first) + t.bytes(pair.second));
    for (auto& [tokens, count] : words) {
      std::size_t to = 0;
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        const bool joins = i + 1 < tokens.size() && Pair{tokens[i], tokens[i + 1]} == pair;
        tokens[to++] = joins ? token : tokens[i];
        i += joins;
      }
      tokens.resize(to);
    }
  }
  return t;
}

const std::string& BpeTokenizer::bytes(std::int32_t token) const {
  if (token < 0 || static_cast<std::size_t>(token) >= tokens_.size())
    throw Error(fmt::format("BpeTokenizer: expected tokens from 0 to {}, got {}", tokens_.size() - 1, token));
  return tokens_[static_cast<std::size_t>(token)];
}

void BpeTokenizer::encode_word(std::string_view word, std::vector<std::int32_t>& to) const {
  // Tokens in a list; of the pairs that can be joined the one of the lowest rank goes first, of several the leftmost.
  struct Link {
    std::int32_t token;
    std::size_t before, behind;
  };
  constexpr std::size_t none = ~std::size_t{0};
  std::vector<Link> links;
  for (std::size_t i = 0; i < word.size(); ++i)
    links.push_back(
        {of_byte_[static_cast<unsigned char>(word[i])], i == 0 ? none : i - 1, i + 1 == word.size() ? none : i + 1});
  struct Joint {
    std::size_t rank, place;
    Pair pair;
    bool operator>(const Joint& other) const { return rank != other.rank ? rank > other.rank : place > other.place; }
  };
  std::priority_queue<Joint, std::vector<Joint>, std::greater<>> joints;
  const auto look_at = [&](std::size_t place) {
    if (place == none || links[place].behind == none) return;
    const Pair pair{links[place].token, links[links[place].behind].token};
    if (const auto found = merges_.find(pair); found != merges_.end()) joints.push({found->second.rank, place, pair});
  };
  for (std::size_t i = 0; i < links.size(); ++i) look_at(i);
  while (!joints.empty()) {
    const Joint joint = joints.top();
    joints.pop();
    Link& first = links[joint.place];
    if (first.behind == none || first.token != joint.pair.first || links[first.behind].token != joint.pair.second)
      continue;  // joined otherwise
    Link& second = links[first.behind];
    first.token = merges_.at(joint.pair).token;
    second.token = -1;
    first.behind = second.behind;
    if (first.behind != none) links[first.behind].before = joint.place;
    look_at(first.before);
    look_at(joint.place);
  }
  for (std::size_t i = 0; i < links.size(); i = links[i].behind) {
    to.push_back(links[i].token);
    if (links[i].behind == none) break;
  }
}

std::vector<std::int32_t> BpeTokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> tokens;
  for (const std::string_view word : split_words(text)) encode_word(word, tokens);
  return tokens;
}

std::string BpeTokenizer::decode(std::span<const std::int32_t> tokens) const {
  std::string text;
  for (const std::int32_t token : tokens) text += bytes(token);
  return text;
}

BpeTokenizer BpeTokenizer::parse(std::string_view vocab, std::string_view merges, const std::string& vocab_name,
                                 const std::string& merges_name) {
  return detail::within_memory(vocab_name, [&] {
    VocabularyReader reader(vocab_name);
    nlohmann::json::sax_parse(vocab, &reader);
    BpeTokenizer t;
    t.tokens_.resize(reader.entries.size());
    std::vector<bool> there(reader.entries.size());
    std::map<std::string, std::int32_t, std::less<>> numbers;  // as they are spelled
    for (auto& [text, number] : reader.entries) {
      if (number >= there.size() || there[number])
        throw Error(fmt::format("{}: expected the numbers 0 to {}, once each, got {} for {}", vocab_name,
                                there.empty() ? 0 : there.size() - 1, number, detail::quoted_text(text)));
      there[number] = true;
      t.tokens_[number] = unspelled(text);
      if (!numbers.emplace(std::move(text), static_cast<std::int32_t>(number)).second)
        throw Error(fmt::format("{}: expected each text once, got one twice", vocab_name));
    }
    for (std::size_t b = 0; b < 256; ++b) {
      const auto found = numbers.find(spelled(std::string(1, static_cast<char>(b))));
      if (found == numbers.end())
        throw Error(fmt::format("{}: expected a token for every byte, got none for byte {}", vocab_name, b));
      t.of_byte_[b] = found->second;
    }
    for (std::size_t line = 1; !merges.empty(); ++line) {
      const std::size_t end = std::min(merges.find('\n'), merges.size());
      std::string_view pair = merges.substr(0, end);
      merges.remove_prefix(std::min(end + 1, merges.size()));
      if (pair.ends_with('\r')) pair.remove_suffix(1);
      if (pair.empty() || (line == 1 && pair.starts_with("#version"))) continue;
      const std::size_t blank = pair.find(' ');
      if (blank == pair.npos)
        throw Error(fmt::format("{}:{}: expected two tokens with a blank between them, got {}", merges_name, line,
                                detail::quoted_text(pair)));
      const auto first = numbers.find(pair.substr(0, blank)), second = numbers.find(pair.substr(blank + 1));
      const auto both = numbers.find(std::string(pair.substr(0, blank)).append(pair.substr(blank + 1)));
      if (first == numbers.end() || second == numbers.end() || both == numbers.end())
        throw Error(fmt::format("{}:{}: expected two tokens that make a third of the vocabulary, got {}", merges_name,
                                line, detail::quoted_text(pair)));
      const Pair key{first->second, second->second};
      if (!t.merges_.emplace(key, Merge{t.pairs_.size(), both->second}).second)
        throw Error(
            fmt::format("{}:{}: expected each pair once, got {} again", merges_name, line, detail::quoted_text(pair)));
      t.pairs_.push_back(key);
    }
    return t;
  });
}

BpeTokenizer BpeTokenizer::load(const std::string& vocab, const std::string& merges) {
  return parse(detail::read_file(vocab, "a vocabulary"), detail::read_file(merges, "pairs of tokens"), vocab, merges);
}

void BpeTokenizer::save(const std::string& vocab, const std::string& merges) const {
  std::string json = "{", lines = "#version: 0.2\n";
  for (std::size_t k = 0; k < tokens_.size(); ++k) {
    json += k == 0 ? "\"" : ", \"";
    for (const char c : spelled(tokens_[k])) {
      if (c == '"' || c == '\\') json += '\\';
      json += c;
    }
    json += fmt::format("\": {}", k);
  }
  json += '}';
  for (const auto& [first, second] : pairs_) lines += spelled(bytes(first)) + ' ' + spelled(bytes(second)) + '\n';
  write_file_atomically(vocab, std::as_bytes(std::span(json)));
  write_file_atomically(merges, std::as_bytes(std::span(lines)));
}

}  // namespace tenon
