#include <tenon/io/weights_header.hpp>

#include <tenon/edge/checksum.hpp>
#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <limits>
#include <set>
#include <span>
#include <utility>

#include "input_file.hpp"
#include "words.hpp"

namespace tenon {

namespace embedded {  // written by cmake/umbrella.cmake

extern const std::span<const std::pair<std::string_view, std::string_view>> layer_headers;

}  // namespace embedded

namespace {

constexpr std::size_t line_length = 120;

/// The shortest decimal that reads back as the same float, as a C++ literal: "0.25F", "1e-5F", "3.F".
std::string_view literal(float value, char (&text)[32]) {
  const auto [end, error] = std::to_chars(text, text + 24, value);
  char* to = end;
  const std::string_view digits(text, static_cast<std::size_t>(end - text));
  if (digits.find_first_of(".e") == digits.npos) *to++ = '.';
  *to++ = 'F';
  return {text, static_cast<std::size_t>(to - text)};
}

/// Of a number, for an error.
struct Where {
  const std::string& by;
  const std::string& block;
  std::size_t position;
};

std::string_view number_text(float value, const Where& where, char (&text)[32]) {
  if (!std::isfinite(value))
    throw Error(fmt::format("{}: expected finite numbers, got {} at position {} of {}", where.by, value, where.position,
                            where.block));
  if (value == 0 && !std::signbit(value)) return "0";
  return literal(value, text);
}
template <class Integer>
std::string_view number_text(Integer value, const Where&, char (&text)[32]) {
  if (value == std::numeric_limits<std::int32_t>::min()) return "-2147483647-1";  // no literal is that small
  return {text, static_cast<std::size_t>(std::to_chars(text, text + sizeof text, value).ptr - text)};
}

/// A text from outside within a comment of one line, which a line end in it, or a backslash at its end, would end.
std::string comment_text(std::string_view text) {
  std::string safe = detail::escaped_text(text);
  if (safe.ends_with('\\')) safe += "x5c";
  return safe;
}

// Words that name nothing in C++, those of its library, and those that GNU's dialect replaces.
constexpr std::string_view taken[] = {
    "alignas",       "alignof",     "and",          "and_eq",       "asm",      "auto",
    "bitand",        "bitor",       "bool",         "break",        "case",     "catch",
    "char",          "char16_t",    "char32_t",     "char8_t",      "class",    "co_await",
    "co_return",     "co_yield",    "compl",        "concept",      "const",    "const_cast",
    "consteval",     "constexpr",   "constinit",    "continue",     "decltype", "default",
    "delete",        "do",          "double",       "dynamic_cast", "else",     "enum",
    "explicit",      "export",      "extern",       "false",        "float",    "for",
    "friend",        "goto",        "i386",         "if",           "inline",   "int",
    "linux",         "long",        "mutable",      "namespace",    "new",      "noexcept",
    "not",           "not_eq",      "nullptr",      "operator",     "or",       "or_eq",
    "posix",         "private",     "protected",    "public",       "register", "reinterpret_cast",
    "requires",      "return",      "short",        "signed",       "sizeof",   "static",
    "static_assert", "static_cast", "std",          "struct",       "switch",   "template",
    "tenon",         "this",        "thread_local", "throw",        "true",     "try",
    "typedef",       "typeid",      "typename",     "typeof",       "union",    "unix",
    "unsigned",      "using",       "virtual",      "void",         "volatile", "wchar_t",
    "while",         "xor",         "xor_eq"};

/// A name that a program may give to something: letters, digits and single underscores, the first a letter.
bool can_be_a_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto belongs = [&](char c) { return letter(c) || c == '_' || (c >= '0' && c <= '9'); };
  return !name.empty() && letter(name[0]) && std::ranges::all_of(name, belongs) && name.find("__") == name.npos &&
         std::ranges::find(taken, name) == std::end(taken);
}
/// "models::digits" too.
bool can_be_a_namespace(std::string_view name) {
  for (std::size_t end; (end = name.find("::")) != name.npos; name.remove_prefix(end + 2))
    if (!can_be_a_name(name.substr(0, end))) return false;
  return can_be_a_name(name);
}

void append_block(std::string& out, const WeightsHeader::Block& block, const std::string& by) {
  constexpr std::string_view indent = "        ";
  fmt::format_to(std::back_inserter(out), "        // {}\n", comment_text(block.name));
  std::visit(
      [&](const auto& values) {
        std::size_t column = line_length;  // so that the first number begins a line
        for (std::size_t i = 0; i < values.size(); ++i) {
          char text[32];
          const std::string_view number = number_text(values[i], {by, block.name, i}, text);
          if (column + number.size() + 1 > line_length) {
            if (i > 0) out += '\n';
            out += indent;
            column = indent.size();
          }
          out += number;
          out += ',';
          column += number.size() + 1;
        }
      },
      block.values);
  out += '\n';
}

/// Include lines for the layers that a network's type names, of headers that a clone has.
std::string layer_includes(std::string_view network) {
  const auto belongs = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  std::set<std::string_view> headers{"tenon/net/networks.hpp"};
  while (!network.empty()) {
    const auto begin = std::ranges::find_if(network, belongs);
    const auto end = std::find_if_not(begin, network.end(), belongs);
    const std::string_view name(begin, end);
    for (const auto& [layer, header] : embedded::layer_headers)
      if (layer == name) headers.insert(header);
    network.remove_prefix(static_cast<std::size_t>(end - network.begin()));
  }
  std::string lines;
  for (const std::string_view header : headers) lines += fmt::format("#include <{}>\n", header);
  return lines;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) text.replace(at, from.size(), to);
  return text;
}

