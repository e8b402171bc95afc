#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <tenon/dist/smallest_shard.hpp>

/// A batch is cut into shards, and their sums and gradients are added up in one tree, whichever rank has computed them:
///     sum of [first, end) = sum of [first, middle) + sum of [middle, end).
/// So the bits depend on the number of shards, which is a property of the run, and not on the number of machines.
namespace tenon::detail {

/// The shards first, first + 1, ..., end - 1.
struct ShardRange {
  size_t first = 0, end = 0;
  size_t size() const { return end - first; }
  size_t middle() const { return first + (end - first) / 2; }
  bool operator==(const ShardRange&) const = default;
};

/// How a batch is cut into shards, and which rank computes which.
struct ShardPlan {
  size_t samples = 0, shards = 1;

  static ShardPlan of(size_t samples, size_t most_shards) {
    return {samples, std::clamp<size_t>(samples / smallest_shard, 1, std::max<size_t>(most_shards, 1))};
  }
  /// The first sample of a shard; start_of(shards) is the number of samples.
  size_t start_of(size_t shard) const { return shard * samples / shards; }
  ShardRange of_rank(size_t rank, size_t ranks) const { return {rank * shards / ranks, (rank + 1) * shards / ranks}; }
  /// The shards that a rank computes. A rank that has none computes the first shard, so that it takes part in every
  /// exchange, and adds nothing.
  ShardRange computed_by(size_t rank, size_t ranks) const {
    const ShardRange own = of_rank(rank, ranks);
    return own.size() > 0 ? own : ShardRange{0, 1};
  }
};

/// The largest ranges of the tree that lie within a rank's shards, from left to right: their sums need no other rank.
std::vector<ShardRange> ranges_within(size_t shards, ShardRange own);

/// The additions, in their order, that make the sum of a tree from the sums of ranges that cover it.
class TreeProgram {
public:
  TreeProgram() = default;
  TreeProgram(ShardRange whole, std::span<const ShardRange> given);

  /// to[i] = the sum over the tree of in[k][i], with `add` also of to[i], for i from `first` to first + count - 1. `to`
  /// may be one of `in`.
  template <class T>
  void run(std::span<const T* const> in, T* to, size_t first, size_t count, bool add = false) const;

private:
  /// Operands are numbered: first those that are given, then scratch for sums.
  struct Sum {
    size_t a, b, to;
  };
  size_t build(ShardRange range, std::span<const ShardRange> given, std::vector<size_t>& free);

  size_t given_ = 0, places_ = 0, result_ = 0;
  std::vector<Sum> sums_{};
};

extern template void TreeProgram::run(std::span<const float* const>, float*, size_t, size_t, bool) const;
extern template void TreeProgram::run(std::span<const double* const>, double*, size_t, size_t, bool) const;

/// The sum over the tree of one number of each shard.
double tree_sum(std::span<const double> of_shards);

}  // namespace tenon::detail
