#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace tenon {

namespace detail {

template <class T>
constexpr std::string_view compiler_name() {
  // g++: "... [with T = X; std::string_view = ...]", clang: "... [T = X]".
  constexpr std::string_view text = __PRETTY_FUNCTION__;
  constexpr size_t begin = text.find("T = ") + 4;
  constexpr size_t with_alias = text.find("; std::string_view");
  constexpr size_t end = with_alias == text.npos ? text.size() - 1 : with_alias;
  return text.substr(begin, end - begin);
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_word(char c) { return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Rewrites a compiler's spelling of a type into the one a person would write: no namespaces, no
/// suffixes of integers, floating-point numbers in their short form, one kind of spacing, and options
/// by the names of their values.
class TypeNameWriter {
public:
  constexpr TypeNameWriter(std::string_view from, char* to) : in_{from}, out_{to} {}

  constexpr size_t run() {
    while (!in_.empty()) {
      const char c = in_.front();
      if (is_digit(c)) number();
      else if (is_word(c)) word();
      else if (c == '"') quoted();
      else if (c == ',') put(", ", 1);
      else if (skip("{anonymous}::") || skip("(anonymous namespace)::")) continue;
      else if (skip("()") || skip("{}")) continue;
      else if (c == ' ' || c == '{' || c == '}') in_.remove_prefix(1);
      else put(in_.substr(0, 1), 1);
    }
    return length_;
  }

private:
  constexpr void put(std::string_view text, size_t consumed) {
    for (const char c : text) out_[length_++] = c;
    in_.remove_prefix(consumed);
  }
  constexpr bool skip(std::string_view text) {
    if (!in_.starts_with(text)) return false;
    in_.remove_prefix(text.size());
    return true;
  }
  constexpr size_t span_of(auto belongs) const {
    size_t n = 0;
    while (n < in_.size() && belongs(in_[n])) ++n;
    return n;
  }

  constexpr void word() {
    const size_t n = span_of(is_word);
    const std::string_view name = in_.substr(0, n);
    in_.remove_prefix(n);
    // Qualifiers go; so does the wrapper of a string, which is printed as its text.
    if (skip("::")) return void(is_option_ = name == "option");
    if (name == "fixed_string" && skip("<")) {
      in_.remove_prefix(span_of([](char c) { return c != '"'; }));
      return;
    }
    if (length_ > 0 && is_word(out_[length_ - 1])) put(" ", 0);
    if (is_option_) put_option(name);
    else put(name, 0);
    is_option_ = false;
  }
  /// The value's name, not the type's: padding<1>, count_include_pad<false>.
  constexpr void put_option(std::string_view name) {
    for (size_t i = 0; i < name.size(); ++i) {
      const bool upper = name[i] >= 'A' && name[i] <= 'Z';
      if (upper && i > 0) put("_", 0);
      const char c = upper ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
      put({&c, 1}, 0);
    }
  }
  constexpr void quoted() {
    put("\"", 1);
    const size_t size = span_of([](char c) { return c != '"'; });
    put(in_.substr(0, size), size);
    if (skip("\"")) put("\"", 0);
  }

  /// "784ul" is 784, "5.0e-1" and "5.000000e-01" are 0.5.
  constexpr void number() {
    const size_t whole = span_of(is_digit);
    if (whole == in_.size() || (in_[whole] != '.' && in_[whole] != 'e')) {
      put(in_.substr(0, whole), whole);
      while (skip("u") || skip("U") || skip("l") || skip("L")) continue;
      return;
    }
    char digits[64]{};
    size_t count = 0;
    int point = static_cast<int>(whole);  // the decimal point stands before this digit
    const auto take = [&] {
      while (!in_.empty() && is_digit(in_.front())) {
        if (count < 64) digits[count++] = in_.front();
        in_.remove_prefix(1);
      }
    };
    take();
    if (skip(".")) take();
    if (skip("e")) {
      const bool down = skip("-");
      if (!down) skip("+");
      int power = 0;
      while (!in_.empty() && is_digit(in_.front())) {
        power = power * 10 + (in_.front() - '0');
        in_.remove_prefix(1);
      }
      point += down ? -power : power;
    }
    while (skip("f") || skip("F") || skip("l") || skip("L")) continue;
    write_decimal(digits, count, point);
  }

  /// Seven digits say which float was meant; a compiler prints up to 17 of the nearest binary.
  constexpr void write_decimal(char* digits, size_t count, int point) {
    size_t zeros = 0;
    while (zeros + 1 < count && digits[zeros] == '0') ++zeros;
    digits += zeros;
    count -= zeros;
    point -= static_cast<int>(zeros);
    if (count > 7) {
      const bool up = digits[7] >= '5';
      count = 7;
      for (size_t i = count; up && i-- > 0;) {
        if (digits[i] != '9') {
          ++digits[i];
          break;
        }
        digits[i] = '0';
        if (i == 0) {
          digits[0] = '1';
          ++point;
        }
      }
    }
    while (count > 1 && digits[count - 1] == '0') --count;
    if (count == 1 && digits[0] == '0') return put("0", 0);
    const int size = static_cast<int>(count);
    if (point <= -6 || point > 15) {
      put({digits, 1}, 0);
      if (count > 1) put(".", 0), put({digits + 1, count - 1}, 0);
      put("e", 0);
      write_integer(point - 1);
    } else if (point <= 0) {
      put("0.", 0);
      for (int i = point; i < 0; ++i) put("0", 0);
      put({digits, count}, 0);
    } else {
      for (int i = 0; i < size || i < point; ++i) {
        if (i == point) put(".", 0);
        put(i < size ? std::string_view{digits + i, 1} : "0", 0);
      }
    }
  }
  constexpr void write_integer(int value) {
    if (value < 0) put("-", 0), value = -value;
    if (value >= 10) write_integer(value / 10);
    const char digit = static_cast<char>('0' + value % 10);
    put({&digit, 1}, 0);
  }

  std::string_view in_;
  char* out_;
  size_t length_ = 0;
  bool is_option_ = false;  // the next word is the name of an option's type
};

template <size_t Capacity>
struct CleanName {
  std::array<char, Capacity> text{};
  size_t length = 0;
};

/// Nobody reads longer names, and a compiler takes only so many steps to shorten one.
inline constexpr size_t longest_name = 512;

/// Room for the name: a comma gets a space and some numbers get longer, but no piece more than twice as long.
template <class T>
inline constexpr auto clean_name = [] {
  constexpr std::string_view raw = compiler_name<T>();
  constexpr size_t used = raw.size() < longest_name ? raw.size() : longest_name;
  CleanName<used * 2 + 3> name;
  name.length = TypeNameWriter{raw.substr(0, used), name.text.data()}.run();
  for (int dot = 0; used < raw.size() && dot < 3; ++dot) name.text[name.length++] = '.';
  return name;
}();

}  // namespace detail

/// How a type is spelt. Specialised for types that are written otherwise than the compiler has it,
/// such as formulas.
template <class T>
struct spelling {
  static constexpr std::string_view value{detail::clean_name<T>.text.data(), detail::clean_name<T>.length};
};

/// A type's name as its user writes it, the same with every compiler: "Dense<784, 128>",
/// "Dropout<0.5>".
template <class T>
constexpr std::string_view type_name() {
  return spelling<T>::value;
}

}  // namespace tenon
