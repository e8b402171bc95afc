#pragma once

#include <cstddef>
#include <string>

#include "graph.hpp"
#include "lite_rules.hpp"

/// Networks of integers, from int8 .tflite and QDQ .onnx, as types.
namespace tenon::importing {

/// Whether values between layers are integers. Integers of weights alone are read as floats.
bool is_quantized(const Graph& simplified);

/// A network in int8 written as C++.
struct WrittenQuantized {
  std::string header;  // the text of net_int8.hpp: the type, a constant `numbers` and a self-test
  std::string check;   // a program that compares it with the file
  std::size_t weight_bytes = 0, ram_bytes = 0, macs = 0;
  int activation_bits = 8;
};

/// Writes the type called `name` with the file's own integers and scales. The checking program has the outputs of the
/// original graph for so many inputs, as `interpret_int8` computes them, and expects each byte; behind normalisations
/// and attention, which a file computes in float, within 4 steps. One Error lists all that has no integers which are
/// LiteRT's. `rounding`: once, or twice, for programs with TENON_DOUBLE_ROUNDING.
WrittenQuantized write_quantized(const Graph& original, const Graph& simplified, const std::string& name,
                                 std::size_t samples = 4, Rounding rounding = Rounding::once);

}  // namespace tenon::importing
