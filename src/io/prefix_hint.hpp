#pragma once

#include <span>
#include <string>

#include <tenon/io/safetensors.hpp>

namespace tenon::detail {

/// What stands before all of these names in a file, "model." of a checkpoint that holds a state_dict beside other things,
/// or DataParallel's "module."; empty where not all are there with their shapes.
std::string found_prefix(const SafeTensors& file, std::span<const Expected> expected);

/// The same as the end of a message; `; all of them are there behind "model.": load with ...`.
std::string prefix_hint(const SafeTensors& file, std::span<const Expected> expected);

}  // namespace tenon::detail
