#pragma once

#include <cstddef>

namespace tenon::detail {

/// A shard of fewer samples is not worth its gradients.
inline constexpr std::size_t smallest_shard = 16;

}  // namespace tenon::detail
