#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "graph.hpp"

/// Reads ONNX files (onnx.ai) as far as they hold tensors: sequences, maps, optional values, sparse and string tensors,
/// local functions and types that Type has no word for are refused, each by its name.
///
/// What files write in several ways is written in one here: Constant nodes and initializers are `constants`, those that
/// old files list among the inputs too; the domain "ai.onnx" is ""; nodes without a name have one of their operator and
/// their place, "Conv_3"; they are in order (order.hpp). In the bodies of If, Loop and Scan a value without a type is a
/// float32 of unknown axes.
///
/// Whatever is wrong with a file is one Error that names it and the place; what is right but refused is listed in one.
/// Reading takes at most 17 bytes of memory for each byte of large tensors (numbers of one byte, which become double),
/// 128 for each byte of everything else, and 1 MB.
namespace tenon::importing {

/// The opsets of ONNX's own operators that are read. Those from 23 on add operators, types and attributes to what 22
/// has, and give nothing that was there another meaning. What opset 6 says otherwise is written in the words of opset
/// 7. A file without any of ONNX's own operators has opset 0.
inline constexpr std::int64_t oldest_opset = 6, newest_opset = 25;

/// The network of a .onnx file, external data beside it included.
Graph read_onnx(const std::string& path, Refusals refusals = Refusals::thrown);

/// The same from bytes; `folder` is where external data lies, "" refuses it.
Graph parse_onnx(std::span<const std::byte> bytes, const std::string& name, const std::string& folder = {},
                 Refusals refusals = Refusals::thrown);

/// One tensor in ONNX's form (a TensorProto), as the files beside ONNX's own tests are.
Array parse_onnx_tensor(std::span<const std::byte> bytes, const std::string& name);

}  // namespace tenon::importing
