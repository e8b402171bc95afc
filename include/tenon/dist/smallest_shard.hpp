#pragma once

#include <cstddef>

namespace tenon::detail {

/// In samples. Adding the gradients of a smaller shard would cost more than computing it elsewhere saves.
inline constexpr size_t smallest_shard = 16;

}  // namespace tenon::detail
