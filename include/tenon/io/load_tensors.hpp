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
  std::string prefix{};  // tensors without it are not looked at; the others lose it
  std::vector<std::pair<std::string, std::string>>
      rename{};          // beginnings of names, whole parts of them: the first that fits counts
  bool partial = false;  // some may be missing, and some left over
};

/// What came of it: names in the network, and of what is left over in the file.
struct Loaded {
  std::vector<std::string> loaded{}, missing{}, left_over{};
};

/// Loads the tensors that the options make of the file's: all of these or, if one has another shape or type, two become
/// one, or (unless partial) one is missing or left over, none, and the Error lists them. Nothing to load is an Error
/// too. PyTorch's `num_batches_tracked` counters are not counted.
Loaded load_tensors(const SafeTensors& file, std::span<const Expected> expected, const LoadOptions& options);

}  // namespace tenon
