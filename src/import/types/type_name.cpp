#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

#include <tenon/error.hpp>

#include "../../io/words.hpp"
#include "type_text.hpp"

namespace tenon::importing {

namespace {

bool is_of_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The words of C++ (C++20, [lex.key] and [lex.digraph]), and what the written files call so already.
bool is_taken(const std::string& name) {
  static const std::set<std::string_view> taken{
      "alignas",     "alignof",  "and",        "and_eq",    "asm",       "auto",         "bitand",
      "bitor",       "bool",     "break",      "case",      "catch",     "char",         "char16_t",
      "char32_t",    "char8_t",  "class",      "co_await",  "co_return", "co_yield",     "compl",
      "concept",     "const",    "const_cast", "consteval", "constexpr", "constinit",    "continue",
      "decltype",    "default",  "delete",     "do",        "double",    "dynamic_cast", "else",
      "enum",        "explicit", "export",     "extern",    "false",     "float",        "for",
      "friend",      "goto",     "if",         "inline",    "int",       "long",         "mutable",
      "namespace",   "new",      "noexcept",   "not",       "not_eq",    "nullptr",      "operator",
      "or",          "or_eq",    "private",    "protected", "public",    "register",     "reinterpret_cast",
      "requires",    "return",   "short",      "signed",    "sizeof",    "static",       "static_assert",
      "static_cast", "struct",   "switch",     "template",  "this",      "thread_local", "throw",
      "true",        "try",      "typedef",    "typeid",    "typename",  "union",        "unsigned",
      "using",       "virtual",  "void",       "volatile",  "wchar_t",   "while",        "xor",
      "xor_eq",      "Model",    "Quantized",  "main",      "net_int8",  "numbers",      "std",
      "tenon"};
  return taken.contains(name);
}

}  // namespace

void check_type_name(const std::string& name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0 || !std::ranges::all_of(name, is_of_word))
    throw Error(fmt::format("{} is no name for a type", detail::quoted_text(name)));
  if (is_taken(name))
    throw Error(fmt::format("{} is no name for a type: it means something else already", detail::quoted_text(name)));
}

void check_type_name(const std::string& name, const TypeText& type) {
  const std::string text = ' ' + type.definitions + type.body + ' ';
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1))
    if (!is_of_word(text[at - 1]) && !is_of_word(text[at + name.size()]))
      throw Error(fmt::format("{} is no name for this type: a part of it is called so", detail::quoted_text(name)));
}

}  // namespace tenon::importing
