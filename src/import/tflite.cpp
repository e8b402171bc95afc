#include "tflite.hpp"

#include "../io/input_file.hpp"
#include "tflite_lowering.hpp"

namespace tenon::importing {

Graph parse_tflite(std::span<const std::byte> bytes, const std::string& name, Refusals refusals) {
  return detail::within_memory(name, [&] {
    const flatbuffer::Source source(bytes, name);
    return tflite::Network(tflite::read_file(source)).finish(refusals);
  });
}

Graph read_tflite(const std::string& path, Refusals refusals) {
  const std::string bytes = detail::read_file(path, "a .tflite file");
  return parse_tflite(std::as_bytes(std::span(bytes)), path, refusals);
}

}  // namespace tenon::importing
