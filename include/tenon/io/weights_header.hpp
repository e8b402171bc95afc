#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// What a generated header says.
struct WeightsHeader {
  struct Block {
    std::string name;                 // "0.weight (128, 64)"
    std::span<const float> values{};  // padding included
  };

  std::string name;       // of the namespace
  std::string network;    // the type as C++ spells it
  std::string includes;   // further include lines
  std::string source;     // the file the numbers were trained into, empty if unknown
  std::uint32_t source_checksum = 0;
  std::uint32_t checksum = 0;
  std::size_t parameter_count = 0, weight_bytes = 0, ram_bytes = 0, macs = 0;
  std::vector<Block> parameters, buffers;
  std::span<const float> test_input{}, test_output{};
};

/// Writes it atomically. Numbers are written so that the compiler reads the same ones back; one that
/// is not finite is an Error that names its parameter.
void write_weights_header(const std::string& path, const WeightsHeader& header);

/// CRC-32 of a file's bytes.
std::uint32_t file_checksum(const std::string& path);

/// "models/digits.hpp" becomes `digits`; an Error where that is no C++ identifier.
std::string namespace_from_path(const std::string& path);

}  // namespace tenon