/// `inputs` and `outputs` of a network in int8 that has several.
std::string ports_text(std::string_view what, const std::vector<WeightsHeader::Port>& ports) {
  std::string out = fmt::format("inline constexpr QuantizedPort {}[] = {{", what);
  for (std::size_t k = 0; k < ports.size(); ++k) {
    char text[32];
    out += fmt::format("{}{{{}, {}, {}, {}}}", k > 0 ? ", " : "", detail::quoted_text(ports[k].name), ports[k].size,
                       literal(ports[k].scale, text), ports[k].zero);
  }
  return out + "};\n";
}

/// Where in a row the numbers of each port are, for C programs: DIGITS_INPUT_IMAGE_AT and DIGITS_INPUT_IMAGE_SIZE.
std::string port_macros(const std::string& before, const std::vector<WeightsHeader::Port>& ports) {
  std::string out;
  std::size_t at = 0;
  for (const WeightsHeader::Port& port : ports) {
    std::string name;
    for (const char c : port.name) {
      const auto letter = static_cast<unsigned char>(c);
      name += std::isalnum(letter) != 0 ? static_cast<char>(std::toupper(letter)) : '_';
    }
    out += fmt::format("#define {0}_{1}_AT {2}\n#define {0}_{1}_SIZE {3}\n", before, name, at, port.size);
    at += port.size;
  }
  return out;
}

/// The header for C programs, and the functions that it declares.
void write_c_interface(const std::string& path, const WeightsHeader& header) {
  const std::filesystem::path file(path);
  const std::string name = replaced(header.name, "::", "_"), stem = file.stem().string();
  std::string upper = name;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const std::string places = port_macros(upper + "_INPUT", header.input_ports) +
                             port_macros(upper + "_OUTPUT", header.output_ports);
  std::string h = fmt::format("/* A trained network, written by Tenon. Not to be edited by hand. {1}_c.cpp computes "
                              "it. */\n#ifndef {0}_H\n#define {0}_H\n\n"
                              "#define {0}_INPUTS {2}\n#define {0}_OUTPUTS {3}\n#define {0}_RAM_BYTES {4}\n{5}\n#ifdef "
                              "__cplusplus\nextern \"C\" {{\n#endif\n\n",
                              upper, stem, header.inputs, header.outputs, header.ram_bytes, places);
  std::string cpp = fmt::format("// Written by Tenon. Not to be edited by hand.\n#include \"{0}.h\"\n\n#include "
                                "\"{1}\"\n\nnamespace {{\n\n{2} net;\n\n}}  // namespace\n\n"
                                "extern \"C\" {{\n\n",
                                stem, file.filename().string(), replaced(header.c_network, "NAMESPACE", header.name));
  const auto add = [&](std::string_view comment, std::string_view declaration, std::string_view body) {
    h += fmt::format("/* {} */\n{};\n", comment, declaration);
    cpp += fmt::format("{} {{\n  {}\n}}\n", declaration, body);
  };
  add("The network's outputs for one sample.",
      fmt::format("void {}_run(const float input[{}], float output[{}])", name, header.inputs, header.outputs),
      fmt::format("net(std::span<const float, {0}>(input, {0}), std::span<float, {1}>(output, {1}));", header.inputs,
                  header.outputs));
  if (header.c_classes)
    add("The class with the largest output.",
        fmt::format("int {}_classify(const float input[{}])", name, header.inputs),
        fmt::format("return net.classify(std::span<const float, {0}>(input, {0}));", header.inputs));
  add("1 if it gives what it gave when it was written, 0 if not.", fmt::format("int {}_self_test(void)", name),
      header.c_exact ? fmt::format("return passes(net, {}::self_test) ? 1 : 0;", header.name)
                     : fmt::format("return self_test_error(net, {}::self_test) <= 1e-5F ? 1 : 0;", header.name));
  h += "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  cpp += "\n}  // extern \"C\"\n";
  const auto beside = [&](std::string_view ending) {
    return (file.parent_path() / (stem + std::string(ending))).string();
  };
  write_file_atomically(beside(".h"), std::as_bytes(std::span<const char>(h)));
  write_file_atomically(beside("_c.cpp"), std::as_bytes(std::span<const char>(cpp)));
}

}  // namespace

