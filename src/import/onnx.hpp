#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "graph.hpp"

namespace tenon::importing {

/// The network of a .onnx file, opsets 7 to 22, external data beside it included. Errors name the file and the place.
Graph read_onnx(const std::string& path);

/// The same from bytes; `folder` is where external data lies, "" refuses it.
Graph parse_onnx(std::span<const std::byte> bytes, const std::string& name, const std::string& folder = {});

/// One tensor in ONNX's form (a TensorProto), as the files beside ONNX's own tests are.
Array parse_onnx_tensor(std::span<const std::byte> bytes, const std::string& name);

}  // namespace tenon::importing
