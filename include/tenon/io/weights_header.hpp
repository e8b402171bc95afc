#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tenon {

/// What a generated header says.
struct WeightsHeader {
  using Values = std::variant<std::span<const float>, std::span<const std::int8_t>, std::span<const std::int16_t>,
                              std::span<const std::int32_t>>;
  struct Block {
    std::string name;  // "0.weight (128, 64)"
    Values values;
  };
  struct Member {
    std::string name;
    std::vector<Block> blocks;
  };
  /// One `inline constexpr` of the header.
  struct Constant {
    std::string comment;
    std::string declaration;  // "Weights<Net> weights"
    std::vector<Member> members;
  };

  std::string by = "export_header";  // who writes it, for errors
  std::string name;                  // of the namespace
  std::string network;               // the type as C++ spells it
  std::string includes;              // include lines
  std::string source;                // the file the numbers were trained into, empty if unknown
  std::uint32_t source_checksum = 0;
  std::uint32_t checksum = 0;  // of the numbers
  size_t parameter_count = 0, weight_bytes = 0, ram_bytes = 0, macs = 0;
  std::vector<Constant> constants;
  std::string
      c_network;  // what computes it, "Frozen<NAMESPACE::Net, NAMESPACE::weights>", for a C interface; none if empty
  bool c_exact = false;  // its self-test is passed or not, instead of within rounding
  bool c_classes = false;
  size_t inputs = 0, outputs = 0;
  /// One of several inputs or outputs; those of a network in int8 have a scale.
  struct Port {
    std::string name;
    size_t size = 0;
    float scale = 0;
    int zero = 0;
  };
  std::vector<Port> input_ports{}, output_ports{};  // of a network that has several of either
  std::string definitions{};                        // types that the network's is made of, each with its line end
  std::string checks{};                             // what stands behind the constants, such as a static_assert
};

/// The text of the header, without the C interface.
std::string weights_header_text(const WeightsHeader& header);

/// Writes it atomically. Numbers are written so that the compiler reads the same ones back; one that
/// is not finite is an Error that names its block. With a C interface two files go with it: digits.h, which a C program
/// includes, and digits_c.cpp, which is compiled as C++ and includes digits.hpp.
void write_weights_header(const std::string& path, const WeightsHeader& header);

/// CRC-32 of a file's bytes.
std::uint32_t file_checksum(const std::string& path);

/// "models/digits.hpp" becomes `digits`; an Error of `by` where that is no C++ identifier.
std::string namespace_from_path(const std::string& path, const std::string& by);

}  // namespace tenon