std::string weights_header_text(const WeightsHeader& header) {
  if (!can_be_a_namespace(header.name))
    throw Error(fmt::format("{}: expected a .name that can name a namespace, such as digits or models::digits, got {}",
                            header.by, detail::quoted_text(header.name)));
  std::string out;
  const auto say = [&out]<class... A>(fmt::format_string<A...> format, A&&... a) {
    fmt::format_to(std::back_inserter(out), format, std::forward<A>(a)...);
  };
  say("// A trained network, written by Tenon. Not to be edited by hand.\n//\n");
  say("//   network       {}\n", comment_text(header.network));
  say("//   parameters    {}\n", header.parameter_count);
  say("//   weight bytes  {}\n//   RAM bytes     {}\n//   MACs          {}\n", header.weight_bytes, header.ram_bytes,
      header.macs);
  if (!header.source.empty())
    say("//   trained file  {}, CRC-32 0x{:08x}\n", comment_text(header.source), header.source_checksum);
  say("#pragma once\n\n#include <cstdint>\n\n#include <tenon/edge/self_test.hpp>\n{}{}\n",
      layer_includes(header.definitions + header.network), header.includes);
  say("namespace {} {{\n\nusing namespace tenon;\n\n{}using Net = {};\n\n", header.name, header.definitions,
      header.network);
  say("/// CRC-32 of the numbers, and of the file they were trained into (0: unknown).\n");
  say("inline constexpr std::uint32_t checksum = 0x{:08x};\ninline constexpr std::uint32_t trained_checksum = "
      "0x{:08x};\n\n",
      header.checksum, header.source_checksum);
  for (const WeightsHeader::Constant& constant : header.constants) {
    say("/// {}\ninline constexpr {}{{\n", constant.comment, constant.declaration);
    for (const WeightsHeader::Member& member : constant.members) {
      if (member.blocks.empty()) continue;
      say("    .{} = {{\n", member.name);
      for (const WeightsHeader::Block& block : member.blocks) append_block(out, block, header.by);
      say("    }},\n");
    }
    say("}};\n\n");
  }
  const auto has_scale = [](const WeightsHeader::Port& port) { return port.scale > 0; };
  if (std::ranges::any_of(header.input_ports, has_scale))
    say("/// The inputs and outputs in order.\n{}{}\n", ports_text("inputs", header.input_ports),
        ports_text("outputs", header.output_ports));
  out += header.checks;
  say("}}  // namespace {}\n", header.name);
  return out;
}

void write_weights_header(const std::string& path, const WeightsHeader& header) {
  const std::string out = weights_header_text(header);
  if (!header.c_network.empty() && path.ends_with(".h"))
    throw Error(fmt::format("{}: expected a file such as digits.hpp, beside which digits.h goes, got {}", header.by,
                            detail::quoted_text(path)));
  write_file_atomically(path, std::as_bytes(std::span<const char>(out)));
  if (!header.c_network.empty()) write_c_interface(path, header);
}

std::uint32_t file_checksum(const std::string& path) {
  const std::string bytes = detail::read_file(path);
  return crc32(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

std::string namespace_from_path(const std::string& path, const std::string& by) {
  std::string stem = std::filesystem::path(path).stem().string();
  if (!can_be_a_name(stem))
    throw Error(
        fmt::format("{}: expected a file whose name can name a namespace, such as digits.hpp, got {}; or say .name", by,
                    detail::quoted_text(path)));
  return stem;
}

}  // namespace tenon
