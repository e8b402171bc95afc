#pragma once

#include <string>
#include <vector>

#include <tenon/io/safetensors.hpp>

#include "../import/graph.hpp"
#include "../import/simplify.hpp"

namespace tenon::tool {

/// What a file is, by what it begins with and, where that does not say it, by the end of its name.
enum class FileKind { onnx, tflite, safetensors, pth };
FileKind kind_of_file(const std::string& path);

/// "onnx", "tflite", "safetensors", "pth"
const char* kind_name(FileKind kind);

/// Whether it is no network, but tensors alone.
inline bool has_tensors(FileKind kind) { return kind == FileKind::safetensors || kind == FileKind::pth; }

/// Tensors alone. An Error where the file is none of tensors, which says so of a network.
SafeTensors read_weights(const std::string& path);

/// A network of either kind. `sets`: `sr=16000` or `scale=1,2,3` make constants of inputs. An Error where the file is
/// none.
importing::Graph read_network(const std::string& path, const std::vector<std::string>& sets = {},
                              importing::Refusals refusals = importing::Refusals::thrown);

/// The operators of the file that a network was read from, in the file's own words: CONV_2D of a .tflite.
std::vector<std::string> operators_in(const std::string& path, const importing::Graph& graph);

/// `input=1x3x224x224`, as often as there are inputs to say it of.
importing::Simplify shapes_of(const std::vector<std::string>& arguments);

/// One operator in numbers.
struct Cost {
  std::string name, op, shape;
  std::int64_t parameters = 0, bytes_in_int8 = 0, macs = 0;
};
/// All of a graph whose shapes are known, in order. What only says how values are stored, as QuantizeLinear, is none of
/// them: its weights belong to the operator that reads them.
std::vector<Cost> costs(const importing::Graph& graph);

/// The bytes in float of the values of a sample that are alive at once, at most: what `Frozen` takes at least.
/// Its layers work in more, and write over what nobody else reads.
std::size_t live_bytes(const importing::Graph& graph);

}  // namespace tenon::tool
