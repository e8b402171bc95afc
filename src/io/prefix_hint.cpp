#include "prefix_hint.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "words.hpp"

namespace tenon::detail {

std::string found_prefix(const SafeTensors& file, std::span<const Expected> expected) {
  if (expected.empty()) return {};
  const std::string end = "." + std::string(expected[0].name);
  for (const TensorInfo& tensor : file.tensors()) {
    if (!tensor.name.ends_with(end)) continue;
    const std::string prefix = tensor.name.substr(0, tensor.name.size() - end.size() + 1);
    const bool all = std::ranges::all_of(expected, [&](const Expected& want) {
      const TensorInfo* there = file.find(prefix + std::string(want.name));
      return there != nullptr && std::ranges::equal(there->shape, want.shape);
    });
    if (all) return prefix;
  }
  return {};
}

std::string prefix_hint(const SafeTensors& file, std::span<const Expected> expected) {
  const std::string prefix = found_prefix(file, expected);
  if (prefix.empty()) return {};
  return fmt::format("; all of them are there behind {0}: load with LoadOptions{{.prefix = {0}}}", quoted_text(prefix));
}

}  // namespace tenon::detail
