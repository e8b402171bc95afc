#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What a network becomes as an ONNX file, and that file as a type again.
namespace tenon::zoo {

/// A network that was written to `path`: its numbers, and samples with what it makes of them.
struct Exported {
  struct Parameter {
    std::string_view name;
    std::span<const float> values;
  };
  using Axes = std::vector<std::vector<std::int64_t>>;  // of each input, or output, without the batch's

  std::string path;
  std::vector<Parameter> parameters;
  std::size_t samples;
  std::span<const float> x, y;
  Axes inputs, outputs;
};

/// "yes": the file has the network's parameters bit for bit, gives its outputs where the importer's interpreter runs it
/// in double, and becomes a type whose tensors are those of the file bit for bit. "no import: ..." is what
/// the importer refuses, and why. "WRONG ..." is everything else.
///
/// What the type gives needs a compiler: with TENON_ONNX_FOLDER in the environment the inputs and outputs are kept
/// beside the file, for scripts/roundtrip.
std::string round_trip(const Exported& net);

/// A network in int8 that was written to `path`: its numbers, and samples with what it makes of them.
struct ExportedInt8 {
  std::string path;
  std::span<const std::int8_t> weights, zero;
  std::span<const std::int32_t> bias;
  std::span<const float> weight_scale, scale;
  std::uint32_t digest;  // edge::plan_digest
  std::size_t samples;
  std::span<const float> x, y;
  std::vector<float> steps;  // of the numbers of one output row: what one step of int8 is
  Exported::Axes inputs, outputs;
  int most_steps = 1;
};

/// "yes": what the importer's interpreter makes of the file, in double, is no more than `most_steps` from the network's
/// own outputs, and the importer reads the same steps off it, with the same integers and scales. "yes, no import: ..." is
/// what it refuses there, and why. "WRONG ..." is everything else.
std::string round_trip(const ExportedInt8& net);

/// Where files are kept, or "".
std::string kept_folder();

}  // namespace tenon::zoo
