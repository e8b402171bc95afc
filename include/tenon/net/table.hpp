#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

/// Tables about a network, computed by the compiler. What a row says in words must lie somewhere in
/// the program, so a table has a pool of characters of exactly the right size behind it.
namespace tenon::detail {

/// The name of elements that are `Inline`.
inline constexpr std::string_view inline_name = ".";

/// A path like "encoder.2." that grows and shrinks as a walk descends into a network and returns.
class PathBuilder {
public:
  static constexpr size_t capacity = 512;

  constexpr void push(std::string_view word) {
    std::copy(word.begin(), word.end(), text_ + length_);
    length_ += word.size();
    text_[length_++] = '.';
  }
  constexpr void push(size_t index) {
    size_t digits = 1;
    for (size_t rest = index; rest >= 10; rest /= 10) ++digits;
    for (size_t i = digits; i-- > 0; index /= 10) {
      text_[length_ + i] = static_cast<char>('0' + index % 10);
    }
    length_ += digits;
    text_[length_++] = '.';
  }
  /// Appends an element's name, or its index if it has none; nothing where the element is `Inline`.
  constexpr void push(std::string_view name, size_t index) {
    if (name != inline_name) name.empty() ? push(index) : push(name);
  }
  constexpr size_t length() const { return length_; }
  constexpr void cut(size_t length) { length_ = length; }

  /// With the dot at the end, to be followed by a parameter's name.
  constexpr std::string_view prefix() const { return {text_, length_}; }
  /// Without the dot at the end.
  constexpr std::string_view path() const { return {text_, length_ == 0 ? 0 : length_ - 1}; }

private:
  char text_[capacity]{};
  size_t length_ = 0;
};

/// The rows that Source::walk(sink) passes to sink(row, pieces...). The pieces of text together are
/// the row's member `Row::label`.
template <class Row, class Source>
struct Table {
private:
  struct Totals {
    size_t rows = 0;
    size_t characters = 0;
  };
  static constexpr Totals totals = [] {
    Totals sum;
    Source::walk([&](const Row&, auto... pieces) {
      ++sum.rows;
      sum.characters += (size_t{0} + ... + pieces.size());
    });
    return sum;
  }();
  static constexpr auto pool = [] {
    std::array<char, totals.characters + 1> text{};
    char* next = text.data();
    Source::walk([&](const Row&, auto... pieces) { ((next = std::copy(pieces.begin(), pieces.end(), next)), ...); });
    return text;
  }();

public:
  static constexpr auto rows = [] {
    std::array<Row, totals.rows> table{};
    Row* next = table.data();
    const char* text = pool.data();
    Source::walk([&](const Row& row, auto... pieces) {
      *next = row;
      next->*Row::label = {text, (size_t{0} + ... + pieces.size())};
      text += (next->*Row::label).size();
      ++next;
    });
    return table;
  }();
};

}  // namespace tenon::detail
