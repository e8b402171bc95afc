#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tenon/io/safetensors.hpp>

namespace tenon {

/// How the names of a file become those of a network.
///
///     model.load("bert.safetensors", {.prefix = "encoder.", .rename = {{"fc", "head.0"}}, .partial = true});
struct LoadOptions {
  std::string prefix{};  // tensors whose names begin otherwise are left out; the others lose it
  std::vector<std::pair<std::string, std::string>>
      rename{};          // beginnings of names, whole parts of them: the first that fits counts
  bool partial = false;  // some may be missing, and some left over
};

/// What was loaded and what the file lacks, by the network's names, and what is left over, by the file's.
struct Loaded {
  std::vector<std::string> loaded{}, missing{}, left_over{};
};

/// Loads the file's tensors under the names that the options give them: all of them, or none and an Error that lists
/// why. That is another shape or type, two tensors that get one name, and, unless `.partial`, one that is missing or
/// left over; also a file of which nothing would be loaded. PyTorch's `num_batches_tracked` counters may be left over.
Loaded load_tensors(const SafeTensors& file, std::span<const Expected> expected, const LoadOptions& options);

}  // namespace tenon
