#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "graph.hpp"

namespace tenon::importing {

/// The network of a .tflite file, in ONNX's words. Errors name the file and the place, and list all operators without a
/// word.
Graph read_tflite(const std::string& path, Refusals refusals = Refusals::thrown);

/// The same from bytes.
Graph parse_tflite(std::span<const std::byte> bytes, const std::string& name, Refusals refusals = Refusals::thrown);

}  // namespace tenon::importing
