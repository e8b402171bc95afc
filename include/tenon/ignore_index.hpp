#pragma once

#include <cstdint>

namespace tenon {

/// The label of what has no answer, such as the steps behind the end of a sentence: cross-entropy leaves it
/// out. PyTorch: ignore_index.
inline constexpr std::int32_t ignore_index = -100;

[[deprecated("called ignore_index")]] inline constexpr std::int32_t ignored_label = ignore_index;

}  // namespace tenon
