#include <tenon/io/weights_header.hpp>

#include <tenon/edge/checksum.hpp>
#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <iterator>

#include "../data/read_file.hpp"

namespace tenon {

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

void append_values(std::string& out, std::string_view indent, std::span<const float> values, std::string_view what) {
  std::size_t column = line_length;  // so that the first number begins a line
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      throw Error(fmt::format("export_header: expected finite numbers, got {} at position {} of {}", values[i], i, what));
    char text[32];
    const std::string_view number = values[i] == 0 && !std::signbit(values[i]) ? std::string_view{"0"} : literal(values[i], text);
    if (column + number.size() + 2 > line_length) {
      out += out.ends_with('\n') ? "" : "\n";
      out += indent;
      column = indent.size();
    }
    out += number;
    out += ',';
    column += number.size() + 1;
  }
  out += '\n';
}

void append_blocks(std::string& out, std::string_view member, const std::vector<WeightsHeader::Block>& blocks) {
  if (blocks.empty()) return;
  fmt::format_to(std::back_inserter(out), "    .{} = {{\n", member);
  for (const WeightsHeader::Block& block : blocks) {
    fmt::format_to(std::back_inserter(out), "        // {}\n", block.name);
    append_values(out, "        ", block.values, block.name);
  }
  out += "    },\n";
}

}  // namespace

void write_weights_header(const std::string& path, const WeightsHeader& header) {
  std::string out;
  const auto say = [&out]<class... A>(fmt::format_string<A...> format, A&&... a) {
    fmt::format_to(std::back_inserter(out), format, std::forward<A>(a)...);
  };
  say("// A trained network, written by Tenon's export_header. Not to be edited by hand.\n//\n");
  say("//   network       {}\n", header.network);
  say("//   parameters    {}\n", header.parameter_count);
  say("//   weight bytes  {}\n//   RAM bytes     {}\n//   MACs          {}\n", header.weight_bytes, header.ram_bytes, header.macs);
  if (!header.source.empty()) say("//   trained file  {}, CRC-32 0x{:08x}\n", header.source, header.source_checksum);
  say("#pragma once\n\n#include <cstdint>\n\n#include <tenon/all/layers.hpp>\n#include <tenon/edge/self_test.hpp>\n"
      "#include <tenon/net/networks.hpp>\n{}\n",
      header.includes);
  say("namespace {} {{\n\nusing namespace tenon;\n\nusing Net = {};\n\n", header.name, header.network);
  say("/// CRC-32 of `weights`, and of the file they were trained into (0: unknown).\n");
  say("inline constexpr std::uint32_t checksum = 0x{:08x};\ninline constexpr std::uint32_t trained_checksum = 0x{:08x};\n\n",
      header.checksum, header.source_checksum);
  say("inline constexpr Weights<Net> weights{{\n");
  append_blocks(out, "parameters", header.parameters);
  append_blocks(out, "buffers", header.buffers);
  say("}};\n\n/// One sample and what the network gives for it.\ninline constexpr SelfTest<Net> self_test{{\n    .input = {{\n");
  append_values(out, "        ", header.test_input, "the self-test's input");
  say("    }},\n    .output = {{\n");
  append_values(out, "        ", header.test_output, "the self-test's output");
  say("    }},\n}};\n\n}}  // namespace {}\n", header.name);
  write_file_atomically(path, std::as_bytes(std::span<const char>(out)));
}

std::uint32_t file_checksum(const std::string& path) {
  const std::string bytes = detail::read_file(path);
  return crc32(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

std::string namespace_from_path(const std::string& path) {
  const std::string stem = std::filesystem::path(path).stem().string();
  bool good = !stem.empty() && !(stem[0] >= '0' && stem[0] <= '9');
  for (const char c : stem) good = good && (c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
  if (!good)
    throw Error(fmt::format("export_header: expected a file whose name can name a namespace, such as digits.hpp, got \"{}\"; or say .name",
                            path));
  return stem;
}

}  // namespace tenon
