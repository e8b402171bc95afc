#pragma once

#include <algorithm>

#include "../graph.hpp"

/// Axis i of what a Transpose gives is axis perm[i] of what it reads.
namespace tenon::importing {

inline Dims perm_of(const Node& transpose, std::size_t rank) {
  Dims reversed(rank);
  for (std::size_t i = 0; i < rank; ++i) reversed[i] = static_cast<std::int64_t>(rank - 1 - i);
  return transpose.integers("perm", reversed);
}

inline std::size_t source_axis(const Dims& perm, std::size_t axis) { return static_cast<std::size_t>(perm.at(axis)); }

inline Dims inverse(const Dims& perm) {
  Dims result(perm.size());
  for (std::size_t i = 0; i < perm.size(); ++i) result[source_axis(perm, i)] = static_cast<std::int64_t>(i);
  return result;
}

inline Dims permuted(const Dims& dims, const Dims& perm) {
  Dims result;
  for (std::size_t i = 0; i < perm.size(); ++i) result.push_back(dims[source_axis(perm, i)]);
  return result;
}

/// Do no numbers move, since only axes of size 1 change their places? The first axis counts as larger: it may be the
/// batch.
inline bool moves_nothing(const Dims& dims, const Dims& perm) {
  Dims large;
  for (const std::int64_t axis : perm)
    if (axis == 0 || dims[static_cast<std::size_t>(axis)] != 1) large.push_back(axis);
  return std::ranges::is_sorted(large) && (perm.empty() || perm[0] == 0);
}

}  // namespace tenon::importing
