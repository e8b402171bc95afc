#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace tenon::detail {

template <class T>
class BatchExchange;

/// A shard of a batch (dist/tree.hpp) as the layers of a pass see it, by their context. A layer that looks at all
/// samples of a batch says `looks_at_batch = true` where it is bound, and asks here what the other shards have summed
/// up.
template <class T>
struct ShardPlace {
  BatchExchange<T>* exchange = nullptr;
  size_t local = 0;                  // its number among this rank's shards
  size_t samples = 0;                // in this shard
  size_t whole = 0;                  // samples in the batch
  bool first = false;                // of the whole batch: it alone keeps gradients that all of them know
  std::vector<T> unused_gradient{};  // where the others leave those

  /// How many rows the whole batch has where this shard has `rows`.
  size_t rows_of_batch(size_t rows) const { return rows / samples * whole; }
  /// Each number becomes its sum over all shards.
  void sum(std::span<const std::span<T>> numbers) const;
  /// The same, where first come `pairs` of a sum and of the sum of squared deviations from its mean, each over so many
  /// values of this shard: deviations are afterwards those from the mean of all (Chan, Golub and LeVeque 1979).
  void sum_moments(std::span<const std::span<T>> numbers, size_t pairs, size_t values) const;
  /// The least and the largest of all shards.
  void extremes(T& low, T& high) const;
  T* space(size_t count) {
    if (unused_gradient.size() < count) unused_gradient.resize(count);
    return unused_gradient.data();
  }
};

template <class T>
class GradientSum;

/// Compositions say here, in the backward pass, how far the gradients of a shard are complete: from `first` to the
/// end of their arena, as the layers behind have gone. So they can travel while those in front are computed.
template <class T>
struct GradientWatch {
  GradientSum<T>* sum = nullptr;
  size_t local = 0;  // which of this rank's shards

  void done_from(const T* first) const;
  /// A layer has run without completing a gradient: exchanges that are under way go on meanwhile.
  void progress() const;
};

extern template struct GradientWatch<float>;
extern template struct GradientWatch<double>;
extern template struct ShardPlace<float>;
extern template struct ShardPlace<double>;

}  // namespace tenon::detail
